import * as Clock from 'effect/Clock';
import * as Effect from 'effect/Effect';
import * as Fiber from 'effect/Fiber';
import * as Random from 'effect/Random';
import * as Schedule from 'effect/Schedule';
import { describe, expect, it } from 'vitest';
import { EffectRuntime } from '../../src/actors/effect-runtime.ts';
import { aWorld } from '../support/a-world.ts';

describe('Effect under an environment', () => {
  it("tells the environment's time", async () => {
    const { run, world } = aRuntime();
    await world.advance(1_500.25);

    const times = await run(
      Effect.gen(function* () {
        return {
          millis: yield* Clock.currentTimeMillis,
          nanos: yield* Clock.currentTimeNanos,
          unsafe: yield* Effect.clockWith((clock) =>
            Effect.sync(() => [clock.currentTimeMillisUnsafe(), clock.currentTimeNanosUnsafe()]),
          ),
          monotonic: yield* Effect.clockWith((clock) => clock.monotonicTimeNanos),
          monotonicUnsafe: yield* Effect.clockWith((clock) =>
            Effect.sync(() => clock.monotonicTimeNanosUnsafe()),
          ),
        };
      }),
    );

    expect(times).toEqual({
      millis: 1_500.25,
      nanos: 1_500_250_000n,
      unsafe: [1_500.25, 1_500_250_000n],
      monotonic: 1_500_250_000n,
      monotonicUnsafe: 1_500_250_000n,
    });
  });

  it("rolls the environment's dice", async () => {
    const roll = () =>
      aRuntime().run(
        Effect.gen(function* () {
          const jittered = Schedule.jittered(Schedule.spaced('1 second'));
          const started = yield* Clock.currentTimeMillis;
          yield* Effect.repeat(Effect.void, { schedule: jittered, times: 2 });
          return {
            double: yield* Random.next,
            integer: yield* Random.nextInt,
            between: yield* Random.nextIntBetween(1, 7),
            shuffled: yield* Random.shuffle([1, 2, 3, 4, 5]),
            tookMs: (yield* Clock.currentTimeMillis) - started,
          };
        }),
      );

    const rolled = await roll();

    expect(rolled).toEqual(await roll());
    expect(rolled!.double).toBeLessThan(1);
    expect(Number.isSafeInteger(rolled!.integer)).toBe(true);
    expect(rolled!.tookMs).not.toBe(2_000);
  });

  it("sleeps in the environment's time", async () => {
    const { run, environment } = aRuntime();

    const value = await run(Effect.sleep('1 hour').pipe(Effect.as('rested')));

    expect(value).toBe('rested');
    expect(environment.nowMs()).toBe(3_600_000);
  });

  it('leaves no timer of a sleep that was interrupted', async () => {
    const { runtime, environment, world } = aRuntime();
    const fiber = runtime.fork(Effect.sleep('1 hour'));
    const before = environment.timerCount;

    fiber.interruptUnsafe();
    await world.runUntilQuiet();

    expect([before, environment.timerCount]).toEqual([1, 0]);
    expect(environment.nowMs()).toBe(0);
  });

  it.each([
    [0, Number.MIN_SAFE_INTEGER],
    [0.5, 1],
    [1 - Number.EPSILON / 2, Number.MAX_SAFE_INTEGER],
  ])('makes a whole number of a throw of %d', async (thrown, integer) => {
    const { run } = aRuntime(() => thrown);

    expect(await run(Random.nextInt)).toBe(integer);
  });

  it('says when nothing goes on any more: at once, or behind the last, and once', async () => {
    const { runtime, environment, world } = aRuntime();
    const idle: string[] = [];
    runtime.whenIdle(() => idle.push('at once'));
    expect(idle).toEqual(['at once']);

    runtime.fork(Effect.sleep('1 second'));
    runtime.fork(Effect.sleep('2 seconds'));
    runtime.whenIdle(() => idle.push('asked first'));
    runtime.whenIdle(() => idle.push(`asked last, at ${environment.nowMs()}`));
    expect(idle).toHaveLength(1);
    await world.runUntilQuiet();
    runtime.fork(Effect.void);
    await world.runUntilQuiet();

    expect(idle).toEqual(['at once', 'asked last, at 2000']);
  });

  it('takes turns with everything else', async () => {
    const { runtime, environment, world } = aRuntime();
    const order: string[] = [];
    const worker = (name: string) =>
      Effect.gen(function* () {
        order.push(`${name} begins`);
        yield* Effect.yieldNow;
        order.push(`${name} ends`);
      });

    runtime.fork(worker('a'));
    environment.defer(() => order.push('something else'));
    runtime.fork(worker('b'));
    await world.runUntilQuiet();

    expect(order).toEqual(['a begins', 'b begins', 'a ends', 'something else', 'b ends']);
  });

  it('lets others go first when it computes for long', async () => {
    const { runtime, environment, world } = aRuntime();
    const order: string[] = [];
    const long = Effect.forEach(Array.from({ length: 10_000 }), () => Effect.sync(() => {}), {
      discard: true,
    }).pipe(Effect.andThen(Effect.sync(() => order.push('computed'))));

    runtime.fork(long);
    environment.defer(() => order.push('something else'));
    await world.runUntilQuiet();

    expect(order).toEqual(['something else', 'computed']);
  });

  it('holds a fibre only until it has ended', async () => {
    const { runtime, world } = aRuntime();
    const fiber = runtime.fork(Effect.sleep('1 second'));
    const during = runtime.size;

    await world.runUntilQuiet();

    expect([during, runtime.size]).toEqual([1, 0]);
    expect(fiber.pollUnsafe()?._tag).toBe('Success');
  });

  it('is inherited by fibres that it forks', async () => {
    const { run, environment } = aRuntime();

    const value = await run(
      Effect.sleep('1 minute').pipe(Effect.as('child'), Effect.forkChild, Effect.flatMap(Fiber.join)),
    );

    expect(value).toBe('child');
    expect(environment.nowMs()).toBe(60_000);
  });
});

/** A runtime of its own, on the environment of a world. */
function aRuntime(random?: () => number) {
  const world = aWorld();
  if (random !== undefined) {
    world.environment.random = random;
  }
  const runtime = new EffectRuntime(world.environment);
  return {
    world,
    environment: world.environment,
    runtime,
    /** Forks, and gives what it succeeded with when everything has gone on. */
    run: async <A>(program: Effect.Effect<A, unknown>) => {
      let value: A | undefined;
      runtime.fork(
        Effect.map(program, (one) => {
          value = one;
        }),
      );
      await world.runUntilQuiet();
      return value;
    },
  };
}
