import { describe, expect, it } from 'vitest';
import { CallPace } from '../../src/testing/pace.ts';
import { aWorld } from '../support/a-world.ts';

describe('the pace of a call', () => {
  it('has no wait where nobody sets it and nothing is delayed', async () => {
    const pace = new CallPace(undefined, undefined);

    expect([pace.waits(0), pace.waits(1)]).toEqual([false, true]);
    await pace.wait(0);
    expect(pace.over).toBe(false);
  });

  it('is the clock of the machine where nobody sets it', async () => {
    const pace = new CallPace(undefined, undefined);

    await pace.wait(1);
    pace.end();

    expect(pace.over).toBe(true);
    await pace.wait(3_600_000); // It is over: nothing to wait for.
  });

  it('leaves no timer and no listener when it is over', async () => {
    const world = aWorld();
    const aborting = new AbortController();
    let aborted = 0;
    const pace = new CallPace(world.environment, aborting.signal, () => {
      aborted += 1;
    });
    const waiting = pace.wait(1_000);

    pace.end();
    await waiting;
    aborting.abort();

    expect([world.environment.timerCount, aborted]).toEqual([0, 0]);
  });

  it('gives what somebody else works on, or what that fails of', async () => {
    const pace = new CallPace(undefined, new AbortController().signal);

    expect(await pace.until(1)).toBe(1);
    expect(await pace.until(Promise.resolve(2))).toBe(2);
    await expect(pace.until(Promise.reject(new Error('gone')))).rejects.toThrow('gone');
  });

  it('waits for nobody when it is aborted', async () => {
    const aborting = new AbortController();
    const pace = new CallPace(undefined, aborting.signal);
    const failing = pace.until(new Promise((_, reject) => aborting.signal.addEventListener('abort', reject)));

    aborting.abort('enough');

    await expect(failing).rejects.toBe('enough');
    await expect(pace.until(1)).rejects.toBe('enough');
  });
});
