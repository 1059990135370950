/**
 * An operator that keeps credit: what those of ours have in common.
 *
 * It is an ordinary operator of RxJS. While it subscribes it asks its source for a
 * window as wide as it needs, and for the system the source is of.
 */
import { type Observable, type OperatorFunction, Subscriber } from 'rxjs';
import { askedWindow, askingForWindow, type CreditToken } from '../core/credit.ts';
import { MailboxFull } from '../core/mailbox.ts';
import { HostAsked } from './stream-host.ts';

/** An operator at work, for one subscription. */
export interface Operating<T> {
  /** A value comes; its token is in scope. */
  next(value: T): void;
  /** No more values come. */
  complete(): void;
  /** Nobody wants anything any more: lets go of everything it holds. */
  end(): void;
}

/** A value that an operator holds, with its credit. */
export class Held<T> {
  readonly value: T;
  readonly token: CreditToken | undefined;
  /** Nobody wants it any more. */
  gone = false;
  readonly #forget: (() => void) | undefined;

  /** @param onRevoked Called when nobody wants it any more; it has been let go of then. */
  constructor(value: T, token: CreditToken | undefined, onRevoked: (held: Held<T>) => void) {
    this.value = value;
    this.token = token;
    this.#forget = token?.whenRevoked(() => {
      this.letGo();
      onRevoked(this);
    });
  }

  /** Calls `act` in the turn of whoever handed the value out. */
  inTurn(act: () => void): void {
    if (this.token === undefined) {
      act();
    } else {
      this.token.inTurn(act);
    }
  }

  letGo(): void {
    if (!this.gone) {
      this.gone = true;
      this.#forget?.();
      this.token?.release();
    }
  }
}

/** Most values without credit that wait in an operator: nobody is slowed down by them. */
const creditlessMax = 1_024;

/** Errors: `MailboxFull` when too many values wait whose source knows no credit. */
export function checkRoom<T>(operator: string, held: Held<T>, waiting: number): void {
  if (held.token === undefined && waiting >= creditlessMax) {
    throw new MailboxFull({
      receiver: `${operator}, behind a source that cannot be slowed down`,
      payload: held.value,
      capacity: creditlessMax,
    });
  }
}

/**
 * @param window How many values it holds at once, when those behind it hold so many.
 * @param begin Called for each subscription, with how many values those behind it hold.
 */
export function operator<T, R>(
  window: (behind: number) => number,
  begin: (subscriber: Subscriber<R>, host: HostAsked, behind: number) => Operating<T>,
): OperatorFunction<T, R> {
  return (source) =>
    source.lift({
      call: (subscriber: Subscriber<R>, from: Observable<T>) => {
        const host = new HostAsked();
        const behind = Math.max(1, askedWindow());
        const operating = begin(subscriber, host, behind);
        const inner = new Inner<T>(subscriber as Subscriber<unknown>, operating);
        subscriber.add(() => operating.end());
        try {
          askingForWindow(window(behind), () => host.while(() => from.subscribe(inner)));
        } catch (thrown) {
          subscriber.error(thrown);
        }
      },
    });
}

/** The side of an operator that subscribes to its source. */
class Inner<T> extends Subscriber<T> {
  readonly #behind: Subscriber<unknown>;
  readonly #operating: Operating<T>;

  constructor(behind: Subscriber<unknown>, operating: Operating<T>) {
    // So that it is closed when what is behind it is.
    super(behind);
    this.#behind = behind;
    this.#operating = operating;
  }

  protected override _next(value: T): void {
    try {
      this.#operating.next(value);
    } catch (thrown) {
      this.#behind.error(thrown);
    }
  }

  protected override _complete(): void {
    this.#operating.complete();
    this.unsubscribe();
  }
}
