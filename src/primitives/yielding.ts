/**
 * Yielding: work that never waits lets others go first, now and then.
 *
 *     step step … step ··others·· step step … step ──deadline──✗ RequestTimeout
 *
 * A loop of functions that answer at once never ends its turn: no message is taken, no
 * timer rings, and so no deadline or interrupt would ever reach it. So it pauses after
 * every so many steps, and begins none after its deadline.
 *
 * Source: cooperative scheduling, as the fibres of Effect yield after so many operations.
 * Cost: one look at the clock for each step, where there is a deadline.
 */
import { RequestTimeout } from '../actors/request-failures.ts';
import type { Sender } from '../actors/sender.ts';

/** Steps that are taken without a pause: some microseconds of work that does nothing. */
const stepsAtOnce = 64;

export class Yielding {
  readonly #primitive: string;
  readonly #sender: Pick<Sender, 'deadlineMs' | 'revoked' | 'kernel'>;
  readonly #begunMs: number;
  #steps = 0;

  /** @param primitive What has not ended in time, should it come to that. */
  constructor(primitive: string, sender: Pick<Sender, 'deadlineMs' | 'revoked' | 'kernel'>) {
    this.#primitive = primitive;
    this.#sender = sender;
    this.#begunMs = sender.kernel.environment.nowMs();
  }

  /**
   * Said before each step: what to wait for, or `undefined` to go on at once.
   *
   * Errors: as a rejection, why the work is not wanted any more; `RequestTimeout` when its
   * deadline has passed and nobody has said so.
   */
  pause(): Promise<void> | undefined {
    const { environment } = this.#sender.kernel;
    const { deadlineMs } = this.#sender;
    if (deadlineMs < Number.POSITIVE_INFINITY && environment.nowMs() >= deadlineMs) {
      // The timer of whoever set the deadline is due before this one.
      return this.#after((goOn) => environment.schedule(0, goOn), this.#late(deadlineMs));
    }
    this.#steps += 1;
    return this.#steps % stepsAtOnce === 0
      ? this.#after((goOn) => environment.deferPastIo(goOn), undefined)
      : undefined;
  }

  #after(wait: (goOn: () => void) => void, failure: RequestTimeout | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      wait(() => {
        const reason = this.#sender.revoked ?? failure;
        if (reason === undefined) {
          resolve();
        } else {
          reject(reason);
        }
      });
    });
  }

  #late(deadlineMs: number): RequestTimeout {
    return new RequestTimeout({
      target: this.#primitive,
      timeoutMs: Math.max(0, deadlineMs - this.#begunMs),
    });
  }
}
