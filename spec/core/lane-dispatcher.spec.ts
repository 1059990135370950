import { describe, expect, it } from 'vitest';
import type { Environment, Runnable } from '../../src/core/environment.ts';
import { LaneDispatcher } from '../../src/core/lane-dispatcher.ts';

const [realtime, normal, background] = [0, 1, 2];

describe('the lane dispatcher', () => {
  it('gives turns in the order in which they were asked for', () => {
    const { ready, playBurst, turns } = aStage();

    ready('a', normal, 1);
    ready('b', normal, 1);
    playBurst();

    expect(turns).toEqual(['a', 'b']);
  });

  it('begins after the code that runs now', () => {
    const { ready, turns } = aStage();

    ready('a', normal, 1);

    expect(turns).toEqual([]);
  });

  it('asks for one call however many are ready', () => {
    const { ready, deferred } = aStage();

    ready('a', normal, 1);
    ready('b', realtime, 1);

    expect(deferred()).toBe(1);
  });

  it('sends who has more to the back of its lane', () => {
    const { ready, playBurst, turns } = aStage();

    ready('a', normal, 2);
    ready('b', normal, 1);
    playBurst();

    expect(turns).toEqual(['a', 'b', 'a']);
  });

  it('begins with short turns and lengthens them while they are quick', () => {
    const { ready, playBurst, batches } = aStage({ batch: 64 });

    ready('a', realtime, 41);
    playBurst();

    expect([...new Set(batches)]).toEqual([1, 4, 12, 29, 64]);
  });

  it('shortens them again when they take long', () => {
    const { ready, playBurst, batches, during, pass } = aStage({ batch: 64, sliceMs: 1_000 });
    during('a', () => pass(batches.length > 40 ? 1 : 0));

    ready('a', realtime, 49);
    playBurst();

    expect(batches.slice(-2)).toEqual([64, 1]);
  });

  it('keeps their length while they are neither', () => {
    const { ready, playBurst, batches, during, pass } = aStage({ batch: 64, sliceMs: 1_000 });
    during('a', () => pass(batches.length > 8 ? 0.1 : 0));

    ready('a', realtime, 32);
    playBurst();

    expect([...new Set(batches)]).toEqual([1, 4]);
  });

  it('gives 8 turns to realtime, then 4 to normal, then 1 to background', () => {
    const { ready, playBurst, turns } = aStage();

    ready('b', background, 2);
    ready('n', normal, 8);
    ready('r', realtime, 16);
    playBurst();

    expect(turns.join('')).toBe(`${'r'.repeat(8)}nnnnb`.repeat(2));
  });

  it('gives all turns to background when nobody else is ready', () => {
    const { ready, playBurst, turns } = aStage();

    ready('b', background, 3);
    playBurst();

    expect(turns).toEqual(['b', 'b', 'b']);
  });

  it('knows no time of a turn before the first', () => {
    expect(aStage().dispatcher.turnMs).toBe(-1);
  });

  it('gives turns also to those who become ready in a turn', () => {
    const { ready, playBurst, turns, during } = aStage();
    during('a', () => ready('b', normal, 1));

    ready('a', normal, 1);
    playBurst();

    expect(turns).toEqual(['a', 'b']);
  });

  it('reads the time of a turn once, and knows none between turns', () => {
    const { dispatcher, ready, playBurst, during } = aStage();
    const seen: number[] = [];
    during('a', () => seen.push(dispatcher.turnMs));

    ready('a', normal, 2);
    playBurst();

    expect(seen).toEqual([1_000, 1_000]);
    expect(dispatcher.turnMs).toBe(-1);
  });

  it('looks at the clock after 16 turns at the latest', () => {
    const { dispatcher, ready, playBurst, during, pass, turns } = aStage({ sliceMs: 1_000 });
    const seen: number[] = [];
    during('a', () => {
      pass(turns.length > 64 ? 0.01 : 0);
      seen.push(dispatcher.turnMs);
    });

    ready('a', realtime, 97);
    playBurst();

    expect(seen[64 + 15]).toBe(1_000);
    expect(seen[64 + 16]).toBeGreaterThan(1_000);
  });

  it('lets the event loop in when its slice is used up, and then goes on', () => {
    const { ready, playBurst, playIo, turns, during, pass } = aStage({ sliceMs: 10 });
    during('a', () => pass(1));

    ready('a', realtime, 20);
    playBurst();
    const before = turns.length;
    playIo();

    expect([before, turns.length]).toEqual([16, 20]);
  });

  it('counts short bursts in a row against one slice, until the event loop went round', () => {
    const { ready, playBurst, playIo, turns, pass } = aStage({ sliceMs: 10 });
    ready('a', normal, 1);
    playBurst();
    pass(10);

    ready('b', normal, 1);
    playBurst();
    const before = [...turns];
    playIo();

    expect(before).toEqual(['a']);
    expect(turns).toEqual(['a', 'b']);
  });

  it('begins a new slice when the event loop went round', () => {
    const { ready, playBurst, playIo, turns, pass } = aStage({ sliceMs: 10 });
    ready('a', normal, 1);
    playBurst();
    pass(10);
    playIo();

    ready('b', normal, 1);
    playBurst();

    expect(turns).toEqual(['a', 'b']);
  });

  it('asks for nothing when nobody is ready any more', () => {
    const { ready, playBurst, playIo, deferred, waitingForIo } = aStage();
    ready('a', normal, 1);
    playBurst();
    playIo();

    expect([deferred(), waitingForIo()]).toEqual([0, 0]);
  });

  it('law: nobody who is ready waits for more rounds than are ready in its lane', () => {
    const { ready, playBurst, turns } = aStage({ sliceMs: Number.POSITIVE_INFINITY });
    const crowd = Array.from({ length: 40 }, (_, n) => `n${n}`);

    ready('busy', realtime, 1_000);
    crowd.forEach((name) => {
      ready(name, normal, 1);
    });
    playBurst();

    // 40 in a lane of weight 4 are 10 rounds of 8 + 4 turns.
    expect(turns.indexOf('n39')).toBeLessThan(10 * 12);
  });
});

