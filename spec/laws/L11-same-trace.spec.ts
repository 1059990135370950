/**
 * L11: the same seed and tape give the same trace, byte for byte, in any process.
 *
 * The company has every kind of agent: handlers that return promises, Effects,
 * AsyncIterables and Observables, keyed agents, machines with timers and children
 * without ids, streams, RxJS's own schedulers, Effect's dice. Compared is everything that a system
 * tells: its events with their ids and times, its dead letters, and the world's trace.
 */
import { describe, expect, it } from 'vitest';
import { childProgram } from '../support/child-program.ts';
import { everyFault, lawRuns, lawTimeoutMs as oneLawMs } from '../support/law-runs.ts';
import { digestsOf, strategies, strategyTraceOf, tapeOf, traceOf } from '../support/traced-company.ts';

const seeds = Math.ceil(lawRuns / 5);
/** `npm run determinism` looks at as many in other processes. */
const seedsElsewhere = Math.ceil(lawRuns / Number(process.env['TROUPE_ELSEWHERE'] ?? 20));

/** Every run is made several times, and in other processes. */
const lawTimeoutMs = 4 * oneLawMs;

describe('a trace', () => {
  it(
    'law: is the same for the same seed and tape, whatever ran before',
    async () => {
      const traces = new Set<string>();
      for (let seed = 0; seed < seeds; seed += 1) {
        const first = await traceOf(seed, tapeOf(seed));
        const again = await traceOf(seed, tapeOf(seed));

        expect(again, `seed ${seed}`).toBe(first);
        traces.add(first);
      }

      // They tell of something, and of something else each time.
      expect(traces.size).toBe(seeds);
      expect([...traces].some((trace) => trace.includes('RangeError: too high'))).toBe(true);
      expect([...traces].some((trace) => trace.includes('"agent":"/understudies/actor%20'))).toBe(true);
      expect([...traces].some((trace) => trace.includes('"sender":"/director"'))).toBe(true);
      expect([...traces].some((trace) => trace.includes('"sender":"/editor"'))).toBe(true);
      expect([...traces].some((trace) => trace.includes('"sender":"/echo"'))).toBe(true);
      expect([...traces].some((trace) => trace.includes('"rolled":6'))).toBe(true);
    },
    lawTimeoutMs,
  );

  it.each(strategies.map((strategy) => [strategy.name, strategy] as const))(
    'law: is the same for the same seed, as %s chooses, with every fault; and for its tape',
    async (_, strategy) => {
      const traces = new Set<string>();
      for (let seed = 0; seed < Math.ceil(seeds / 5); seed += 1) {
        const { trace, tape } = await strategyTraceOf(strategy, seed);
        const again = await strategyTraceOf(strategy, seed);

        expect(again.trace, `seed ${seed}`).toBe(trace);
        expect(await traceOf(seed, tape, everyFault), `the tape of seed ${seed}`).toBe(trace);
        traces.add(trace);
      }

      // With few deviations some of them are the quiet one, and there are only so many others.
      const most = strategy.name.startsWith('delayBounded') ? 500 : Number.POSITIVE_INFINITY;
      expect(traces.size).toBeGreaterThanOrEqual(Math.min(Math.ceil(seeds / 10), most));
    },
    lawTimeoutMs,
  );

  it.each(['nothing', 'other work', 'other modules'])(
    'law: is the same in another process, after %s',
    async (before) => {
      const child = childProgram('prints-traces.ts', '0', String(seedsElsewhere), before);
      expect(await child.ended).toBe(0);

      for (let seed = 0; seed < seedsElsewhere; seed += 1) {
        expect(child.lines[seed], `seed ${seed}`).toBe(await digestsOf(seed));
      }
    },
    lawTimeoutMs,
  );
});
