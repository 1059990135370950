/**
 * What a probe says when something else came than was expected: what that was, in
 * order, and what to do.
 */
import { describeValue } from '../core/describe-value.ts';
import { describeThrown } from '../core/failure.ts';

/** A message that came to a probe, or the end of an agent that it watches. */
export interface Received {
  /** Name of its topic; `$terminated` for the end of an agent. */
  readonly topic: string;
  readonly payload: unknown;
  /** Path of the agent that sent it; `undefined` when it came from outside. */
  readonly sender: string | undefined;
  readonly atMs: number;
}

/**
 * Why an expectation failed.
 *
 *   other   the next message was another one
 *   late    nothing fitting came in time
 *   some    something came where nothing was to come
 *   over    the probe ended, or its system, or its world has nothing left to do
 *   where   its `where` threw: see `cause`
 */
export type WhyNot = 'other' | 'late' | 'some' | 'over' | 'where';

/** Most characters of a payload in a message. */
const payloadCharsMax = 200;

/** Most messages that are listed; of more, the number is said. */
const listedMax = 20;

/** A probe did not get what it expected. */
export class ExpectationFailed extends Error {
  override readonly name = 'ExpectationFailed';
  readonly why: WhyNot;
  readonly probe: string;
  /** What was expected, in words. */
  readonly expected: string;
  /** What had come and was not expected by anybody before, oldest first. */
  readonly came: readonly Received[];

  constructor(facts: {
    why: WhyNot;
    probe: string;
    expected: string;
    came: readonly Received[];
    /** How long it was waited for. */
    waitedMs: number;
    /** What had ended, where that is why. */
    ended?: string | undefined;
    /** What its `where` threw, if that is why. */
    thrown?: { readonly failure: unknown } | undefined;
  }) {
    const { why, probe, expected, came } = facts;
    super(
      [
        `${probe} expected ${expected}, and ${whatHappened(facts)}`,
        ...listOf(came),
        `  ${advice(facts)}`,
      ].join('\n'),
      facts.thrown === undefined ? undefined : { cause: facts.thrown.failure },
    );
    this.why = why;
    this.probe = probe;
    this.expected = expected;
    this.came = came;
  }
}

/**
 * One line for a message of a list.
 *
 * @example
 * receivedLine({ topic: 'paid', payload: { cents: 5 }, sender: '/till', atMs: 3 }) // => '3 ms  paid {"cents":5} from /till'
 */
export function receivedLine({ topic, payload, sender, atMs }: Received): string {
  return `${Math.round(atMs)} ms  ${topic} ${describeValue(payload, payloadCharsMax)} from ${sender ?? 'outside'}`;
}

function listOf(came: readonly Received[]): readonly string[] {
  const lines = came.slice(0, listedMax).map((one, n) => `  ${n + 1}. ${receivedLine(one)}`);
  return came.length > listedMax ? [...lines, `  … and ${came.length - listedMax} more`] : lines;
}

function whatHappened({
  why,
  came,
  waitedMs,
  ended,
  thrown,
}: {
  why: WhyNot;
  came: readonly Received[];
  waitedMs: number;
  ended?: string | undefined;
  thrown?: { readonly failure: unknown } | undefined;
}): string {
  const waited = `after ${Math.round(waitedMs)} ms`;
  const none = came.length === 0;
  switch (why) {
    case 'other':
      return 'something else came first:';
    case 'some':
      return `${waited} this came:`;
    case 'late':
      return none ? `${waited} nothing had come` : `${waited} only this had come:`;
    case 'over':
      return none ? `${ended}; nothing had come` : `${ended}; only this had come:`;
    case 'where':
      return `its where threw ${describeThrown(thrown?.failure)}, looking at one of these:`;
  }
}

function advice({ why, came }: { why: WhyNot; came: readonly Received[] }): string {
  switch (why) {
    case 'other':
      return 'What came is still there: expect it before, pass over it with find(topic), or mend the sender.';
    case 'some':
      return 'Expect it before, or mend the sender.';
    case 'late':
      return came.length === 0
        ? 'Does anybody send it, on a topic that this probe has, and is withinMs long enough?'
        : 'If it may come among others, find(topic, { where }) says which one; if it may come later, withinMs.';
    case 'over':
      return 'Await what is expected before the system is stopped.';
    case 'where':
      return 'Let where return false for what does not fit. What came is still there.';
  }
}
