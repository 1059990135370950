import { defineAgent, gather, hedge, NotGathered, race, withinMs } from 'troupe';
import { describe, expect, it } from 'vitest';
import { delayOf } from '../../src/primitives/hedge.ts';
import { RecentLatencies } from '../../src/primitives/recent-latencies.ts';
import { Ask, aPanel } from '../support/a-panel.ts';

describe('race', () => {
  it('answers with the first answer, and interrupts the others', async () => {
    const { asks, answers, fails, turns, experts, log } = aPanel();
    const asked = asks(race(experts));
    await turns();
    await fails('a');
    await answers('c');

    expect(asked.value).toBe('c');
    expect(log.at(-1)).toBe('b is interrupted');
  });

  it('fails when all have', async () => {
    const { asks, fails, turns, experts } = aPanel(['a', 'b']);
    const asked = asks(race(experts));
    await turns();
    await fails('a', { class: 'invalid' });
    await fails('b', { class: 'invalid' });

    expect(asked.failure).toBeInstanceOf(NotGathered);
    expect(asked.failure).toMatchObject({ class: 'invalid', policy: 'any' });
  });

  it('refuses what gather refuses', () => {
    expect(() => race([])).toThrow('race takes a list');
    expect(race([Ask]).name).toBe('race');
  });
});

