/** Whose code made a call. */
import { describe, expect, it } from 'vitest';
import { framesOfUser, whoseCall, whoseFile } from '../../src/testing/origin.ts';

describe('whose a file is', () => {
  it.each([
    ['/home/ada/shop/src/shop.ts', 'user'],
    ['/home/ada/shop/node_modules/nanoid/index.js', 'user'],
    ['/home/ada/shop/node_modules/rxjs/dist/cjs/index.js', 'library'],
    ['/home/ada/shop/node_modules/.pnpm/xstate@5.33.3/node_modules/xstate/dist/xstate.esm.js', 'library'],
    ['/home/ada/shop/node_modules/@effect/platform/dist/Http.js', 'library'],
    ['/home/ada/shop/node_modules/rxjs-extras/index.js', 'user'],
    ['/home/ada/shop/node_modules/@vitest/runner/dist/index.js', 'runner'],
    ['/home/ada/shop/node_modules/jest-circus/build/index.js', 'runner'],
    ['node:internal/process/task_queues', 'host'],
    ['node:internal/test_runner/test', 'runner'],
    [new URL('../../src/testing/world.ts', import.meta.url).pathname, 'kit'],
  ])('%s: %s', (path, whose) => {
    expect(whoseFile(path)).toBe(whose);
  });
});

describe('whose a call is', () => {
  function called(): { readonly whose: string; readonly frames: readonly string[] } {
    return { whose: whoseCall(called), frames: framesOfUser(called) };
  }

  it('is told by who called, through functions of the language', () => {
    const [told] = [1].map(() => called());

    expect(told!.whose).toBe('user');
    expect(told!.frames[0]).toContain('origin.spec.ts');
  });

  it('is that of who waits for it, where the queue of promises called', async () => {
    const told = await Promise.resolve().then(called);

    expect(told.whose).toBe('user');
    expect(told.frames[0]).toContain('origin.spec.ts');
  });

  it('is the user’s when nobody can be seen', async () => {
    let told: unknown;
    Promise.resolve()
      .then(called)
      .then((one) => {
        told = one;
      });
    await new Promise((resolve) => setImmediate(resolve));

    expect(told).toEqual({ whose: 'user', frames: [] });
  });

  it('is that of a dependency, told when there is no code of the user’s own behind it', () => {
    const text = 'callback => callback()';
    const dependency = new Function(
      'callback',
      `return (${text})(callback)\n//# sourceURL=/a/node_modules/nanoid/index.js`,
    ) as (callback: () => unknown) => unknown;
    const told = dependency(called) as { whose: string; frames: readonly string[] };

    expect(told.whose).toBe('user');
    expect(told.frames.join('\n')).not.toContain('node_modules');
  });

  it('is the host’s in a turn of a live system, and where Node deals with what nobody caught', async () => {
    const callingIn = (place: string) =>
      new Function(
        'call',
        `class process { _fatalException() { return call(); } }
        return new process()._fatalException()\n//# sourceURL=${place}`,
      ).bind(undefined, called) as () => { readonly whose: string };
    const inLiveSystem = callingIn(new URL('../../src/core/live-environment.ts', import.meta.url).pathname);
    const told: { readonly whose: string }[] = [];

    for (const call of [inLiveSystem, callingIn('node:internal/process/execution')]) {
      Promise.resolve()
        .then(call)
        .then((one) => void told.push(one));
    }
    await new Promise((resolve) => setImmediate(resolve));

    expect(told).toMatchObject([{ whose: 'host' }, { whose: 'host' }]);
    // Here somebody of the user's has the live system take the time.
    expect(inLiveSystem().whose).toBe('user');
  });
});
