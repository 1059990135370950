import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Alarm } from '../../src/core/alarm.ts';
import type { Timer } from '../../src/core/environment.ts';
import { type Due, TimerWheel, type WheelTimer } from '../../src/core/timer-wheel.ts';

describe('TimerWheel', () => {
  it('fires what is due, in the order of the due times', () => {
    const { wheel, fired, call } = aWheel();
    wheel.set(70_000, call('third'));
    wheel.set(3, call('first'));
    wheel.set(40, call('second'));

    wheel.advance(70_000);

    expect(fired).toEqual(['first', 'second', 'third']);
  });

  it('fires nothing before its time', () => {
    const { wheel, fired, call } = aWheel();
    wheel.set(100, call('timer'));

    wheel.advance(99.9);

    expect(fired).toEqual([]);
    expect(wheel.size).toBe(1);
  });

  it('fires a tie in the order of set, however far away each was when it was set', () => {
    const { wheel, fired, call } = aWheel();
    wheel.set(5_000, call('from afar'));
    wheel.advance(4_900);
    wheel.set(5_000, call('from nearby'));
    wheel.advance(4_999);
    wheel.set(5_000, call('at the last moment'));

    wheel.advance(5_000);

    expect(fired).toEqual(['from afar', 'from nearby', 'at the last moment']);
  });

  it('rounds a due time between two ticks up', () => {
    const { wheel, fired, call } = aWheel();
    const timer = wheel.set(10.25, call('timer'));

    wheel.advance(10.75);

    expect(timer.dueMs).toBe(11);
    expect(fired).toEqual([]);
  });

  it('fires a timer that was set for the past at the next advance, even if time stands still', () => {
    const { wheel, fired, call } = aWheel(1_000);
    wheel.set(-5, call('long ago'));
    wheel.set(1_000, call('now'));

    wheel.advance(1_000);

    expect(fired).toEqual(['long ago', 'now']);
  });

  it('says that a timer set for the past is due now', () => {
    const wheel = new TimerWheel(1_000);

    wheel.set(7, () => {});

    expect(wheel.nextDueMs()).toBe(1_000);
  });

  it('never goes back in time', () => {
    const { wheel, fired, call } = aWheel(1_000);
    wheel.advance(500);
    wheel.set(700, call('timer'));

    wheel.advance(500);

    expect(fired).toEqual(['timer']);
  });

  it('begins at any time, even a negative one', () => {
    const { wheel, fired, call } = aWheel(-100_000.5);
    wheel.set(-50_000, call('timer'));

    wheel.advance(0);

    expect(fired).toEqual(['timer']);
  });

  it('refuses to begin at a time that is not a number, or too far from zero', () => {
    expect(() => new TimerWheel(NaN)).toThrow(
      new RangeError('a wheel begins within 2 ** 53 milliseconds of zero; got NaN'),
    );
  });

  it('refuses a due time that is not a number', () => {
    expect(() => new TimerWheel(0).set(NaN, () => {})).toThrow(
      new RangeError('a due time is a number of milliseconds; got NaN'),
    );
  });

  it('holds a delay of nearly 2 ** 53 milliseconds', () => {
    const { wheel, fired, call } = aWheel();
    wheel.set(2 ** 53 - 1, call('timer'));

    wheel.advance(2 ** 53 - 2);
    const early = [...fired];
    wheel.advance(2 ** 53 - 1);

    expect(early).toEqual([]);
    expect(fired).toEqual(['timer']);
  });

  it('does not count as pending what is never due', () => {
    const { wheel, fired, call } = aWheel();
    const timers = [wheel.set(Infinity, call('never')), wheel.set(2 ** 53, call('nor this'))];
    timers.forEach((timer) => void timer.cancel());
    timers.forEach((timer) => void wheel.fire(timer));

    wheel.advance(Infinity);

    expect(timers.map((timer) => timer.dueMs)).toEqual([Infinity, Infinity]);
    expect(fired).toEqual([]);
    expect(wheel.nextDueMs()).toBeUndefined();
  });

  it('fires everything that is due at some time when advanced to Infinity, and takes no time that is not a number', () => {
    const { wheel, fired, call } = aWheel();
    wheel.set(2 ** 40, call('timer'));

    wheel.advance(NaN);
    const early = [...fired];
    wheel.advance(Infinity);

    expect(early).toEqual([]);
    expect(fired).toEqual(['timer']);
  });

  it('does not fire a cancelled timer, and cancels only once', () => {
    const { wheel, fired, call } = aWheel();
    const cancelled = wheel.set(5, call('cancelled'));
    wheel.set(5, call('kept'));

    cancelled.cancel();
    cancelled.cancel();
    wheel.advance(5);

    expect(fired).toEqual(['kept']);
    expect(wheel.size).toBe(0);
  });

  it('does not fire a timer that another one cancels in the same advance', () => {
    const { wheel, fired, call } = aWheel();
    wheel.set(1, () => victim.cancel());
    const victim = wheel.set(2, call('victim'));
    wheel.set(3, call('bystander'));

    wheel.advance(3);

    expect(fired).toEqual(['bystander']);
  });

  it('fires a timer that was set within an advance in the next one, even when it is due at once', () => {
    const { wheel, fired, call } = aWheel();
    wheel.set(1, () => wheel.set(1, call('second')));

    wheel.advance(10);
    const inTheSame = [...fired];
    wheel.advance(10);

    expect(inTheSame).toEqual([]);
    expect(fired).toEqual(['second']);
  });

  it('throws what a call throws, and fires the rest at the next advance', () => {
    const { wheel, fired, call } = aWheel();
    wheel.set(1, () => {
      throw new Error('mine');
    });
    wheel.set(2, call('rest'));

    expect(() => wheel.advance(2)).toThrow('mine');
    expect(wheel.nextDueMs()).toBe(2);
    wheel.advance(2);

    expect(fired).toEqual(['rest']);
  });

  it('fires a timer once, by hand or by time', () => {
    const { wheel, fired, call } = aWheel();
    const timer = wheel.set(5, call('timer'));

    wheel.fire(timer);
    wheel.fire(timer);
    wheel.advance(5);

    expect(fired).toEqual(['timer']);
  });

  it('lists a tie, so that somebody else may choose who comes first', () => {
    const { wheel, fired, call } = aWheel();
    wheel.set(60, call('a'));
    wheel.set(60, call('b'));
    wheel.set(61, call('c'));

    const tie = wheel.dueAt(wheel.nextDueMs()!);
    wheel.fire(tie[1]!);
    wheel.fire(wheel.dueAt(60)[0]!);

    expect(tie).toHaveLength(2);
    expect(fired).toEqual(['b', 'a']);
    expect(wheel.nextDueMs()).toBe(61);
  });

  it('lists none that is due later than the time asked for, even if its time has come', () => {
    const { wheel, fired, call } = aWheel();
    wheel.set(60, () => {
      throw new Error('mine');
    });
    wheel.set(61, call('a'));
    wheel.set(62, call('b'));
    expect(() => wheel.advance(100)).toThrow('mine');

    wheel.dueAt(wheel.nextDueMs()!).forEach((timer) => void wheel.fire(timer));

    expect(fired).toEqual(['a']);
  });

  it('adds to a tie what is set for the same time while it fires', () => {
    const { wheel, fired, call } = aWheel();
    wheel.set(60, () => wheel.set(60, call('joined')));
    wheel.set(60, call('there before'));

    wheel.fire(wheel.dueAt(60)[0]!);
    wheel.dueAt(60).forEach((timer) => void wheel.fire(timer));

    expect(fired).toEqual(['there before', 'joined']);
  });

  it('knows the earliest of a crowd, and its tick, also after that one was cancelled', () => {
    const wheel = new TimerWheel(0);
    const crowd = Array.from({ length: 100 }, (_, n) => wheel.set(1_000_100 - n, () => {}));

    const before = wheel.nextDueMs();
    crowd.slice(50).forEach((timer) => void timer.cancel());

    expect(before).toBe(1_000_001);
    expect(wheel.nextDueMs()).toBe(1_000_051);
  });

  it('fires a crowd in order after it was asked for its earliest, newcomers included', () => {
    const { wheel, fired, call } = aWheel();
    Array.from({ length: 20 }, (_, n) => wheel.set(1_000_019 - n, call(`${19 - n}`)));
    wheel.nextDueMs();
    wheel.set(1_000_007, call('newcomer'));

    wheel.advance(1_000_007);

    expect(fired).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', 'newcomer']);
    expect(wheel.nextDueMs()).toBe(1_000_008);
  });

  it('knows the earliest of a hundred thousand, each time the earliest is cancelled, well before the test times out', () => {
    const wheel = new TimerWheel(0);
    const crowd = Array.from({ length: 100_000 }, (_, n) => wheel.set(2_000_000 + n, () => {}));

    const earliest = crowd.map((timer) => {
      timer.cancel();
      return wheel.nextDueMs();
    });

    expect(earliest).toEqual([...crowd.slice(1).map((timer) => timer.dueMs), undefined]);
  });

  it('knows nothing of a crowd that was cancelled', () => {
    const wheel = new TimerWheel(0);
    const crowd = Array.from({ length: 100 }, (_, n) => wheel.set(1_000_000 + n, () => {}));
    wheel.nextDueMs();

    crowd.forEach((timer) => void timer.cancel());
    wheel.set(1_000_500, () => {});

    expect(wheel.nextDueMs()).toBe(1_000_500);
  });

  it('forgets every timer when it is cleared', () => {
    const { wheel, fired, call } = aWheel();
    wheel.set(0, call('late'));
    wheel.set(10, call('soon'));
    const far = wheel.set(1e12, call('far'));

    wheel.clear();
    wheel.fire(far);
    wheel.advance(Infinity);

    expect(fired).toEqual([]);
    expect(wheel.size).toBe(0);
  });

  it('lets go of a call that is over, though somebody keeps its timer', () => {
    const { wheel, call } = aWheel();
    const timer = wheel.set(5, call('timer'));

    timer.cancel();

    expect(timer).toMatchObject({ earlier: timer, later: timer });
  });

  it('law: agrees with a sorted list under any sequence of set, cancel, advance and fire', () => {
    fc.assert(
      fc.property(aStart, fc.array(aStep, { maxLength: 60, size: '+1' }), (startMs, steps) => {
        const story = play(new TimerWheel(startMs), startMs, steps);

        expect(story).toEqual(play(new SortedTimers(startMs), startMs, steps));
      }),
      { numRuns: 2_000 },
    );
  });

  it('law: a tie fires in the order of set', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.array(fc.nat(1_000)), (aheadMs, strides) => {
        const { wheel, fired, call } = aWheel();
        const dueMs = aheadMs + strides.reduce((sum, stride) => sum + stride, 1);
        let nowMs = 0;

        strides.forEach((stride, n) => {
          wheel.set(dueMs, call(`${n}`));
          nowMs += stride;
          wheel.advance(nowMs);
        });
        wheel.advance(dueMs);

        expect(fired).toEqual(strides.map((_, n) => `${n}`));
      }),
    );
  });

  it('law: nothing is left of a wheel whose timers were all cancelled, in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(aDelay, fc.nat()), { maxLength: 200 }), (timers) => {
        const wheel = new TimerWheel(0);
        const set = timers.map(([delayMs, lot]) => ({ timer: wheel.set(delayMs, () => {}), lot }));
        wheel.nextDueMs();

        set.toSorted((a, b) => a.lot - b.lot).forEach(({ timer }) => void timer.cancel());

        expect(wheel.size).toBe(0);
        expect(wheel.nextDueMs()).toBeUndefined();
        expect(wheel.dueAt(Infinity)).toEqual([]);
      }),
    );
  });
});

