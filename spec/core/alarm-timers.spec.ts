import { describe, expect, it } from 'vitest';
import { Alarm } from '../../src/core/alarm.ts';
import { alarmsOf } from '../../src/core/alarm-timers.ts';
import type { Environment } from '../../src/core/environment.ts';
import { liveEnvironment } from '../../src/core/live-environment.ts';
import { SimulatedEnvironment } from '../../src/core/simulated-environment.ts';

class Counting extends Alarm {
  rings = 0;

  ring(): void {
    this.rings += 1;
  }
}

/** An environment that knows timers, and no alarms. */
function timersOnly() {
  const world = new SimulatedEnvironment({ choose: () => 0, seed: 1, slow: false });
  const environment = {
    nowMs: () => world.nowMs(),
    schedule: (delayMs: number, f: () => void) => world.schedule(delayMs, f),
  } as Environment;
  return { world, alarms: alarmsOf(environment) };
}

describe('alarms in an environment that knows only timers', () => {
  it('ring once when their time has come', () => {
    const { world, alarms } = timersOnly();
    const [late, early, over, never] = [new Counting(), new Counting(), new Counting(), new Counting()];
    world.advanceTo(3);

    alarms.setAlarm(10, late);
    alarms.setAlarm(5, early);
    alarms.setAlarm(1, over);
    alarms.setAlarm(Infinity, never);
    world.step();
    expect([over.rings, world.nowMs()]).toEqual([1, 3]);
    world.step();
    expect([early.rings, late.rings, world.nowMs()]).toEqual([1, 0, 5]);
    world.step();

    expect([late.rings, never.rings, world.timerCount]).toEqual([1, 0, 0]);
  });

  it('leave no timer behind when they are cancelled, and do not mind being cancelled twice', () => {
    const { world, alarms } = timersOnly();
    const alarm = new Counting();
    alarms.setAlarm(10, alarm);

    alarms.cancelAlarm(alarm);
    alarms.cancelAlarm(alarm);

    expect([world.timerCount, alarm.rings]).toEqual([0, 0]);
  });

  it("are the environment's own where it has some", () => {
    const environment = liveEnvironment();

    expect(alarmsOf(environment)).toBe(environment.alarms);
  });
});
