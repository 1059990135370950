/**
 * Deduping in one system: what is being handled, and what was handled lately.
 *
 * Guarantees: of one key at most one handling is under way; `running + remembered <= max`.
 */
import type { Scope } from '../actors/context.ts';
import type { Sender } from '../actors/sender.ts';
import { senderOf } from '../actors/sender-of.ts';
import { isThenable } from '../actors/thenable.ts';
import { Tie } from '../actors/tie.ts';
import type { Environment } from '../core/environment.ts';
import { InvalidParams } from '../core/schema.ts';
import { Waiting, type Work } from './called.ts';
import { invoke } from './invoke.ts';
import { QueueFull } from './queue-full.ts';

export interface DedupePolicy {
  readonly withinMs: number;
  readonly max: number;
  readonly forgets: boolean;
  readonly queueMax: number;
}

/** What a dedupe has done. */
export interface DedupeStatistics {
  /** Messages whose handling was begun, those of successors included. */
  readonly handled: number;
  /** Duplicates that got the first one's answer, at once or when it was there. */
  readonly duplicates: number;
  /** Handlings that were begun because the one before was interrupted. */
  readonly succeeded: number;
  /** Answers that were forgotten before their time, because `max` were remembered. */
  readonly forgotten: number;
  /** Refused, because there was no room. */
  readonly rejected: number;
  /** How many handlings are under way now. */
  readonly running: number;
  /** How many answers are remembered now. */
  readonly remembered: number;
  /** How many duplicates wait now. */
  readonly waiting: number;
}

/** A duplicate that waits for the answer of the first. */
class Duplicate extends Waiting {
  readonly work: Work;
  readonly input: unknown;
  readonly scope: Scope;

  constructor(work: Work, input: unknown, scope: Scope, left: () => void) {
    super('dedupe', left);
    this.work = work;
    this.input = input;
    this.scope = scope;
  }
}

/** A message that is being handled, and the duplicates that wait for it. */
class Handled extends Tie {
  readonly duplicates: Set<Duplicate>;
  readonly #interrupted: (() => void) | undefined;
  #replied: { readonly value: unknown } | undefined;

  /** @param interrupted Called when its scope has ended without it. */
  constructor(duplicates: Set<Duplicate>, interrupted?: () => void) {
    super();
    this.duplicates = duplicates;
    this.#interrupted = interrupted;
  }

  /** Whether nobody handles it yet: one of those who wait is about to. */
  get isDue(): boolean {
    return this.#interrupted === undefined;
  }

  /** The reply it has given, where it did not return its answer. */
  get replied(): { readonly value: unknown } | undefined {
    return this.#replied;
  }

  /** A reply is an answer like one that is returned. Errors: `InvalidParams` for the second, which no duplicate would get. */
  override heard(value: unknown): void {
    if (this.#replied !== undefined) {
      const message = 'expected one answer: duplicates are given the first, and would miss this one';
      throw new InvalidParams({
        what: 'reply of what dedupe is around',
        value,
        issues: [{ path: '', message }],
      });
    }
    this.#replied = { value };
  }

  cut(): void {
    this.#interrupted?.();
  }
}

type Outcome = { readonly value: unknown } | { readonly failure: unknown };

export class Deduping {
  readonly #policy: DedupePolicy;
  readonly #environment: Environment;
  readonly #running = new Map<string, Handled>();
  /** In the order in which they end. */
  readonly #remembered = new Map<string, { readonly value: unknown; readonly endsAtMs: number }>();
  #handled = 0;
  #duplicates = 0;
  #succeeded = 0;
  #forgotten = 0;
  #rejected = 0;
  #waiting = 0;

  constructor(policy: DedupePolicy, environment: Environment) {
    this.#policy = policy;
    this.#environment = environment;
  }

  get statistics(): DedupeStatistics {
    return {
      handled: this.#handled,
      duplicates: this.#duplicates,
      succeeded: this.#succeeded,
      forgotten: this.#forgotten,
      rejected: this.#rejected,
      running: this.#running.size,
      remembered: this.#remembered.size,
      waiting: this.#waiting,
    };
  }

