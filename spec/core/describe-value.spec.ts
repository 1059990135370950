import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeValue } from '../../src/core/describe-value.ts';
import { MailboxFull } from '../../src/core/mailbox.ts';
import { hostileValues } from '../support/hostile-values.ts';

describe('describeValue', () => {
  it.each([
    ['"text"', 'text'],
    ['1', 1],
    ['10n', 10n],
    ['null', null],
    ['undefined', undefined],
    ['Symbol(s)', Symbol('s')],
    ['1970-01-01T00:00:00.000Z', new Date(0)],
    ['["a",{"b":1}]', ['a', { b: 1 }]],
    [
      '{"name":"no error","message":"only looks like one"}',
      { name: 'no error', message: 'only looks like one' },
    ],
    ['TypeError: two\\nlines', new TypeError('two\nlines')],
  ])('says %s', (text, value) => {
    expect(describeValue(value, 100)).toBe(text);
  });

  it('calls a failure by its tag', () => {
    const failure = new MailboxFull({ receiver: '/a', payload: 1, capacity: 2 });

    expect(describeValue(failure, 1_000)).toBe(`MailboxFull: ${failure.message}`);
  });

  it('redacts secrets, by the given names if there are any', () => {
    expect(describeValue({ token: 'x' }, 100)).toBe('{"token":"[redacted]"}');
    expect(describeValue({ token: 'x', iban: 'y' }, 100, (name) => name === 'iban')).toBe(
      '{"token":"x","iban":"[redacted]"}',
    );
  });

  it.each(hostileValues)('describes %s in one bounded line', (_, value) => {
    expect(describeValue(value, 60)).toMatch(/^.{1,60}$/u);
  });

  it('law: whatever the value, its description is one line of bounded length', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true }),
        fc.integer({ min: 1, max: 80 }),
        (value, charsMax) => {
          const text = describeValue(value, charsMax);

          expect(text.length).toBeLessThanOrEqual(charsMax);
          expect(text).not.toMatch(/\p{Cc}/u);
        },
      ),
    );
  });
});
