/**
 * `saga`: steps that are undone, last first, when a later one fails.
 *
 *     reserve ──▶ charge ──▶ ship ──✗
 *                                   │
 *     release ◀── refund ◀──────────┘
 *
 * Source: Garcia-Molina & Salem, "Sagas" (1987), backward recovery. Ours compensates
 * also the step that failed, where nobody knows whether it acted. Law: what had acted is
 * compensated, last first, each once, whatever interrupts it (L26).
 */
import type { Procedure, Scope } from '../actors/context.ts';
import type { Kernel } from '../actors/kernel.ts';
import type { Sender } from '../actors/sender.ts';
import { senderOf } from '../actors/sender-of.ts';
import { describeThrown, Failure, type FailureClass, failureClass, reasonOf } from '../core/failure.ts';
import { Compensating, type SagaStep, type Uncompensated } from './compensating.ts';
import { codeOf, longestRetryAfterMs } from './failure-facts.ts';
import { keepPartial } from './keep-partial.ts';
import { mayHaveActed } from './may-have-acted.ts';
import { checkResponder } from './responder.ts';

export interface SagaOptions {
  /** How long one compensation may take, in milliseconds; 30 000 when not given. */
  readonly compensateWithinMs?: number;
}

/** A step of a saga failed, and those before it were undone. What it failed of is the `cause`. */
export class SagaFailed extends Failure {
  readonly _tag = 'SagaFailed';
  readonly code: string;
  /** That of its cause; `permanent` when something could not be undone, so that nobody tries again. */
  readonly class: FailureClass;
  /** The step that failed. */
  readonly step: string;
  /** The steps that were undone, in the order in which they were. */
  readonly compensated: readonly string[];
  /** Those that could not be; empty when all is as it was before. */
  readonly uncompensated: readonly Uncompensated[];

  constructor(facts: {
    step: string;
    compensated: readonly string[];
    uncompensated: readonly Uncompensated[];
    cause: unknown;
  }) {
    super({ cause: facts.cause });
    this.step = facts.step;
    this.compensated = facts.compensated;
    this.uncompensated = facts.uncompensated;
    this.code = codeOf(facts.cause);
    this.class = facts.uncompensated.length > 0 ? 'permanent' : failureClass(facts.cause);
  }

  /** When the cause says that it may be tried again, in milliseconds. */
  get retryAfterMs(): number | undefined {
    return longestRetryAfterMs([this.cause]);
  }

  /** Whether all may not be as it was: something could not be undone, or the last step may yet act. */
  get mayHaveActed(): boolean {
    return this.uncompensated.length > 0 || mayHaveActed(this.cause);
  }

  override get message(): string {
    const undone = this.compensated.length === 0 ? 'nothing' : this.compensated.join(', ');
    const left = this.uncompensated.map(({ step, failure }) => `${step} (${reasonOf(failure)})`);
    const not = left.length === 0 ? '' : `; could not undo ${left.join(', ')}`;
    return `step '${this.step}' failed: ${reasonOf(this.cause)}; undone: ${undone}${not}`;
  }
}

type Step = SagaStep<unknown, unknown>;

/**
 * Asks the steps one after another, each with the answer of the one before, and answers
 * with that of the last. When one fails, all that had acted are undone, last first.
 *
 * Guarantees: a compensation is asked once, when those after it have ended, for each
 * step that acted, and for the one that failed if it may have acted. It is asked by
 * the system itself, within a time of its own: so it happens also when the saga is
 * interrupted, its deadline or budget is spent, or its agent is restarted or stopped. It
 * does not survive the end of the system or of the process.
 *
 * Cancellation: no step begins after it; what had acted is undone. The names of the
 * steps that have acted are kept (`scope.keep`): a spent budget says them as `partial`.
 *
 * Errors: `SagaFailed`. Where nobody waits for it any more and something could not be
 * undone, it is told on `system.failures`. `RangeError`, at once, for no steps, two of
 * the same name, or a time that cannot be.
 *
 * @example
 * const undone: string[] = []
 * const trip = saga([
 *   { name: 'hotel', act: (days: number) => `${days} nights`, compensate: ({ answer }) => undone.push(`${answer}`) },
 *   { name: 'flight', act: (): number => { throw new TypeError('no plane') } },
 * ])
 * const system = createSystem()
 * const failure = await system.request(trip, 2).catch((failed) => failed)
 * failure.compensated // => ['hotel']
 * undone // => ['2 nights']
 * await system.stop()
 */
