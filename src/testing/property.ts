/**
 * A property that is waited for: code of the test that looks at a world at quiet, asks
 * its agents something, and looks again.
 *
 * It is outside of the world, which goes on meanwhile, a step at a time, as long as
 * there is something to do. When there is nothing, the property may still wait for
 * input or output of the host.
 *
 * Guarantees: a property that waits for something that nobody will bring fails, rather than hang.
 */
import { afterIo, afterMicrotasks, hostNowMs } from './host-loop.ts';
import { openRequests } from './host-requests.ts';
import { isLetRun } from './let-run.ts';
import type { World } from './world.ts';

/** Most steps that a world takes for one property: far more than any needs. */
const stepsMax = 10_000;

/** For how long, in milliseconds, a property waits for what does not show among what the host has open, as work in threads. */
const unseenMs = 100;

/**
 * Waits for what a property comes to, while the world goes on.
 *
 * Errors: what the property throws, or the world while it goes on; the reason of `signal`; an `Error`
 * when nothing is left that it could wait for.
 */
export async function whileWorldGoesOn(
  world: World,
  property: PromiseLike<unknown>,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  let settled = false;
  const settle = (): void => {
    settled = true;
  };
  property.then(settle, settle);
  const openBefore = openRequests().length;
  const { environment } = world;
  const stepsBefore = world.steps;
  let idleSinceMs: number | undefined;
  await afterMicrotasks();
  while (!settled) {
    signal?.throwIfAborted();
    const { driven } = world;
    if (driven !== undefined || isLetRun(world)) {
      // The property has the world do something by itself.
      idleSinceMs = undefined;
      await driven;
    } else if (environment.readyCount + environment.timerCount > 0) {
      idleSinceMs = undefined;
      if (world.steps - stepsBefore > stepsMax) {
        throw new Error(`the property is still waiting after ${stepsMax} steps`);
      }
      await world.step();
    } else {
      idleSinceMs ??= hostNowMs();
      if (hostNowMs() - idleSinceMs > unseenMs && openRequests().length <= openBefore) {
        throw new Error(
          'the property waits for something that nobody will bring: the world has nothing left to do, and the host has nothing open',
        );
      }
      await afterIo();
    }
    await afterMicrotasks();
  }
  return property;
}
