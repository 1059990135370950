/**
 * The capability directory: what can be called by name in a system, and who offers it.
 *
 * Where several agents offer the same name, calls go to them in turn.
 */
import { type Observable, Subject } from 'rxjs';
import { guarded } from './bounded.ts';
import type { Capability } from './capability.ts';
import type { Cell } from './cell.ts';

/** One capability and those who offer it. */
export interface CapabilityEntry {
  readonly name: string;
  readonly capability: Capability<unknown, unknown>;
  /** Paths of the agents that offer it. */
  readonly agents: readonly string[];
  readonly calls: number;
  readonly failures: number;
}

/** Somebody began or ceased to offer a capability. */
export interface CapabilityChange {
  readonly _tag: 'Offered' | 'Withdrawn';
  readonly name: string;
  readonly agent: string;
}

interface Offer {
  readonly capability: Capability<unknown, unknown>;
  readonly cells: Cell[];
  turn: number;
  calls: number;
  failures: number;
}

/** Whether a caller may use a capability; `caller` is a path, `undefined` outside of agents. */
export type Permit = (call: {
  readonly capability: string;
  readonly input: unknown;
  readonly caller: string | undefined;
}) => boolean;

export class CapabilityDirectory {
  readonly #permit: Permit | undefined;
  readonly #offers = new Map<string, Offer>();
  readonly #onThrow: (thrown: unknown) => void;
  readonly #changes = new Subject<CapabilityChange>();

  /** @param onThrow Told what the permit threw, or somebody who follows the changes. */
  constructor(permit: Permit | undefined, onThrow: (thrown: unknown) => void) {
    this.#onThrow = onThrow;
    this.#permit = permit;
  }

  get size(): number {
    return this.#offers.size;
  }

  /** Told of every change, at once, from now on; completes when the system has stopped. */
  get changes(): Observable<CapabilityChange> {
    return guarded(this.#changes, this.#onThrow);
  }

  find(name: string): CapabilityEntry | undefined {
    const offer = this.#offers.get(name);
    return offer === undefined ? undefined : entryOf(offer);
  }

  list(): readonly CapabilityEntry[] {
    return [...this.#offers.values()].map(entryOf);
  }

  offer(cell: Cell): void {
    for (const capability of cell.definition.capabilities) {
      const offer = this.#offers.get(capability.name) ?? {
        capability,
        cells: [] as Cell[],
        turn: 0,
        calls: 0,
        failures: 0,
      };
      this.#offers.set(capability.name, offer);
      offer.cells.push(cell);
      this.#changes.next({ _tag: 'Offered', name: capability.name, agent: cell.path });
    }
  }

  withdraw(cell: Cell): void {
    for (const { name } of cell.definition.capabilities) {
      const offer = this.#offers.get(name);
      /* v8 ignore next -- @preserve Only those are withdrawn that have offered. */
      const place = offer?.cells.indexOf(cell) ?? -1;
      /* v8 ignore else -- @preserve Only those are withdrawn that have offered. */
      if (offer !== undefined && place >= 0) {
        offer.cells.splice(place, 1);
        if (offer.cells.length === 0) {
          this.#offers.delete(name);
        }
        this.#changes.next({ _tag: 'Withdrawn', name, agent: cell.path });
      }
    }
  }

  /** Whether this call may be made. A permit that throws permits nothing, and is told of. */
  permits(capability: string, input: unknown, caller: string | undefined): boolean {
    try {
      return this.#permit === undefined || this.#permit({ capability, input, caller }) === true;
    } catch (thrown) {
      this.#onThrow(thrown);
      return false;
    }
  }

  /** Whose turn it is to be called, if anybody offers it. */
  provider(name: string): Cell | undefined {
    const offer = this.#offers.get(name);
    if (offer === undefined) {
      return undefined;
    }
    offer.calls += 1;
    offer.turn = (offer.turn + 1) % offer.cells.length;
    return offer.cells[offer.turn];
  }

  failed(name: string): void {
    const offer = this.#offers.get(name);
    if (offer !== undefined) {
      offer.failures += 1;
    }
  }

  complete(): void {
    this.#changes.complete();
  }
}

const entryOf = (offer: Offer): CapabilityEntry => ({
  name: offer.capability.name,
  capability: offer.capability,
  agents: offer.cells.map((cell) => cell.path),
  calls: offer.calls,
  failures: offer.failures,
});
