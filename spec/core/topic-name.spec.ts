import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkTopicName,
  checkTopicPattern,
  InvalidTopicName,
  isTopicName,
  isTopicPattern,
  matches,
  topicCharactersMax,
  topicTokensMax,
} from '../../src/core/topic-name.ts';

const badAnywhere = [
  '',
  '.',
  'a..b',
  '.a',
  'a.',
  'a b',
  'ä',
  'a*',
  '*a',
  '>a',
  'a.>.b',
  'a\n',
  'a/b',
  'a.**',
];

describe('topic name', () => {
  it.each(['a', 'orders.placed', 'thread.42.broadcast', 'A-Z_0-9', '__proto__'])('%j is one', (name) => {
    expect(isTopicName(name)).toBe(true);
  });

  it.each([...badAnywhere, '*', '>', 'orders.*', 'orders.>'])('%j is none', (name) => {
    expect(isTopicName(name)).toBe(false);
  });

  it.each([undefined, null, 7, ['a'], Symbol('a')])('is text, which %s is not', (notText) => {
    expect([isTopicName(notText), isTopicPattern(notText)]).toEqual([false, false]);
  });

  it('has at most 256 characters', () => {
    const longest = 'x'.repeat(topicCharactersMax);

    expect([isTopicName(longest), isTopicName(`${longest}x`)]).toEqual([true, false]);
    expect([isTopicPattern(longest), isTopicPattern(`${longest}x`)]).toEqual([true, false]);
  });

  it('has at most 32 tokens', () => {
    const most = tokens(topicTokensMax);

    expect([isTopicName(most), isTopicName(`${most}.x`)]).toEqual([true, false]);
    expect([isTopicPattern(most), isTopicPattern(`${most}.x`)]).toEqual([true, false]);
    expect([isTopicPattern(`${tokens(31)}.>`), isTopicPattern(`${most}.>`)]).toEqual([true, false]);
  });

  it('passes its check without a word', () => {
    expect(() => checkTopicName('orders.placed')).not.toThrow();
  });

  it('fails its check with what was given and what is wrong with it', () => {
    expect(thrownBy(() => checkTopicName('orders..placed'))).toMatchObject({
      _tag: 'InvalidTopicName',
      code: 'INVALID_PARAMS',
      class: 'invalid',
      topic: 'orders..placed',
      reason: 'token 2 is empty',
    });
  });

  it('says in the message of its failure what is expected', () => {
    const failure = new InvalidTopicName('a b', 'token 1 has other characters', 'name');

    expect(failure.message).toBe(
      "'a b' is not a topic name: token 1 has other characters; expected are " +
        '1 to 32 tokens of A-Z a-z 0-9 _ -, joined by dots, at most 256 characters',
    );
  });

  it.each([
    ['a.b c', 'token 2 has other characters'],
    ['orders.*', "only a pattern may have '*'"],
    ['orders.>', "only a pattern may have '>'"],
    ['x'.repeat(257), 'it has 257 characters'],
    [tokens(33), 'it has 33 tokens'],
    [`${'x'.repeat(255)}!`, 'token 1 has other characters'],
    [`${tokens(31)}.!`, 'token 32 has other characters'],
    [42, 'it is of type number'],
    [Symbol('topic'), 'it is of type symbol'],
  ])('gives the reason why %s is none', (name, reason) => {
    expect(thrownBy(() => checkTopicName(name))).toMatchObject({ reason });
  });

  it('describes what was given when that is no text', () => {
    expect(thrownBy(() => checkTopicName({ left: 2 }))).toMatchObject({ topic: '{"left":2}' });
  });

  it('stays on one line, whatever was given', () => {
    expect(thrownBy(() => checkTopicName('a\nb')).message).toMatch(/^'a\\nb' is not a topic name/);
  });

  it('quotes no more than 64 characters of what was given', () => {
    const { message } = thrownBy(() => checkTopicName('ä'.repeat(100_000)));

    expect(message).toContain(`'${'ä'.repeat(63)}…'`);
    expect(message.length).toBeLessThan(300);
  });
});

