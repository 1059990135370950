/**
 * Letting a world run: what a test awaits outside of `world.run` comes only if the
 * world goes on meanwhile.
 *
 * However many await something, one loop steps the world, and it stands still when
 * nobody awaits anything any more.
 */
import { describeThrown } from '../core/failure.ts';
import { afterMicrotasks } from './host-loop.ts';
import type { World } from './world.ts';

/** Most steps that a world takes while nothing comes that is awaited: far more than any test needs. */
const stepsMax = 10_000;

/** Something that is awaited in a world. */
interface Wait {
  settled: boolean;
  /** Tells whoever awaits it. */
  readonly tell: () => void;
  /** It will not come, for this reason. */
  readonly giveUp: (reason: string) => void;
}

const waiting = new WeakMap<World, Set<Wait>>();

/**
 * Awaits something while the world runs. Whoever awaits it goes on between two steps,
 * outside of the world.
 *
 * @param giveUp Called when nothing is left to do, or far too much: makes what is awaited fail.
 */
export function letRun<T>(world: World, awaited: Promise<T>, giveUp: (reason: string) => void): Promise<T> {
  if (world.running) {
    return awaited;
  }
  let waits = waiting.get(world);
  if (waits === undefined) {
    waits = new Set();
    waiting.set(world, waits);
    void stepWhile(world, waits);
  }
  const mine = waits;
  const outcome = new Promise<T>((resolve) => {
    const wait: Wait = { settled: false, tell: () => resolve(awaited), giveUp };
    const settled = (): void => {
      wait.settled = true;
    };
    awaited.then(settled, settled);
    mine.add(wait);
  });
  // As what is awaited: who does not look is not told.
  outcome.catch(() => {});
  return outcome;
}

/** Whether something is awaited in a world, so that it is stepped. */
export function isLetRun(world: World): boolean {
  return waiting.has(world);
}

async function stepWhile(world: World, waits: Set<Wait>): Promise<void> {
  let left = stepsMax;
  await afterMicrotasks();
  for (;;) {
    if (tellSettled(waits)) {
      // They go on now, and may await something else.
      await afterMicrotasks();
      left = stepsMax;
      continue;
    }
    if (waits.size === 0) {
      break;
    }
    const reason =
      left === 0 ? `the world has taken ${stepsMax} steps, and would go on` : await oneStep(world);
    left -= 1;
    if (reason !== undefined) {
      // Whoever awaits something from now on may have given it work to do.
      waiting.delete(world);
      for (const wait of waits) {
        wait.giveUp(reason);
        wait.tell();
      }
      return;
    }
  }
  waiting.delete(world);
}

/** Says whether there was somebody to tell. */
function tellSettled(waits: Set<Wait>): boolean {
  let told = false;
  for (const wait of waits) {
    if (wait.settled) {
      waits.delete(wait);
      wait.tell();
      told = true;
    }
  }
  return told;
}

/** Why there will be no other step, if so. */
async function oneStep(world: World): Promise<string | undefined> {
  try {
    return (await world.step()) ? undefined : 'the world has nothing left to do';
  } catch (thrown) {
    return `the world broke: ${describeThrown(thrown)}`;
  }
}
