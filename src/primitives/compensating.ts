/**
 * Compensating: undoing what has been done, last first, whatever has become of whoever
 * did it.
 *
 * It is the system that asks for it, because a handling that was interrupted, or an
 * agent that begins anew, cannot ask for anything any more. So each compensation has a
 * time of its own and no budget, and draining waits for it.
 */
import type { Responder } from '../actors/context.ts';
import { NoResponder } from '../actors/request-failures.ts';
import type { Sender } from '../actors/sender.ts';
import { senderOf } from '../actors/sender-of.ts';
import { isOf } from '../core/failure.ts';

/** A step that has acted, or may have: what its compensation is asked. */
export type Acted<I, A> =
  | { readonly outcome: 'acted'; readonly input: I; readonly answer: A }
  /** It was interrupted, or no answer came: it may have acted, and may even be about to. */
  | { readonly outcome: 'unknown'; readonly input: I; readonly answer: undefined };

export interface SagaStep<I, A> {
  readonly name: string;
  /** Acts, or fails and has not acted. */
  readonly act: Responder<I, A>;
  /** Undoes it. It may be asked when nothing had been done. An agent that has no answer has done it. */
  readonly compensate?: Responder<Acted<I, A>, unknown>;
}

/** A step that could not be undone. */
export interface Uncompensated {
  readonly step: string;
  readonly failure: unknown;
}

interface Done {
  readonly step: SagaStep<unknown, unknown>;
  readonly acted: Acted<unknown, unknown>;
}

export class Compensating {
  readonly #sender: Sender;
  readonly #withinMs: number;
  readonly #done: Done[] = [];

  constructor(sender: Sender, withinMs: number) {
    this.#sender = sender;
    this.#withinMs = withinMs;
  }

  /** A step has acted, or may have. */
  add(step: SagaStep<unknown, unknown>, acted: Acted<unknown, unknown>): void {
    this.#done.push({ step, acted });
  }

  /** The steps that are there to be undone. */
  get names(): readonly string[] {
    return this.#done.map(({ step }) => step.name);
  }

  /** Undoes them, each once: what cannot be undone does not keep the others from being. */
  async run(): Promise<{ compensated: readonly string[]; uncompensated: readonly Uncompensated[] }> {
    const { kernel, cause, headers } = this.#sender;
    const custodian = senderOf(kernel.custodian);
    const options = {
      timeoutMs: this.#withinMs,
      headers,
      ...(cause?.threadId === undefined ? {} : { threadId: cause.threadId }),
    };
    const compensated: string[] = [];
    const uncompensated: Uncompensated[] = [];
    // So that a system that drains waits for it.
    kernel.ownSteps += 1;
    for (const { step, acted } of this.#done.reverse()) {
      if (step.compensate === undefined) {
        continue;
      }
      try {
        await custodian.request(step.compensate, acted, options);
        compensated.push(step.name);
      } catch (failure) {
        if (isOf(failure, NoResponder) && failure.asked > 0) {
          // An agent that has done it and has nothing to say.
          compensated.push(step.name);
        } else {
          uncompensated.push({ step: step.name, failure });
        }
      }
    }
    kernel.ownStepEnded();
    return { compensated, uncompensated };
  }
}
