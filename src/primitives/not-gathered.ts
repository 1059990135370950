/**
 * The failure of a gathering: its policy can be decided no more.
 */
import { describeThrown, Failure, type FailureClass, failureClass } from '../core/failure.ts';
import { longestRetryAfterMs } from './failure-facts.ts';
import { mayHaveActed } from './may-have-acted.ts';
import type { Outcome } from './outcome.ts';

/** How many failures its message tells of. */
const toldMax = 3;

/**
 * Those who were asked together did not answer as the policy wants it. Its code is
 * `NOT_GATHERED`. All outcomes are in it, those of answers included.
 *
 * Its class: `transient` where it may go better later, because somebody's failure says
 * so of itself, or because they did answer, only not so that it was decided; otherwise
 * that of the failures where they have one in common, and `permanent` where they do not.
 */
export class NotGathered extends Failure {
  readonly _tag = 'NotGathered';
  readonly code = 'NOT_GATHERED';
  readonly class: FailureClass;
  /** Name of the policy. */
  readonly policy: string;
  /** What it lacks, in words. */
  readonly missing: string;
  /** What became of each, in the order of responders. */
  readonly outcomes: readonly Outcome<unknown>[];

  constructor(facts: { policy: string; missing: string; outcomes: readonly Outcome<unknown>[] }) {
    const [first] = failed(facts.outcomes);
    super(first === undefined ? undefined : { cause: first.failure });
    this.policy = facts.policy;
    this.missing = facts.missing;
    this.outcomes = facts.outcomes;
    this.class = classOf(facts.outcomes);
  }

  /** When the one of them that asks for the longest wait may be asked again, in milliseconds. */
  get retryAfterMs(): number | undefined {
    return longestRetryAfterMs(failed(this.outcomes).map(({ failure }) => failure));
  }

  /** Whether somebody acted, or may have: those who answered have, and whoever was interrupted may have. */
  get mayHaveActed(): boolean {
    return this.outcomes.some((outcome) => outcome._tag !== 'Failed' || mayHaveActed(outcome.failure));
  }

  override get message(): string {
    const { outcomes } = this;
    const answered = outcomes.filter(({ _tag }) => _tag === 'Replied').length;
    const those = failed(outcomes);
    const told = those
      .slice(0, toldMax)
      .map(({ agent, failure }) => `; '${agent}' failed: ${describeThrown(failure)}`);
    const more = those.length > toldMax ? `; and ${those.length - toldMax} more failed` : '';
    return `${this.policy} cannot be had of ${outcomes.length}: ${this.missing}; ${answered} answered${told.join('')}${more}`;
  }
}

function failed(outcomes: readonly Outcome<unknown>[]) {
  return outcomes.filter((outcome) => outcome._tag === 'Failed');
}

function classOf(outcomes: readonly Outcome<unknown>[]): FailureClass {
  const classes = new Set(failed(outcomes).map(({ failure }) => failureClass(failure)));
  if (classes.has('transient') || classes.has('overload')) {
    return 'transient';
  }
  if (classes.size === 0) {
    // They did not agree, or somebody ended the work of all.
    return outcomes.some(({ _tag }) => _tag === 'Replied') ? 'transient' : 'interrupted';
  }
  // What a procedure threw is no reason to restart whoever asked it.
  classes.delete('defect');
  return classes.size === 1 ? [...classes][0]! : 'permanent';
}
