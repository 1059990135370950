/**
 * Settles once: each request has one outcome, at the latest at its deadline, and
 * whoever waits for it is told.
 *
 * Source: law 9 of the runtime.
 */
import type { System } from '../../actors/system.ts';
import type { WitnessedRequest } from '../../core/witness.ts';
import type { Law, LawCheck } from '../law.ts';
import type { World } from '../world.ts';
import { type Sight, witness } from './witnesses.ts';

/** @returns The law that each request settles exactly once and in time. */
export function settlesOnce(): Law {
  return { name: 'settles once', of: 'system', begin: (world, system) => new Requests(world, system) };
}

class Requests implements LawCheck, Sight {
  readonly #world: World;
  /** By request, until when it may wait, or how far it has come. */
  readonly #requests = new Map<WitnessedRequest, number>();
  #broken: string | undefined;

  constructor(world: World, system: System) {
    this.#world = world;
    witness(system, this);
  }

  asked(request: WitnessedRequest, deadlineMs: number): void {
    // One that is made after the deadline of its cause settles at once.
    this.#requests.set(request, Math.max(deadlineMs, this.#world.nowMs));
  }

  settled(request: WitnessedRequest): void {
    const deadlineMs = this.#requests.get(request);
    if (deadlineMs === undefined || deadlineMs < 0) {
      this.#broken ??= `${nameOf(request)} settled twice`;
      return;
    }
    const { nowMs } = this.#world;
    if (nowMs > deadlineMs) {
      this.#broken ??= `${nameOf(request)} was due at ${deadlineMs} ms and settled at ${nowMs} ms`;
    }
    this.#requests.set(request, isSettled);
  }

  delivered(request: WitnessedRequest): void {
    if (this.#requests.get(request) === isSettled) {
      this.#requests.set(request, isDelivered);
    }
  }

  afterStep(): void {
    if (this.#broken !== undefined) {
      throw new Error(this.#broken);
    }
  }

  atQuiet(): void {
    this.#checkSettled(false);
  }

  afterStop(): void {
    this.#checkSettled(true);
  }

  /** @param all Whether those that may wait for ever are over, too. */
  #checkSettled(all: boolean): void {
    this.afterStep();
    for (const [request, deadlineMs] of this.#requests) {
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
