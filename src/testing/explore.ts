/**
 * Exploring: runs a system under many schedules, and shrinks one that breaks a
 * property to the quietest that still does.
 *
 * Which schedules those are is up to a strategy; what it answered is on a tape, and
 * the tape is what is shrunk, replayed and told.
 *
 * Source: Claessen & Hughes, "QuickCheck" (2000), for shrinking; Lowis and others'
 * deterministic simulation for the rest.
 */
import type { System } from '../actors/system.ts';
import { reasonOf } from '../core/failure.ts';
import { ControlledRuns } from './controlled-runs.ts';
import { CounterexampleFound } from './counterexample.ts';
import type { Coverage } from './coverage.ts';
import { CoverageCollector, type LookAt } from './coverage-collector.ts';
import { delayBounded } from './delay-bounded.ts';
import { afterIo, hostNowMs, seedByChance } from './host-loop.ts';
import { type Law, LawsInForce, refusePromise } from './law.ts';
import { mixed } from './mixed.ts';
import { pct } from './pct.ts';
import { whileWorldGoesOn } from './property.ts';
import type { Played } from './quietest-tape.ts';
import { random } from './random.ts';
import { shrinkTape } from './shrink-tape.ts';
import type { Course, Strategy } from './strategy.ts';
import { countAnswers, isQuieter, readTape, type TapeTrouble, trimTape, writeTape } from './tape.ts';
import { World, type WorldOptions } from './world.ts';

export interface ExploreOptions extends Omit<WorldOptions, 'choose' | 'traced' | 'seed'> {
  /** Most schedules, at least 1; 1 000 when not given. */
  readonly runs?: number;
  /** Which schedules are looked at; `random`, `delayBounded` and `pct` in turn when not given. */
  readonly strategy?: Strategy;
  /** Where the choice of schedules begins; the same seed explores the same ones, on any machine. Made by chance when not given. */
  readonly seed?: number;
  /**
   * Ends when so many milliseconds of the host's time have passed; no limit when not given. The run that is under way is finished.
   * When they pass while a counterexample is made quieter, it is told as it is then.
   */
  readonly timeLimitMs?: number;
  /** Ends it between two runs: it rejects with the reason of the signal, or with the counterexample that was found until then. */
  readonly signal?: AbortSignal;
  /** Longest tape; 256 choices when not given. Later choices are the quietest ones. */
  readonly tapeMax?: number;
  /** Replays just this one schedule. */
  readonly tape?: readonly number[];
  /** Most runs spent on making a counterexample quieter; 5 000 when not given. */
  readonly shrinkRunsMax?: number;
  /**
   * Called with the counterexample before `explore` rejects with it, and awaited: to write down a
   * regression test, say. What it throws, `explore` rejects with instead.
   */
  readonly onCounterexample?: (counterexample: CounterexampleFound) => unknown;
  /**
   * In how many runs it is looked at what is seen: `all`; `some`, which is the default, the first 64 and
   * then one in 32; `none`. Schedules are counted in all.
   */
  readonly coverage?: LookAt;
  /** Checked after each step: `false`, or a throw, fails the run. It looks at the world as it is, and remembers nothing: one that remembers is a law with a `state`. */
  readonly always?: (world: World) => boolean | void;
  /** What holds whatever the agents do; checked after each step, and at quiet after the property. */
  readonly laws?: readonly Law[];
}

export interface Explored {
  /** Schedules that were run. */
  readonly runs: number;
  /** Of these, how many were ended early, because another run had been in the same state. */
  readonly cut: number;
  /** Steps in all of them. */
  readonly steps: number;
  /** Why it ended: after `runs`, after `timeLimitMs`, or because nothing was left to look at. */
  readonly ended: 'runs' | 'time' | 'strategy';
  /** Whether every schedule was looked at that the strategy knows: only `exhaustive` can say so. */
  readonly complete: boolean;
  readonly strategy: string;
  readonly seed: number;
  /** What was seen: `coverage.report()` says it in words. */
  readonly coverage: Coverage;
}

