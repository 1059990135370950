/**
 * `dedupe`: the same message is handled once, however often it comes.
 *
 *     m1 ──▶ handled ──▶ answer ─┐
 *     m1 ──▶ waits ◀─────────────┤          the same message, while it is handled
 *     m1 ──▶ answer ◀────────────┘          and until withinMs after that
 *
 * What was delivered at least once is then handled effectively once. A handling that fails
 * or is interrupted was none: the next that comes, or waits, is handled.
 *
 * Guarantees (L25): of each key one handling at a time; after one that succeeded none for
 * `withinMs`, unless its answer had to be forgotten (`overflow`), which is counted.
 *
 * Bounds: `max` messages that are handled or remembered, `queueMax` duplicates that wait.
 *
 * Source: Idempotent Receiver, Hohpe & Woolf, "Enterprise Integration Patterns" (2003).
 */
import type { OperatorFunction } from 'rxjs';
import type { Verbs } from '../actors/context.ts';
import type { Work } from './called.ts';
import { dedupeStream } from './dedupe-stream.ts';
import { type DedupePolicy, type DedupeStatistics, Deduping } from './deduping.ts';
import { oneAnswering } from './one-answer.ts';
import { PerSystem } from './per-system.ts';
import { queueMaxDefault } from './queue-full.ts';
import { keyOf } from './structural-key.ts';
import { wrap } from './wrap.ts';
import type { Wrapper } from './wrapper.ts';

export interface DedupeOptions<Input = unknown> {
  /** What tells messages apart, most often an id that whoever sends it gave it; the whole message when not given. */
  readonly key?: (input: Input) => unknown;
  /** How long an answer is remembered after its handling has ended, in milliseconds, above 0; `Infinity` must be written. */
  readonly withinMs: number;
  /** Most messages that are handled or remembered; a whole number, at least 1. */
  readonly max: number;
  /**
   * What happens when `max` are: the answer that is oldest is forgotten, and a duplicate of it
   * would be handled again; or what is new is refused with `QueueFull`. It has no default:
   * say what you mean.
   */
  readonly overflow: 'forget-oldest' | 'reject';
  /** Most duplicates that wait for the answer of the first, all keys together; 1 024 when not given. */
  readonly queueMax?: number;
}

/** Messages through it are handled once. */
export interface Dedupe<Input = unknown> extends Wrapper<Input> {
  /** What it has done in the system that these verbs are of. */
  statistics(verbs: Verbs): DedupeStatistics;
  /**
   * The same for the values of a stream: one that was there less than `withinMs` ago is
   * dropped, and has been dealt with. Each subscription remembers for itself, at most `max`;
   * a value has been handled when it was passed on.
   */
  operator<T extends Input>(): OperatorFunction<T, T>;
}

/**
 * Handles each message once.
 *
 * The handling runs in the scope of the message itself, so a handler keeps its context. A
 * duplicate that comes meanwhile waits for the first one's answer, whether that is returned
 * or given by `context.reply`; its own deadline holds. What is stashed has not been handled.
 *
 * Cancellation: a duplicate that is interrupted stops waiting. When the first is
 * interrupted, the one that has waited longest is handled in its place, in its own scope.
 *
 * Errors: what the handling fails of, also for those who waited for it; the message is then
 * not remembered. `QueueFull` when there is no room. `InvalidParams` for a key that
 * cannot be compared, and where the handling answers with a stream, which nobody could be
 * given again, or replies a second time. `RangeError`, when it is made, for options that cannot be.
 *
 * @example
 * const system = createSystem()
 * let charged = 0
 * const once = dedupe<{ id: string }>({ key: ({ id }) => id, withinMs: 60_000, max: 1_000, overflow: 'reject' })
 * const charge = once(async () => { charged += 1; return charged })
 * await system.request(charge, { id: 'a' }) // => 1
 * await system.request(charge, { id: 'a' }) // => 1
 * await system.stop()
 */
export function dedupe<Input = unknown>(options: DedupeOptions<Input>): Dedupe<Input> {
  const policy = policyOf(options);
  const { key } = options;
  const systems = new PerSystem((kernel) => new Deduping(policy, kernel.environment));
  const keyOfInput = (input: unknown): string =>
    keyOf(key as ((one: unknown) => unknown) | undefined, input, 'key of dedupe');

  const deduped = wrap((work, name) => {
    const once = oneAnswering(work as Work, name);
    return (input, scope) => systems.of(scope).call(once, keyOfInput(input), input, scope) as never;
  });
  return Object.assign(deduped as Wrapper<Input>, {
    statistics: (verbs: Verbs) => systems.of(verbs).statistics,
    operator: <T extends Input>() => dedupeStream<T>(policy, keyOfInput),
  });
}

function policyOf(options: DedupeOptions<never>): DedupePolicy {
  const { withinMs, max, overflow, queueMax = queueMaxDefault } = options;
  if (typeof withinMs !== 'number' || !(withinMs > 0)) {
    throw new RangeError(
      `withinMs of dedupe is a number of milliseconds above 0, or Infinity; got ${withinMs}`,
    );
  }
  if (!Number.isSafeInteger(max) || max < 1) {
    throw new RangeError(`max of dedupe is a whole number, at least 1; got ${max}`);
  }
  if (!Number.isSafeInteger(queueMax) || queueMax < 0) {
    throw new RangeError(`queueMax of dedupe is a whole number, at least 0; got ${queueMax}`);
  }
  if (overflow !== 'forget-oldest' && overflow !== 'reject') {
    throw new RangeError(`overflow of dedupe is one of forget-oldest, reject; got '${String(overflow)}'`);
  }
  return { withinMs, max, queueMax, forgets: overflow === 'forget-oldest' };
}
