/**
 * A bounded stream: an Observable and an AsyncIterable over the same source.
 *
 * Subscribing opens the source, each time anew; unsubscribing, or leaving the
 * `for await`, closes it. Either way no more than the source's capacity waits.
 *
 * What a subscriber throws is reported and ends its subscription; it never ends
 * the process.
 */
import { Observable, type Observer, type Operator, Subscriber, type Subscription } from 'rxjs';
import { askedWindow } from '../core/credit.ts';
import type { Sink } from './outlet.ts';
import { offerHost, type StreamHost } from './stream-host.ts';

/** An open source: pushed or pulled, and closed once. */
export interface OpenSource<T> {
  pushTo(sink: Sink<T>): void;
  next(): Promise<IteratorResult<T>>;
  close(): void;
}

export interface Source<T> {
  /** Opens it, for a reader that can have `window` values out at once; 0 when it did not say. */
  readonly open: (window: number) => OpenSource<T>;
  /** Told what a subscriber threw. */
  readonly onThrow: (thrown: unknown) => void;
  /** The system it is a stream of, for operators that need its time. */
  readonly host?: StreamHost | undefined;
}

/** A stream whose subscribers cannot end the process by throwing. */
export function guarded<T>(stream: Observable<T>, onThrow: (thrown: unknown) => void): Observable<T> {
  return new Guarded<T>(onThrow, (subscriber) => {
    const subscription = stream.subscribe(subscriber);
    return () => subscription.unsubscribe();
  });
}

/** An Observable whose subscribers cannot end the process by throwing, nor can those of what is piped from it. */
class Guarded<T> extends Observable<T> {
  readonly #onThrow: (thrown: unknown) => void;

  constructor(onThrow: (thrown: unknown) => void, subscribe?: (subscriber: Subscriber<T>) => () => void) {
    super(subscribe);
    this.#onThrow = onThrow;
  }

  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    const lifted = new Guarded<R>(this.#onThrow);
    lifted.source = this as Observable<unknown>;
    lifted.operator = operator as Operator<unknown, R>;
    return lifted;
  }

  override subscribe(
    observer?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((failure: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    if (observer instanceof Subscriber) {
      return super.subscribe(observer);
    }
    const wanted =
      typeof observer === 'object' && observer !== null
        ? observer
        : { next: observer ?? undefined, error: error ?? undefined, complete: complete ?? undefined };
    const guard =
      <A extends unknown[]>(call: (...given: A) => void) =>
      (...given: A): void => {
        if (over) {
          return;
        }
        try {
          call(...given);
        } catch (thrown) {
          over = true;
          this.#onThrow(thrown);
          subscription?.unsubscribe();
        }
      };
    let over = false;
    let subscription: Subscription | undefined;
    subscription = super.subscribe({
      next: guard((value: T) => wanted.next?.(value)),
      error: guard((failure: unknown) => {
        if (wanted.error === undefined) {
          this.#onThrow(failure);
        } else {
          wanted.error(failure);
        }
      }),
      complete: guard(() => wanted.complete?.()),
    });
    if (over) {
      // It threw while it was being subscribed.
      subscription.unsubscribe();
    }
    return subscription;
  }
}

/** A stream that is bounded, whichever way it is read. */
export class Bounded<T> extends Guarded<T> implements AsyncIterable<T> {
  readonly #source: Source<T>;

  constructor(source: Source<T>) {
    super(source.onThrow, (subscriber) => {
      if (source.host !== undefined) {
        offerHost(source.host);
      }
      const open = source.open(askedWindow());
      open.pushTo(subscriber);
      return () => open.close();
    });
    this.#source = source;
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    const source = this.#source;
    let open: OpenSource<T> | undefined;
    let left = false;
    return {
      next: () => {
        if (left && open === undefined) {
          return Promise.resolve({ done: true, value: undefined });
        }
        open ??= source.open(0);
        return open.next() as Promise<IteratorResult<T, undefined>>;
      },
      return: () => {
        left = true;
        open?.close();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }
}
