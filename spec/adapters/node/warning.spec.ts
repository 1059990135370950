import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { callOrWarn, warnOf } from '../../../src/adapters/node/warning.ts';

describe('a warning', () => {
  it('is the error that was thrown, or made of whatever else was', () => {
    const warned = warnings();
    const error = new TypeError('no such field');

    for (const thrown of [error, 'a text', undefined, Object.create(null)]) warnOf(thrown);

    expect(warned()).toEqual([error, new Error('a text'), new Error('undefined'), new Error('{}')]);
  });

  it('is made of an error, too, that throws when it is looked at', () => {
    const warned = warnings();
    const hostile = new Proxy(new Error('inside'), {
      get: () => {
        throw new Error('do not look');
      },
    });
    vi.mocked(process.emitWarning).mockImplementationOnce((warning) => void (warning as Error).name);

    warnOf(hostile);

    expect(warned()[1]).toEqual(new Error('something that cannot be described'));
  });

  it('is what a function threw, or fails of later', async () => {
    const warned = warnings();

    callOrWarn(() => 'all is well');
    callOrWarn(() => {
      throw new Error('at once');
    });
    callOrWarn(() => Promise.reject(new Error('later')));
    await Promise.resolve();

    await vi.waitFor(() => expect(warned()).toEqual([new Error('at once'), new Error('later')]));
  });
});

function warnings() {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  return () => warn.mock.calls.map(([warning]) => warning);
}