/** A dispatcher whose bursts, event loop and clock are played by hand, and a log of who had a turn. */
function aStage({ batch = 64, sliceMs = 10 } = {}) {
  const turns: string[] = [];
  const batches: number[] = [];
  const acts = new Map<string, () => unknown>();
  let nowMs = 1_000;
  let burst: (() => void)[] = [];
  let pastIo: (() => void)[] = [];
  const environment = {
    nowMs: () => nowMs,
    defer: (f: () => void) => void burst.push(f),
    deferPastIo: (f: () => void) => void pastIo.push(f),
  } as Environment;
  const dispatcher = new LaneDispatcher(environment, { batch, sliceMs });
  const play = (calls: (() => void)[]) =>
    calls.forEach((call) => {
      call();
    });

  return {
    dispatcher,
    turns,
    batches,
    /** Asks for as many turns as `count`, one after the other. */
    ready: (label: string, lane: number, count: number) => {
      let left = count;
      const runnable: Runnable = {
        label,
        lane,
        run: (most) => {
          turns.push(label);
          batches.push(most);
          acts.get(label)?.();
          left -= 1;
          return left > 0;
        },
      };
      dispatcher.ready(runnable);
    },
    during: (label: string, act: () => unknown) => acts.set(label, act),
    pass: (ms: number) => {
      nowMs += ms;
    },
    playBurst: () => {
      const due = burst;
      burst = [];
      play(due);
    },
    playIo: () => {
      const due = pastIo;
      pastIo = [];
      play(due);
    },
    deferred: () => burst.length,
    waitingForIo: () => pastIo.length,
  };
}