/** For how long the event loop of the host may have to wait, in milliseconds: its timers and signals are those of the test runner. */
const breathMs = 20;

/** What finds most: see D-091. */
const usual = mixed(delayBounded(), random(), pct());

/**
 * Runs `setup` in a new world for each schedule and checks `atQuiet` when nothing
 * is left to do.
 *
 * Errors: `CounterexampleFound`, with the shrunk schedule, when `always` or
 * `atQuiet` returns `false` or throws, or when `setup` throws; `UncontrolledAsync`,
 * when code took time, chance, a timer or input and output from outside of the world;
 * `RangeError` for an option that cannot be; the reason of `signal`.
 */
export async function explore(
  setup: (system: System, world: World) => unknown,
  options: ExploreOptions,
  atQuiet: (world: World) => unknown,
): Promise<Explored> {
  const exploring = new Exploring(setup, options, atQuiet);
  try {
    return await exploring.explore();
  } finally {
    exploring.end();
  }
}

type Setup = (system: System, world: World) => unknown;

class Exploring {
  readonly #setup: Setup;
  readonly #options: ExploreOptions;
  readonly #atQuiet: (world: World) => unknown;
  readonly #runsMax: number;
  readonly #tapeMax: number;
  readonly #endsAtMs: number;
  readonly #controlled: ControlledRuns;
  readonly #coverage: CoverageCollector;
  #runs = 0;
  /** Whether the last run asked for more choices than its tape had room for. */
  #longer = false;
  /** What the strategy did that no strategy may do. */
  #misled: { readonly failure: unknown } | undefined;
  readonly #trouble: TapeTrouble = {
    full: () => {
      this.#longer = true;
    },
    misled: (failure) => {
      this.#misled ??= { failure };
    },
  };
  #cut = 0;
  #steps = 0;
  #breathedAtMs = hostNowMs();

  constructor(setup: Setup, options: ExploreOptions, atQuiet: (world: World) => unknown) {
    this.#setup = setup;
    this.#options = options;
    this.#atQuiet = atQuiet;
    this.#runsMax = limit('runs', options.runs ?? 1_000, 1);
    this.#tapeMax = limit('tapeMax', options.tapeMax ?? 256);
    this.#endsAtMs =
      this.#breathedAtMs + limit('timeLimitMs', options.timeLimitMs ?? Number.POSITIVE_INFINITY);
    limit('shrinkRunsMax', options.shrinkRunsMax ?? 0);
    this.#coverage = new CoverageCollector(options.coverage ?? 'some');
    this.#controlled = new ControlledRuns();
  }

  /** Gives back what it took of the host. */
  end(): void {
    this.#controlled.end();
  }

  async explore(): Promise<Explored> {
    const { strategy = usual, seed = seedByChance(), tape } = this.#options;
    if (tape !== undefined) {
      await this.#replay(tape, seed);
      return this.#report(strategy, seed, 'runs', false);
    }
    const course = strategy.begin({ seed });
    let ended: Explored['ended'] = 'runs';
    let long = false;
    while (this.#runs < this.#runsMax) {
      if (await this.#isOutOfTime()) {
        ended = 'time';
        break;
      }
      const choose = course.begin(this.#runs);
      if (choose === undefined) {
        ended = 'strategy';
        break;
      }
      const answers: number[] = [];
      this.#longer = false;
      const told = writeTape(choose, answers, this.#tapeMax, this.#trouble);
      const outcome = await this.#runOnce({ choose: told, answers, course, counts: true });
      long ||= this.#longer;
      if (this.#misled !== undefined) {
        throw this.#misled.failure;
      }
      if (outcome !== undefined) {
        await this.#explain(answers, seed, strategy.name, outcome.reason);
      }
      course.ended?.({ answers });
    }
    return this.#report(strategy, seed, ended, course.complete === true && !long);
  }

  /** Shrinks a schedule that broke the property, and throws what there is to tell of it. */
  async #explain(answers: readonly number[], seed: number, strategy: string, reason: unknown): Promise<void> {
    const runs = this.#runs;
    await this.#replay(await this.#shrunk(answers), seed, { runs, strategy });
    throw new Error(
      `a run failed that does not fail again with the same tape; it failed of: ${reasonOf(reason)}`,
      { cause: reason },
    );
  }

  /** The quietest tape that is found in the runs and the time there are. */
  async #shrunk(answers: readonly number[]): Promise<readonly number[]> {
    let quietest = trimTape(answers);
    try {
      const { tape } = await shrinkTape(
        answers,
        async (tape) => {
          const played = await this.#play(tape);
          if (played.broken && isQuieter(played.answers, quietest)) {
            quietest = trimTape(played.answers);
          }
          return played;
        },
        this.#options.shrinkRunsMax ?? 5_000,
      );
      return tape;
    } catch (thrown) {
      if (thrown !== outOfTime) {
        throw thrown;
      }
      return quietest;
    }
  }

  async #play(tape: readonly number[]): Promise<Played> {
    if ((await this.#breathe()) || this.#options.signal?.aborted === true) {
      throw outOfTime;
    }
    const answers: number[] = [];
    const counts: number[] = [];
    const choose = countAnswers(readTape(tape), counts);
    const broken = await this.#runOnce({ choose: writeTape(choose, answers, this.#tapeMax), answers });
    return { broken: broken !== undefined, answers, counts };
  }

  /**
   * Runs a tape once, traced, and throws what it finds.
   *
   * @param found By whom and after how many runs, when it has just been found: only then the quiet run is run beside it.
   */
  async #replay(
    tape: readonly number[],
    seed: number,
    found?: { readonly runs: number; readonly strategy: string },
  ): Promise<void> {
    const quiet = found === undefined || tape.length === 0 ? undefined : await this.#trace([]);
    const { broken, taken, world } = await this.#trace(tape);
    if (broken !== undefined) {
      const counterexample = new CounterexampleFound({
        tape: trimTape(taken),
        cause: broken.reason,
        trace: world.trace,
        recorder: world.recorder!,
        seed,
        found: found && {
          ...found,
          quiet: quiet && {
            trace: quiet.world.trace,
            choices: quiet.world.recorder!.choices,
            quiet: true,
            broken: quiet.broken !== undefined,
          },
        },
        options: this.#options,
      });
      await this.#options.onCounterexample?.(counterexample);
      throw counterexample;
    }
  }

  /** Runs a tape once, and writes down what happens. */
  async #trace(tape: readonly number[]): Promise<{
    readonly broken: Broken | undefined;
    readonly taken: readonly number[];
    readonly world: World;
  }> {
    const taken: number[] = [];
    let world: World | undefined;
    const traced = (made: World): void => {
      world = made;
    };
    const broken = await this.#runOnce({ choose: readTape(tape, taken), answers: taken, traced });
    return { broken, taken, world: world! };
  }

  /** Runs one schedule, and says how it broke the property, if it did. */
  async #runOnce({ choose, answers, traced, course, counts = false }: Run): Promise<Broken | undefined> {
    const looked = counts && this.#coverage.looksNext;
    const world = this.#world(choose, traced !== undefined, looked);
    this.#controlled.begins(world);
    traced?.(world);
    this.#runs += 1;
    let broken: Broken | undefined;
    try {
      broken = await this.#runIn(world, course);
    } finally {
      this.#steps += world.steps;
      if (counts) {
        this.#coverage.ended(answers, this.#longer, looked ? world : undefined);
      }
      world.close();
    }
    if (this.#controlled.looksCloser(world, broken?.reason)) {
      await this.#controlled.look(broken?.reason, (watch) => this.#runAgain(answers, watch));
    }
    return broken;
  }

  /** The same once more, to be looked at closer. */
  async #runAgain(answers: readonly number[], watch: (world: World) => void): Promise<void> {
    const world = this.#world(readTape(answers), false);
    watch(world);
    try {
      await this.#runIn(world, undefined);
    } finally {
      world.close();
    }
  }

  #world(choose: World['choose'], traced: boolean, looked = false): World {
    const options = { ...this.#options, choose, seed: 1, traced };
    return looked ? new World(this.#coverage.looking(options), this.#coverage.equip) : new World(options);
  }

  async #runIn(world: World, course: Course | undefined): Promise<Broken | undefined> {
    const { always, laws } = this.#options;
    try {
      const checks = laws === undefined ? undefined : new LawsInForce(laws, world);
      const seen = course?.watch?.(world, () => (checks === undefined ? '' : checks.state()));
      let asking = false;
      const afterStep = (): void => {
        checks?.afterStep();
        hold(always?.(world), 'always');
        // How far the property has come is no part of a state.
        if (!asking && seen?.() === true) {
          throw seenBefore;
        }
      };
      if (checks !== undefined || always !== undefined || seen !== undefined) {
        world.lookAfterSteps(afterStep);
      }
      await world.run(() => this.#setup(world.system, world));
      asking = true;
      const holds = this.#atQuiet(world);
      hold(isPromise(holds) ? await whileWorldGoesOn(world, holds, this.#options.signal) : holds, 'at quiet');
      world.lookAfterSteps(undefined);
      await checks?.atQuiet();
    } catch (reason) {
      if (reason !== seenBefore) {
        return { reason };
      }
      this.#cut += 1;
    }
    return undefined;
  }

  async #isOutOfTime(): Promise<boolean> {
    const isOver = await this.#breathe();
    this.#options.signal?.throwIfAborted();
    return isOver;
  }

  /** Lets the host have its turn from time to time; says whether the time is over. */
  async #breathe(): Promise<boolean> {
    let nowMs = hostNowMs();
    if (nowMs - this.#breathedAtMs > breathMs) {
      await afterIo();
      nowMs = hostNowMs();
      this.#breathedAtMs = nowMs;
    }
    return nowMs >= this.#endsAtMs;
  }

  #report(strategy: Strategy, seed: number, ended: Explored['ended'], complete: boolean): Explored {
    return {
      runs: this.#runs,
      cut: this.#cut,
      steps: this.#steps,
      ended,
      complete,
      strategy: strategy.name,
      seed,
      coverage: this.#coverage.coverage(),
    };
  }
}

