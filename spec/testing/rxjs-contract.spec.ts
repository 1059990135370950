/**
 * RxJS's inner modules, as far as a world leans on them: this fails when they move.
 *
 * Each of these is what RxJS does by itself, without anything of ours.
 */
import { createRequire } from 'node:module';
import * as rxjs from 'rxjs';
import { animationFrameProvider } from 'rxjs/internal/scheduler/animationFrameProvider';
import { dateTimestampProvider } from 'rxjs/internal/scheduler/dateTimestampProvider';
import { immediateProvider } from 'rxjs/internal/scheduler/immediateProvider';
import { intervalProvider } from 'rxjs/internal/scheduler/intervalProvider';
import { performanceTimestampProvider } from 'rxjs/internal/scheduler/performanceTimestampProvider';
import { timeoutProvider } from 'rxjs/internal/scheduler/timeoutProvider';
import { afterEach, describe, expect, it } from 'vitest';

const require = createRequire(import.meta.url);
const providers = {
  animationFrameProvider,
  dateTimestampProvider,
  immediateProvider,
  intervalProvider,
  performanceTimestampProvider,
  timeoutProvider,
};

afterEach(() => {
  for (const provider of Object.values(providers)) provider.delegate = undefined;
});

describe('rxjs', () => {
  it('is the version whose inner modules were read', () => {
    expect((require('rxjs/package.json') as { version: string }).version).toBe('7.8.2');
  });

  it('is one copy in Node, for import and require alike, and its providers belong to it', () => {
    expect((require('rxjs') as typeof rxjs).asyncScheduler).toBe(rxjs.asyncScheduler);
    expect(
      (require('rxjs/internal/scheduler/intervalProvider') as { intervalProvider: unknown }).intervalProvider,
    ).toBe(intervalProvider);
  });

  it.each(Object.entries(providers))('%s has a delegate, which nobody has set', (_, provider) => {
    expect(Object.keys(provider)).toContain('delegate');
    expect(provider.delegate).toBeUndefined();
  });

  it('asks for an interval where something is delayed, and gives its handle back', () => {
    const asked: unknown[] = [];
    const handle = { of: 'ours' };
    intervalProvider.delegate = {
      setInterval: ((_: unknown, ms: number) => {
        asked.push(ms);
        return handle;
      }) as never,
      clearInterval: (given) => asked.push(given),
    };

    rxjs.timer(250).subscribe().unsubscribe();

    expect(asked).toEqual([250, handle]);
  });

  it('keeps what is to be done as soon as possible in `actions`, and asks once, for `_scheduled`', () => {
    const flushes: (() => void)[] = [];
    immediateProvider.delegate = {
      setImmediate: ((flush: () => void) => flushes.push(flush)) as never,
      clearImmediate: () => {},
    };
    const scheduler = rxjs.asapScheduler as unknown as { actions: unknown[]; _scheduled: unknown };
    const done: string[] = [];

    rxjs.asapScheduler.schedule(() => done.push('a'));
    rxjs.asapScheduler.schedule(() => done.push('b'));
    const waiting = [scheduler.actions.length, scheduler._scheduled, flushes.length];
    flushes[0]!();

    expect(waiting).toEqual([2, 1, 1]);
    expect([scheduler.actions.length, scheduler._scheduled, done]).toEqual([0, undefined, ['a', 'b']]);
  });

  it('asks for a timeout to throw what nobody handles', () => {
    const thrown: unknown[] = [];
    timeoutProvider.delegate = {
      setTimeout: ((call: () => void) => {
        try {
          call();
        } catch (failure) {
          thrown.push(failure);
        }
      }) as never,
      clearTimeout: () => {},
    };

    rxjs.throwError(() => 'nobody handles this').subscribe();

    expect(thrown).toEqual(['nobody handles this']);
  });

  it('reads the time from two providers', () => {
    dateTimestampProvider.delegate = { now: () => 7 };
    performanceTimestampProvider.delegate = { now: () => 8 };

    expect([rxjs.asyncScheduler.now(), performanceTimestampProvider.now()]).toEqual([7, 8]);
  });

  it('asks for frames', () => {
    const frames: number[] = [];
    animationFrameProvider.delegate = {
      requestAnimationFrame: (call: (atMs: number) => void) => {
        call(5);
        return 1;
      },
      cancelAnimationFrame: () => {},
    };

    rxjs.animationFrameScheduler.schedule(() => frames.push(1));

    expect(frames).toEqual([1]);
  });
});
