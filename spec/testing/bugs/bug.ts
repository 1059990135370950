/**
 * A planted bug: a mistake that somebody could make, with the scenario that finds it.
 *
 * A bug of a protocol is a system of agents that is either broken or mended. A bug of
 * the runtime is a patch beside its scenario; its agents are the same either way.
 */
import type { System } from 'troupe';
import type { ExploreOptions, World } from 'troupe/testing';

export interface Scenario {
  readonly setup: (system: System, world: World) => unknown;
  /** What may go wrong, and what holds beside the property. */
  readonly options: Omit<ExploreOptions, 'runs' | 'seed' | 'tape'>;
  readonly atQuiet: (world: World) => unknown;
  /**
   * Whether what it is about has happened. It has in the quiet run, and not before
   * anything was done: a property that holds where nothing happens says nothing.
   */
  readonly witness: () => boolean;
}

export interface Bug {
  /** What is wrong, in the words of whoever would find it. */
  readonly name: string;
  /** @param broken Whether its agents make the mistake; for a bug of the runtime it says nothing. */
  scenario(broken: boolean): Scenario;
  /**
   * The quietest schedule that shows it: no schedule with fewer deviations does. Found
   * by brute force (`npm run bugs -- --smallest`).
   */
  readonly quietest: readonly number[];
  /** Whether nothing in it is the world's choice; then its schedule says nothing. */
  readonly hasOneSchedule?: true;
}
