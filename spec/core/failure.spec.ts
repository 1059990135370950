import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeThrown, Failure, failureClass, isOf, reasonOf } from '../../src/core/failure.ts';
import { hostileValues } from '../support/hostile-values.ts';

class Refused extends Failure {
  readonly _tag = 'Refused';
  readonly code = 'REFUSAL';
  readonly class = 'permanent';

  override get message() {
    return 'the model would not';
  }
}

const { proxy: unreadable, revoke } = Proxy.revocable({}, {});
revoke();

describe('Failure', () => {
  it('is an error whose name is its tag', () => {
    const failure = new Refused();

    expect(failure).toBeInstanceOf(Error);
    expect(failure.name).toBe('Refused');
    expect(String(failure)).toBe('Refused: the model would not');
  });

  it('collects no stack, and leaves other errors theirs', () => {
    const framesOf = (error: Error) =>
      error.stack?.split('\n').filter((line) => line.includes('    at ')) ?? [];

    expect(framesOf(new Refused())).toEqual([]);
    expect(framesOf(new Error('other'))).not.toEqual([]);
  });

  it('keeps its cause', () => {
    const cause = new Error('why');

    expect(new Refused({ cause }).cause).toBe(cause);
  });
});

describe('the class of what was thrown', () => {
  it("is a failure's own", () => {
    expect(failureClass(new Refused())).toBe('permanent');
  });

  it('is that of a tagged value of another library, if it is one of ours', () => {
    expect(failureClass({ _tag: 'RateLimited', class: 'transient' })).toBe('transient');
    expect(failureClass({ _tag: 'RateLimited', class: 'annoying' })).toBe('defect');
  });

  it.each([new TypeError('x is undefined'), 'a string', undefined, null, 7, { _tag: 'Other' }])(
    'is defect for %o',
    (thrown) => {
      expect(failureClass(thrown)).toBe('defect');
    },
  );
});

describe('what was thrown', () => {
  it('is of a class, or of none that is asked for', () => {
    expect(isOf(new RangeError('too far'), RangeError)).toBe(true);
    expect(isOf(new TypeError('x is undefined'), RangeError)).toBe(false);
  });

  it('is of no class and a defect when it throws as soon as it is looked at', () => {
    expect(isOf(unreadable, Error)).toBe(false);
    expect(failureClass(unreadable)).toBe('defect');
  });

  it('is said to be beyond description when it throws as soon as it is looked at', () => {
    expect(describeThrown(unreadable)).toBe('a value that cannot be described');
    expect(reasonOf(unreadable)).toBe('something that cannot be described');
  });
});

describe('the reason that a cause gives', () => {
  it.each([
    [new RangeError('too far'), 'too far'],
    ['a string', 'a string'],
    [undefined, 'undefined'],
    [null, 'null'],
    [{ _tag: 'Sold', left: 2, apiKey: 'sk-1' }, '{"_tag":"Sold","left":2,"apiKey":"[redacted]"}'],
  ])('%o is named', (cause, reason) => {
    expect(reasonOf(cause)).toBe(reason);
  });

  it.each(hostileValues)('is made of %s, whatever it does', (_, cause) => {
    expect(typeof reasonOf(cause)).toBe('string');
  });
});

describe('a description of what was thrown', () => {
  it.each([
    [new RangeError('too far'), 'RangeError: too far'],
    ['a string', "'a string'"],
    [{ code: 7 }, '{"code":7}'],
    [undefined, 'undefined'],
    [null, 'null'],
    [Symbol('s'), 'Symbol(s)'],
  ])('of %o is short and plain', (thrown, description) => {
    expect(describeThrown(thrown)).toBe(description);
  });

  it('shows at most 500 characters of an object', () => {
    expect(describeThrown({ text: 'x'.repeat(1_000) })).toHaveLength(500);
  });

  it.each(hostileValues)('is made of %s, whatever it does', (_, thrown) => {
    expect(typeof describeThrown(thrown)).toBe('string');
  });

  it('law: can be made of anything', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (thrown) => {
        expect(typeof describeThrown(thrown)).toBe('string');
      }),
    );
  });
});
