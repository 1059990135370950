/**
 * A rate limit for the values of a stream: each waits for its token, with its credit.
 *
 *     --1-2-3---------4-->      rateLimit({ perSecond: 25, overflow: 'wait' }).operator()
 *     --1---2---3-----4-->
 */
import type { OperatorFunction, Subscriber } from 'rxjs';
import { checkRoom, Held, type Operating, operator } from '../actors/operator.ts';
import type { HostAsked } from '../actors/stream-host.ts';
import { pushWithToken, retainToken } from '../core/credit.ts';
import type { RateLimiting } from './rate-limiting.ts';
import type { TokenLine, TokenWaiter } from './token-line.ts';

export function rateLimitStream<T>(
  limitingOf: (verbs: object | undefined) => RateLimiting,
  keyOf: (value: T) => string | undefined,
): OperatorFunction<T, T> {
  return operator<T, T>(
    (behind) => behind,
    (subscriber, host) => new RateLimitStream<T>(subscriber, () => limitingOf(limitedIn(host)), keyOf),
  );
}

const limitedIn = (host: HostAsked): object | undefined => host.host('rateLimit').verbs;

class RateLimitStream<T> implements Operating<T>, TokenWaiter {
  readonly #subscriber: Subscriber<T>;
  readonly #limiting: () => RateLimiting;
  readonly #keyOf: (value: T) => string | undefined;
  readonly #waiting = new Set<Held<T>>();
  /** The line in which the first value that waits stands, or its turn has come. */
  #line: TokenLine | undefined;
  #completed = false;

  constructor(
    subscriber: Subscriber<T>,
    limiting: () => RateLimiting,
    keyOf: (value: T) => string | undefined,
  ) {
    this.#subscriber = subscriber;
    this.#limiting = limiting;
    this.#keyOf = keyOf;
  }

  next(value: T): void {
    const limiting = this.#limiting();
    if (this.#waiting.size === 0 && this.#takesNow(limiting, value)) {
      limiting.begun += 1;
      this.#subscriber.next(value);
      return;
    }
    const held = new Held(value, retainToken(), (one) => this.#isUnwanted(one));
    checkRoom('rateLimit', held, this.#waiting.size);
    this.#waiting.add(held);
    if (this.#waiting.size === 1) {
      this.#standInLine(held);
    }
  }

  complete(): void {
    this.#completed = true;
    this.#mayComplete();
  }

  end(): void {
    this.#completed = true;
    this.#leaveLine();
    for (const held of this.#waiting) {
      held.letGo();
    }
    this.#waiting.clear();
  }

  /** The first value that waits goes out in the turn of whoever handed it out, and takes its token there. */
  inTurn(act: () => void): void {
    first(this.#waiting)!.inTurn(act);
  }

  granted(): void {
    const held = first(this.#waiting)!;
    this.#line = undefined;
    this.#waiting.delete(held);
    this.#limiting().begun += 1;
    pushWithToken(
      held.token,
      (value: T) => {
        this.#subscriber.next(value);
        this.#mayComplete();
      },
      held.value,
    );
    held.letGo();
    this.#nextInLine();
  }

  #takesNow(limiting: RateLimiting, value: T): boolean {
    const nowMs = limiting.environment.nowMs();
    return limiting.line(this.#keyOf(value), nowMs).tryTake(nowMs);
  }

  /** Errors: `RateLimited` where it may not wait. */
  #standInLine(held: Held<T>): void {
    const limiting = this.#limiting();
    const nowMs = limiting.environment.nowMs();
    const line = limiting.line(this.#keyOf(held.value), nowMs);
    limiting.mayWait(line, nowMs, Number.POSITIVE_INFINITY);
    limiting.delayed += 1;
    this.#line = line;
    line.join(this);
  }

  #nextInLine(): void {
    const held = first(this.#waiting);
    if (held !== undefined && this.#line === undefined) {
      try {
        this.#standInLine(held);
      } catch (refusal) {
        this.#subscriber.error(refusal);
      }
    }
  }

  #leaveLine(): void {
    const line = this.#line;
    this.#line = undefined;
    if (line !== undefined) {
      this.#limiting().leave(line, this);
    }
  }

  /** Its message was interrupted. */
  #isUnwanted(held: Held<T>): void {
    const wasFirst = first(this.#waiting) === held;
    this.#waiting.delete(held);
    if (wasFirst) {
      this.#leaveLine();
      this.#nextInLine();
    }
    this.#mayComplete();
  }

  #mayComplete(): void {
    if (this.#completed && this.#waiting.size === 0) {
      this.#subscriber.complete();
    }
  }
}

function first<T>(set: ReadonlySet<T>): T | undefined {
  const [one] = set;
  return one;
}