  /** The answer at once, where it is known or the work gives it at once; otherwise a promise. */
  call(work: Work, key: string, input: unknown, scope: Scope): unknown {
    this.#forgetOld();
    const remembered = this.#remembered.get(key);
    if (remembered !== undefined) {
      this.#duplicates += 1;
      return remembered.value;
    }
    const running = this.#running.get(key);
    if (running !== undefined) {
      return this.#wait(key, running, work, input, scope);
    }
    if (!this.#makeRoom()) {
      this.#rejected += 1;
      throw new QueueFull({ primitive: 'dedupe', option: 'max', limit: this.#policy.max });
    }
    return this.#run(work, key, input, scope, new Set());
  }

  /** Handles it, in its own scope. */
  #run(work: Work, key: string, input: unknown, scope: Scope, duplicates: Set<Duplicate>): unknown {
    const handled = new Handled(duplicates, () => this.#interrupted(key, handled));
    const sender = senderOf(scope);
    if (!sender.tie(handled)) {
      throw sender.revoked;
    }
    this.#running.set(key, handled);
    this.#handled += 1;
    let answer: unknown;
    try {
      answer = invoke(work, input, scope);
    } catch (failure) {
      this.#settle(key, handled, { failure });
      throw failure;
    }
    if (!isThenable(answer)) {
      this.#handledBy(sender, key, handled, answer);
      return answer;
    }
    const promise = Promise.resolve(answer);
    promise.then(
      (value) => this.#handledBy(sender, key, handled, value),
      (failure) => this.#settle(key, handled, { failure }),
    );
    return promise;
  }

  #wait(key: string, { duplicates }: Handled, work: Work, input: unknown, scope: Scope): Promise<unknown> {
    const { queueMax } = this.#policy;
    if (this.#waiting >= queueMax) {
      this.#rejected += 1;
      throw new QueueFull({ primitive: 'dedupe', option: 'queueMax', limit: queueMax });
    }
    const duplicate = new Duplicate(work, input, scope, () => {
      duplicates.delete(duplicate);
      this.#waiting -= 1;
      if (duplicates.size === 0 && this.#running.get(key)!.isDue) {
        this.#running.delete(key);
      }
    });
    duplicate.begin(scope);
    duplicates.add(duplicate);
    this.#waiting += 1;
    return duplicate.promise;
  }

  /** What was laid aside has not been handled: it comes again. */
  #handledBy(sender: Sender, key: string, handled: Handled, returned: unknown): void {
    const { handling } = sender as { readonly handling: { readonly stashing?: boolean } | undefined };
    if (handling?.stashing === true) {
      handled.untie();
      handled.cut();
    } else {
      this.#settle(key, handled, handled.replied ?? { value: returned });
    }
  }

  /** What interrupted work still says does not count: it was not handled. */
  #settle(key: string, handled: Handled, outcome: Outcome): void {
    if (this.#running.get(key) !== handled) {
      return;
    }
    handled.untie();
    this.#running.delete(key);
    if ('value' in outcome) {
      const endsAtMs = this.#environment.nowMs() + this.#policy.withinMs;
      this.#remembered.set(key, { value: outcome.value, endsAtMs });
    }
    for (const duplicate of handled.duplicates) {
      this.#waiting -= 1;
      if ('value' in outcome) {
        this.#duplicates += 1;
        duplicate.resolve(outcome.value);
      } else {
        duplicate.reject(outcome.failure);
      }
    }
  }

  /** Its scope has ended without it: one who waits is handled in its place. */
  #interrupted(key: string, { duplicates }: Handled): void {
    this.#running.delete(key);
    if (duplicates.size > 0) {
      const successor = new Handled(duplicates);
      this.#running.set(key, successor);
      // Not in the midst of what ends the first, but after it.
      this.#environment.defer(() => {
        if (this.#running.get(key) === successor) {
          this.#succeed(key, duplicates);
        }
      });
    }
  }

  /** Whoever has waited longest is handled. When all leave before, nothing is due any more. */
  #succeed(key: string, duplicates: Set<Duplicate>): void {
    const [first] = duplicates;
    const next = first!;
    duplicates.delete(next);
    next.untie();
    this.#waiting -= 1;
    this.#succeeded += 1;
    next.resolve(
      new Promise((resolve) => {
        resolve(this.#run(next.work, key, next.input, next.scope, duplicates));
      }),
    );
  }

  #forgetOld(): void {
    const nowMs = this.#environment.nowMs();
    for (const [key, { endsAtMs }] of this.#remembered) {
      if (nowMs < endsAtMs) {
        return;
      }
      this.#remembered.delete(key);
    }
  }

  /** Says whether there is room for one more. */
  #makeRoom(): boolean {
    const { max, forgets } = this.#policy;
    if (this.#running.size + this.#remembered.size < max) {
      return true;
    }
    const [oldest] = this.#remembered.keys();
    if (!forgets || oldest === undefined) {
      return false;
    }
    this.#remembered.delete(oldest);
    this.#forgotten += 1;
    return true;
  }
}
