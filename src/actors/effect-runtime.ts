/**
 * Effect under the environment's clock, chance and scheduler: fibres wait for the
 * same time, roll the same dice and take turns with the same dispatcher as
 * everything else.
 */
import * as Clock from 'effect/Clock';
import * as Context from 'effect/Context';
import * as Duration from 'effect/Duration';
import * as Effect from 'effect/Effect';
import type * as Fiber from 'effect/Fiber';
import * as Random from 'effect/Random';
import type { Scheduler, SchedulerDispatcher } from 'effect/Scheduler';
import type { Environment } from '../core/environment.ts';

/** Operations after which a fibre lets others go first, as in Effect's own scheduler. */
const operationsMax = 2_048;

export class EffectRuntime {
  readonly #fork: ReturnType<typeof Effect.runForkWith<never>>;
  readonly #scheduler: Scheduler;
  readonly #fibers = new Set<Fiber.Fiber<unknown, unknown>>();
  #onIdle: (() => void) | undefined;

  constructor(environment: Environment) {
    this.#fork = Effect.runForkWith(
      Context.make(Clock.Clock, clockOf(environment)).pipe(Context.add(Random.Random, chanceOf(environment))),
    );
    this.#scheduler = schedulerOf(environment);
  }

  /** Fibres that have not ended. */
  get size(): number {
    return this.#fibers.size;
  }

  fork(program: Effect.Effect<unknown, unknown>): Fiber.Fiber<unknown, unknown> {
    const fiber = this.#fork(program, { scheduler: this.#scheduler });
    this.#fibers.add(fiber);
    fiber.addObserver(() => this.#ended(fiber));
    return fiber;
  }

  /** Calls when no fibre is left; the last who asked is the one who is called. */
  whenIdle(call: () => void): void {
    this.#onIdle = call;
    this.#tellIfIdle();
  }

  #ended(fiber: Fiber.Fiber<unknown, unknown>): void {
    this.#fibers.delete(fiber);
    this.#tellIfIdle();
  }

  #tellIfIdle(): void {
    if (this.#fibers.size === 0) {
      const call = this.#onIdle;
      this.#onIdle = undefined;
      call?.();
    }
  }
}

function schedulerOf(environment: Environment): Scheduler {
  const dispatcher: SchedulerDispatcher = {
    scheduleTask: (task) => environment.defer(task),
    /* v8 ignore next -- @preserve Effect calls it only to run synchronously, which is never done here. */
    flush: () => {},
  };
  return {
    executionMode: 'async',
    // A fibre that lets others go first on a machine that has crashed never goes on.
    shouldYield: (fiber) => fiber.currentOpCount >= operationsMax || environment.halted === true,
    makeDispatcher: () => dispatcher,
  };
}

function chanceOf(environment: Environment): Random.Random {
  const { MAX_SAFE_INTEGER: most, MIN_SAFE_INTEGER: least } = Number;
  return {
    nextDoubleUnsafe: () => environment.random(),
    nextIntUnsafe: () => Math.floor(environment.random() * (most - least + 1)) + least,
  };
}

function clockOf(environment: Environment): Clock.Clock {
  const nowMs = (): number => environment.epochMs + environment.nowMs();
  const nanos = (ms: number): bigint => BigInt(Math.round(ms * 1_000)) * 1_000n;
  return {
    currentTimeMillisUnsafe: nowMs,
    currentTimeMillis: Effect.sync(nowMs),
    currentTimeNanosUnsafe: () => nanos(nowMs()),
    currentTimeNanos: Effect.sync(() => nanos(nowMs())),
    monotonicTimeNanosUnsafe: () => nanos(environment.nowMs()),
    monotonicTimeNanos: Effect.sync(() => nanos(environment.nowMs())),
    sleep: (duration) =>
      Effect.callback<void>((resume) => {
        const delayMs = Duration.toMillis(duration);
        const timer = environment.schedule(delayMs, () => resume(Effect.void));
        return Effect.sync(() => timer.cancel());
      }),
  };
}
