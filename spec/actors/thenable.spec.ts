import { describe, expect, it } from 'vitest';
import { heed, refuseThenable } from '../../src/actors/thenable.ts';

const withThen = (then: unknown) => Object.fromEntries([['then', then]]);
const plain = [undefined, null, 0, 'text', {}, withThen(5), () => {}];

/** What is told of what was returned, when everything has settled. */
async function toldOf(returned: unknown): Promise<unknown[]> {
  const told: unknown[] = [];
  heed(returned, (thrown) => told.push(thrown));
  await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  return told;
}

describe('what a callback returned', () => {
  it('is told of when it is a promise that fails', async () => {
    expect(await toldOf(Promise.reject(new Error('refused')))).toEqual([new Error('refused')]);
    expect(
      await toldOf(withThen((_: unknown, reject: (failure: unknown) => void) => reject('refused'))),
    ).toEqual(['refused']);
  });

  it('is let alone when it is one that does not, or none', async () => {
    expect(await toldOf(Promise.resolve('done'))).toEqual([]);
    for (const value of plain) {
      expect(await toldOf(value)).toEqual([]);
    }
  });
});

describe('a promise in the place of a value', () => {
  it('is refused, with where it stood and what to do, and ends nothing when it fails', async () => {
    const promise = Promise.reject(new Error('nobody awaits it'));

    expect(() => refuseThenable(promise, "state of '/a'")).toThrow(
      expect.objectContaining({
        _tag: 'InvalidParams',
        what: "state of '/a'",
        value: 'a promise',
        issues: [{ path: '', message: 'expected a value: await the promise first' }],
      }),
    );
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('is refused also where it is a function that can be awaited', () => {
    expect(() =>
      refuseThenable(
        Object.assign(
          () => {},
          withThen(() => {}),
        ),
        'reply',
      ),
    ).toThrow('expected a value');
  });

  it.each(plain.map((value) => [value]))('is not %o', (value) => {
    expect(() => refuseThenable(value, 'reply')).not.toThrow();
  });
});
