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

  /** Called when a run has ended, with what it failed with, if it did: whether it is to be looked at more closely. */
  looksCloser(world: World, failed: unknown): boolean {
    this.#runs += 1;
    return (
      failed instanceof UncontrolledAsync ||
      ((failed !== undefined || isPowerOfTwo(this.#runs)) && world.doubtful)
    );
  }

  /**
   * Looks at a run more closely: `again` runs the same tape once more, and never rejects.
   *
   * Errors: `UncontrolledAsync`, with the calls that led there where they can be found.
   */
  async look(failed: unknown, again: () => Promise<unknown>): Promise<void> {
    const seen = failed instanceof UncontrolledAsync ? failed : undefined;
    if (seen !== undefined && seen.at.length > 0) {
      throw seen;
    }
    const found = (await begunIn(again, seen)) ?? seen;
    if (found !== undefined) {
      throw found;
    }
  }

  /** Gives the ambient guard back. */
  end(): void {
    this.#letGo();
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