describe('topic pattern', () => {
  it.each(['a', 'orders.placed', '*', '>', '*.*', 'orders.*', '*.placed', 'orders.*.>', '*.>'])(
    '%j is one',
    (pattern) => {
      expect(isTopicPattern(pattern)).toBe(true);
    },
  );

  it.each([...badAnywhere, '>.a', '>.>'])('%j is none', (pattern) => {
    expect(isTopicPattern(pattern)).toBe(false);
  });

  it('passes its check without a word', () => {
    expect(() => checkTopicPattern('orders.*.>')).not.toThrow();
  });

  it.each([
    ['orders.>.placed', "'>' is not the last token"],
    ['orders.*.', 'token 3 is empty'],
    ['orders.pl*', 'token 2 has other characters'],
    [null, 'it is of type object'],
  ])('gives the reason why %s is none', (pattern, reason) => {
    expect(thrownBy(() => checkTopicPattern(pattern))).toMatchObject({ reason });
  });

  it('says in the message of its failure that it may have wildcards', () => {
    const failure = thrownBy(() => checkTopicPattern('>.a'));

    expect(failure.message).toBe(
      "'>.a' is not a topic pattern: '>' is not the last token; expected are " +
        "1 to 32 tokens of A-Z a-z 0-9 _ -, or '*', or '>' as the last one, joined by dots, at most 256 characters",
    );
  });

  it.each([
    ['orders.placed', 'orders.placed'],
    ['*', 'orders'],
    ['>', 'orders'],
    ['>', 'orders.placed'],
    ['*.placed', 'orders.placed'],
    ['orders.*', 'orders.placed'],
    ['*.*', 'orders.placed'],
    ['orders.>', 'orders.placed.twice'],
    ['*.>', 'orders.placed'],
  ])('%s covers %s', (pattern, name) => {
    expect(matches(pattern, name)).toBe(true);
  });

  it.each([
    ['orders.placed', 'orders'],
    ['orders', 'orders.placed'],
    ['orders', 'order'],
    ['order', 'orders'],
    ['*', 'orders.placed'],
    ['orders.*', 'orders'],
    ['orders.>', 'orders'],
    ['*.>', 'orders'],
    ['orders.*.twice', 'orders.placed.once'],
    ['*.placed', 'orders.placed.twice'],
  ])('%s does not cover %s', (pattern, name) => {
    expect(matches(pattern, name)).toBe(false);
  });

  it('law: covers a name just when it does so token by token', () => {
    fc.assert(
      fc.property(aPattern, aName, (pattern, name) => {
        expect(matches(pattern, name)).toBe(covers(pattern.split('.'), name.split('.')));
      }),
      { numRuns: 2_000 },
    );
  });

  it('law: a text is a name just when it is a pattern without wildcards', () => {
    fc.assert(
      fc.property(aText, (text) => {
        expect(isTopicName(text)).toBe(isTopicPattern(text) && !/[*>]/.test(text));
      }),
    );
  });

  it('law: the checks throw just when the questions say no, and only InvalidTopicName', () => {
    fc.assert(
      fc.property(fc.oneof(aText, fc.anything({ withNullPrototype: true })), (given) => {
        expect(passes(() => checkTopicName(given))).toBe(isTopicName(given));
        expect(passes(() => checkTopicPattern(given))).toBe(isTopicPattern(given));
      }),
    );
  });
});

const aToken = fc.constantFrom('a', 'b', 'ab', 'ba');
const aName = fc.array(aToken, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('.'));
const aPattern = fc
  .tuple(fc.array(fc.oneof(aToken, fc.constant('*')), { minLength: 1, maxLength: 5 }), fc.boolean())
  .map(([parts, open]) => [...parts, ...(open ? ['>'] : [])].join('.'));
const aText = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.constantFrom('a', 'Z', '0', '_', '-', '.', '*', '>', ' ') }),
);

/** The meaning of a pattern, as it would be told. */
function covers([first, ...others]: readonly string[], [token, ...rest]: readonly string[]): boolean {
  if (first === undefined || token === undefined) {
    return first === token;
  }
  return first === '>' || ((first === '*' || first === token) && covers(others, rest));
}

function tokens(count: number): string {
  return Array.from({ length: count }, () => 'x').join('.');
}

function thrownBy(f: () => void): InvalidTopicName {
  try {
    f();
  } catch (thrown) {
    if (thrown instanceof InvalidTopicName) {
      return thrown;
    }
    throw thrown;
  }
  throw new Error('nothing was thrown');
}

function passes(f: () => void): boolean {
  try {
    f();
    return true;
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(InvalidTopicName);
    return false;
  }
}
