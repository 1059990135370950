import { describe, expect, it } from 'vitest';
import {
  type Choose,
  isFault,
  SimulatedEnvironment,
  turnQuestion,
} from '../../src/core/simulated-environment.ts';

describe('the simulated environment', () => {
  it('does nothing by itself', () => {
    const { environment, done } = anEnvironment();

    environment.defer(() => done.push('deferred'));
    environment.schedule(0, () => done.push('timer'));

    expect(done).toEqual([]);
    expect([environment.readyCount, environment.timerCount]).toEqual([1, 1]);
  });

  it('knows no time of a turn, so that each look at its clock is one of its own', () => {
    expect(anEnvironment().environment.turnMs).toBe(-1);
  });

  it('lets time stand still while somebody is ready', () => {
    const { environment, done } = anEnvironment();
    environment.schedule(0, () => done.push('timer'));
    environment.defer(() => done.push('deferred'));

    environment.step();

    expect(done).toEqual(['deferred']);
    expect(environment.nowMs()).toBe(0);
  });

  it('jumps to the next timer when nobody is', () => {
    const { environment, done } = anEnvironment();
    environment.schedule(5_000, () => done.push('late'));
    environment.schedule(30, () => done.push('early'));

    environment.step();

    expect(done).toEqual(['early']);
    expect(environment.nowMs()).toBe(30);
    expect(environment.nextDueMs).toBe(5_000);
  });

  it('has nothing to do when there is no turn and no timer', () => {
    const { environment } = anEnvironment();

    expect(environment.step()).toBe(false);
    expect(environment.steps).toBe(0);
  });

  it('says what the last step did, and counts them', () => {
    const { environment } = anEnvironment();
    environment.ready({ label: '/writer', lane: 1, run: () => false });
    environment.deferPastIo(() => {});
    environment.schedule(1, () => {});

    const steps = Array.from({ length: 3 }, () => environment.step() && environment.lastStep);

    expect(steps).toEqual(['/writer', 'deferred', 'timer']);
    expect(environment.steps).toBe(3);
  });

  it('lets a turn take one message, and asks again for who has more', () => {
    const { environment } = anEnvironment();
    const batches: number[] = [];
    environment.ready({ label: 'a', lane: 1, run: (batch) => batches.push(batch) < 2 });

    environment.step();
    environment.step();

    expect(batches).toEqual([1, 1]);
    expect(environment.step()).toBe(false);
  });

  it('asks whose turn it is when several are ready', () => {
    const { environment, done, asked } = anEnvironment({ answers: [1] });
    environment.defer(() => done.push('a'));
    environment.defer(() => done.push('b'));

    environment.step();

    expect(asked).toEqual(['2 whose turn']);
    expect(done).toEqual(['b']);
  });

  it.each([
    { answers: [], order: 'abcd' },
    { answers: [1], order: 'bacd' },
    { answers: [2, 1], order: 'cbad' },
    { answers: [3, 2], order: 'dcab' },
  ])('leaves those in their order whose turn it is not: $order', ({ answers, order }) => {
    const { environment, done } = anEnvironment({ answers });
    for (const name of 'abcd') {
      environment.defer(() => done.push(name));
    }

    while (environment.step());

    expect(done.join('')).toBe(order);
  });

  it('asks which timer of a tie rings first', () => {
    const { environment, done, asked } = anEnvironment({ answers: [1] });
    environment.schedule(10, () => done.push('a'));
    environment.schedule(10, () => done.push('b'));

    environment.step();
    environment.step();

    expect(asked).toEqual(['2 which timer']);
    expect(done).toEqual(['b', 'a']);
  });

  it('may let time pass although somebody is ready, when it is slow', () => {
    const { environment, done } = anEnvironment({ answers: [1], slow: true });
    environment.schedule(10, () => done.push('timer'));
    environment.defer(() => done.push('turn'));

    environment.step();

    expect(done).toEqual(['timer']);
    expect(environment.nowMs()).toBe(10);
  });

  it('asks nothing when it is slow and no timer is set', () => {
    const { environment, asked } = anEnvironment({ slow: true });
    environment.defer(() => {});

    environment.step();

    expect(asked).toEqual([]);
  });

  it('lets time pass when it is told to, and never back', () => {
    const { environment, done } = anEnvironment();
    environment.schedule(10, () => done.push('timer'));

    environment.advanceTo(50);
    environment.advanceTo(20);
    environment.step();

    expect(done).toEqual(['timer']);
    expect(environment.nowMs()).toBe(50);
  });

  it('says which id was the last, and where its dice stand', () => {
    const { environment } = anEnvironment({ seed: 7 });
    expect([environment.lastId, environment.chance]).toEqual([0, 7]);

    const id = environment.nextId();
    environment.random();

    expect(environment.lastId).toBe(id);
    expect(environment.chance).not.toBe(7);
  });

  it('forgets its timers when it is closed, and says how many there were', () => {
    const { environment, done } = anEnvironment();
    environment.schedule(10, () => done.push('timer'));
    environment.defer(() => done.push('turn'));

    environment.close();
    while (environment.step());

    expect([environment.timersAtClose, environment.timerCount]).toEqual([1, 0]);
    expect(done).toEqual(['turn']);
  });

  it('takes those back who shall have no turn, and leaves the others in their order', () => {
    const { environment, done } = anEnvironment();
    for (const label of ['a', 'b', 'c']) {
      environment.ready({ label, lane: 1, run: () => done.push(label) < 0 });
    }

    environment.withdraw(({ label }) => label === 'b');
    while (environment.step());

    expect(done).toEqual(['a', 'c']);
  });

  it('forgets a timer that is cancelled', () => {
    const { environment } = anEnvironment();

    environment.schedule(10, () => {}).cancel();

    expect(environment.step()).toBe(false);
  });

  it('gives the same numbers for the same seed, from 0 up to 1', () => {
    const numbers = (seed: number) => {
      const { environment } = anEnvironment({ seed });
      return Array.from({ length: 1_000 }, () => environment.random());
    };

    expect(numbers(7)).toEqual(numbers(7));
    expect(numbers(7)).not.toEqual(numbers(8));
    expect(Math.min(...numbers(7))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers(7))).toBeLessThan(1);
  });

  it('gives numbers also for the seed 0', () => {
    const { environment } = anEnvironment({ seed: 0 });

    expect(environment.random()).toBeGreaterThan(0);
  });

  it('counts identities from 1', () => {
    const { environment } = anEnvironment();

    expect([environment.nextId(), environment.nextId()]).toEqual([1, 2]);
  });

  it('is never asked by a host to end', () => {
    const { environment, done } = anEnvironment();

    environment.onTermination()();

    expect(done).toEqual([]);
  });

  it('forgets its timers when it is closed, and lets those who are ready hear of the end', () => {
    const { environment } = anEnvironment();
    environment.defer(() => {});
    environment.schedule(1, () => {});

    environment.close();

    expect(environment.step()).toBe(true);
    expect(environment.step()).toBe(false);
  });
  it('keeps the timers of others when it is closed, in their order', () => {
    const { environment } = anEnvironment();
    const rung: string[] = [];
    environment.schedule(1, () => rung.push('own'));
    environment.scheduleBeside(7, () => rung.push('late'));
    environment.scheduleBeside(5, () => rung.push('a'));
    environment.scheduleBeside(5, () => rung.push('cancelled before')).cancel();
    const later = environment.scheduleBeside(5, () => rung.push('cancelled after'));
    environment.scheduleBeside(Number.POSITIVE_INFINITY, () => rung.push('never'));
    environment.scheduleBeside(5, () => rung.push('b'));

    environment.close();
    later.cancel();
    while (environment.step());

    expect(environment.timersAtClose).toBe(1);
    expect(rung).toEqual(['a', 'b', 'late']);
    expect(environment.nowMs()).toBe(7);
  });

  it.each([2, -1, 0.5, Number.NaN])('refuses the answer %d, of two', (answer) => {
    const turns = anEnvironment({ answers: [answer] }).environment;
    const timers = anEnvironment({ answers: [answer] }).environment;
    for (let n = 0; n < 2; n += 1) {
      turns.defer(() => {});
      timers.schedule(5, () => {});
    }

    for (const environment of [turns, timers]) {
      expect(() => environment.step()).toThrow(
        `a choice is a whole number from 0 up to, not including, 2; got ${answer}`,
      );
    }
    expect([turns.readyCount, timers.timerCount]).toEqual([2, 2]);
  });
});

it.each([
  ['fault', true],
  ['fault: is it lost', true],
  ['no fault', false],
  [turnQuestion, false],
])('the question "%s" is about something going wrong: %s', (what, isOne) => {
  expect(isFault(what)).toBe(isOne);
});

/** An environment whose choices are given, and quiet ones after that. */
function anEnvironment({ answers = [] as number[], seed = 1, slow = false } = {}) {
  const done: string[] = [];
  const asked: string[] = [];
  const left = [...answers];
  const choose: Choose = (count, what) => {
    asked.push(`${count} ${what}`);
    return left.shift() ?? 0;
  };
  return { environment: new SimulatedEnvironment({ choose, seed, slow }), done, asked };
}
