/**
 * The witnesses of a system: each law sees what it asks for. They are made for every run, so
 * there is one list of laws, and nothing else that a law may not need.
 */
import type { Cell } from '../../actors/cell.ts';
import type { Kernel } from '../../actors/kernel.ts';
import { Outside } from '../../actors/outside.ts';
import type { System } from '../../actors/system.ts';
import type { Lease } from '../../core/budget.ts';
import type { DeadLetterCause } from '../../core/dead-letter.ts';
import type { Envelope } from '../../core/envelope.ts';
import type { SimulatedEnvironment } from '../../core/simulated-environment.ts';
import type { HandlingOutcome } from '../../core/system-event.ts';
import type { Receiver } from '../../core/topic-board.ts';
import type { Witness, WitnessedRequest } from '../../core/witness.ts';
import type { HostEnvironment } from '../host-environment.ts';

/** What one law wants to see. */
export type Sight = Partial<Witness>;

/** Shows a law what passes in a system, from now on. */
export function witness(system: System, sight: Sight): void {
  witnessesOf(system).add(sight);
}

/** Nobody looks at a system any more. */
export function unwitness(system: System): void {
  kernelOf(system).witness = undefined;
}

/** Every agent that is or was in a system, in the order in which they came. */
export function castOf(system: System): readonly Cell[] {
  return witnessesOf(system).cast;
}

/** Where a system of a world gets time, ids and timers from. */
export function environmentOf(system: System): SimulatedEnvironment | HostEnvironment {
  return kernelOf(system).environment as SimulatedEnvironment | HostEnvironment;
}

/** The inner part of a system. */
export function kernelOf(system: System): Kernel {
  return insideOf(system).kernel;
}

/** Requests of code outside of agents that are not over. */
export function requestsOutside(system: System): number {
  return insideOf(system).requestCount;
}

function insideOf(system: System): Outside {
  /* v8 ignore if -- @preserve Worlds make their systems themselves. */
  if (!(system instanceof Outside)) {
    throw new RangeError('expected a system made by createSystem');
  }
  return system;
}

function witnessesOf(system: System): Witnesses {
  const kernel = kernelOf(system);
  if (kernel.witness instanceof Witnesses) {
    return kernel.witness;
  }
  const witnesses = new Witnesses();
  kernel.witness = witnesses;
  if (system.agents.size > 0) {
    // Those that began with the system.
    witnesses.cast.push(...(system.agents as { cells(): Iterable<Cell> } & System['agents']).cells());
  }
  return witnesses;
}

class Witnesses implements Witness {
  readonly cast: Cell[] = [];
  readonly #sights: Sight[] = [];

  add(sight: Sight): void {
    this.#sights.push(sight);
  }

  spawned(agent: Receiver): void {
    this.cast.push(agent as Cell);
  }

  left(receiver: Receiver, envelope: Envelope): void {
    for (const sight of this.#sights) {
      sight.left?.(receiver, envelope);
    }
  }

  accepted(agent: Receiver, envelope: Envelope): void {
    for (const sight of this.#sights) {
      sight.accepted?.(agent, envelope);
    }
  }

  gaveWay(agent: Receiver, envelope: Envelope): void {
    for (const sight of this.#sights) {
      sight.gaveWay?.(agent, envelope);
    }
  }

  ended(agent: Receiver, envelope: Envelope, outcome: HandlingOutcome): void {
    for (const sight of this.#sights) {
      sight.ended?.(agent, envelope, outcome);
    }
  }

  lost(envelope: Envelope, to: string | undefined, cause: DeadLetterCause): void {
    for (const sight of this.#sights) {
      sight.lost?.(envelope, to, cause);
    }
  }

  asked(request: WitnessedRequest, deadlineMs: number): void {
    for (const sight of this.#sights) {
      sight.asked?.(request, deadlineMs);
    }
  }

  replied(request: WitnessedRequest, from: string): void {
    for (const sight of this.#sights) {
      sight.replied?.(request, from);
    }
  }

  settled(request: WitnessedRequest): void {
    for (const sight of this.#sights) {
      sight.settled?.(request);
    }
  }

  delivered(request: WitnessedRequest): void {
    for (const sight of this.#sights) {
      sight.delivered?.(request);
    }
  }

  called(call: Promise<unknown>, capability: string, caller: string | undefined): void {
    for (const sight of this.#sights) {
      sight.called?.(call, capability, caller);
    }
  }

  leased(lease: Lease, what: string): void {
    for (const sight of this.#sights) {
      sight.leased?.(lease, what);
    }
  }
}
