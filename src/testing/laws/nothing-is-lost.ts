/**
 * Nothing is lost: every message that an agent accepted is handled, has failed, or
 * is a dead letter with a cause, exactly once.
 *
 * What the world itself lost on the way, doubled or delayed was accepted never,
 * twice or later, so it raises no false alarm. Under `conflate` a message may give
 * way to a newer one of its key.
 *
 * At quiet a message that still waits, is laid aside or is being handled will stay
 * so for ever: nobody has anything left to do. That is a loss, too, unless
 * `unfinished` allows it.
 *
 * Cost: a place in a map for each message that is accepted and not done with.
 */
import type { Cell } from '../../actors/cell.ts';
import type { System } from '../../actors/system.ts';
import type { DeadLetterCause } from '../../core/dead-letter.ts';
import type { Envelope } from '../../core/envelope.ts';
import type { HandlingOutcome } from '../../core/system-event.ts';
import type { Receiver } from '../../core/topic-board.ts';
import type { Law, LawCheck } from '../law.ts';
import { castOf, type Sight, witness } from './witnesses.ts';

export interface Unfinished {
  /**
   * What is said of work that is open when nothing is left to do: `forbid` it, when
   * not given; or `allow` it, for agents that wait on purpose for somebody who is not
   * in the test.
   */
  readonly unfinished?: 'allow' | 'forbid';
}

/** @returns The law that each accepted message is handled, failed, or a dead letter. */
export function nothingIsLost({ unfinished = 'forbid' }: Unfinished = {}): Law {
  return {
    name: 'nothing is lost',
    of: 'system',
    begin: (_world, system) => new Books(system, unfinished === 'forbid'),
  };
}

/** What is known of messages: who has accepted them and is not done with them. */
class Books implements LawCheck, Sight {
  readonly #cast: readonly Cell[];
  readonly #mustFinish: boolean;
  /** By message, the paths of those who have it; several of them where it was published, or doubled. */
  readonly #open = new Map<Envelope, string | string[]>();
  /** Dead letters of streams that had completed: the end of their handlings is still to come. */
  #dropped: Set<Envelope> | undefined;
  #broken: string | undefined;

  constructor(system: System, mustFinish: boolean) {
    this.#cast = castOf(system);
    this.#mustFinish = mustFinish;
    witness(system, this);
  }

  accepted({ path }: Receiver, envelope: Envelope): void {
    this.#accept(envelope, path);
  }

  gaveWay({ path }: Receiver, envelope: Envelope): void {
    this.#close(envelope, path);
  }

  lost(envelope: Envelope, to: string | undefined, cause: DeadLetterCause): void {
    if (to !== undefined && this.#close(envelope, to) && cause === 'Unhandled') {
      this.#dropped ??= new Set();
      this.#dropped.add(envelope);
    }
  }

  ended({ path }: Receiver, envelope: Envelope, outcome: HandlingOutcome): void {
    if (!this.#close(envelope, path) && this.#dropped?.has(envelope) !== true) {
      this.#broken ??= `${path} has ${outcome} ${nameOf(envelope)}, which it had not accepted or was done with`;
    }
  }

  afterStep(): void {
    if (this.#broken !== undefined) {
      throw new Error(this.#broken);
    }
  }

  atQuiet(): void {
    this.afterStep();
    if (this.#open.size > 0) {
      this.#checkHeld();
      if (this.#mustFinish) {
        this.#checkFinished();
      }
    }
  }

  afterStop(): void {
    this.afterStep();
    if (this.#open.size > 0) {
      this.#checkHeld();
      this.#checkFinished();
    }
  }

  /** What is not done with is somewhere. */
  #checkHeld(): void {
    const held = new Map<string, number>();
    for (const cell of this.#cast) {
      const waiting = cell.mailbox.waiting + (cell.stashed?.length ?? 0);
      const inHand = cell.messagesOpen + (cell.toRedeliver?.length ?? 0);
      held.set(cell.path, (held.get(cell.path) ?? 0) + waiting + inHand);
    }
    for (const [envelope, paths] of this.#open) {
      for (const path of typeof paths === 'string' ? [paths] : paths) {
        const left = (held.get(path) ?? 0) - 1;
        held.set(path, left);
        if (left < 0) {
          throw new Error(
            `${path} accepted ${nameOf(envelope)}, and it is nowhere: not handled, not failed, and no dead letter`,
          );
        }
      }
    }
  }

  /** Nothing is open. */
  #checkFinished(): void {
    for (const [envelope, paths] of this.#open) {
      const path = typeof paths === 'string' ? paths : paths[0]!;
      const cell = this.#cast.findLast((one) => one.path === path);
      throw new Error(
        `${path} accepted ${nameOf(envelope)}, which ${whereIn(cell, envelope)} although nothing is left to do`,
      );
    }
  }

  #accept(envelope: Envelope, path: string): void {
    const paths = this.#open.get(envelope);
    if (paths === undefined) {
      this.#open.set(envelope, path);
    } else if (typeof paths === 'string') {
      this.#open.set(envelope, [paths, path]);
    } else {
      paths.push(path);
    }
  }

  #close(envelope: Envelope, path: string): boolean {
    const paths = this.#open.get(envelope);
    if (paths === path) {
      return this.#open.delete(envelope);
    }
    if (paths === undefined || typeof paths === 'string') {
      return false;
    }
    const place = paths.indexOf(path);
    if (place >= 0) {
      paths.splice(place, 1);
      if (paths.length === 0) {
        this.#open.delete(envelope);
      }
    }
    return place >= 0;
  }
}

function whereIn(cell: Cell | undefined, envelope: Envelope): string {
  if (cell?.stashed?.includes(envelope) === true) {
    return 'is still laid aside';
  }
  for (const handling of cell?.openHandlings ?? []) {
    if (handling.envelope === envelope) {
      return 'is still being handled';
    }
  }
  return 'still waits';
}

/** A message, for whoever reads of it. */
const nameOf = ({ topic, sender }: Envelope): string => `'${topic}' from ${sender ?? 'outside'}`;
