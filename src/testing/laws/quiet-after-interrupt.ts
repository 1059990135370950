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
import type { Envelope, ReplyPort } from '../../core/envelope.ts';
import type { Law } from '../law.ts';
import type { World } from '../world.ts';
import { castOf, witness } from './witnesses.ts';

export interface QuietOptions {
  /** What is said of old code that tries to say something: `allow` it, when not given, or `forbid` it. */
  readonly deeds?: 'allow' | 'forbid';
}

/** @returns The law that nothing is observed of interrupted work and of agents that have ended. */
export function quietAfterInterrupt({ deeds = 'allow' }: QuietOptions = {}): Law {
  return {
    name: 'quiet after interrupt',
    begin: (world) => {
      const ended = new EndedWork(world, deeds);
      return { afterStep: () => ended.check(), atQuiet: () => ended.check(), afterStop: () => ended.check() };
    },
  };
}

interface Interrupted {
  readonly path: string;
  readonly envelope: Envelope;
  /** The last id given out when it was interrupted: what has a later one was said after that. */
  readonly lastId: number;
}

class EndedWork {
  readonly #world: World;
  readonly #living = new Map<string, Cell>();
  /** By id of the message that was being handled. */
  readonly #interrupted = new Map<number, Interrupted[]>();
  #broken: string | undefined;

  constructor(world: World, deeds: 'allow' | 'forbid') {
    this.#world = world;
    for (const cell of castOf(world)) {
      this.#living.set(cell.path, cell);
    }
    witness(world, {
      spawned: (agent) => void this.#living.set(agent.path, agent as Cell),
      accepted: ({ path }, { id }) => this.#interrupted.size > 0 && this.#beginsAnew(path, id),
      ended: ({ path }, envelope, outcome) => outcome === 'interrupted' && this.#note(path, envelope),
      left: ({ path: to }, envelope) => this.#left(to, envelope),
      replied: (request, from) => this.#interrupted.size > 0 && this.#replied(request, from),
    });
    if (deeds === 'forbid') {
      witness(world, {
        lost: ({ sender, topic }, _, cause) => {
          if (cause === 'HandlingOver') {
            this.#broken ??= `${sender} went on after its handling was over, and tried to send '${topic}'`;
          }
        },
      });
    }
  }

  check(): void {
    if (this.#broken !== undefined) {
      throw new Error(this.#broken);
    }
  }

  #note(path: string, envelope: Envelope): void {
    const { lastId } = this.#world.environment;
    const those = this.#interrupted.get(envelope.id) ?? [];
    this.#interrupted.set(envelope.id, [...those, { path, envelope, lastId }]);
  }

  /** The same message comes again, as a doubled one does: what is said of it now is said by new work. */
  #beginsAnew(path: string, id: number): void {
    const those = this.#interrupted.get(id);
    if (those !== undefined) {
      this.#interrupted.set(
        id,
        those.filter((one) => one.path !== path),
      );
    }
  }

  #left(to: string, { id, sender, causationId, topic }: Envelope): void {
    if (sender === undefined) {
      return;
    }
    const cell = this.#living.get(sender);
    if (cell?.phase === 'stopped') {
      this.#broken ??= `${sender} has stopped, and '${topic}' of it reached ${to} after that`;
    }
    if (this.#interrupted.size > 0 && causationId !== undefined) {
      const work = this.#workOf(sender, causationId);
      if (work !== undefined && id > work.lastId && !isOpen(cell, work.envelope)) {
        const about = `'${work.envelope.topic}'`;
        this.#broken ??= `${sender} was interrupted while it handled ${about}, and '${topic}' of that work reached ${to} after that`;
      }
    }
  }

  #replied(request: ReplyPort, from: string): void {
    if (request.settled) {
      return;
    }
    for (const those of this.#interrupted.values()) {
      for (const { path, envelope } of those) {
        if (path === from && envelope.replyTo === request && !isOpen(this.#living.get(path), envelope)) {
          this.#broken ??= `${from} was interrupted while it handled '${envelope.topic}', and a reply of that work was taken after that`;
        }
      }
    }
  }

  #workOf(path: string, id: number): Interrupted | undefined {
    return this.#interrupted.get(id)?.find((one) => one.path === path);
  }
}

/** Whether a message is being handled still, or again. */
function isOpen(cell: Cell | undefined, envelope: Envelope): boolean {
  for (const handling of cell?.openHandlings ?? []) {
    if (handling.envelope === envelope) {
      return true;
    }
  }
  return false;
}
