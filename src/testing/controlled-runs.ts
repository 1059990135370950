/**
 * Controlled runs: what an exploration does so that no run of it leaves its world
 * without being found.
 *
 * It keeps the ambient guard in place from its first run to its last. And where
 * something seems to be under way outside of a world, it runs the same tape again
 * and has Node tell what is begun and where. That is slow, so runs that only may
 * hide something, because work in them never ended or was given up, are looked at
 * so at the 1st, 2nd, 4th, 8th, … of them.
 */
import { holdAmbientGuard } from './ambient-guard.ts';
import { describeRequest, RequestWatch } from './host-requests.ts';
import { UncontrolledAsync } from './uncontrolled-async.ts';
import type { World } from './world.ts';

export class ControlledRuns {
  readonly #letGo = holdAmbientGuard();
  #runs = 0;
  #failed = false;

  /**
   * Called when a run has ended, with what it failed with, if it did; `again` runs the
   * same tape once more.
   *
   * Errors: `UncontrolledAsync`, with the calls that led there where they can be found.
   */
  async ended(world: World, failed: unknown, again: () => Promise<unknown>): Promise<void> {
    if (failed instanceof UncontrolledAsync) {
      throw failed.at.length > 0 ? failed : ((await begunIn(again, failed)) ?? failed);
    }
    if (this.#looksCloser(world, failed)) {
      const uncontrolled = await begunIn(again);
      if (uncontrolled !== undefined) {
        throw uncontrolled;
      }
    }
  }

  /** Gives the ambient guard back. */
  end(): void {
    this.#letGo();
  }

  #looksCloser(world: World, failed: unknown): boolean {
    this.#runs += 1;
    // Only the first that failed: all others are tried to make its schedule quieter.
    const fails = failed !== undefined && !this.#failed;
    this.#failed ||= fails;
    return (fails || isPowerOfTwo(this.#runs)) && world.doubtful;
  }
}

const isPowerOfTwo = (count: number): boolean => Number.isInteger(Math.log2(count));

/** The first thing that user code begins at the host in a run, if there is any; of the kind that was seen, if one was. */
async function begunIn(
  again: () => Promise<unknown>,
  seen?: UncontrolledAsync,
): Promise<UncontrolledAsync | undefined> {
  const watch = new RequestWatch();
  try {
    await again();
  } catch {
    // What it fails with is known already.
  } finally {
    watch.end();
  }
  const [first] = watch.begun;
  const called = seen?.called.toUpperCase();
  const same = watch.begun.find(({ kind }) => called?.endsWith(`(${kind})`));
  return same !== undefined
    ? new UncontrolledAsync({ called: seen!.called, at: same.at })
    : first && new UncontrolledAsync({ called: describeRequest(first.kind), at: first.at });
}
