/**
 * Properties over time, each with a name that the failure says: what always holds,
 * what holds at quiet, what comes within a time, what leads to what.
 *
 * They are laws: `explore(setup, { laws: [leadsTo(…)] }, atQuiet)`. They look at the
 * world after each of its steps, since nothing changes in between, and fail at the
 * first moment from which on they cannot hold any more. Times are the world's.
 *
 * Source: Lamport, "Proving the Correctness of Multiprocess Programs", IEEE TSE 3(2),
 * 1977, and Owicki & Lamport, "Proving Liveness Properties of Concurrent Programs",
 * ACM TOPLAS 4(3), 1982, for "always" and "leads to"; the bounds in time are ours.
 */
import { type Law, type LawCheck, refusePromise } from './law.ts';
import type { World } from './world.ts';

/** Says whether something is true of a world now. */
export type Holds = (world: World) => boolean;

/** A promise would be true whatever it came to. */
function isTrue(outcome: boolean): boolean {
  refusePromise(outcome, 'what holds');
  return outcome;
}

/** The state of a law that looks only at the world as it is now. */
const fromNowOn = (): string => '';

/**
 * Holds after every step.
 *
 * @example
 * always('at most one is paid', () => true).name // => 'at most one is paid'
 */
export function always(name: string, holds: Holds): Law {
  return {
    name,
    begin: (world) => ({
      state: fromNowOn,
      afterStep: () => {
        if (!isTrue(holds(world))) {
          throw new Error(`it does not hold at ${world.nowMs} ms`);
        }
      },
    }),
  };
}

/** Holds when nothing is left to do. */
export function atQuiet(name: string, holds: Holds): Law {
  return {
    name,
    begin: (world) => ({
      state: fromNowOn,
      atQuiet: () => {
        if (!isTrue(holds(world))) {
          throw new Error(`it does not hold at quiet, at ${world.nowMs} ms`);
        }
      },
    }),
  };
}

/**
 * Holds at some step, no later than `withinMs` after the beginning. It need not stay so.
 *
 * @param withinMs Milliseconds from 0 on; `Infinity` for any time before it is quiet.
 */
export function eventuallyWithin(withinMs: number, name: string, holds: Holds): Law {
  checkWithin(withinMs);
  return {
    name,
    begin: (world) => {
      let came = false;
      const comes = (): boolean => {
        came ||= isTrue(holds(world));
        return came;
      };
      const owed = new Obligation(world, () => !came, comes, withinMs);
      owed.begin();
      return owed;
    },
  };
}

/**
 * Whenever `premise` holds after a step, `conclusion` holds at that step or at a later
 * one, no later than `withinMs` after it. Between the two more steps at which the premise
 * holds change nothing: the first is the one that counts. After that it begins anew.
 *
 * @param withinMs Milliseconds from 0 on; `Infinity` for any time before it is quiet.
 */
export function leadsTo(
  name: string,
  premise: Holds,
  conclusion: Holds,
  { withinMs }: { readonly withinMs: number },
): Law {
  checkWithin(withinMs);
  return { name, begin: (world) => new Obligation(world, premise, conclusion, withinMs) };
}

function checkWithin(withinMs: number): void {
  if (!(withinMs >= 0)) {
    throw new RangeError(`withinMs is a number of milliseconds, at least 0; got ${withinMs}`);
  }
}

class Obligation implements LawCheck {
  readonly #world: World;
  readonly #premise: Holds;
  readonly #conclusion: Holds;
  readonly #withinMs: number;
  /** Since when the conclusion is owed. */
  #sinceMs: number | undefined;

  constructor(world: World, premise: Holds, conclusion: Holds, withinMs: number) {
    this.#world = world;
    this.#premise = premise;
    this.#conclusion = conclusion;
    this.#withinMs = withinMs;
  }

  /** The conclusion is owed from now on. */
  begin(): void {
    this.#sinceMs = this.#world.nowMs;
  }

  /** Whether it still has to come says what it is to come to, so since when is all there is to know. */
  state(): string {
    return String(this.#sinceMs);
  }

  afterStep(): void {
    const world = this.#world;
    const { nowMs } = world;
    const sinceMs = this.#sinceMs;
    if (sinceMs !== undefined && nowMs > sinceMs + this.#withinMs) {
      // Nothing has changed since the step before, so it did not hold in time, whatever is true now.
      throw new Error(`${this.#owed(sinceMs)} and had not come by ${sinceMs + this.#withinMs} ms`);
    }
    if (sinceMs === undefined && !isTrue(this.#premise(world))) {
      return;
    }
    this.#sinceMs = isTrue(this.#conclusion(world)) ? undefined : (sinceMs ?? nowMs);
  }

  atQuiet(): void {
    // What was said since the last step may have changed something.
    this.afterStep();
    if (this.#sinceMs !== undefined) {
      throw new Error(`${this.#owed(this.#sinceMs)} and never came`);
    }
  }

  #owed(sinceMs: number): string {
    return `it was due within ${this.#withinMs} ms from ${sinceMs} ms on`;
  }
}
