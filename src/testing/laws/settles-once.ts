/**
 * Settles once: each request has one outcome, at the latest at its deadline, and
 * whoever waits for it is told.
 *
 * Source: law 9 of the runtime.
 */
import type { WitnessedRequest } from '../../core/witness.ts';
import type { Law } from '../law.ts';
import type { World } from '../world.ts';
import { witness } from './witnesses.ts';

/** @returns The law that each request settles exactly once and in time. */
export function settlesOnce(): Law {
  return {
    name: 'settles once',
    begin: (world) => {
      const requests = new Requests(world);
      return {
        afterStep: () => requests.check(),
        atQuiet: () => requests.checkSettled(false),
        afterStop: () => requests.checkSettled(true),
      };
    },
  };
}

class Requests {
  /** Those whose requesters wait, and until when. */
  readonly #waiting = new Map<WitnessedRequest, number>();
  #broken: string | undefined;

  constructor(world: World) {
    witness(world, {
      // One that is made after the deadline of its cause settles at once.
      asked: (request, deadlineMs) => void this.#waiting.set(request, Math.max(deadlineMs, world.nowMs)),
      settled: (request) => {
        const deadlineMs = this.#waiting.get(request);
        if (deadlineMs === undefined || deadlineMs < 0) {
          this.#broken ??= `${nameOf(request)} settled twice`;
          return;
        }
        if (world.nowMs > deadlineMs) {
          this.#broken ??= `${nameOf(request)} was due at ${deadlineMs} ms and settled at ${world.nowMs} ms`;
        }
        this.#waiting.set(request, isSettled);
      },
      delivered: (request) => {
        if (this.#waiting.get(request) === isSettled) {
          this.#waiting.set(request, isDelivered);
        }
      },
    });
  }

  check(): void {
    if (this.#broken !== undefined) {
      throw new Error(this.#broken);
    }
  }

  /** @param all Whether those that may wait for ever are over, too. */
  checkSettled(all: boolean): void {
    this.check();
    for (const [request, deadlineMs] of this.#waiting) {
      if (deadlineMs === isSettled) {
        throw new Error(`${nameOf(request)} has settled, and whoever waits for it was not told`);
      }
      if (deadlineMs !== isDelivered && (all || deadlineMs < Number.POSITIVE_INFINITY)) {
        throw new Error(`${nameOf(request)} was due at ${deadlineMs} ms and has not settled`);
      }
    }
  }
}

const isSettled = -1;
const isDelivered = -2;

const nameOf = ({ requester, target }: WitnessedRequest): string =>
  `the request of ${requester.path ?? 'somebody outside'} to ${target}`;
