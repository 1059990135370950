/**
 * The witnesses of a world: each law sees what it asks for, and nothing that it does not.
 */
import type { Cell } from '../../actors/cell.ts';
import type { Kernel } from '../../actors/kernel.ts';
import { Outside } from '../../actors/outside.ts';
import type { System } from '../../actors/system.ts';
import type { Lease } from '../../core/budget.ts';
import type { DeadLetterCause } from '../../core/dead-letter.ts';
import type { Envelope } from '../../core/envelope.ts';
import type { HandlingOutcome } from '../../core/system-event.ts';
import type { Receiver } from '../../core/topic-board.ts';
import type { Witness, WitnessedRequest } from '../../core/witness.ts';
import type { World } from '../world.ts';

/** What one law wants to see. */
export type Sight = Partial<Witness>;

/** Shows a law what passes in a world, from now on. */
export function witness(world: World, sight: Sight): void {
  witnessesOf(world).add(sight);
}

/** The inner part of a system. */
export function kernelOf(system: System): Kernel {
  return insideOf(system).kernel;
}

/** Requests of code outside of agents that are not over. */
export function requestsOutside(system: System): number {
  return insideOf(system).requestCount;
}

/** Every agent that is or was in a world, in the order in which they came. */
export function castOf(world: World): Set<Cell> {
  const all = witnessesOf(world);
  if (all.cast === undefined) {
    const cells = new Set<Cell>();
    witness(world, { spawned: (agent) => void cells.add(agent as Cell) });
    for (const cell of kernelCells(world.system)) {
      cells.add(cell);
    }
    all.cast = cells;
  }
  return all.cast;
}

/** Kept by the kernel, not in a map of worlds: weak maps keep what is young alive, and worlds are made by the thousand. */
function witnessesOf(world: World): Witnesses {
  const kernel = kernelOf(world.system);
  if (!(kernel.witness instanceof Witnesses)) {
    kernel.witness = new Witnesses();
  }
  return kernel.witness as Witnesses;
}

function insideOf(system: System): Outside {
  /* v8 ignore if -- @preserve Worlds make their systems themselves. */
  if (!(system instanceof Outside)) {
    throw new RangeError('expected a system made by createSystem');
  }
  return system;
}

/** Those that began with the system. */
function kernelCells(system: System): Iterable<Cell> {
  return (system.agents as { cells(): Iterable<Cell> } & System['agents']).cells();
}

class Witnesses implements Witness {
  /** See `castOf`. */
  cast: Set<Cell> | undefined;
  readonly #spawned: Witness['spawned'][] = [];
  readonly #left: Witness['left'][] = [];
  readonly #accepted: Witness['accepted'][] = [];
  readonly #gaveWay: Witness['gaveWay'][] = [];
  readonly #ended: Witness['ended'][] = [];
  readonly #lost: Witness['lost'][] = [];
  readonly #asked: Witness['asked'][] = [];
  readonly #replied: Witness['replied'][] = [];
  readonly #settled: Witness['settled'][] = [];
  readonly #delivered: Witness['delivered'][] = [];
  readonly #called: Witness['called'][] = [];
  readonly #leased: Witness['leased'][] = [];

  add(sight: Sight): void {
    push(this.#spawned, sight.spawned);
    push(this.#left, sight.left);
    push(this.#accepted, sight.accepted);
    push(this.#gaveWay, sight.gaveWay);
    push(this.#ended, sight.ended);
    push(this.#lost, sight.lost);
    push(this.#asked, sight.asked);
    push(this.#replied, sight.replied);
    push(this.#settled, sight.settled);
    push(this.#delivered, sight.delivered);
    push(this.#called, sight.called);
    push(this.#leased, sight.leased);
  }

  spawned(agent: Receiver): void {
    for (const see of this.#spawned) {
      see(agent);
    }
  }

  left(receiver: Receiver, envelope: Envelope): void {
    for (const see of this.#left) {
      see(receiver, envelope);
    }
  }

  accepted(agent: Receiver, envelope: Envelope): void {
    for (const see of this.#accepted) {
      see(agent, envelope);
    }
  }

  gaveWay(agent: Receiver, envelope: Envelope): void {
    for (const see of this.#gaveWay) {
      see(agent, envelope);
    }
  }

  ended(agent: Receiver, envelope: Envelope, outcome: HandlingOutcome): void {
    for (const see of this.#ended) {
      see(agent, envelope, outcome);
    }
  }

  lost(envelope: Envelope, to: string | undefined, cause: DeadLetterCause): void {
    for (const see of this.#lost) {
      see(envelope, to, cause);
    }
  }

  asked(request: WitnessedRequest, deadlineMs: number): void {
    for (const see of this.#asked) {
      see(request, deadlineMs);
    }
  }

  replied(request: WitnessedRequest, from: string): void {
    for (const see of this.#replied) {
      see(request, from);
    }
  }

  settled(request: WitnessedRequest): void {
    for (const see of this.#settled) {
      see(request);
    }
  }

  delivered(request: WitnessedRequest): void {
    for (const see of this.#delivered) {
      see(request);
    }
  }

  called(call: Promise<unknown>, capability: string, caller: string | undefined): void {
    for (const see of this.#called) {
      see(call, capability, caller);
    }
  }

  leased(lease: Lease, what: string): void {
    for (const see of this.#leased) {
      see(lease, what);
    }
  }
}

function push<F>(list: F[], f: F | undefined): void {
  if (f !== undefined) {
    list.push(f);
  }
}
