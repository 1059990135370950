/**
 * A hunt: explores one scenario, and says what it found and at what cost. With
 * `smallest`, all schedules are tried, those with fewer deviations first.
 */
import { CounterexampleFound, explore } from 'troupe/testing';
import { LawsInForce } from '../../../src/testing/law.ts';
import { quietestTape } from '../../../src/testing/quietest-tape.ts';
import { countAnswers, readTape, writeTape } from '../../../src/testing/tape.ts';
import { World } from '../../../src/testing/world.ts';
import type { Scenario } from './bug.ts';

export interface Catch {
  /** Schedules until it was found. */
  readonly runs: number;
  /** What was broken, in a sentence. */
  readonly by: string;
  /** The minimal schedule. */
  readonly tape: readonly number[];
}

/** Explores until the bug is found, and shrinks it; `undefined` when it is not. */
export async function hunt(
  { setup, options, atQuiet }: Scenario,
  how: { readonly runs: number; readonly seed: number },
): Promise<Catch | undefined> {
  try {
    await explore(setup, { ...options, ...how }, atQuiet);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof CounterexampleFound)) {
      throw thrown;
    }
    const { runs, tape, cause } = thrown;
    return { runs: runs ?? 0, tape, by: cause instanceof Error ? cause.message : String(cause) };
  }
}

/** Finds the quietest schedule by brute force: no other has fewer deviations. */
export async function smallest(
  scenario: Scenario,
  most: { readonly deviations: number; readonly runs: number },
): Promise<readonly number[] | undefined> {
  const { tape } = await quietestTape(
    async (tape) => {
      const answers: number[] = [];
      const counts: number[] = [];
      const choose = writeTape(countAnswers(readTape(tape), counts), answers, 256);
      return { broken: await breaks(scenario, choose), answers, counts };
    },
    most.deviations,
    most.runs,
  );
  return tape;
}

/** The scenario when nothing goes wrong: whether it breaks, and how its witness stands before and after. */
export async function quietly(scenario: Scenario): Promise<{
  readonly broken: boolean;
  readonly before: boolean;
  readonly after: boolean;
  readonly choices: number;
}> {
  const counts: number[] = [];
  let before = true;
  const watched: Scenario = {
    ...scenario,
    setup: (system, world) => {
      const going = scenario.setup(system, world);
      before = scenario.witness();
      return going;
    },
  };
  const broken = await breaks(watched, countAnswers(readTape([]), counts));
  return { broken, before, after: scenario.witness(), choices: counts.filter((count) => count > 1).length };
}

async function breaks({ setup, options, atQuiet }: Scenario, choose: World['choose']): Promise<boolean> {
  const world = new World({ ...options, choose, seed: 1 });
  try {
    const laws = new LawsInForce(options.laws ?? [], world);
    await world.run(
      () => setup(world.system, world),
      () => {
        laws.afterStep();
        if (options.always?.(world) === false) {
          throw new Error('not always');
        }
      },
    );
    if ((await atQuiet(world)) === false) {
      return true;
    }
    await laws.atQuiet();
    return false;
  } catch {
    return true;
  } finally {
    world.close();
  }
}