export function saga<A, B>(steps: readonly [SagaStep<A, B>], options?: SagaOptions): Procedure<A, B>;
export function saga<A, B, C>(
  steps: readonly [SagaStep<A, B>, SagaStep<B, C>],
  options?: SagaOptions,
): Procedure<A, C>;
export function saga<A, B, C, D>(
  steps: readonly [SagaStep<A, B>, SagaStep<B, C>, SagaStep<C, D>],
  options?: SagaOptions,
): Procedure<A, D>;
export function saga<A, B, C, D, E>(
  steps: readonly [SagaStep<A, B>, SagaStep<B, C>, SagaStep<C, D>, SagaStep<D, E>],
  options?: SagaOptions,
): Procedure<A, E>;
export function saga<A, B, C, D, E, F>(
  steps: readonly [SagaStep<A, B>, SagaStep<B, C>, SagaStep<C, D>, SagaStep<D, E>, SagaStep<E, F>],
  options?: SagaOptions,
): Procedure<A, F>;
export function saga<A, B, C, D, E, F, G>(
  steps: readonly [
    SagaStep<A, B>,
    SagaStep<B, C>,
    SagaStep<C, D>,
    SagaStep<D, E>,
    SagaStep<E, F>,
    SagaStep<F, G>,
  ],
  options?: SagaOptions,
): Procedure<A, G>;
/** As many steps as there are, of one type. */
export function saga<A>(steps: readonly SagaStep<A, A>[], options?: SagaOptions): Procedure<A, A>;
export function saga(
  steps: readonly unknown[],
  { compensateWithinMs = 30_000 }: SagaOptions = {},
): Procedure<never, unknown> {
  if (!Array.isArray(steps) || steps.length === 0) {
    throw new RangeError(`a saga has at least one step; got ${describeThrown(steps)}`);
  }
  if (typeof compensateWithinMs !== 'number' || !(compensateWithinMs > 0)) {
    throw new RangeError(
      `compensateWithinMs of saga is a number of milliseconds above 0; got ${String(compensateWithinMs)}`,
    );
  }
  const names = new Set<string>();
  for (const { name, act, compensate } of steps as readonly Step[]) {
    if (typeof name !== 'string' || names.has(name)) {
      throw new RangeError(`each step of a saga has a name of its own; got ${describeThrown(name)}`);
    }
    names.add(name);
    checkResponder(`act of step '${name}'`, act);
    if (compensate !== undefined) {
      checkResponder(`compensate of step '${name}'`, compensate);
    }
  }
  const line = steps as readonly Step[];
  return async function saga(input: unknown, scope: Scope) {
    const sender = senderOf(scope);
    const compensating = new Compensating(sender, compensateWithinMs);
    let value = input;
    for (const step of line) {
      const given = value;
      const { revoked } = sender;
      if (revoked !== undefined) {
        throw await undone(step, revoked);
      }
      try {
        value = await sender.request(step.act, given);
      } catch (failure) {
        if (mayHaveActed(failure)) {
          compensating.add(step, { outcome: 'unknown', input: given, answer: undefined });
        }
        throw await undone(step, failure);
      }
      compensating.add(step, { outcome: 'acted', input: given, answer: value });
      keepPartial(scope, { acted: compensating.names });
    }
    const { revoked } = sender;
    if (revoked !== undefined) {
      // The last answer came when nobody wanted it any more.
      throw await undone(line.at(-1)!, revoked);
    }
    return value;

    async function undone(step: Step, cause: unknown): Promise<SagaFailed> {
      const failed = new SagaFailed({ step: step.name, cause, ...(await compensating.run()) });
      if (sender.revoked !== undefined && failed.uncompensated.length > 0) {
        reportUnheard(sender.kernel, sender, failed);
      }
      return failed;
    }
  };
}

/** Nobody waits for the failure, and something is not as it was: somebody has to hear of it. */
function reportUnheard(kernel: Kernel, sender: Sender, failure: SagaFailed): void {
  kernel.reportFailure({
    atMs: kernel.nowMs(),
    agent: sender.cell?.path ?? '/',
    supervisor: '/',
    failure,
    class: failure.class,
    envelopeId: sender.cause?.id,
    topic: sender.cause?.topic,
    directive: 'resume',
  });
}
