import { describe, expect, it } from 'vitest';
import type { Runnable } from '../../src/core/environment.ts';
import type { Choose } from '../../src/core/simulated-environment.ts';
import { delayBounded } from '../../src/testing/delay-bounded.ts';
import { mixed } from '../../src/testing/mixed.ts';
import { pct } from '../../src/testing/pct.ts';
import { random } from '../../src/testing/random.ts';
import type { Course, Strategy } from '../../src/testing/strategy.ts';

const agents: readonly Runnable[] = ['/ada', '/grace', '/mary', '/joan'].map((label) => ({
  label,
  lane: 1,
  run: () => false,
}));

/** A run of a program in which each of some agents takes so many steps, all of them always ready; by name who went. */
function goes(choose: Choose, stepsEach: number, ready = agents): readonly string[] {
  const left = ready.map((runnable) => ({ runnable, steps: stepsEach }));
  const went: string[] = [];
  while (left.length > 1) {
    const chosen = choose(
      left.length,
      'whose turn',
      left.map(({ runnable }) => runnable),
    );
    const [one] = left.splice(chosen, 1);
    went.push(one!.runnable.label);
    one!.steps -= 1;
    if (one!.steps > 0) {
      left.push(one!);
    }
  }
  return went;
}

/** What each of the first runs was, with the course told of it. */
function runsOf<T>(strategy: Strategy, runs: number, run: (choose: Choose) => T, seed = 1): T[] {
  const course = strategy.begin({ seed });
  return Array.from({ length: runs }, (_, n) => {
    const answers: number[] = [];
    const choose = course.begin(n)!;
    const outcome = run((count, what, ready) => {
      const answer = choose(count, what, ready);
      expect(answer).toBeGreaterThanOrEqual(0);
      expect(answer).toBeLessThan(count);
      answers.push(answer);
      return answer;
    });
    course.ended?.({ answers });
    return outcome;
  });
}

const quiet = goes(() => 0, 3);
const fault: (choose: Choose) => number = (choose) => choose(3, 'fault: drop');

describe.each<[string, () => Strategy]>([
  ['random', random],
  ['pct', pct],
  ['delay-bounded', delayBounded],
  ['mixed', () => mixed(delayBounded(), random(), pct())],
])('%s', (_, strategy) => {
  it('gives the same answers for the same seed, and others for another', () => {
    const first = runsOf(strategy(), 20, (choose) => goes(choose, 3));

    expect(runsOf(strategy(), 20, (choose) => goes(choose, 3))).toEqual(first);
    expect(runsOf(strategy(), 20, (choose) => goes(choose, 3), 2)).not.toEqual(first);
  });

  it('comes to many schedules', () => {
    const schedules = runsOf(strategy(), 300, (choose) => goes(choose, 3).join());

    expect(new Set(schedules).size).toBeGreaterThan(50);
  });

  it('lets every fault happen, but seldom', () => {
    const faults = runsOf(strategy(), 300, (choose) =>
      Array.from({ length: 16 }, () => fault(choose)),
    ).flat();

    expect(faults.filter((answer) => answer === 0).length).toBeGreaterThan(faults.length * 0.8);
    expect(new Set(faults).size).toBe(3);
  });

  it('lets time pass, where it is asked', () => {
    const passed = runsOf(strategy(), 300, (choose) => choose(5, 'whose turn', agents) === agents.length);

    expect(new Set(passed)).toEqual(new Set([true, false]));
  });

  it('lets any timer of a tie ring', () => {
    expect(new Set(runsOf(strategy(), 300, (choose) => choose(4, 'which timer'))).size).toBe(4);
  });
});

