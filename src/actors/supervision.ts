/**
 * Supervision: what a parent does about a child that failed or finished.
 *
 * Everything here is a decision: a pure function of the options, the child's
 * kind, the restarts so far, the failure, the time and a dice roll that is
 * handed in. The cell does what it is told and holds no policy.
 *
 * Who holds the history: the parent. Under one-for-one it keeps one history for
 * each child, beside the child's name, from the child's first start until the
 * child is gone; under one-for-all and rest-for-one it keeps a single history for
 * the whole group, with one entry for each restart of the group, not one for each
 * sibling. A parent that is itself restarted begins with empty histories.
 *
 * A history is the list of the times at which restarts fell due, `nowMs + afterMs`
 * of each `restart` decided, or happened, where that was later, because children
 * had to end first; one that is overdue when another beside it is decided stands there
 * as of then. The next one is `[...prune(history, windowMs, nowMs),
 * nowMs + afterMs]`, and it never has more than `restartsMax` entries.
 *
 * Guarantees
 *   - Bound: no closed window of length `windowMs` ever holds more than
 *     `restartsMax` restarts, whatever the times, the strategy or the backoff.
 *   - Bound: a restart waits at most `backoffMsMax`, and never less than no time.
 *   - Independence: chance decides how long a restart waits, and nothing else.
 *
 * Source: Armstrong, "Making reliable distributed systems in the presence of
 * software errors" (2003), ch. 5; `supervisor` of Erlang/OTP for strategies,
 * kinds, intensity and `auto_shutdown`. OTP counts restarts when a child fails
 * and has neither backoff nor `resume`; ours counts them when they fall due, or
 * else the waiting times could press too many of them into one window.
 */
import type { FailureClass } from '../core/failure.ts';
import { failureClass } from '../core/failure.ts';
import type { DirectiveTag } from '../core/system-event.ts';

/** Whom one failure concerns: the child, all its siblings, or those that were started after it. */
export type Strategy = 'one-for-one' | 'one-for-all' | 'rest-for-one';

/**
 * What a child is to its parent.
 *
 *   permanent  always runs: restarted when it fails and when it finishes
 *   transient  runs until it finishes: restarted when it fails
 *   temporary  never restarted
 */
export type ChildKind = 'permanent' | 'transient' | 'temporary';

/** Which end of significant children ends the parent too. */
export type AutoShutdown = 'never' | 'any' | 'all';

/** What is to be done about a child. */
export type Directive =
  | { readonly _tag: 'resume' }
  | { readonly _tag: 'restart'; readonly afterMs: number }
  | { readonly _tag: 'stop' }
  | { readonly _tag: 'escalate' };

/** The circumstances of a failure. */
export interface FailureInfo {
  readonly class: FailureClass;
  readonly kind: ChildKind;
  /** Restarts in the window that ends now. */
  readonly restarts: number;
  readonly nowMs: number;
}

/** Chooses a directive; `undefined` leaves it to the failure's class. A throw counts as `escalate`. */
export type ChooseDirective = (failure: unknown, info: FailureInfo) => DirectiveTag | undefined;

export interface SupervisionOptions {
  /** `one-for-one` when not given. */
  readonly strategy?: Strategy;
  /** Most restarts in any window; a whole number, 3 when not given. 0 means that nobody is ever restarted. */
  readonly restartsMax?: number;
  /** Length of the window in milliseconds, above 0; 60,000 when not given. `Infinity` counts for ever. */
  readonly windowMs?: number;
  /** How long the first restart waits, at least 0; 10 when not given. It doubles with each restart in the window. */
  readonly backoffMs?: number;
  /** The longest a restart waits, at least `backoffMs`; 30,000 when not given. */
  readonly backoffMsMax?: number;
  /** The part of the waiting time that chance may take off, from 0 to 1; 0.2 when not given. */
  readonly jitter?: number;
  /** Other directives for some classes of failures, or a function that chooses. */
  readonly directives?: Partial<Readonly<Record<FailureClass, DirectiveTag>>> | ChooseDirective;
}

/** Supervision options, checked and complete. */
export interface Supervision {
  readonly strategy: Strategy;
  readonly restartsMax: number;
  readonly windowMs: number;
  readonly backoffMs: number;
  readonly backoffMsMax: number;
  readonly jitter: number;
  readonly directives: Readonly<Record<FailureClass, DirectiveTag>>;
  readonly choose: ChooseDirective | undefined;
}

export interface ChildOptions {
  /** `transient` when not given. */
  readonly kind?: ChildKind;
  /** Whether its end counts for `autoShutdown`; `false` when not given. */
  readonly significant?: boolean;
}

const strategies: readonly Strategy[] = ['one-for-one', 'one-for-all', 'rest-for-one'];
const kinds: readonly ChildKind[] = ['permanent', 'transient', 'temporary'];
const directiveTags: readonly DirectiveTag[] = ['resume', 'restart', 'stop', 'escalate'];

