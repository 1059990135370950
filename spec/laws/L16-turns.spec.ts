/**
 * L16: a ready cell waits at most a bounded number of turns.
 *
 *     waited < 13 · ⌈ready in its lane / weight of its lane⌉ turns,     13 = 8 + 4 + 1
 *
 * and however many are ready, input and output get their chance: after the time
 * of a slice is up, no more turns begin than lie between two looks at the clock.
 *
 * The dispatcher is the live one; the event loop under it is played as Node goes
 * round: input after input, each with the reactions of promises to it until there
 * are none, then what was put behind, and the reactions to that.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Environment } from '../../src/core/environment.ts';
import { LaneDispatcher } from '../../src/core/lane-dispatcher.ts';
import { lawParameters, lawTimeoutMs } from '../support/law-runs.ts';

const weights = [8, 4, 1] as const;
const turnsPerRound = 13;
/** It looks after whole rounds only, as soon as there were 16 turns. */
const turnsBetweenLooks = 15 + turnsPerRound;
/** A load ends after so many turns; it is as long as several slices, except where turns take no time. */
const turnsMax = 1_500;

describe('turns', () => {
  it(
    'law: whoever is ready has its turn within as many rounds as its lane takes to get to it',
    () => {
      fc.assert(
        fc.property(aLoad, (load) => {
          const { turns, neverHadOne } = play(load);

          expect(turns.filter(({ waited, waitsAtMost }) => waited > waitsAtMost)).toEqual([]);
          expect(neverHadOne).toBe(0);
        }),
        lawParameters,
      );
    },
    lawTimeoutMs,
  );

  it(
    'law: input and output get a chance after each slice, also when only promises make new turns',
    () => {
      fc.assert(
        fc.property(fc.oneof(aLoad, promises, inputs), (load) => {
          const { late } = play(load);

          expect(Math.max(0, ...late)).toBeLessThanOrEqual(turnsBetweenLooks);
        }),
        lawParameters,
      );
    },
    lawTimeoutMs,
  );

  it(
    'law: handlers that take long hold the event loop up by one message each, for one round',
    () => {
      fc.assert(
        fc.property(longHandlers, (load) => {
          const { turns, late } = play(load);

          expect(Math.max(0, ...late)).toBeLessThanOrEqual(turnsPerRound);
          expect(Math.max(...turns.map(({ messages }) => messages))).toBe(1);
        }),
        lawParameters,
      );
    },
    lawTimeoutMs,
  );
});

/** Somebody who takes turns, as long as the load lasts. */
interface Worker {
  readonly lane: 0 | 1 | 2;
  /** Milliseconds a message takes, turn by turn, over and over. */
  readonly costsMs: readonly number[];
  /** Messages that it has when its turn comes. */
  readonly backlog: number;
  /**
   * How it comes to its next turn: it has always more; a promise in its turn, or
   * input, brings more; or it never has more.
   */
  readonly more: 'always' | 'by a promise' | 'by input' | 'never';
  /** Who is made ready in its turns. */
  readonly wakes: readonly number[];
}

interface Load {
  readonly sliceMs: number;
  readonly workers: readonly Worker[];
}

const workersWith = (facts: {
  costsMs: readonly number[];
  more: readonly Worker['more'][];
}): fc.Arbitrary<Worker> =>
  fc.record({
    lane: fc.constantFrom(0, 1, 2),
    costsMs: fc.array(fc.constantFrom(...facts.costsMs), { minLength: 1, maxLength: 3 }),
    backlog: fc.constantFrom(1, 3, 64, 1_000),
    more: fc.constantFrom(...facts.more),
    wakes: fc.array(fc.nat({ max: 29 }), { maxLength: 4, size: 'max' }),
  });

const loadOf = (worker: fc.Arbitrary<Worker>): fc.Arbitrary<Load> =>
  fc.record({
    sliceMs: fc.constantFrom(10, 1),
    workers: fc.array(worker, { minLength: 1, maxLength: 30, size: 'max' }),
  });

const aLoad = loadOf(
  workersWith({
    costsMs: [0, 0.001, 0.02, 0.3, 2, 15],
    more: ['always', 'always', 'by a promise', 'by input', 'never'],
  }),
);

