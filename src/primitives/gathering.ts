/**
 * A gathering: the outcomes of one group come in until the policy has decided.
 *
 *     outcome ──► ballot ──► policy ──► undecided: wait for the next
 *                              │  └────► decided: interrupt the rest, settle
 *     time limit ──────────────┘
 *
 * Guarantees: it settles once, in the very call in which the outcome that decides comes
 * in, and not before (L13). When it has settled, whoever has not answered is interrupted,
 * and no timer is left.
 */
import { refuseThenable } from '../actors/thenable.ts';
import type { Environment, Timer } from '../core/environment.ts';
import { describeThrown } from '../core/failure.ts';
import { InvalidParams } from '../core/schema.ts';
import { OpenBallot } from './ballot.ts';
import type { Gathered } from './gathered.ts';
import type { Group } from './group.ts';
import { NotGathered } from './not-gathered.ts';
import { OpenGroup } from './open-group.ts';
import type { Outcome } from './outcome.ts';
import { decided, impossible, type Policy, type Verdict, waitsForEach } from './policy.ts';

/** Whoever waits for it. One of the two is called, once. */
export interface GatheringSettles<Q, A, V> {
  gathered(gathered: Gathered<Q, A, V>): void;
  /** It failed: `NotGathered`, or what the policy threw. */
  failed(failure: unknown): void;
}

export class Gathering<Q, A, V> {
  readonly #group: Group<Q, A>;
  readonly #policy: Policy<A, V>;
  readonly #settles: GatheringSettles<Q, A, V>;
  readonly #ballot: OpenBallot<A>;
  /** When those who were asked began, where the policy has a time limit. */
  #startedMs = 0;
  #environment: Environment | undefined;
  /** Times at which to look again, latest first. */
  #limitsMs: number[] = [];
  #timer: Timer | undefined;
  #settled = false;
  #leave: (() => void) | undefined;

  constructor(group: Group<Q, A>, policy: Policy<A, V>, settles: GatheringSettles<Q, A, V>) {
    this.#group = group;
    this.#policy = policy;
    this.#settles = settles;
    this.#ballot = new OpenBallot(group.size);
  }

  /**
   * Begins, which asks whoever is in the group.
   *
   * Errors: `RangeError` where the policy refuses a group of that size, or nobody knows whose
   * time a limit is of; then nobody is asked.
   *
   * @param environment Whose time the limits of a policy are, for a group that is not one of ours.
   */
  begin(environment?: () => Environment): void {
    const policy = this.#policy;
    policy.checkSize?.(this.#group.size);
    const { limitsMs = [] } = policy;
    if (limitsMs.length > 0) {
      const clock = this.#group instanceof OpenGroup ? this.#group.environment : environment!();
      this.#environment = clock;
      this.#limitsMs = limitsMs.toSorted((a, b) => b - a);
      this.#startedMs = clock.nowMs();
      this.#startTimer(clock);
    }
    const listener = {
      next: (outcome: Outcome<A>) => this.#heard(outcome),
      complete: () => this.#completed(),
    };
    const leave =
      this.#group instanceof OpenGroup
        ? this.#group.listen(listener, waitsForEach(policy, this.#group.size))
        : read(this.#group, listener, (thrown) => this.#fail(thrown));
    if (this.#settled) {
      leave();
    } else {
      this.#leave = leave;
    }
  }

  /** Nobody wants it any more. */
  leave(): void {
    this.#end('nobody wants the result any more');
  }

  #heard(outcome: Outcome<A>): void {
    this.#ballot.add(outcome);
    if (!this.#settled) {
      this.#look(0);
    }
  }

  #completed(): void {
    if (!this.#settled) {
      this.#missing('all who were asked have ended, and it is not decided');
    }
  }

  /** @param atLeastMs A limit that has been reached, whatever the clock makes of it. */
  #look(atLeastMs: number): void {
    const ballot = this.#ballot;
    if (this.#environment !== undefined) {
      ballot.elapsedMs = Math.max(atLeastMs, this.#environment.nowMs() - this.#startedMs);
    }
    let verdict: Verdict<V>;
    try {
      verdict = checkedVerdict(this.#policy.name, this.#policy.decide(ballot));
    } catch (thrown) {
      this.#fail(thrown);
      return;
    }
    if (verdict._tag === 'Decided') {
      this.#end('the others were enough');
      const { value } = verdict;
      this.#settles.gathered({ question: this.#group.question, value, outcomes: ballot.inOrder() });
    } else if (verdict._tag === 'Impossible') {
      this.#missing(verdict.missing);
    }
  }

  #missing(missing: string): void {
    this.#end('it cannot be decided any more');
    const outcomes = this.#ballot.inOrder();
    this.#settles.failed(new NotGathered({ policy: this.#policy.name, missing, outcomes }));
  }

  #fail(thrown: unknown): void {
    if (!this.#settled) {
      this.#end('its policy failed');
      this.#settles.failed(thrown);
    }
  }

  /** Nothing changes any more but that losers are heard of. */
  #end(reason: string): void {
    this.#settled = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#group.interrupt(reason);
    this.#leave?.();
  }

  #startTimer(environment: Environment): void {
    const limitMs = this.#limitsMs.pop();
    if (limitMs !== undefined) {
      const delayMs = Math.max(0, this.#startedMs + limitMs - environment.nowMs());
      this.#timer = environment.schedule(delayMs, () => {
        this.#look(limitMs);
        if (!this.#settled) {
          this.#startTimer(environment);
        }
      });
    }
  }
}

/** A policy may be anybody's. Errors: `InvalidParams` for what is no verdict; what its getters throw. */
function checkedVerdict<V>(policy: string, verdict: Verdict<V>): Verdict<V> {
  refuseThenable(verdict, `verdict of ${policy}`);
  const { _tag } = (verdict ?? {}) as Partial<Verdict<V>>;
  switch (_tag) {
    case 'Undecided':
      return verdict;
    case 'Decided':
      return decided((verdict as { readonly value: V }).value);
    case 'Impossible':
      return impossible(String((verdict as { readonly missing: unknown }).missing));
    default:
      throw new InvalidParams({
        what: `verdict of ${policy}`,
        value: describeThrown(verdict),
        issues: [{ path: '_tag', message: "expected 'Undecided', 'Decided' or 'Impossible'" }],
      });
  }
}

/** Reads a group that is not one of ours. */
function read<Q, A>(
  group: Group<Q, A>,
  listener: { next(outcome: Outcome<A>): void; complete(): void },
  failed: (thrown: unknown) => void,
): () => void {
  const reading = group.outcomes.subscribe({ ...listener, error: failed });
  return () => reading.unsubscribe();
}
