/**
 * The stage: the effects of the step that is being taken, until it has committed.
 *
 * Only one step is taken at a time in a system, so there is one stage. Targets
 * and envelopes stand side by side, so that a message that goes well costs
 * nothing here but its place.
 */
import type { Envelope } from '../core/envelope.ts';
import { MailboxFull } from '../core/mailbox.ts';
import type { TopicEntry } from '../core/topic-board.ts';
import type { Cell, OpenHandling } from './cell.ts';
import { PendingReply } from './pending-reply.ts';
import { Interrupted } from './request-failures.ts';

/** An effect that is no message: `act` when the step has committed, `undo` when it failed. */
export class StagedAct {
  readonly act: () => void;
  readonly undo: () => void;

  constructor(act: () => void, undo: () => void) {
    this.act = act;
    this.undo = undo;
  }
}

/** Where a staged envelope goes: to one agent, or to all who hear a topic. */
export type StagedTarget = Cell | TopicEntry | StagedAct;

export class Stage {
  /** Whose step it is; `undefined` between steps. */
  handling: OpenHandling | undefined;
  readonly targets: StagedTarget[] = [];
  readonly envelopes: (Envelope | undefined)[] = [];

  /** Errors: `MailboxFull` when the agent has `effectsMax` effects that have not left already. */
  add(cell: Cell, target: StagedTarget, envelope: Envelope | undefined): void {
    const most = cell.definition.effectsMax;
    if (this.targets.length + (cell.outbox?.size ?? 0) >= most) {
      throw new MailboxFull({
        receiver: `the effects of one step of ${cell.path}`,
        payload: envelope?.payload,
        capacity: most,
      });
    }
    this.targets.push(target);
    this.envelopes.push(envelope);
  }

  /** Stages what is no message. Errors: as for `add`; then it is undone. */
  addAct(cell: Cell, act: () => void, undo: () => void): void {
    try {
      this.add(cell, new StagedAct(act, undo), undefined);
    } catch (full) {
      undo();
      throw full;
    }
  }

  clear(): void {
    this.targets.length = 0;
    this.envelopes.length = 0;
  }

  /** The step failed: nothing of it happens, and who asked in it hears so at once. */
  undo(): void {
    const acts = this.targets.filter((target) => target instanceof StagedAct);
    const requests = this.envelopes.flatMap((envelope) =>
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
