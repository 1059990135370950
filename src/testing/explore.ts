/**
 * Exploring: runs a system under many schedules, and shrinks one that breaks a
 * property to the quietest that still does.
 *
 * Source: Claessen & Hughes, "QuickCheck" (2000), for shrinking; Lowis and others'
 * deterministic simulation for the rest. fast-check's own scheduler cannot shrink
 * a schedule; a tape of choices can. fast-check makes the tapes, and `shrink-tape`
 * shrinks them, because it knows that 0 is the quiet answer.
 */
import fc from 'fast-check';
import type { System } from '../actors/system.ts';
import { CounterexampleFound } from './counterexample.ts';
import { type Law, LawsInForce } from './law.ts';
import { shrinkTape } from './shrink-tape.ts';
import { readTape, trimTape } from './tape.ts';
import { World, type WorldOptions } from './world.ts';

export interface ExploreOptions extends Omit<WorldOptions, 'choose' | 'traced' | 'seed'> {
  /** How many schedules; 1 000 when not given. */
  readonly runs?: number;
  /** Where the choice of schedules begins; the same seed explores the same ones. Made by chance when not given. */
  readonly seed?: number;
  /** Longest tape; 256 choices when not given. Later choices are the quietest ones. */
  readonly tapeMax?: number;
  /** Replays just this one schedule. */
  readonly tape?: readonly number[];
  /** Checked after each step: `false`, or a throw, fails the run. */
  readonly always?: (world: World) => boolean | void;
  /** What holds whatever the agents do; checked after each step, and at quiet after the property. */
  readonly laws?: readonly Law[];
}

export interface Explored {
  /** Schedules that were run. */
  readonly runs: number;
  /** Steps in all of them. */
  readonly steps: number;
}

/** Most runs spent on making a counterexample quieter: a few seconds. */
const shrinkRunsMax = 2_000;

/**
 * Runs `setup` in a new world for each schedule and checks `atQuiet` when nothing
 * is left to do.
 *
 * Errors: `CounterexampleFound`, with the shrunk schedule, when `always` or
 * `atQuiet` returns `false` or throws, or when `setup` throws.
 */
export async function explore(
  setup: (system: System, world: World) => unknown,
  options: ExploreOptions,
  atQuiet: (world: World) => unknown,
): Promise<Explored> {
  let runs = 0;
  let steps = 0;
  const runOnce = async (tape: readonly number[], traced: boolean): Promise<World> => {
    const taken: number[] = [];
    const world = new World({ ...options, choose: readTape(tape, taken), seed: 1, traced });
    runs += 1;
    try {
      const laws = options.laws === undefined ? undefined : new LawsInForce(options.laws, world);
      await world.run(
        () => setup(world.system, world),
        () => {
          laws?.afterStep();
          hold(options.always?.(world), 'always');
        },
      );
      hold(await atQuiet(world), 'at quiet');
      await laws?.atQuiet();
    } catch (cause) {
      throw traced ? new Broken(cause, trimTape(taken), world.trace) : cause;
    } finally {
      steps += world.steps;
      world.close();
    }
    return world;
  };

  const breaks = async (tape: readonly number[]): Promise<readonly number[] | undefined> => {
    try {
      await runOnce(tape, true);
    } catch (thrown) {
      return (thrown as Broken).tape;
    }
    return undefined;
  };

  if (options.tape !== undefined) {
    await explain(options.tape, options.seed ?? 0, 1, runOnce);
    return { runs, steps };
  }
  const tapes = fc.array(fc.nat({ max: 255 }), { maxLength: options.tapeMax ?? 256, size: 'max' });
  const checked = await fc.check(
    fc.asyncProperty(tapes, async (tape) => {
      await runOnce(tape, false);
    }),
    {
      numRuns: options.runs ?? 1_000,
      endOnFailure: true,
      ...(options.seed === undefined ? {} : { seed: options.seed }),
    },
  );
  if (checked.failed) {
    const tape = await shrinkTape(checked.counterexample?.[0] ?? [], breaks, shrinkRunsMax);
    await explain(tape, checked.seed, checked.numRuns, runOnce);
    throw new Error(
      `a run failed that does not fail again with the same tape: ${String(checked.errorInstance)}`,
    );
  }
  return { runs, steps };
}

/** Runs a tape once more, traced, and throws what it finds. */
async function explain(
  tape: readonly number[],
  seed: number,
  runs: number,
  runOnce: (tape: readonly number[], traced: boolean) => Promise<World>,
): Promise<void> {
  try {
    await runOnce(tape, true);
  } catch (thrown) {
    if (!(thrown instanceof Broken)) {
      throw thrown;
    }
    throw new CounterexampleFound({
      tape: thrown.tape,
      seed,
      trace: thrown.trace,
      runs,
      cause: thrown.reason,
    });
  }
}

class Broken {
  readonly reason: unknown;
  readonly tape: readonly number[];
  readonly trace: readonly string[];

  constructor(reason: unknown, tape: readonly number[], trace: readonly string[]) {
    this.reason = reason;
    this.tape = tape;
    this.trace = trace;
  }
}

function hold(outcome: unknown, when: string): void {
  if (outcome === false) {
    throw new Error(`the property does not hold ${when}`);
  }
}
