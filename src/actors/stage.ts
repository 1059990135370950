/**
 * The stage: the effects of the step that is being taken, until it has committed.
 *
 * Only one step is taken at a time in a system, so there is one stage. Targets
 * and envelopes stand side by side, in arrays that keep their room from step to
 * step, so that a message that goes well costs nothing here but its place.
 */
import type { Envelope } from '../core/envelope.ts';
import { MailboxFull } from '../core/mailbox.ts';
import type { TopicEntry } from '../core/topic-board.ts';
import type { Tracing } from '../core/tracing.ts';
import type { Cell } from './cell.ts';
import { PendingReply } from './pending-reply.ts';
import { Interrupted } from './request-failures.ts';

/**
 * An effect that is no message: `act` when the step has committed, `undo` when it
 * failed, `discard` when it had committed and its agent ended before it could leave.
 */
export class StagedAct {
  readonly act: () => void;
  readonly undo: () => void;
  readonly discard: () => void;

  constructor(act: () => void, undo: () => void, discard = undo) {
    this.act = act;
    this.undo = undo;
    this.discard = discard;
  }
}

/** Where a staged envelope goes: to one agent, or to all who hear a topic. */
export type StagedTarget = Cell | TopicEntry | StagedAct;

export class Stage {
  /** Whose step it is; `undefined` between steps. Not the handling: a young object in an old one is dear to note. */
  cell: Cell | undefined;
  /** How many effects are staged: so many of the targets and envelopes count. */
  size = 0;
  readonly #targets: (StagedTarget | undefined)[] = [];
  readonly #envelopes: (Envelope | undefined)[] = [];

  target(n: number): StagedTarget {
    return this.#targets[n]!;
  }

  /** What is sent there; `undefined` when the effect is no message. */
  envelope(n: number): Envelope | undefined {
    return this.#envelopes[n];
  }

  /** Errors: `MailboxFull` when the agent has `effectsMax` effects that have not left already. */
  add(cell: Cell, target: StagedTarget, envelope: Envelope | undefined): void {
    const most = cell.definition.effectsMax;
    if (this.size + (cell.outbox === undefined ? 0 : cell.outbox.size) >= most) {
      throw tooMany(cell, envelope, most);
    }
    this.#targets[this.size] = target;
    this.#envelopes[this.size] = envelope;
    this.size += 1;
  }

  /** Stages what is no message. Errors: as for `add`; then it is undone. */
  addAct(cell: Cell, act: () => void, undo: () => void, discard = undo): void {
    try {
      this.add(cell, new StagedAct(act, undo, discard), undefined);
    } catch (full) {
      undo();
      throw full;
    }
  }

  clear(): void {
    for (let n = 0; n < this.size; n += 1) {
      this.#targets[n] = undefined;
      this.#envelopes[n] = undefined;
    }
    this.size = 0;
  }

  /** The step failed: nothing of it happens, and who asked in it hears so at once. */
  undo(failure: unknown, tracing: Tracing | undefined): void {
    if (tracing !== undefined) {
      for (const envelope of this.#envelopes.slice(0, this.size)) {
        if (envelope !== undefined) {
          tracing.lost(envelope, failure);
        }
      }
    }
    const acts = this.#targets.filter((target) => target instanceof StagedAct);
    const requests = this.#envelopes.flatMap((envelope) =>
      envelope?.replyTo instanceof PendingReply ? [envelope.replyTo] : [],
    );
    this.clear();
    for (const act of acts.reverse()) {
      act.undo();
    }
    for (const request of requests) {
      request.interrupt(new Interrupted({ agent: request.requester.path!, reason: 'the step failed' }));
    }
  }
}

function tooMany(cell: Cell, envelope: Envelope | undefined, most: number): MailboxFull {
  return new MailboxFull({
    receiver: `the effects of one step of ${cell.path}`,
    payload: envelope?.payload,
    capacity: most,
  });
}