/** What cannot succeed by starting afresh is not started afresh. */
const defaultDirectives: Readonly<Record<FailureClass, DirectiveTag>> = {
  transient: 'restart',
  overload: 'resume',
  invalid: 'resume',
  permanent: 'resume',
  interrupted: 'resume',
  defect: 'restart',
};

/** The largest power of two that is a number: any delay doubled more often is above every maximum. */
const doublingsMax = 1_023;

/**
 * Fills in the defaults and checks every value.
 *
 * Errors: `RangeError`, naming the option and the value received.
 *
 * @example
 * resolveSupervision({ restartsMax: 5 }).windowMs // => 60_000
 * resolveSupervision({ directives: { invalid: 'stop' } }).directives.defect // => 'restart'
 */
export function resolveSupervision(options: SupervisionOptions = {}): Supervision {
  const { strategy = 'one-for-one', restartsMax = 3, windowMs = 60_000 } = options;
  const { backoffMs = 10, backoffMsMax = 30_000, jitter = 0.2, directives = {} } = options;

  oneOf('strategy', strategy, strategies);
  check(
    'restartsMax',
    restartsMax,
    'a whole number, at least 0',
    Number.isInteger(restartsMax) && restartsMax >= 0,
  );
  check('windowMs', windowMs, 'above 0', windowMs > 0);
  check('backoffMs', backoffMs, 'finite, at least 0', Number.isFinite(backoffMs) && backoffMs >= 0);
  check(
    'backoffMsMax',
    backoffMsMax,
    `finite, at least backoffMs, which is ${backoffMs}`,
    Number.isFinite(backoffMsMax) && backoffMsMax >= backoffMs,
  );
  check('jitter', jitter, 'from 0 to 1', jitter >= 0 && jitter <= 1);

  const chosen = typeof directives === 'function';
  return {
    strategy,
    restartsMax,
    windowMs,
    backoffMs,
    backoffMsMax,
    jitter,
    directives: chosen ? defaultDirectives : withDefaults(directives),
    choose: chosen ? directives : undefined,
  };
}

/**
 * Decides what to do about a failure of a child.
 *
 * `resume`, `stop` and `escalate` are done as chosen, whatever the kind. A
 * `restart` of a temporary child becomes `stop`; any other is granted while the
 * window has room, otherwise it becomes `escalate`. With the defaults and no
 * jitter, restarts wait 10, 20, 40, … up to 30,000 ms.
 *
 * Cost: linear in the history, so in `restartsMax`.
 *
 * @param history Times at which earlier restarts fell due, in any order; see the head of this room.
 * @param failure What was thrown, itself.
 * @param nowMs When it failed, on a clock that never goes back.
 * @param chance A number from 0 up to 1, rolled by whoever asks.
 *
 * @example
 * const calm = resolveSupervision({ restartsMax: 1, windowMs: 1_000 })
 * decide(calm, 'transient', [], new Error('broken'), 500, 0) // => { _tag: 'restart', afterMs: 10 }
 * decide(calm, 'transient', [510], new Error('broken'), 1_510, 0) // => { _tag: 'escalate' }
 * decide(calm, 'transient', [510], new Error('broken'), 1_511, 0) // => { _tag: 'restart', afterMs: 10 }
 * decide(calm, 'temporary', [], new Error('broken'), 500, 0) // => { _tag: 'stop' }
 */
export function decide(
  supervision: Supervision,
  kind: ChildKind,
  history: readonly number[],
  failure: unknown,
  nowMs: number,
  chance: number,
): Directive {
  const restarts = restartsSince(history, nowMs - supervision.windowMs);
  const tag = chosenFor(supervision, kind, failure, restarts, nowMs);

  if (tag !== 'restart') {
    return { _tag: tag };
  }
  return kind === 'temporary' ? { _tag: 'stop' } : restartWithin(supervision, restarts, chance);
}

/**
 * Decides what becomes of a child that finished, which is not a failure.
 *
 * A permanent child is restarted under the same intensity and backoff as one
 * that failed. For the others `stop` is the answer: they are gone.
 *
 * @param history Times at which earlier restarts fell due, in any order.
 * @param nowMs When it finished.
 * @param chance A number from 0 up to 1, rolled by whoever asks.
 *
 * @example
 * decideFinished(resolveSupervision(), 'permanent', [], 500, 0) // => { _tag: 'restart', afterMs: 10 }
 * decideFinished(resolveSupervision(), 'transient', [], 500, 0) // => { _tag: 'stop' }
 */
export function decideFinished(
  supervision: Supervision,
  kind: ChildKind,
  history: readonly number[],
  nowMs: number,
  chance: number,
): Directive {
  if (kind !== 'permanent') {
    return { _tag: 'stop' };
  }
  return restartWithin(supervision, restartsSince(history, nowMs - supervision.windowMs), chance);
}

