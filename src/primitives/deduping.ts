/**
 * Deduping in one system: what is being handled, and what was handled lately.
 *
 * Guarantees: of one key at most one handling is under way; `running + remembered <= max`.
 */
import type { Scope } from '../actors/context.ts';
import { senderOf } from '../actors/sender-of.ts';
import type { Environment } from '../core/environment.ts';
import { awaited, called, refused, type Wrapped, whenInterrupted } from './called.ts';
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
interface Duplicate {
  readonly work: Wrapped;
  readonly input: unknown;
  readonly scope: Scope;
  readonly answer: PromiseWithResolvers<unknown>;
  forget: () => void;
}

/** A message that is being handled. */
class Handled {
  readonly scope: Scope;
  readonly duplicates = new Set<Duplicate>();
  forget: (() => void) | undefined;

  constructor(scope: Scope) {
    this.scope = scope;
  }

  /** Its handling has ended without it. */
  get isOver(): boolean {
    return senderOf(this.scope).revoked !== undefined;
  }
}

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

  call(work: Wrapped, key: string, input: unknown, scope: Scope): Promise<unknown> {
    this.#forgetOld();
    const remembered = this.#remembered.get(key);
    if (remembered !== undefined) {
      this.#duplicates += 1;
      return Promise.resolve(remembered.value);
    }
    const running = this.#running.get(key);
    if (running !== undefined && (!running.isOver || running.duplicates.size > 0)) {
      return this.#wait(key, running, work, input, scope);
    }
    if (running === undefined && !this.#makeRoom()) {
      this.#rejected += 1;
      return refused(new QueueFull({ primitive: 'dedupe', option: 'max', limit: this.#policy.max }));
    }
    return this.#run(work, key, input, scope);
  }

  /** Handles it, in its own scope. */
  #run(
    work: Wrapped,
    key: string,
    input: unknown,
    scope: Scope,
    waiting?: ReadonlySet<Duplicate>,
  ): Promise<unknown> {
    const handled = new Handled(scope);
    this.#running.set(key, handled);
    this.#handled += 1;
    for (const duplicate of waiting ?? []) {
      this.#attach(key, handled, duplicate);
    }
    const answer = called(work, input, scope);
    answer.then(
      (value) => this.#ended(key, handled, { value }),
      (failure) => this.#ended(key, handled, { failure }),
    );
    return answer;
  }

  #wait(key: string, running: Handled, work: Wrapped, input: unknown, scope: Scope): Promise<unknown> {
    const { queueMax } = this.#policy;
    if (this.#waiting >= queueMax) {
      this.#rejected += 1;
      return refused(new QueueFull({ primitive: 'dedupe', option: 'queueMax', limit: queueMax }));
    }
    const duplicate: Duplicate = { work, input, scope, answer: awaited(), forget: () => {} };
    this.#waiting += 1;
    this.#attach(key, running, duplicate);
    return duplicate.answer.promise;
  }

  #attach(key: string, running: Handled, duplicate: Duplicate): void {
    running.duplicates.add(duplicate);
    duplicate.forget = whenInterrupted(duplicate.scope, (reason) => {
      running.duplicates.delete(duplicate);
      this.#waiting -= 1;
      duplicate.answer.reject(reason);
    });
    // Not in the midst of what ends the first: the next is handled after that.
    running.forget ??= whenInterrupted(running.scope, () =>
      this.#environment.defer(() => this.#succeed(key, running)),
    );
  }

  #ended(
    key: string,
    running: Handled,
    outcome: { readonly value: unknown } | { readonly failure: unknown },
  ): void {
    if (this.#running.get(key) !== running) {
      return;
    }
    if (running.isOver) {
      // What interrupted work still says does not count: it was not handled.
      this.#succeed(key, running);
      return;
    }
    this.#running.delete(key);
    running.forget?.();
    if ('value' in outcome) {
      this.#remembered.set(key, {
        value: outcome.value,
        endsAtMs: this.#environment.nowMs() + this.#policy.withinMs,
      });
    }
    for (const duplicate of running.duplicates) {
      this.#waiting -= 1;
      duplicate.forget();
      if ('value' in outcome) {
        this.#duplicates += 1;
        duplicate.answer.resolve(outcome.value);
      } else {
        duplicate.answer.reject(outcome.failure);
      }
    }
  }

  /** The first was interrupted: the next one who waits is handled. */
  #succeed(key: string, running: Handled): void {
    if (this.#running.get(key) !== running) {
      return;
    }
    running.forget?.();
    this.#running.delete(key);
    for (const next of running.duplicates) {
      running.duplicates.delete(next);
      next.forget();
      this.#waiting -= 1;
      const { revoked } = senderOf(next.scope);
      if (revoked === undefined) {
        for (const other of running.duplicates) {
          other.forget();
        }
        this.#succeeded += 1;
        next.answer.resolve(this.#run(next.work, key, next.input, next.scope, running.duplicates));
        return;
      }
      next.answer.reject(revoked);
    }
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
    if (this.#running.size + this.#remembered.size < max || this.#letGoOfThoseOver()) {
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

  /** Work that was ended, and that nobody waits for, says nothing itself. Says whether there was any. */
  #letGoOfThoseOver(): boolean {
    const before = this.#running.size;
    for (const [key, { isOver, duplicates }] of this.#running) {
      if (isOver && duplicates.size === 0) {
        this.#running.delete(key);
      }
    }
    return this.#running.size < before;
  }
}
