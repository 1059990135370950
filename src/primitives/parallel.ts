/**
 * `parallel`: several are asked the same at once, and all their answers are wanted.
 *
 *                     ┌──input──▶ a ──┐
 *     caller ──input──┼──input──▶ b ──┼── { a, b, c } ──▶ caller
 *                     └──input──▶ c ──┘
 *
 * Source: Scatter-Gather with a fixed group, in Hohpe & Woolf, "Enterprise Integration
 * Patterns" (2003); fail-fast as the nurseries of structured concurrency.
 * Laws: `parallel` of one is that one; a branch that fails ends the others (L26, L18).
 */
import type { Procedure, RequestOptions, Responder, Scope } from '../actors/context.ts';
import type { PendingCall } from '../actors/pending-call.ts';
import { Interrupted } from '../actors/request-failures.ts';
import { senderOf } from '../actors/sender-of.ts';
import { describeThrown } from '../core/failure.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { partFailed } from './part-failed.ts';
import { type AnswerOf, type AnyResponder, checkResponder, type InputOf, nameOf } from './responder.ts';

/** What becomes of the others when one of several fails. */
export interface ParallelOptions {
  /**
   * `fail-fast`, when not given: the first failure ends the others, and is the failure of all.
   * `collect`: all are waited for, and each has its `Outcome`.
   */
  readonly onFailure?: 'fail-fast' | 'collect';
}

/**
 * Asks all of them the same, at once, and answers with all their answers: a record
 * for a record, an array in the same order for an array.
 *
 * Guarantees: it settles once; each is asked once, in a branch that ends with the call,
 * within its deadline and budget.
 *
 * Cancellation: all branches end when the call is interrupted.
 *
 * Errors: under `fail-fast`, `PartFailed` of the branch that failed first; what was
 * asked of the others is interrupted. `RangeError`, at once, when there is none of them.
 *
 * @example
 * const both = parallel({ length: (text: string) => text.length, loud: (text: string) => text.toUpperCase() })
 * const system = createSystem()
 * await system.request(both, 'aha') // => { length: 3, loud: 'AHA' }
 * await system.stop()
 */
export function parallel<const Members extends readonly AnyResponder[]>(
  members: Members,
  options?: ParallelOptions & { readonly onFailure?: 'fail-fast' },
): Procedure<InputOf<Members[number]>, { readonly [K in keyof Members]: AnswerOf<Members[K]> }>;
export function parallel<const Members extends readonly AnyResponder[]>(
  members: Members,
  options: { readonly onFailure: 'collect' },
): Procedure<InputOf<Members[number]>, { readonly [K in keyof Members]: Outcome<AnswerOf<Members[K]>> }>;
export function parallel<const Members extends Readonly<Record<string, AnyResponder>>>(
  members: Members,
  options?: ParallelOptions & { readonly onFailure?: 'fail-fast' },
): Procedure<InputOf<Members[keyof Members]>, { readonly [K in keyof Members]: AnswerOf<Members[K]> }>;
export function parallel<const Members extends Readonly<Record<string, AnyResponder>>>(
  members: Members,
  options: { readonly onFailure: 'collect' },
): Procedure<
  InputOf<Members[keyof Members]>,
  { readonly [K in keyof Members]: Outcome<AnswerOf<Members[K]>> }
>;
export function parallel(
  members: readonly AnyResponder[] | Readonly<Record<string, AnyResponder>>,
  { onFailure = 'fail-fast' }: ParallelOptions = {},
): Procedure<never, unknown> {
  if (typeof members !== 'object' || members === null || Object.keys(members).length === 0) {
    throw new RangeError(`parallel needs at least one responder; got ${describeThrown(members)}`);
  }
  if (onFailure !== 'fail-fast' && onFailure !== 'collect') {
    throw new RangeError(`onFailure of parallel is 'fail-fast' or 'collect'; got ${String(onFailure)}`);
  }
  const names = Object.keys(members);
  const all = names.map((name) => (members as Readonly<Record<string, unknown>>)[name]);
  for (const [at, member] of all.entries()) {
    checkResponder(`'${names[at]}' of parallel`, member);
  }
  const group: Group = {
    names,
    members: all as readonly Responder<unknown, unknown>[],
    isArray: Array.isArray(members),
    collects: onFailure === 'collect',
  };
  return function parallel(input: unknown, scope: Scope) {
    return new Promise((resolve, reject) => new Branches(group, resolve, reject).ask(input, scope));
  };
}

interface Group {
  readonly names: readonly string[];
  readonly members: readonly Responder<unknown, unknown>[];
  readonly isArray: boolean;
  readonly collects: boolean;
}

/** Limits nothing, and has it counted. */
const counted: RequestOptions = { budget: {} };

/** One call of `parallel`. */
class Branches {
  readonly #group: Group;
  readonly #resolve: (answers: unknown) => void;
  readonly #reject: (failure: unknown) => void;
  readonly #calls: (PendingCall | undefined)[] = [];
  readonly #answers: unknown[];
  #open: number;
  #failed = false;
  #askedAtMs = 0;

  constructor(group: Group, resolve: (answers: unknown) => void, reject: (failure: unknown) => void) {
    this.#group = group;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#open = group.members.length;
    this.#answers = new Array(this.#open);
  }

  ask(input: unknown, scope: Scope): void {
    const sender = senderOf(scope);
    const { members } = this.#group;
    this.#askedAtMs = sender.kernel.nowMs();
    // What each spends is told of where all of them spend from somewhere.
    const options = this.#group.collects && sender.lease !== undefined ? counted : undefined;
    for (let at = 0; at < members.length && !this.#failed; at += 1) {
      this.#calls[at] = sender.call(members[at]!, input, options, (outcome, call) => {
        if (this.#group.collects) {
          const tookMs = sender.kernel.nowMs() - this.#askedAtMs;
          this.#isAnswered(at, outcomeOf(nameOf(members[at]), at, tookMs, outcome, call?.lease));
        } else if ('failure' in outcome) {
          this.#isFailed(at, outcome.failure);
        } else {
          this.#isAnswered(at, outcome.value);
        }
      });
    }
    if (this.#failed) {
      // One failed while others were still being asked.
      this.#endOthers();
    }
  }

  #isAnswered(at: number, answer: unknown): void {
    this.#answers[at] = answer;
    this.#open -= 1;
    if (this.#open === 0) {
      this.#resolve(this.#together());
    }
  }

  #isFailed(at: number, failure: unknown): void {
    const { members, names } = this.#group;
    if (this.#failed) {
      return;
    }
    const reason = partFailed({ of: 'parallel', name: names[at]!, responder: nameOf(members[at]) }, failure);
    this.#failed = true;
    this.#reject(reason);
    this.#endOthers();
  }

  #endOthers(): void {
    for (const call of this.#calls) {
      call?.interrupt(new Interrupted({ agent: call.target, reason: 'another branch of parallel failed' }));
    }
  }

  #together(): unknown {
    return this.#group.isArray
      ? this.#answers
      : Object.fromEntries(this.#group.names.map((name, at) => [name, this.#answers[at]]));
  }
}