describe('pct', () => {
  it('lets the first in rank go on until it falls behind', () => {
    const runs = runsOf(pct({ depth: 1 }), 50, (choose) => goes(choose, 3));

    for (const went of runs) {
      const [first, , , second] = went;
      expect(went.slice(0, 6)).toEqual([first, first, first, second, second, second]);
    }
    expect(new Set(runs.map((went) => went[0])).size).toBe(4);
  });

  it('lets somebody fall behind at most as often as the bug is deep, less one', () => {
    const switches = (went: readonly string[]): number =>
      went.filter((name, n) => n > 0 && went[n - 1] !== name).length;
    const deep = runsOf(pct({ depth: 3 }), 200, (choose) => switches(goes(choose, 3)));

    // Three ends of agents, and two falls with at most two switches each.
    expect(Math.max(...deep)).toBeLessThanOrEqual(3 + 4);
    expect(Math.max(...deep)).toBeGreaterThan(3);
  });

  it('finds a bug of depth 1 at least as often as it promises', () => {
    const found = runsOf(pct({ depth: 1 }), 1_000, (choose) => goes(choose, 3)[0] === '/joan');

    expect(found.filter(Boolean).length).toBeGreaterThan(1_000 / 4 - 60);
  });

  it.each([0, 1.5, Number.NaN])('refuses a depth of %d', (depth) => {
    expect(() => pct({ depth })).toThrow(`the depth of pct is a whole number, at least 1; got ${depth}`);
  });
});

describe('delay-bounded', () => {
  it('is the quiet schedule when it may not deviate', () => {
    expect(runsOf(delayBounded({ delaysMax: 0 }), 20, (choose) => goes(choose, 3))).toEqual(
      Array.from({ length: 20 }, () => quiet),
    );
  });

  it('puts one behind all who are ready, once for each delay', () => {
    const [, ...runs] = runsOf(delayBounded({ delaysMax: 1 }), 300, (choose) => goes(choose, 1));

    expect(new Set(runs.map((went) => went.join(' ')))).toEqual(
      new Set(['/ada /grace /mary', '/grace /mary /joan', '/ada /mary /joan', '/ada /grace /joan']),
    );
  });

  it.each([-1, 0.5, Number.NaN])('refuses %d delays', (delaysMax) => {
    expect(() => delayBounded({ delaysMax })).toThrow(
      `delaysMax is a whole number, at least 0; got ${delaysMax}`,
    );
  });
});

describe('mixed', () => {
  /** A strategy that says which of its runs each answer is of, for so many runs. */
  const counting = (name: string, runs: number, told: string[] = []): Strategy => ({
    name,
    begin: () => ({
      begin: (run) => (run < runs ? () => run : undefined),
      ended: ({ answers }) => void told.push(`${name} ${answers}`),
      watch: () => () => name === 'a',
    }),
  });
  const take = (course: Course, run: number): number | undefined => {
    const answer = course.begin(run)?.(9, '');
    if (answer !== undefined) {
      course.ended?.({ answers: [answer] });
    }
    return answer;
  };

  it('takes turns, run by run, and each strategy hears of its own', () => {
    const told: string[] = [];
    const course = mixed(counting('a', 9, told), counting('b', 9, told)).begin({ seed: 1 });

    expect([0, 1, 2, 3].map((run) => take(course, run))).toEqual([0, 0, 1, 1]);
    expect(told).toEqual(['a 0', 'b 0', 'a 1', 'b 1']);
  });

  it('goes on with the others when one has nothing left, and ends with the last', () => {
    const course = mixed(counting('a', 1), counting('b', 3)).begin({ seed: 1 });

    expect([0, 1, 2, 3, 4].map((run) => take(course, run))).toEqual([0, 0, 1, 2, undefined]);
  });

  it('looks at a world as the one whose turn it is does', () => {
    const course = mixed(counting('a', 9), counting('b', 9), random()).begin({ seed: 1 });
    const looks = [0, 1, 2].map((run) => {
      course.begin(run);
      return course.watch?.({} as never, () => '')?.();
    });

    expect(looks).toEqual([true, false, undefined]);
    expect(course.complete).toBeUndefined();
  });

  it('has a name of their names', () => {
    expect(mixed(random(), pct({ depth: 2 }), delayBounded({ delaysMax: 1 })).name).toBe(
      'random + pct(2) + delayBounded(1)',
    );
  });

  it('is of at least one', () => {
    expect(() => mixed()).toThrow('mixed is of at least one strategy; got none');
  });
});
