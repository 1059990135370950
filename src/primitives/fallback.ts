/**
 * `fallback`: the next one is asked when one fails.
 *
 *     caller ──input──▶ a ──✗
 *            ──input──▶ b ──answer──▶ caller
 *
 * Source: `orElse` of functional programming; Nygard, "Release It!" (2007), for when a
 * second best answer is better than none. Laws: it is associative, and ends the call
 * where asking somebody else cannot be what the caller wants (L26).
 */
import type { Procedure, Responder, Scope } from '../actors/context.ts';
import { onThrowOf } from '../actors/observe.ts';
import { senderOf } from '../actors/sender-of.ts';
import { heed, isThenable } from '../actors/thenable.ts';
import { Failure, type FailureClass, failureClass, reasonOf } from '../core/failure.ts';
import { codeOf, longestRetryAfterMs } from './failure-facts.ts';
import { invoke } from './invoke.ts';
import { mayHaveActed } from './may-have-acted.ts';
import { type AnyResponder, checkResponder, nameOf } from './responder.ts';
import { checkWanted } from './still-wanted.ts';

/** One that was asked and failed. */
export interface Tried {
  /** Path of the agent that was asked, or name of the topic, capability or procedure. */
  readonly responder: string;
  readonly failure: unknown;
}

/**
 * Nobody of a `fallback` answered. Code and class are those of the last one that was
 * tried, and its failure is the `cause`.
 */
export class FallbackFailed extends Failure {
  readonly _tag = 'FallbackFailed';
  readonly code: string;
  readonly class: FailureClass;
  /** All that were asked, in their order. */
  readonly tried: readonly Tried[];
  /** How many were not asked, because the last failure was one of those that end a fallback. */
  readonly untried: number;

  constructor(facts: { tried: readonly Tried[]; untried: number }) {
    const cause = facts.tried.at(-1)?.failure;
    super({ cause });
    this.tried = facts.tried;
    this.untried = facts.untried;
    this.code = codeOf(cause);
    this.class = failureClass(cause);
  }

  /** When the one of them that asks for the longest wait may be tried again, in milliseconds. */
  get retryAfterMs(): number | undefined {
    return longestRetryAfterMs(this.tried.map(({ failure }) => failure));
  }

  /** Whether one of those that failed may have acted all the same. */
  get mayHaveActed(): boolean {
    return this.tried.some(({ failure }) => mayHaveActed(failure));
  }

  override get message(): string {
    const each = this.tried.map(({ responder, failure }) => `${responder}: ${reasonOf(failure)}`);
    const rest = this.untried === 0 ? '' : `; ${this.untried} not asked, because that would not help`;
    return `nobody answered: ${each.join('; ')}${rest}`;
  }
}

/**
 * Whether somebody else may be asked after this failure. Not when the work was
 * interrupted or its budget is spent, which is said to all of it, nor when the
 * input is invalid, which it will be for the next one, too.
 *
 * @example
 * mayFallBack(new TypeError('x is undefined')) // => true
 * mayFallBack({ class: 'interrupted' }) // => false
 */
export function mayFallBack(failure: unknown): boolean {
  const kind = failureClass(failure);
  return kind !== 'interrupted' && kind !== 'invalid' && codeOf(failure) !== 'BUDGET_EXCEEDED';
}

/** Is told of each failure that was passed over. */
export interface FallbackOptions {
  /**
   * Called when the next one is asked because this one failed; it is not waited for. What it throws
   * fails the call; a promise of it that fails is told on `system.failures`.
   */
  readonly onPassedOver?: (tried: Tried, scope: Scope) => void;
}

/**
 * Asks the first, and when it fails the next one, until one answers.
 *
 * Cancellation: nobody else is asked after the call was interrupted.
 *
 * Errors: `FallbackFailed` with all that were tried, when the last one has failed, or
 * one failed so that asking on would not help (see `mayFallBack`). `RangeError`, at
 * once, for none, or something that cannot be asked.
 *
 * @example
 * const careless = (text: string): number => { throw new TypeError(`no idea of ${text}`) }
 * const length = fallback(careless, (text: string) => text.length)
 * const system = createSystem()
 * await system.request(length, 'four') // => 4
 * await system.stop()
 */
export function fallback<I, A>(...responders: readonly Responder<I, A>[]): Procedure<I, A>;
export function fallback<I, A, B>(first: Responder<I, A>, second: Responder<I, B>): Procedure<I, A | B>;
export function fallback<I, A, B, C>(
  first: Responder<I, A>,
  second: Responder<I, B>,
  third: Responder<I, C>,
): Procedure<I, A | B | C>;
/** The same of an array, with options. */
export function fallback<I, A>(
  responders: readonly Responder<I, A>[],
  options: FallbackOptions,
): Procedure<I, A>;
export function fallback(...given: readonly unknown[]): Procedure<never, unknown> {
  const listed = Array.isArray(given[0]);
  const responders = (listed ? given[0] : given) as readonly AnyResponder[];
  const { onPassedOver } = ((listed ? given[1] : undefined) ?? {}) as FallbackOptions;
  if (responders.length === 0) {
    throw new RangeError('fallback needs at least one responder; got none');
  }
  for (const [at, responder] of responders.entries()) {
    checkResponder(`responder ${at + 1} of fallback`, responder);
  }
  const members = responders.flatMap((responder, at) =>
    membersOf(responder, at < responders.length - 1 ? onPassedOver : undefined),
  );
  const procedure: Procedure<unknown, unknown> = function fallback(input, scope) {
    return from(0, []);

    function from(at: number, tried: readonly Tried[]): unknown {
      let answer: unknown;
      try {
        answer = invoke(members[at]!.responder, input, scope);
      } catch (failure) {
        return failed(at, tried, failure);
      }
      return isThenable(answer)
        ? Promise.resolve(answer).then(undefined, (failure) => {
            checkWanted(scope);
            return failed(at, tried, failure);
          })
        : answer;
    }

    function failed(at: number, before: readonly Tried[], failure: unknown): unknown {
      const { responder, onPassedOver } = members[at]!;
      const now: Tried = { responder: nameOf(responder), failure };
      const tried = [...before, now];
      const untried = members.length - at - 1;
      if (untried === 0 || !mayFallBack(failure)) {
        throw new FallbackFailed({ tried, untried });
      }
      const told: unknown = onPassedOver?.(now, scope);
      heed(told, onThrowOf(senderOf(scope).kernel));
      return from(at + 1, tried);
    }
  };
  membersOfFallback.set(procedure, members);
  return procedure;
}

interface Member {
  readonly responder: Responder<unknown, unknown>;
  readonly onPassedOver: FallbackOptions['onPassedOver'];
}

/** What each fallback is made of: one within another is the same as all of them in a row. */
const membersOfFallback = new WeakMap<object, readonly Member[]>();

function membersOf(
  responder: AnyResponder,
  onPassedOver: FallbackOptions['onPassedOver'],
): readonly Member[] {
  const own = membersOfFallback.get(responder);
  if (own === undefined) {
    return [{ responder: responder as Responder<unknown, unknown>, onPassedOver }];
  }
  // Of the last of them, it is the outer one that passes it over.
  return own.map((member, at) => (at === own.length - 1 ? { ...member, onPassedOver } : member));
}
