import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import type { System } from '../../src/actors/system.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { explore } from '../../src/testing/explore.ts';
import type { Law } from '../../src/testing/law.ts';
import { always, atQuiet, eventuallyWithin, leadsTo } from '../../src/testing/temporal.ts';
import type { World } from '../../src/testing/world.ts';

const Ordered = defineTopic('ordered', { schema: type<number>() });
const Paid = defineTopic('paid', { schema: type<number>() });

/** A till that is paid so many milliseconds after each order; `undefined` for never. */
const till =
  (delaysMs: readonly (number | undefined)[], ordersAtMs: readonly number[] = [0]) =>
  (system: System, world: World): void => {
    const left = [...delaysMs];
    system.spawn(
      defineAgent({
        name: 'till',
        subscribe: [Ordered],
        receive: (order, context) => {
          const delayMs = left.shift();
          if (delayMs === 0) context.publish(Paid, order);
          else if (delayMs !== undefined) context.schedule(delayMs, (step) => void step.publish(Paid, order));
        },
      }),
    );
    for (const atMs of ordersAtMs) world.environment.schedule(atMs, () => void system.publish(Ordered, atMs));
  };

const outcomeOf = (setup: (system: System, world: World) => unknown, ...laws: Law[]): Promise<string> =>
  explore(setup, { runs: 1, seed: 1, laws }, () => {}).then(
    () => 'held',
    (failure: Error) => failure.message.split('\n')[0]!.replace(/^.*?: /, ''),
  );

const unpaid = (world: World): boolean => world.count(Ordered) > world.count(Paid);
const settled = (world: World): boolean => world.count(Ordered) === world.count(Paid);
const paid = (world: World): boolean => world.count(Paid) > 0;

describe('what always holds', () => {
  it('holds after every step', async () => {
    expect(
      await outcomeOf(
        till([5]),
        always('at most one is paid', (world) => world.count(Paid) <= 1),
      ),
    ).toBe('held');
  });

  it('says which it was, and when it did not', async () => {
    const law = always('nothing is paid', (world) => !paid(world));

    expect(await outcomeOf(till([5]), law)).toBe('nothing is paid: it does not hold at 5 ms');
  });
});

describe('what holds at quiet', () => {
  it('need not hold before', async () => {
    expect(await outcomeOf(till([5]), atQuiet('all is paid', settled))).toBe('held');
  });

  it('says so when it does not', async () => {
    expect(await outcomeOf(till([undefined]), atQuiet('all is paid', settled))).toBe(
      'all is paid: it does not hold at quiet, at 0 ms',
    );
  });
});

describe('what comes within a time', () => {
  it.each([
    [50, 50, 'held'],
    [Number.POSITIVE_INFINITY, 50, 'held'],
    [49, 50, 'it is paid: it was due within 49 ms from 0 ms on and had not come by 49 ms'],
    [50, undefined, 'it is paid: it was due within 50 ms from 0 ms on and never came'],
  ])('of %o ms, and takes %o ms: %s', async (withinMs, takesMs, outcome) => {
    expect(await outcomeOf(till([takesMs]), eventuallyWithin(withinMs, 'it is paid', paid))).toBe(outcome);
  });

  it('need not stay so', async () => {
    const law = eventuallyWithin(100, 'one is unpaid', unpaid);

    expect(await outcomeOf(till([5, 5], [0, 1_000]), law)).toBe('held');
  });

  it('is begun anew in every run', async () => {
    const law = eventuallyWithin(10, 'it is paid', paid);

    expect(await outcomeOf(till([5]), law)).toBe('held');
    expect(await outcomeOf(till([undefined]), law)).toContain('never came');
  });
});

describe('what leads to what', () => {
  const law = (withinMs: number) => leadsTo('an order is paid', unpaid, settled, { withinMs });

  it('holds when it comes in time, each time anew', async () => {
    expect(await outcomeOf(till([5, 10], [0, 1_000]), law(10))).toBe('held');
  });

  it('holds when it comes at once, or is never owed', async () => {
    expect(await outcomeOf(till([0]), law(0))).toBe('held');
    expect(await outcomeOf(till([], []), law(0))).toBe('held');
  });

  it('fails at the first moment from which on it cannot hold, although it comes later', async () => {
    expect(await outcomeOf(till([5, 11], [0, 1_000]), law(10))).toBe(
      'an order is paid: it was due within 10 ms from 1000 ms on and had not come by 1010 ms',
    );
  });

  it('counts from the first time it was owed', async () => {
    expect(await outcomeOf(till([undefined, 5], [0, 8]), law(10))).toBe(
      'an order is paid: it was due within 10 ms from 0 ms on and had not come by 10 ms',
    );
  });

  it('fails at quiet when it has not come', async () => {
    expect(await outcomeOf(till([undefined]), law(10))).toBe(
      'an order is paid: it was due within 10 ms from 0 ms on and never came',
    );
  });

  it('wants a length of time', () => {
    expect(() => law(-1)).toThrow('withinMs is a number of milliseconds, at least 0; got -1');
    expect(() => eventuallyWithin(Number.NaN, 'it is paid', paid)).toThrow(RangeError);
  });
});

describe('what holds over time', () => {
  const later = (async () => false) as unknown as (world: World) => boolean;

  it.each([
    ['always', always('later', later)],
    ['at quiet', atQuiet('later', later)],
    ['eventually', eventuallyWithin(5, 'later', later)],
    ['leads to', leadsTo('later', () => true, later, { withinMs: 5 })],
    ["a law of one's own", { name: 'later', begin: () => ({ afterStep: async () => {} }) } as Law],
    ['a law after the stop', { name: 'later', begin: () => ({ afterStop: async () => {} }) } as Law],
  ])('cannot be a promise: %s', async (_, law) => {
    expect(await outcomeOf(till([5]), law)).toMatch(
      /^later: .* returned a promise; it is called between two steps/,
    );
  });
});
