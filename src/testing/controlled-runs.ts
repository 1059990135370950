/**
 * Controlled runs: what an exploration does so that no run of it leaves its world
 * without being found.
 *
 * It keeps the ambient guard in place from its first run to its last, and has Node
 * tell what is begun in the first run. Where something seems to be under way outside
 * of a world in a later one, the same tape is run again, so that Node can tell what
 * and where. That is slow, so of those that only may hide something, because work in
 * them never ended or was given up, the 2nd, 4th, 8th, … run is looked at so, and the
 * one that failed.
 */
import { holdAmbientGuard } from './ambient-guard.ts';
import { describeRequest, RequestWatch } from './host-requests.ts';
import { thrownAs } from './thrown.ts';
import { UncontrolledAsync } from './uncontrolled-async.ts';
import type { World } from './world.ts';

export class ControlledRuns {
  readonly #letGo = holdAmbientGuard();
  #runs = 0;
  /** Of the first run. */
  #watch: RequestWatch | undefined;

  /** Called when a run begins. */
  begins(): void {
    this.#runs += 1;
    this.#watch = this.#runs === 1 ? new RequestWatch() : undefined;
  }

  /** Called when a run has ended, with what it failed with, if it did: whether it is to be looked at more closely. */
  looksCloser(world: World, failed: unknown): boolean {
    this.#watch?.end();
    return (
      thrownAs(failed, UncontrolledAsync) !== undefined ||
      (this.#watch === undefined
        ? (failed !== undefined || isPowerOfTwo(this.#runs)) && world.doubtful
        : this.#watch.begun.length > 0)
    );
  }

  /**
   * Looks at a run more closely: `again` runs the same tape once more, and never rejects.
   *
   * Errors: `UncontrolledAsync`, with the calls that led there where they can be found.
   */
  async look(failed: unknown, again: () => Promise<unknown>): Promise<void> {
    const seen = thrownAs(failed, UncontrolledAsync);
    if (seen !== undefined && seen.at.length > 0) {
      throw seen;
    }
    const found = uncontrolledOf(this.#watch ?? (await watched(again)), seen) ?? seen;
    if (found !== undefined) {
      throw found;
    }
  }

  /** Gives the ambient guard back. */
  end(): void {
    this.#watch?.end();
    this.#letGo();
  }
}

const isPowerOfTwo = (count: number): boolean => Number.isInteger(Math.log2(count));

/** What is begun at the host in a run. */
async function watched(run: () => Promise<unknown>): Promise<RequestWatch> {
  const watch = new RequestWatch();
  try {
    await run();
  } finally {
    watch.end();
  }
  return watch;
}

/** The first thing that was begun, if there is any; of the kind that was seen, if one was. */
function uncontrolledOf({ begun }: RequestWatch, seen?: UncontrolledAsync): UncontrolledAsync | undefined {
  const called = seen?.called.toUpperCase();
  const same = begun.find(({ kind }) => called?.endsWith(`(${kind})`));
  if (same !== undefined) {
    return new UncontrolledAsync({ called: seen!.called, at: same.at });
  }
  // Connections have timers; they are what is to be told.
  const first = begun.find(({ kind }) => kind !== 'Timeout') ?? begun[0];
  return first && new UncontrolledAsync({ called: describeRequest(first.kind), at: first.at });
}