/**
 * Leaves out the restarts that no window reaches any more.
 *
 * A history that is pruned before each entry is added never has more than
 * `restartsMax` entries.
 *
 * @example
 * prune([100, 200, 1_200], 1_000, 1_200) // => [200, 1_200]
 */
export function prune(history: readonly number[], windowMs: number, nowMs: number): readonly number[] {
  return history.filter((dueMs) => dueMs >= nowMs - windowMs);
}

/**
 * The children that stop, and start again, together with the one that failed, in the order of their starts.
 *
 * They are stopped from the last to the first and started from the first to the
 * last. A temporary one among them is stopped and stays away.
 *
 * Errors: `RangeError` when `failed` is not among its siblings.
 *
 * @example
 * affected('rest-for-one', ['store', 'cache', 'api'], 'cache') // => ['cache', 'api']
 */
export function affected<T>(strategy: Strategy, siblingsInStartOrder: readonly T[], failed: T): readonly T[] {
  const place = siblingsInStartOrder.indexOf(failed);
  if (place < 0) {
    throw new RangeError(`the child that failed is among its siblings; got ${String(failed)}`);
  }
  switch (strategy) {
    case 'one-for-one':
      return [failed];
    case 'one-for-all':
      return siblingsInStartOrder;
    case 'rest-for-one':
      return siblingsInStartOrder.slice(place);
  }
}

/**
 * Whether a parent ends, now that a significant child has ended for good.
 *
 * @param significantLeft Significant children that still run or will be restarted.
 * @param significantEnded Significant children that ended by themselves and for good: finished, or
 *   failed and not restarted. One that the parent stopped does not count.
 *
 * @example
 * shutsDown('any', 2, 1) // => true
 * shutsDown('all', 2, 1) // => false
 * shutsDown('all', 0, 3) // => true
 */
export function shutsDown(
  autoShutdown: AutoShutdown,
  significantLeft: number,
  significantEnded: number,
): boolean {
  switch (autoShutdown) {
    case 'never':
      return false;
    case 'any':
      return significantEnded > 0;
    case 'all':
      return significantEnded > 0 && significantLeft === 0;
  }
}

/**
 * Refuses a child that cannot be, and fills in what was not said.
 *
 * A permanent child cannot be significant: it is always started again, so its
 * end would mean nothing.
 *
 * Errors: `RangeError`.
 *
 * @example
 * checkChild({ significant: true }) // => { kind: 'transient', significant: true }
 */
export function checkChild(options: ChildOptions = {}): Required<ChildOptions> {
  const { kind = 'transient', significant = false } = options;

  oneOf('kind', kind, kinds);
  if (kind === 'permanent' && significant) {
    throw new RangeError('a significant child is transient or temporary; got permanent');
  }
  return { kind, significant };
}

/** A user's function runs in here: whatever it throws, somebody above shall decide. */
function chosenFor(
  supervision: Supervision,
  kind: ChildKind,
  failure: unknown,
  restarts: number,
  nowMs: number,
): DirectiveTag {
  try {
    const info = { class: failureClass(failure), kind, restarts, nowMs };
    const tag = supervision.choose?.(failure, info) ?? supervision.directives[info.class];
    return directiveTags.includes(tag) ? tag : 'escalate';
  } catch {
    return 'escalate';
  }
}

function restartsSince(history: readonly number[], windowStartMs: number): number {
  let restarts = 0;
  for (const dueMs of history) {
    restarts += dueMs >= windowStartMs ? 1 : 0;
  }
  return restarts;
}

function restartWithin(supervision: Supervision, restarts: number, chance: number): Directive {
  const { restartsMax, backoffMs, backoffMsMax, jitter } = supervision;
  if (restarts >= restartsMax) {
    return { _tag: 'escalate' };
  }
  const wholeMs = Math.min(backoffMs * 2 ** Math.min(restarts, doublingsMax), backoffMsMax);
  // Chance only takes off: added on and cut at the maximum, half of those that wait longest would come back together.
  return { _tag: 'restart', afterMs: wholeMs * (1 - jitter * chance) };
}

function withDefaults(
  directives: Partial<Readonly<Record<FailureClass, DirectiveTag>>>,
): Readonly<Record<FailureClass, DirectiveTag>> {
  for (const [name, tag] of Object.entries(directives)) {
    oneOf('the class of a directive', name, Object.keys(defaultDirectives));
    oneOf(`the directive of ${name}`, tag, directiveTags);
  }
  return { ...defaultDirectives, ...directives };
}

function oneOf(name: string, value: string, known: readonly string[]): void {
  if (!known.includes(value)) {
    throw new RangeError(`${name} is one of ${known.join(', ')}; got ${String(value)}`);
  }
}

function check(name: string, value: unknown, wanted: string, holds: boolean): void {
  if (!holds) {
    throw new RangeError(`${name} is ${wanted}; got ${String(value)}`);
  }
}
