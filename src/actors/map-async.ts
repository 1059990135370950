/**
 * `mapAsync`: asynchronous work on each value of a stream, on so many at once, with
 * the value's credit kept until its result is out.
 *
 *     --a-----b-----c------>      mapAsync(2, work), the work on a takes longer
 *     ----------------A-B--C->    in order
 *     ---------B------A----C->    { ordered: false }
 *
 * Source: `mapAsync` and `mapAsyncUnordered` of Akka Streams. `mergeMap` of RxJS
 * lets go of the credit and keeps what waits without bound.
 */
import * as Cause from 'effect/Cause';
import * as Effect from 'effect/Effect';
import * as Exit from 'effect/Exit';
import type { OperatorFunction, Subscriber } from 'rxjs';
import { pushWithToken, retainToken } from '../core/credit.ts';
import { warn } from './bounded-from.ts';
import { guardedAbort } from './guarded-abort.ts';
import { onThrowOf } from './observe.ts';
import { checkRoom, Held, type Operating, operator } from './operator.ts';
import { Interrupted } from './request-failures.ts';
import type { HostAsked } from './stream-host.ts';
import { isThenable } from './thenable.ts';

/** What work on a value knows beside it. */
export interface AsyncWork {
  /** Aborts when nobody wants the result any more. It is made when it is first read. */
  readonly signal: AbortSignal;
}

export interface MapAsyncOptions {
  /** `false`: results come as they are ready. Otherwise in the order of their values. */
  readonly ordered?: boolean;
}

/**
 * Works on each value, on at most `concurrency` at once, and lets the results out.
 *
 * `handler` returns the result, a promise or an Effect of it. It begins while the
 * value's message is in hand, so the verbs of a stream agent belong to that message
 * until the first `await`.
 *
 * Guarantees: the credit of a value goes back when its result has been dealt with;
 * results keep the order of the values unless `ordered` is `false`; what waits is
 * bounded by the window of the source, which has to be at least `concurrency`.
 *
 * Cancellation: when a message is interrupted, or the stream is left, its `signal`
 * aborts, its Effect is interrupted, and what its promise still gives is ignored.
 *
 * Errors: what `handler` throws, and what its promise or Effect fails of, fails the
 * stream, as in RxJS. `RangeError`, at once, for a concurrency that cannot be.
 *
 * @param concurrency A whole number, at least 1.
 * @example
 * import { from, lastValueFrom, toArray } from 'rxjs'
 * const lengths = from(['a', 'bb']).pipe(mapAsync(2, async (word) => word.length), toArray())
 * await lastValueFrom(lengths) // => [1, 2]
 */
export function mapAsync<T, R>(
  concurrency: number,
  handler: (value: T, work: AsyncWork) => R | PromiseLike<R> | Effect.Effect<R, unknown>,
  options: MapAsyncOptions = {},
): OperatorFunction<T, R> {
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new RangeError(`concurrency of mapAsync is a whole number, at least 1; got ${concurrency}`);
  }
  return operator<T, R>(
    (behind) => Math.max(concurrency, behind),
    (subscriber, host) =>
      new MapAsync<T, R>(subscriber, host, concurrency, handler as Handler<T>, options.ordered !== false),
  );
}

type Handler<T> = (value: T, work: AsyncWork) => unknown;

/** The system that work is done in, as far as its source said: for operators made of this one. */
export function hostOfWork(work: AsyncWork): HostAsked {
  return (work as Work<unknown>).host;
}

type Outcome = { readonly result: unknown } | { readonly failure: unknown };

/** The work on one value. */
class Work<T> implements AsyncWork {
  readonly held: Held<T>;
  readonly host: HostAsked;
  outcome: Outcome | undefined;
  begun = false;
  /** It has ended, so its place among those at work is free. */
  ended = false;
  interruptEffect: (() => void) | undefined;
  #abort: AbortController | undefined;
  readonly #report: (thrown: unknown) => void;

  constructor(held: Held<T>, host: HostAsked, report: (thrown: unknown) => void) {
    this.held = held;
    this.host = host;
    this.#report = report;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = guardedAbort(this.#report);
      if (this.held.gone) {
        this.#abort.abort(unwanted());
      }
    }
    return this.#abort.signal;
  }

  /** Nobody wants its result any more. */
  leave(): void {
    if (this.begun && !this.ended) {
      for (const source of this.held.token?.sources ?? []) {
        source.abandon();
      }
    }
    this.held.letGo();
    if (!this.ended) {
      this.interruptEffect?.();
      this.#abort?.abort(unwanted());
    }
  }
}

class MapAsync<T, R> implements Operating<T> {
  readonly #subscriber: Subscriber<R>;
  readonly #host: HostAsked;
  readonly #concurrency: number;
  readonly #handler: Handler<T>;
  readonly #ordered: boolean;
  /** All whose results are not out, in their order. */
  readonly #line = new Set<Work<T>>();
  /** Those of them that nobody works on yet. */
  readonly #waiting = new Set<Work<T>>();
  #working = 0;
  /** Whether the first result in order is on its way out. */
  #leaving = false;
  #completed = false;

  constructor(
    subscriber: Subscriber<R>,
    host: HostAsked,
    concurrency: number,
    handler: Handler<T>,
    ordered: boolean,
  ) {
    this.#subscriber = subscriber;
    this.#host = host;
    this.#concurrency = concurrency;
    this.#handler = handler;
    this.#ordered = ordered;
  }