function aWheel(startMs = 0) {
  const fired: string[] = [];
  return { wheel: new TimerWheel(startMs), fired, call: (label: string) => () => void fired.push(label) };
}

interface SlowTimer extends WheelTimer {
  readonly order: number;
  readonly f: () => void;
}

/** What a wheel does, done slowly: a list that is sorted whenever somebody looks. */
class SortedTimers {
  #nowMs: number;
  #sets = 0;
  #pending: SlowTimer[] = [];

  constructor(nowMs: number) {
    this.#nowMs = Math.floor(nowMs);
  }

  get size(): number {
    return this.#pending.length;
  }

  set(dueMs: number, f: () => void): WheelTimer {
    const tick = dueMs < 2 ** 53 ? Math.ceil(dueMs) : Infinity;
    const timer: SlowTimer = {
      dueMs: Math.max(tick, this.#nowMs),
      order: this.#sets,
      f,
      cancel: () => {
        this.#pending = this.#pending.filter((pending) => pending !== timer);
      },
    };
    this.#sets += 1;
    this.#pending = [...this.#pending, timer].filter((pending) => pending.dueMs < Infinity);
    return timer;
  }

  nextDueMs(): number | undefined {
    return this.#sorted()[0]?.dueMs;
  }

  dueAt(nowMs: number): SlowTimer[] {
    this.#nowMs = Math.max(this.#nowMs, Math.min(Math.floor(nowMs), 2 ** 53));
    return this.#sorted().filter((timer) => timer.dueMs <= nowMs);
  }

  fire(timer: Due): void {
    const pending = this.#pending.find((other) => other === timer);
    pending?.cancel();
    pending?.f();
  }

  advance(nowMs: number): void {
    this.dueAt(nowMs);
    for (const timer of this.dueAt(this.#nowMs)) {
      this.fire(timer);
    }
  }

  clear(): void {
    this.#pending = [];
  }

  #sorted(): SlowTimer[] {
    return this.#pending.toSorted((a, b) => a.dueMs - b.dueMs || a.order - b.order);
  }
}

/** What a timer's call does besides being noted. */
type Reaction =
  | { readonly _tag: 'Nothing' }
  | { readonly _tag: 'Throw' }
  | { readonly _tag: 'Cancel'; readonly pick: number }
  | { readonly _tag: 'Set'; readonly delayMs: number };

type Step =
  | { readonly _tag: 'Set'; readonly delayMs: number; readonly reaction: Reaction }
  | { readonly _tag: 'SetCrowd'; readonly delayMs: number; readonly count: number; readonly strideMs: number }
  | { readonly _tag: 'Cancel'; readonly pick: number }
  | { readonly _tag: 'CancelMany'; readonly from: number; readonly count: number }
  | { readonly _tag: 'Advance'; readonly byMs: number }
  | { readonly _tag: 'AdvanceToNext' }
  | { readonly _tag: 'FireOneOfTie'; readonly pick: number }
  | { readonly _tag: 'Clear' };

const aDelay = fc.oneof(
  fc.integer({ min: -40, max: 70 }),
  fc.integer({ min: -200, max: 4_000 }).map((quarters) => quarters / 4),
  fc.integer({ min: 0, max: 2 ** 17 }),
  fc.integer({ min: 0, max: 53 }).map((power) => 2 ** power - 1),
  fc.constant(Infinity),
);

const aReaction: fc.Arbitrary<Reaction> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ _tag: 'Nothing' as const }) },
  { weight: 1, arbitrary: fc.constant({ _tag: 'Throw' as const }) },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant('Cancel' as const), pick: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant('Set' as const), delayMs: aDelay }) },
);

const aStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ _tag: fc.constant('Set' as const), delayMs: aDelay, reaction: aReaction }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      _tag: fc.constant('SetCrowd' as const),
      delayMs: aDelay,
      count: fc.integer({ min: 10, max: 40 }),
      strideMs: fc.constantFrom(-100, -1, 0, 0.25, 1, 40, 1_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ _tag: fc.constant('Cancel' as const), pick: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({ _tag: fc.constant('CancelMany' as const), from: fc.nat(), count: fc.nat(40) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      _tag: fc.constant('Advance' as const),
      byMs: fc.oneof(
        fc.integer({ min: -5, max: 300 }).map((quarters) => quarters / 4),
        fc.nat(2 ** 17),
        fc.nat(),
      ),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ _tag: 'AdvanceToNext' as const }) },
  { weight: 3, arbitrary: fc.record({ _tag: fc.constant('FireOneOfTie' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.constant({ _tag: 'Clear' as const }) },
);

const aStart = fc.constantFrom(0, 31, 1_023.75, 123_456_789.5, -40);

/** An alarm in the place of a timer. */
function anAlarm(wheel: TimerWheel, dueMs: number, fire: () => void): WheelTimer {
  const alarm = new Calling(fire);
  wheel.setAlarm(dueMs, alarm);
  return {
    dueMs: alarm.isSet ? alarm.dueMs : Infinity,
    cancel: () => wheel.cancelAlarm(alarm),
  };
}

class Calling extends Alarm {
  readonly ring: () => void;

  constructor(ring: () => void) {
    super();
    this.ring = ring;
  }
}

/** Does the steps and tells what could be seen: who fired, what is pending, what comes next. */
function play(timers: TimerWheel | SortedTimers, startMs: number, steps: readonly Step[]): string[] {
  const story: string[] = [];
  const set: Timer[] = [];
  let nowMs = startMs;

  const setOne = (dueMs: number, reaction: Reaction): void => {
    const label = `timer ${set.length}`;
    const fire = (): void => {
      story.push(`${label} fires`);
      react(reaction);
    };
    // To a wheel it is all the same whether it is given a call or an alarm.
    const asAlarm = timers instanceof TimerWheel && set.length % 2 === 1;
    const timer = asAlarm ? anAlarm(timers, dueMs, fire) : timers.set(dueMs, fire);
    story.push(`${label} is due at ${timer.dueMs}`);
    set.push(timer);
  };

  const react = (reaction: Reaction): void => {
    switch (reaction._tag) {
      case 'Nothing':
        return;
      case 'Throw':
        throw new Error('by a call');
      case 'Cancel':
        set[reaction.pick % set.length]!.cancel();
        return;
      case 'Set':
        setOne(nowMs + reaction.delayMs, { _tag: 'Nothing' });
        return;
    }
  };

  const act = (step: Step): void => {
    switch (step._tag) {
      case 'Set':
        setOne(nowMs + step.delayMs, step.reaction);
        return;
      case 'SetCrowd':
        for (let n = 0; n < step.count; n += 1) {
          setOne(nowMs + step.delayMs + n * step.strideMs, { _tag: 'Nothing' });
        }
        return;
      case 'Cancel':
        set[step.pick % set.length]?.cancel();
        return;
      case 'CancelMany':
        for (const timer of set.slice(step.from % (set.length + 1)).slice(0, step.count)) {
          timer.cancel();
        }
        return;
      case 'Advance':
        nowMs += step.byMs;
        timers.advance(nowMs);
        return;
      case 'AdvanceToNext':
        nowMs = timers.nextDueMs() ?? nowMs;
        timers.advance(nowMs);
        return;
      case 'FireOneOfTie': {
        nowMs = Math.max(nowMs, timers.nextDueMs() ?? nowMs);
        const tie = timers.dueAt(nowMs);
        if (tie.length > 0) {
          timers.fire(tie[step.pick % tie.length]!);
        }
        return;
      }
      case 'Clear':
        timers.clear();
        return;
    }
  };

  for (const step of steps) {
    try {
      act(step);
    } catch (thrown) {
      story.push(`threw ${String(thrown)}`);
    }
    story.push(`${timers.size} pending, next at ${timers.nextDueMs()}`);
  }
  return story;
}