interface Broken {
  readonly reason: unknown;
}

interface Run {
  readonly choose: World['choose'];
  /** What has been answered so far: in the end a tape of the same run. */
  readonly answers: readonly number[];
  /** Is given the world before it begins, when what happens in it is to be written down. */
  readonly traced?: (world: World) => void;
  readonly course?: Course;
  /** Whether it is one of those that explore, rather than one that explains what was found. */
  readonly counts?: boolean;
}

/** Thrown to end a run that comes to where another has been. */
const seenBefore = Symbol('seen before');

/** Thrown to end the shrinking when there is no more time for it. */
const outOfTime = Symbol('out of time');

const isPromise = (outcome: unknown): outcome is PromiseLike<unknown> =>
  typeof outcome === 'object' && outcome !== null && 'then' in outcome;

function hold(outcome: unknown, when: string): void {
  if (outcome === false) {
    throw new Error(`the property does not hold ${when}`);
  }
  if (when === 'always') {
    refusePromise(outcome, 'always');
  }
}

/** Checks a limit. Only time is no whole number of things. */
function limit(name: string, value: number, least = 0): number {
  if (!(value >= least) || (name !== 'timeLimitMs' && !Number.isInteger(value))) {
    throw new RangeError(
      `${name} is a ${name === 'timeLimitMs' ? '' : 'whole '}number, at least ${least}; got ${value}`,
    );
  }
  return value;
}