  next(value: T): void {
    const held = new Held(value, retainToken(), () => this.#drop(work));
    const work: Work<T> = new Work(held, this.#host, (thrown) => this.#report(thrown));
    if (held.token?.revoked === true) {
      // It comes too late: nobody wants its result.
      held.letGo();
      return;
    }
    this.#line.add(work);
    if (this.#working < this.#concurrency) {
      this.#working += 1;
      this.#begin(work);
    } else {
      checkRoom('mapAsync', held, this.#waiting.size);
      this.#waiting.add(work);
    }
  }

  complete(): void {
    this.#completed = true;
    this.#mayComplete();
  }

  end(): void {
    this.#completed = true;
    this.#waiting.clear();
    for (const work of this.#line) {
      work.leave();
    }
    this.#line.clear();
  }

  /** Begins to work, with the value's token in scope. */
  #begin(work: Work<T>): void {
    work.begun = true;
    let result: unknown;
    try {
      result = this.#handler(work.held.value, work);
      if (Effect.isEffect(result)) {
        this.#fork(work, result as Effect.Effect<unknown, unknown>);
        return;
      }
      if (isThenable(result)) {
        Promise.resolve(result).then(
          (value) => this.#ended(work, { result: value }),
          (failure) => this.#ended(work, { failure }),
        );
        return;
      }
    } catch (thrown) {
      this.#fail(work, thrown);
      return;
    }
    this.#endedAtOnce(work, result);
  }

  /** A listener of a signal threw: that is nobody's message. */
  #report(thrown: unknown): void {
    const { known } = this.#host;
    (known === undefined ? warn : onThrowOf(known))(thrown);
  }

  #fork(work: Work<T>, program: Effect.Effect<unknown, unknown>): void {
    const fiber = this.#host.host('mapAsync of an Effect').effects.fork(program);
    work.interruptEffect = () => fiber.interruptUnsafe();
    fiber.addObserver((exit) => {
      if (Exit.isSuccess(exit)) {
        this.#ended(work, { result: exit.value });
      } else if (Cause.hasInterruptsOnly(exit.cause)) {
        this.#ended(work, {
          failure: new Interrupted({ agent: 'mapAsync', reason: 'its Effect interrupted itself' }),
        });
      } else {
        this.#ended(work, { failure: Cause.squash(exit.cause) });
      }
    });
  }

  /** It gave its result before anything else could happen. */
  #endedAtOnce(work: Work<T>, result: unknown): void {
    work.outcome = { result };
    this.#freePlace(work);
    if (!this.#ordered || (!this.#leaving && first(this.#line) === work)) {
      this.#letOut(work);
    }
  }

  #ended(work: Work<T>, outcome: Outcome): void {
    if (work.held.gone) {
      return;
    }
    work.outcome = outcome;
    this.#freePlace(work);
    if (!this.#ordered) {
      work.held.inTurn(() => this.#letOut(work));
    } else {
      this.#letOutFirst();
    }
  }

  /** The work that is first in order goes out, if it has ended. */
  #letOutFirst(): void {
    const work = first(this.#line);
    if (!this.#leaving && work?.outcome !== undefined) {
      this.#leaving = true;
      work.held.inTurn(() => {
        this.#leaving = false;
        this.#letOut(work);
      });
    }
  }

  #letOut(work: Work<T>): void {
    if (!work.held.gone) {
      const outcome = work.outcome!;
      if ('failure' in outcome) {
        this.#fail(work, outcome.failure);
        return;
      }
      this.#line.delete(work);
      pushWithToken(
        work.held.token,
        (result: R) => {
          this.#subscriber.next(result);
          this.#mayComplete();
        },
        outcome.result as R,
      );
      work.held.letGo();
    }
    if (this.#ordered) {
      this.#letOutFirst();
    }
  }

  #fail(work: Work<T>, failure: unknown): void {
    pushWithToken(work.held.token, (thrown: unknown) => this.#subscriber.error(thrown), failure);
  }

  /** Nobody wants it any more. */
  #drop(work: Work<T>): void {
    this.#line.delete(work);
    this.#waiting.delete(work);
    work.leave();
    if (work.begun) {
      this.#freePlace(work);
    }
    if (this.#ordered) {
      this.#letOutFirst();
    }
    this.#mayComplete();
  }

  /** One work less is going on: the next begins, in the turn of its own message. */
  #freePlace(work: Work<T>): void {
    if (work.ended) {
      return;
    }
    work.ended = true;
    this.#working -= 1;
    const next = first(this.#waiting);
    if (next !== undefined) {
      this.#waiting.delete(next);
      this.#working += 1;
      next.begun = true;
      next.held.inTurn(() => {
        if (!next.held.gone) {
          pushWithToken(next.held.token, () => this.#begin(next), undefined);
        }
      });
    }
  }

  #mayComplete(): void {
    if (this.#completed && this.#line.size === 0) {
      this.#subscriber.complete();
    }
  }
}

function first<T>(set: Set<T>): T | undefined {
  for (const one of set) {
    return one;
  }
  return undefined;
}

const unwanted = (): Interrupted =>
  new Interrupted({ agent: 'mapAsync', reason: 'nobody wants its result any more' });