const promises = loadOf(workersWith({ costsMs: [0.01, 0.3, 2], more: ['by a promise'] }));

const inputs = loadOf(workersWith({ costsMs: [0.01, 0.02, 0.3], more: ['by input', 'never'] }));

const longHandlers = loadOf(workersWith({ costsMs: [1.5, 4, 20], more: ['always', 'by a promise'] }));

interface Turn {
  readonly lane: number;
  readonly messages: number;
  /** Turns that others had while it was ready. */
  readonly waited: number;
  readonly waitsAtMost: number;
}

interface Played {
  readonly turns: readonly Turn[];
  /** How many turns began after the time was up, for each round of the event loop. */
  readonly late: readonly number[];
  /** How many were ready when the event loop had nothing more to do. */
  readonly neverHadOne: number;
}

function play({ sliceMs, workers }: Load): Played {
  const loop = aLoop();
  const dispatcher = new LaneDispatcher(loop.environment, { batch: 64, sliceMs });
  const turns: Turn[] = [];
  const late: number[] = [];
  const readyInLane = [0, 0, 0];
  let sliceBeganMs: number | undefined;
  loop.onInput(() => {
    sliceBeganMs = undefined;
    late.push(0);
  });

  const runnables = workers.map((worker, n) => {
    const { lane, costsMs, backlog, more, wakes } = worker;
    let queued = false;
    let readySince = 0;
    let waitsAtMost = 0;
    let taken = 0;
    const enqueue = (): void => {
      queued = true;
      readySince = turns.length;
      readyInLane[lane]! += 1;
      waitsAtMost = turnsPerRound * Math.ceil(readyInLane[lane]! / weights[lane]) - 1;
    };
    const runnable = {
      label: `${n}`,
      lane,
      run: (batch: number): boolean => {
        sliceBeganMs ??= loop.nowMs();
        late[late.length - 1]! += loop.nowMs() >= sliceBeganMs + sliceMs ? 1 : 0;
        const messages = Math.min(batch, backlog);
        queued = false;
        readyInLane[lane]! -= 1;
        loop.pass(messages * costsMs[taken % costsMs.length]!);
        taken += 1;
        turns.push({ lane, messages, waited: turns.length - readySince, waitsAtMost });
        if (turns.length >= turnsMax) {
          return false;
        }
        for (const woken of wakes) {
          runnables[woken % runnables.length]!.wake();
        }
        if (more === 'by a promise') {
          loop.environment.defer(wake);
        } else if (more === 'by input') {
          loop.input(wake);
        }
        if (queued || more !== 'always') {
          return false;
        }
        enqueue();
        return true;
      },
    };
    const wake = (): void => {
      if (!queued) {
        enqueue();
        dispatcher.ready(runnable);
      }
    };
    return { wake };
  });

  for (const { wake } of runnables) {
    wake();
  }
  loop.goRound();
  return { turns, late, neverHadOne: readyInLane.reduce((sum, ready) => sum + ready) };
}

/** An event loop whose time passes only when it is told to. */
function aLoop() {
  let nowMs = 5_000;
  let reactions: (() => void)[] = [];
  let inputs: (() => void)[] = [];
  let pastIo: (() => void)[] = [];
  let onInput = (): void => {};
  const react = (): void => {
    while (reactions.length > 0) {
      const due = reactions;
      reactions = [];
      callAll(due);
    }
  };

  return {
    environment: {
      nowMs: () => nowMs,
      defer: (f: () => void) => void reactions.push(f),
      deferPastIo: (f: () => void) => void pastIo.push(f),
    } as Environment,
    nowMs: () => nowMs,
    pass: (ms: number) => {
      nowMs += ms;
    },
    input: (f: () => void) => void inputs.push(f),
    onInput: (f: () => void) => {
      onInput = f;
    },
    /** Goes round until there is nothing more to do. */
    goRound: () => {
      onInput();
      do {
        react();
        onInput();
        const arrived = inputs;
        inputs = [];
        for (const input of arrived) {
          input();
          react();
          onInput();
        }
        const due = pastIo;
        pastIo = [];
        callAll(due);
      } while (reactions.length + inputs.length + pastIo.length > 0);
    },
  };
}

const callAll = (calls: readonly (() => void)[]): void => {
  for (const call of calls) {
    call();
  }
};
