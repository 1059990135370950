import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Alarm } from '../../src/core/alarm.ts';
import { liveEnvironment } from '../../src/core/live-environment.ts';
import { SimulatedEnvironment } from '../../src/core/simulated-environment.ts';
import { TimerWheel } from '../../src/core/timer-wheel.ts';

class Counting extends Alarm {
  rings = 0;

  ring(): void {
    this.rings += 1;
  }
}

describe('an alarm', () => {
  it('rings once when its time has come, and may then be set again', () => {
    const wheel = new TimerWheel(0);
    const alarm = new Counting();

    wheel.setAlarm(99.5, alarm);
    wheel.advance(99);
    expect([alarm.isSet, alarm.rings, wheel.size]).toEqual([true, 0, 1]);
    wheel.advance(100);
    wheel.advance(200);
    expect([alarm.isSet, alarm.rings, wheel.size]).toEqual([false, 1, 0]);

    wheel.setAlarm(300, alarm);
    wheel.advance(300);
    expect(alarm.rings).toBe(2);
  });

  it('does not ring when it was cancelled, or all were', () => {
    const wheel = new TimerWheel(0);
    const [one, other] = [new Counting(), new Counting()];
    wheel.setAlarm(10, one);
    wheel.setAlarm(20, other);

    wheel.cancelAlarm(one);
    wheel.cancelAlarm(one);
    expect(wheel.size).toBe(1);
    wheel.clear();
    wheel.advance(100);

    expect([one.rings, other.rings, wheel.size]).toEqual([0, 0, 0]);
  });

  it('is not set for a time that never comes', () => {
    const wheel = new TimerWheel(0);
    const alarm = new Counting();

    wheel.setAlarm(Infinity, alarm);
    wheel.setAlarm(2 ** 53, alarm);

    expect([alarm.isSet, wheel.size, wheel.nextDueMs()]).toEqual([false, 0, undefined]);
    expect(() => wheel.setAlarm(Number.NaN, alarm)).toThrow(RangeError);
  });

  it('can be chosen to ring by whoever steps a simulated environment', () => {
    const environment = new SimulatedEnvironment({ choose: () => 0, seed: 1, slow: false });
    const alarm = new Counting();

    environment.alarms.setAlarm(5, alarm);
    environment.step();

    expect([environment.nowMs(), alarm.rings]).toEqual([5, 1]);
  });
});

describe('an alarm of the live environment', () => {
  it('is rung by the one timer of its host', () => {
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'],
    });
    onTestFinished(() => void vi.useRealTimers());
    const environment = liveEnvironment();
    const { alarms } = environment;
    const [early, late, never] = [new Counting(), new Counting(), new Counting()];
    const nowMs = environment.nowMs();

    alarms!.setAlarm(nowMs + 50, late);
    alarms!.setAlarm(nowMs + 10, early);
    alarms!.setAlarm(Infinity, never);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(12);
    expect([early.rings, late.rings]).toEqual([1, 0]);
    alarms!.cancelAlarm(late);
    vi.advanceTimersByTime(100);

    expect([early.rings, late.rings, never.rings]).toEqual([1, 0, 0]);
    environment.close();
  });
});
