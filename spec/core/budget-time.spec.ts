import { describe, expect, it } from 'vitest';
import { BudgetTime } from '../../src/core/budget-time.ts';
import { clockwork } from '../support/clockwork.ts';

describe('BudgetTime', () => {
  it('calls near at the soft part of the limit and over at the limit, once each', () => {
    const { environment, wait } = clockwork();
    const time = new BudgetTime(100, undefined);
    const calls: string[] = [];

    time.start(
      environment,
      0.8,
      () => calls.push(`near at ${time.ranMs}`),
      () => calls.push(`over at ${time.ranMs}`),
    );
    wait(1_000);

    expect(calls).toEqual(['near at 80', 'over at 100']);
  });

  it('counts from start to stop', () => {
    const { environment, wait } = clockwork();
    const time = new BudgetTime(100, undefined);

    wait(10);
    const before = [time.ranMs, time.leftMs];
    time.start(environment, 1, nothing, nothing);
    wait(30);
    const running = [time.ranMs, time.leftMs];
    time.stop();
    wait(30);
    time.stop();

    expect(before).toEqual([0, 100]);
    expect(running).toEqual([30, 70]);
    expect([time.ranMs, time.leftMs]).toEqual([30, 70]);
  });

  it.each([10, 90])('leaves no timer behind when it stops after %i ms', (afterMs) => {
    const { environment, wait, pending } = clockwork();
    const time = new BudgetTime(100, undefined);
    const calls: string[] = [];

    time.start(
      environment,
      0.8,
      () => calls.push('near'),
      () => calls.push('over'),
    );
    wait(afterMs);
    time.stop();
    const left = pending();
    wait(1_000);

    expect(left).toBe(0);
    expect(calls).not.toContain('over');
  });

  it('leaves no timer behind when near stops it', () => {
    const { environment, wait, pending } = clockwork();
    const time = new BudgetTime(100, undefined);

    time.start(
      environment,
      0.8,
      () => time.stop(),
      () => expect.unreachable(),
    );
    wait(1_000);

    expect(pending()).toBe(0);
    expect(time.ranMs).toBe(80);
  });

  it('starts once, and not after it was stopped', () => {
    const { environment, wait, pending } = clockwork();
    const started = new BudgetTime(100, undefined);
    const stopped = new BudgetTime(100, undefined);

    started.start(environment, 1, nothing, nothing);
    wait(40);
    started.start(environment, 1, nothing, nothing);
    stopped.stop();
    stopped.start(environment, 1, nothing, nothing);

    expect(started.ranMs).toBe(40);
    expect(stopped.ranMs).toBe(0);
    expect(pending()).toBe(1);
  });

  it('has at most what those above have left when it starts', () => {
    const { environment, wait } = clockwork();
    const above = new BudgetTime(100, undefined);
    const under = new BudgetTime(500, above);
    const calls: number[] = [];

    const before = under.limitMs;
    above.start(environment, 1, nothing, nothing);
    wait(60);
    under.start(environment, 1, nothing, () => calls.push(under.ranMs));
    const cut = under.limitMs;
    above.stop();
    wait(1_000);

    expect([before, cut]).toEqual([100, 40]);
    expect(calls).toEqual([40]);
  });

  it('sets no timer without a limit of its own, and still counts', () => {
    const { environment, wait, pending } = clockwork();
    const above = new BudgetTime(100, undefined);
    const under = new BudgetTime(Number.POSITIVE_INFINITY, above);

    under.start(environment, 1, nothing, nothing);
    wait(30);

    expect(pending()).toBe(0);
    expect([under.ranMs, under.limitMs, under.leftMs]).toEqual([30, 100, 100]);
  });

  it('has nothing left, and no less, when it is late to be told so', () => {
    const { environment } = clockwork();
    const late = { ...environment, schedule: () => ({ cancel: nothing }) };
    const clock = clockwork();
    const time = new BudgetTime(10, undefined);

    time.start({ ...late, nowMs: clock.environment.nowMs }, 1, nothing, nothing);
    clock.wait(50);

    expect(time.leftMs).toBe(0);
  });
});

const nothing = (): void => {};
