/**
 * Quiet after interrupt: when work has been interrupted, or its agent has ended,
 * nothing that its old code still does is observed by anybody.
 *
 * Nobody can stop a promise that runs. What old code says is a dead letter
 * (`HandlingOver`), which by default is all right. `deeds: 'forbid'` is stricter: it fails
 * a run in which old code still tries to say something, because whoever goes on
 * after `context.signal` has aborted most likely goes on spending money, too.
 *
 * What a step had sent before it was interrupted, and waits for room, may still leave.
 */
import type { Cell } from '../../actors/cell.ts';
import type { System } from '../../actors/system.ts';
import type { DeadLetterCause } from '../../core/dead-letter.ts';
import type { Envelope, ReplyPort } from '../../core/envelope.ts';
import type { HandlingOutcome } from '../../core/system-event.ts';
import type { Receiver } from '../../core/topic-board.ts';
import type { Law, LawCheck } from '../law.ts';
import { castOf, environmentOf, type Sight, witness } from './witnesses.ts';

export interface QuietOptions {
  /** What is said of old code that tries to say something: `allow` it, when not given, or `forbid` it. */
  readonly deeds?: 'allow' | 'forbid';
}

/** @returns The law that nothing is observed of interrupted work and of agents that have ended. */
export function quietAfterInterrupt({ deeds = 'allow' }: QuietOptions = {}): Law {
  return {
    name: 'quiet after interrupt',
    of: 'system',
    begin: (_world, system) => new EndedWork(system, deeds === 'forbid'),
  };
}

interface Interrupted {
  readonly path: string;
  readonly envelope: Envelope;
  /** The last id given out when it was interrupted: what has a later one was said after that. */
  readonly lastId: number;
}

class EndedWork implements LawCheck, Sight {
  readonly #system: System;
  readonly #cast: readonly Cell[];
  readonly #forbidsDeeds: boolean;
  /** By id of the message that was being handled. */
  #interrupted: Map<number, Interrupted[]> | undefined;
  #broken: string | undefined;

  constructor(system: System, forbidsDeeds: boolean) {
    this.#system = system;
    this.#cast = castOf(system);
    this.#forbidsDeeds = forbidsDeeds;
    witness(system, this);
  }

  accepted({ path }: Receiver, { id }: Envelope): void {
    if (this.#interrupted !== undefined) {
      this.#beginsAnew(path, id);
    }
  }

  ended({ path }: Receiver, envelope: Envelope, outcome: HandlingOutcome): void {
    if (outcome === 'interrupted') {
      this.#note(path, envelope);
    }
  }

  left({ path: to }: Receiver, { id, sender, causationId, topic }: Envelope): void {
    if (sender === undefined) {
      return;
    }
    const cell = this.#agentAt(sender);
    if (cell?.phase === 'stopped') {
      this.#broken ??= `${sender} has stopped, and '${topic}' of it reached ${to} after that`;
    }
    if (this.#interrupted !== undefined && causationId !== undefined) {
      const work = this.#workOf(sender, causationId);
      if (work !== undefined && id > work.lastId && !isOpen(cell, work.envelope)) {
        const about = `'${work.envelope.topic}'`;
        this.#broken ??= `${sender} was interrupted while it handled ${about}, and '${topic}' of that work reached ${to} after that`;
      }
    }
  }

  replied(request: ReplyPort, from: string): void {
    if (this.#interrupted !== undefined) {
      this.#replied(request, from);
    }
  }

  lost({ sender, topic }: Envelope, _to: string | undefined, cause: DeadLetterCause): void {
    if (this.#forbidsDeeds && cause === 'HandlingOver') {
      this.#broken ??= `${sender} went on after its handling was over, and tried to send '${topic}'`;
    }
  }

  afterStep(): void {
    if (this.#broken !== undefined) {
      throw new Error(this.#broken);
    }
  }

  atQuiet(): void {
    this.afterStep();
  }

  afterStop(): void {
    this.afterStep();
  }

  /** The newest agent at a path. */
  #agentAt(path: string): Cell | undefined {
    for (let n = this.#cast.length - 1; n >= 0; n -= 1) {
      const cell = this.#cast[n]!;
      if (cell.path === path) {
        return cell;
      }
    }
    return undefined;
  }

  #note(path: string, envelope: Envelope): void {
    const { lastId } = environmentOf(this.#system);
    this.#interrupted ??= new Map();
    const those = this.#interrupted.get(envelope.id) ?? [];
    this.#interrupted.set(envelope.id, [...those, { path, envelope, lastId }]);
  }

  /** The same message comes again, as a doubled one does: what is said of it now is said by new work. */
  #beginsAnew(path: string, id: number): void {
    const those = this.#interrupted!.get(id);
    if (those !== undefined) {
      this.#interrupted!.set(
        id,
        those.filter((one) => one.path !== path),
      );
    }
  }

  #replied(request: ReplyPort, from: string): void {
    if (request.settled) {
      return;
    }
    for (const those of this.#interrupted!.values()) {
      for (const { path, envelope } of those) {
        if (path === from && envelope.replyTo === request && !isOpen(this.#agentAt(path), envelope)) {
          this.#broken ??= `${from} was interrupted while it handled '${envelope.topic}', and a reply of that work was taken after that`;
        }
      }
    }
  }

  #workOf(path: string, id: number): Interrupted | undefined {
    return this.#interrupted!.get(id)?.find((one) => one.path === path);
  }
}

/** Whether a message is being handled still, or again, or a copy of it is. */
function isOpen(cell: Cell | undefined, { id }: Envelope): boolean {
  if (cell?.current?.envelope.id === id) {
    return true;
  }
  for (const handling of cell?.openHandlings ?? []) {
    if (handling.envelope.id === id) {
      return true;
    }
  }
  return false;
}
