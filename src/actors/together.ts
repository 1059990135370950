/**
 * Who asks for several messages together: the agent, in a chain that goes on from the
 * latest of them, for as long as any of them is wanted.
 *
 * A request that belonged to one of them would end with that one, and the others with it.
 */
import type { Envelope, Headers } from '../core/envelope.ts';
import { Detached } from './detached.ts';
import type { Handling } from './handling.ts';

export class Together extends Detached {
  override readonly cause: Envelope;
  readonly #deadlineMs: number;
  readonly #headers: Headers;

  /** @param handlings Those of a stream agent that are open, latest last; at least one. */
  constructor(handlings: readonly Handling[]) {
    const latest = handlings.at(-1)!;
    super(latest.cell, latest.works, false, latest.trace);
    this.cause = latest.envelope;
    this.#headers = latest.headers;
    // One after the other: a batch may be larger than what a call takes as arguments.
    this.#deadlineMs = handlings.reduce((latestMs, { deadlineMs }) => Math.max(latestMs, deadlineMs), 0);
  }

  override get deadlineMs(): number {
    return this.#deadlineMs;
  }

  override get headers(): Headers {
    return this.#headers;
  }
}
