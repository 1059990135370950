/** RxJS's default schedulers take time and turns from the world, and are given back. */
import {
  animationFrameScheduler,
  animationFrames,
  asapScheduler,
  asyncScheduler,
  debounceTime,
  delay,
  interval,
  map,
  observeOn,
  of,
  Subject,
  Subscription,
  take,
  throwError,
  timeout,
  timer,
} from 'rxjs';
import { intervalProvider } from 'rxjs/internal/scheduler/intervalProvider';
import { defineTopic, streamAgent, type } from 'troupe';
import { explore, readTape, World } from 'troupe/testing';
import { describe, expect, it } from 'vitest';

const aWorld = (tape: readonly number[] = []) => new World({ choose: readTape(tape) });

/** Runs something in a world and gives what it wrote down, each with the time. */
async function written(
  does: (write: (what: unknown) => void, world: World) => unknown,
  tape: readonly number[] = [],
) {
  const world = aWorld(tape);
  const told: unknown[] = [];
  await world.run(() => does((what) => told.push([world.nowMs, what]), world));
  world.close();
  return told;
}

describe("RxJS's default schedulers in a world", () => {
  it('take their time from it', async () => {
    const told = await written((write) => {
      of('delayed').pipe(delay(100)).subscribe(write);
      interval(40).pipe(take(2)).subscribe(write);
      timer(10, 200)
        .pipe(
          take(2),
          map((n) => `timer ${n}`),
        )
        .subscribe(write);
      new Subject().pipe(timeout(300)).subscribe({ error: ({ name }: Error) => write(name) });
    });

    expect(told).toEqual([
      [10, 'timer 0'],
      [40, 0],
      [80, 1],
      [100, 'delayed'],
      [210, 'timer 1'],
      [300, 'TimeoutError'],
    ]);
  });

  it('debounce in its time, in a stream agent that knows nothing of it', async () => {
    const Typed = defineTopic('typed', { schema: type<string>() });
    const Settled = defineTopic('settled', { schema: type<string>() });
    const box = streamAgent({
      name: 'box',
      subscribe: [Typed],
      publishes: Settled,
      stream: (inbox) => inbox.pipe(debounceTime(300)),
    });
    const heard: unknown[] = [];
    const world = aWorld();

    await world.run(() => {
      world.system
        .observe(Settled, { overflow: 'fail' })
        .subscribe((text) => heard.push([world.nowMs, text]));
      world.system.spawn(box);
      for (const [atMs, text] of [
        [0, 'h'],
        [200, 'he'],
        [600, 'hello'],
      ] as const) {
        world.environment.schedule(atMs, () => void world.system.publish(Typed, text));
      }
    });

    expect(heard).toEqual([
      [500, 'he'],
      [900, 'hello'],
    ]);
  });

  it('make what is to be done as soon as possible a choice', async () => {
    const both = (write: (what: unknown) => void, world: World) => {
      of('asap').pipe(observeOn(asapScheduler)).subscribe(write);
      world.environment.defer(() => write('deferred'));
    };
    const orders = new Set<string>();

    for (const answer of [0, 1])
      orders.add(JSON.stringify((await written(both, [answer])).map((one) => (one as unknown[])[1])));

    expect(orders).toEqual(new Set(['["asap","deferred"]', '["deferred","asap"]']));
  });

  it('draw frames in its time, and tell it', async () => {
    const told = await written((write) => {
      animationFrameScheduler.schedule(() => write(asyncScheduler.now()));
      const cancelled = animationFrameScheduler.schedule(() => write('cancelled'));
      cancelled.unsubscribe();
      animationFrames().pipe(take(2)).subscribe(write);
    });

    expect(told).toEqual([
      [16, 16],
      [16, { timestamp: 16, elapsed: 16 }],
      [32, { timestamp: 32, elapsed: 32 }],
    ]);
  });

  it('can be unsubscribed from in time', async () => {
    const told = await written((write) => {
      const all = new Subscription();
      all.add(timer(10).subscribe(write));
      all.add(asapScheduler.schedule(() => write('asap')));
      all.unsubscribe();
    });

    expect(told).toEqual([]);
  });

  it('can be unsubscribed from by the test, when the world no longer runs', async () => {
    const world = aWorld();
    const told: unknown[] = [];
    let subscription = Subscription.EMPTY;

    world.environment.schedule(1, () => {
      subscription = interval(10).subscribe((n) => told.push(n));
    });
    await world.step();
    await world.step();
    subscription.unsubscribe();
    await world.runUntilQuiet();

    expect(told).toEqual([0]);
    expect(world.environment.timerCount).toBe(0);
  });

  it('fail the run with what nobody handles', async () => {
    const failing = written(() => void throwError(() => new Error('nobody handles this')).subscribe());

    await expect(failing).rejects.toThrow('nobody handles this');
  });

  it('leave nothing of one world in the next, and find it again in the first', async () => {
    const world = aWorld();
    const told: string[] = [];
    world.environment.defer(() => void asapScheduler.schedule(() => told.push('later')));

    await world.step();
    const next = await written((write) => void asapScheduler.schedule(() => write('in the next')));
    const between = [...told];
    await world.step();

    expect(next).toEqual([[0, 'in the next']]);
    expect([between, told]).toEqual([[], ['later']]);
  });

  it('do first what the test wants done as soon as possible', async () => {
    const told: string[] = [];

    asapScheduler.schedule(() => told.push('of the test'));
    await written(() => void told.push('of the world'));

    expect(told).toEqual(['of the test', 'of the world']);
  });

  it('give providers back that somebody else had set', async () => {
    const others = { setInterval: () => 0 as never, clearInterval: () => {} };
    intervalProvider.delegate = others as never;

    const told = await written((write) => void timer(5).subscribe(write));
    const after = intervalProvider.delegate;
    intervalProvider.delegate = undefined;

    expect(told).toEqual([[5, 0]]);
    expect(after).toBe(others);
  });

  it('are the host’s again afterwards, and while the test is asked', async () => {
    const seen: unknown[] = [];
    const before = intervalProvider.delegate;

    await explore(
      () => void seen.push(intervalProvider.delegate !== before),
      { runs: 1, seed: 1 },
      () => void seen.push(intervalProvider.delegate === before),
    );
    await new Promise<void>((resolve) => timer(1).subscribe(() => resolve()));
    await new Promise<void>((resolve) => void asapScheduler.schedule(() => resolve()));

    expect(seen).toEqual([true, true]);
    expect(intervalProvider.delegate).toBe(before);
  });

  it('clear a timer of the host that was set before the world came', async () => {
    const told: unknown[] = [];
    const before = timer(1).subscribe((n) => told.push(n));

    await written(() => before.unsubscribe());
    await new Promise<void>((resolve) => timer(5).subscribe(() => resolve()));

    expect(told).toEqual([]);
  });
});
