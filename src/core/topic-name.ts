/**
 * Names and patterns of topics: what is a good one, and which pattern covers which name.
 *
 * A name is tokens of letters, digits, `_` and `-`, joined by dots: `orders.placed`.
 * A pattern may also have `*`, which stands for exactly one token, and, as its
 * last token, `>`, which stands for one or more. Every name is a pattern that
 * covers itself only.
 *
 * Source: the subjects of NATS (docs.nats.io, "Subject-Based Messaging"). Ours
 * have fewer letters, so that a name is also good as a file name, a metric label
 * and a token of any broker.
 */
import { describeValue } from './describe-value.ts';
import { Failure } from './failure.ts';
import { oneLine } from './one-line.ts';
import { shorten } from './shorten.ts';

/** Most characters in a name or pattern. 256: not derived; about what brokers take (AMQP 255, Kafka 249). */
export const topicCharactersMax = 256;

/**
 * Most tokens in a name or pattern. 32: not derived; twice what NATS recommends. It bounds
 * what a pattern can cost whoever matches it.
 */
export const topicTokensMax = 32;

const nameForm = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){0,31}$/;
const patternForm = /^(?:(?:[A-Za-z0-9_-]+|\*)\.){0,31}(?:[A-Za-z0-9_-]+|\*|>)$/;
const tokenForm = /^[A-Za-z0-9_-]+$/;

/** Characters of a bad name that its failure quotes. */
const quotedMax = 64;

/** Somebody used a name or pattern for a topic that is none. */
export class InvalidTopicName extends Failure {
  readonly _tag = 'InvalidTopicName';
  readonly code = 'INVALID_PARAMS';
  readonly class = 'invalid';
  /** What was given; described, when it was not text. */
  readonly topic: string;
  /** What is wrong with it. */
  readonly reason: string;
  readonly #expected: 'name' | 'pattern';

  constructor(topic: string, reason: string, expected: 'name' | 'pattern') {
    super();
    this.topic = topic;
    this.reason = reason;
    this.#expected = expected;
  }

  override get message(): string {
    const wildcards = this.#expected === 'pattern' ? ", or '*', or '>' as the last one" : '';
    return (
      `'${oneLine(shorten(this.topic, quotedMax))}' is not a topic ${this.#expected}: ${this.reason}; expected are ` +
      `1 to ${topicTokensMax} tokens of A-Z a-z 0-9 _ -${wildcards}, joined by dots, ` +
      `at most ${topicCharactersMax} characters`
    );
  }
}

/**
 * Tells whether this is a topic's name.
 *
 * @example
 * isTopicName('orders.placed') // => true
 * isTopicName('orders.*') // => false
 */
export function isTopicName(text: unknown): text is string {
  return typeof text === 'string' && text.length <= topicCharactersMax && nameForm.test(text);
}

/**
 * Tells whether this is a pattern for the names of topics. Every name is one.
 *
 * @example
 * isTopicPattern('orders.*.>') // => true
 * isTopicPattern('orders.>.placed') // => false
 */
export function isTopicPattern(text: unknown): text is string {
  return typeof text === 'string' && text.length <= topicCharactersMax && patternForm.test(text);
}

/**
 * Throws `InvalidTopicName` unless this is a topic's name.
 *
 * @example
 * checkTopicName('orders.placed') // => undefined
 */
export function checkTopicName(name: unknown): void {
  if (!isTopicName(name)) {
    throw invalid(name, 'name');
  }
}

/**
 * Throws `InvalidTopicName` unless this is a pattern for the names of topics.
 *
 * @example
 * checkTopicPattern('orders.>') // => undefined
 */
export function checkTopicPattern(pattern: unknown): void {
  if (!isTopicPattern(pattern)) {
    throw invalid(pattern, 'pattern');
  }
}

/**
 * Tells whether a pattern covers a name. Both must be good ones.
 *
 * Cost: one pass over the two, nothing allocated.
 *
 * @example
 * matches('orders.*', 'orders.placed') // => true
 * matches('orders.*', 'orders.placed.twice') // => false
 * matches('orders.>', 'orders.placed.twice') // => true
 * matches('orders.>', 'orders') // => false
 */
export function matches(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  while (p < pattern.length && n < name.length) {
    if (pattern[p] === '>') {
      return true;
    }
    if (pattern[p] === '*') {
      const dot = name.indexOf('.', n);
      n = dot < 0 ? name.length : dot;
      p += 1;
    } else if (pattern[p] === name[n]) {
      p += 1;
      n += 1;
    } else {
      return false;
    }
  }
  return p === pattern.length && n === name.length;
}

function invalid(given: unknown, expected: 'name' | 'pattern'): InvalidTopicName {
  const topic = typeof given === 'string' ? given : describeValue(given, quotedMax);
  return new InvalidTopicName(topic, reasonAgainst(given, expected), expected);
}

function reasonAgainst(given: unknown, expected: 'name' | 'pattern'): string {
  if (typeof given !== 'string') {
    return `it is of type ${typeof given}`;
  }
  if (given.length > topicCharactersMax) {
    return `it has ${given.length} characters`;
  }
  const tokens = given.split('.');
  if (tokens.length > topicTokensMax) {
    return `it has ${tokens.length} tokens`;
  }
  const bad = tokens.findIndex(
    (token) => !tokenForm.test(token) && !(expected === 'pattern' && token === '*'),
  );
  switch (tokens[bad]) {
    case '':
      return `token ${bad + 1} is empty`;
    case '*':
      return "only a pattern may have '*'";
    case '>':
      return expected === 'name' ? "only a pattern may have '>'" : "'>' is not the last token";
    default:
      return `token ${bad + 1} has other characters`;
  }
}
