/**
 * The credit of one message of a stream agent, and its handling.
 *
 * It is settled when the stream has dealt with the message; then the handling
 * concludes. An operator whose work has settled goes on in a turn of the agent,
 * which is a further step of that handling: its effects are staged, and leave when
 * the step is over, behind what waits in the agent's outbox.
 */
import { CreditToken } from '../core/credit.ts';
import type { Handling } from './handling.ts';
import type { Task } from './handling-extras.ts';
import { type OpenWork, ongoing, type TaskEnds } from './open-work.ts';
import { afterOutbox, release } from './outbox.ts';
import { Interrupted } from './request-failures.ts';

/** The stream that messages flow through, for one life of an agent. */
export interface Flow {
  /** It has completed, failed or was ended: nothing flows any more. */
  readonly over: boolean;
  /** The message whose value completed it, which has been dealt with. */
  readonly completedBy: CreditToken | undefined;
  /** Calls `act` as a step of that handling. Errors: what the stream failed of in it. */
  step(handling: Handling, act: () => void): void;
}

export class MessageToken extends CreditToken implements OpenWork, Task {
  readonly handling: Handling;
  readonly flow: Flow;
  /** Whether nobody holds it any more. */
  done = false;
  #ends: TaskEnds | undefined;
  #toTell: Set<() => void> | undefined;
  #abandoned = false;

  constructor(handling: Handling, flow: Flow) {
    super();
    this.handling = handling;
    this.flow = flow;
  }

  override get revoked(): boolean {
    return this.handling.over;
  }

  override whenRevoked(act: () => void): () => void {
    this.#toTell ??= new Set();
    this.#toTell.add(act);
    return () => this.#toTell?.delete(act);
  }

  override inTurn(act: () => void): void {
    const { cell } = this.handling;
    cell.notice({
      deliver: () => {
        if (cell.blocked) {
          // Its room: what came out before has to leave first.
          afterOutbox(cell, () => this.#goOn(act));
        } else {
          this.#goOn(act);
        }
      },
    });
  }

  [ongoing](ends: TaskEnds): Task {
    this.#ends = ends;
    return this;
  }

  /** Its handling was ended from outside, or failed. */
  interrupt(): void {
    // Whoever lets go because another was told is told no more: a set that is gone through notices that.
    for (const tell of this.#toTell ?? []) {
      tell();
    }
    this.#toTell = undefined;
  }

  /** Its handling fails, in a turn of the agent. */
  fail(failure: unknown): void {
    this.#ends?.failed(this.handling, failure);
  }

  override abandon(): void {
    this.#abandoned = true;
  }

  protected override settled(): void {
    this.done = true;
    const { flow, handling } = this;
    if (this.#abandoned && !flow.over) {
      // The stream goes on without it: `take` or `switchMap` behind the work has left.
      const reason = 'its stream wanted it no more while it was worked on';
      handling.interrupt(new Interrupted({ agent: handling.cell.path, reason }));
    } else if (!flow.over || flow.completedBy?.sources.includes(this) === true) {
      this.#ends?.succeeded(handling, undefined);
    }
    // Otherwise its value was dropped with the stream: whoever ends that ends the handling, too.
  }

  #goOn(act: () => void): void {
    const { handling, flow } = this;
    if (flow.over) {
      return;
    }
    if (handling.over) {
      // What comes out now becomes a dead letter.
      act();
      return;
    }
    const { cell } = handling;
    const { stage } = handling.works;
    const before = cell.state;
    stage.cell = cell;
    try {
      if (handling.trace === undefined) {
        flow.step(handling, act);
      } else {
        handling.trace.within(() => flow.step(handling, act));
      }
    } catch (thrown) {
      stage.cell = undefined;
      stage.undo(thrown, cell.kernel.tracing);
      cell.state = before;
      this.fail(thrown);
      return;
    }
    stage.cell = undefined;
    release(cell, stage, handling);
    if (cell.state !== before) {
      cell.observers?.changed(cell);
    }
  }
}