describe('hedge', () => {
  it('asks once where that is quick, and leaves no timer', async () => {
    const { world, asks, answers, turns, experts, log } = aPanel(['a', 'b']);
    const asked = asks(hedge(experts, { afterMs: 10 }), { timeoutMs: Number.POSITIVE_INFINITY });
    await turns();
    await world.advance(9);
    await answers('a');

    expect(asked.value).toBe('a');
    expect(log).toEqual(['a begins', 'settled']);
    expect(world.environment.timerCount).toBe(0);
  });

  it('gives each its time, also the one that began because another failed', async () => {
    const { world, asks, answers, fails, turns, experts, log } = aPanel();
    const asked = asks(hedge(experts, { afterMs: 10 }));
    await turns();
    await world.advance(9);
    await fails('a');
    await turns();
    expect(log).toEqual(['a begins', 'b begins']);
    await world.advance(9);
    await turns();
    expect(log).toEqual(['a begins', 'b begins']);
    await world.advance(1);
    await turns();
    expect(log).toEqual(['a begins', 'b begins', 'c begins']);
    await answers('c');

    expect(asked.value).toBe('c');
    expect(world.environment.timerCount).toBe(0);
  });

  it('asks the next where the first is slow; the first answer counts, the other is interrupted', async () => {
    const { world, asks, answers, turns, experts, log } = aPanel();
    const asked = asks(hedge(experts, { afterMs: 10 }));
    await turns();
    await world.advance(10);
    await turns();
    expect(log).toEqual(['a begins', 'b begins']);
    await world.advance(10);
    await turns();
    expect(log).toEqual(['a begins', 'b begins', 'c begins']);
    await answers('b');

    expect(asked.value).toBe('b');
    expect(log.slice(-3).toSorted()).toEqual(['a is interrupted', 'c is interrupted', 'settled']);
  });

  it('asks the next at once where one fails, and fails when all have', async () => {
    const { asks, fails, turns, experts, log, world } = aPanel(['a', 'b']);
    const asked = asks(hedge(experts, { afterMs: 10 }));
    await turns();
    await fails('a');
    expect(log).toEqual(['a begins', 'b begins']);
    await fails('b');

    expect(asked.failure).toMatchObject({ code: 'NOT_GATHERED', class: 'permanent' });
    await world.advance(10);
    expect(log).toEqual(['a begins', 'b begins', 'failed']);
  });

  it('answers with the next where the first fails', async () => {
    const { asks, answers, fails, turns, experts } = aPanel(['a', 'b']);
    const asked = asks(hedge(experts, { afterMs: 10 }));
    await turns();
    await fails('a');
    await answers('b');

    expect(asked.value).toBe('b');
  });

  it('tries a single responder twice', async () => {
    const { world, asks, turns, system } = aPanel([]);
    let begun = 0;
    const slow = defineAgent({
      name: 'slow',
      subscribe: [Ask],
      concurrency: 2,
      receive: () => {
        begun += 1;
        return begun === 2 ? 'the second' : new Promise<never>(() => {});
      },
    });
    const asked = asks(hedge(system.spawn(slow), { afterMs: 5 }));
    const twice = asks(hedge(Ask, { afterMs: 5, timeoutMs: 50 }));
    await turns();
    await world.advance(5);
    await turns();

    expect([asked.value, twice.value]).toContain('the second');
  });

  it('waits for a percentile of the latest latencies, when it knows enough of them', async () => {
    const { world, asks, answers, turns, experts, log } = aPanel(['a', 'b']);
    const hedged = hedge(experts, { afterMs: 1_000, percentile: 50, samplesMax: 4 });
    for (const tookMs of [4, 6]) {
      asks(hedged);
      await turns();
      await world.advance(tookMs);
      await answers('a');
    }
    log.length = 0;
    const asked = asks(hedged);
    await turns();
    await world.advance(4);
    await turns();
    expect(log).toEqual(['a begins', 'b begins']);
    await world.advance(3);
    await answers('b');
    expect(asked.value).toBe('b');
    // The first lost after 7 ms: it counts as that long, or all that are slow would be forgotten.
    log.length = 0;
    asks(hedged);
    await turns();
    await world.advance(5);
    await turns();
    expect(log).toEqual(['a begins']);
    await world.advance(1);
    await turns();

    expect(log).toEqual(['a begins', 'b begins']);
  });

  it('ends with whoever asks', async () => {
    const { world, asks, turns, experts, log } = aPanel(['a', 'b']);
    const gone = new AbortController();
    const asked = asks(gather([hedge(experts, { afterMs: 10 })], withinMs(5)), { signal: gone.signal });
    await turns();
    gone.abort();
    await turns();
    await world.advance(50);

    expect(asked.failure).toMatchObject({ code: 'INTERRUPTED' });
    expect(log).toEqual(['a begins', 'failed', 'a is interrupted']);
    expect(world.environment.timerCount).toBe(0);
  });

  it('refuses at the door what could never be', () => {
    expect(() => hedge([], { afterMs: 1 })).toThrow('hedge takes a list');
    expect(() => hedge(Ask, { afterMs: -1 })).toThrow('at least 0; got -1');
    expect(() => hedge(Ask, { afterMs: Number.NaN })).toThrow('got NaN');
    expect(() => hedge(Ask, { afterMs: 1, percentile: 100 })).toThrow('above 0 and below 100; got 100');
    expect(() => hedge(Ask, { afterMs: 1, samplesMax: 0 })).toThrow('at least 1; got 0');
    expect(() => hedge(Ask, { afterMs: 1, percentile: 95, samplesMax: 10 })).toThrow('at least 20; got 10');
  });
});

describe('the latest latencies', () => {
  it('keep so many, the oldest gives way', () => {
    const latencies = new RecentLatencies(3);
    expect(latencies.percentile(50)).toBe(undefined);
    for (const latencyMs of [5, 5, 1, 9, 7]) latencies.record(latencyMs);

    expect(latencies.count).toBe(3);
    expect([1, 50, 100].map((percentile) => latencies.percentile(percentile))).toEqual([1, 7, 9]);
  });

  it('say nothing of a percentile before they can', () => {
    const latencies = new RecentLatencies(100);
    for (let n = 1; n <= 19; n += 1) latencies.record(n);
    expect(delayOf(500, 95, latencies)).toBe(500);
    expect(delayOf(500, undefined, latencies)).toBe(500);
    latencies.record(20);

    expect(delayOf(500, 95, latencies)).toBe(19);
  });
});
