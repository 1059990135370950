/**
 * Credit: how many values of a stream may be out, unsettled, at once.
 *
 * A source with a window hands each value out with a token. While the value is
 * pushed through ordinary synchronous operators (`map`, `filter`, `tap`, …) its
 * token is in dynamic scope; an asynchronous operator of ours takes hold of it
 * with `retainToken` and lets go when its work has settled. When the push returns
 * and nobody holds the token, the credit goes back at once.
 *
 * RxJS's own asynchronous operators (`delay`, `mergeMap` of a promise, …) do not
 * know tokens. Behind one of them the window bounds nothing any more.
 *
 * Guarantees: a token is settled exactly once (L17).
 *
 * Source: credit-based flow control, Kung, Blackwell & Chapman (1994); demand as
 * in Reactive Streams.
 */

/** Whoever gave the credit. */
export interface Creditor {
  /** One value has been dealt with; whether that went well is not its business. */
  settled(): void;
}

/** One value that is out. */
export class CreditToken {
  #holders = 1;
  readonly #creditor: Creditor;

  constructor(creditor: Creditor) {
    this.#creditor = creditor;
  }

  retain(): this {
    this.#holders += 1;
    return this;
  }

  /** Lets go. The last to do so gives the credit back. */
  release(): void {
    this.#holders -= 1;
    if (this.#holders === 0) {
      this.#creditor.settled();
    }
  }
}

let inScope: CreditToken | undefined;
let windowAsked = 0;

/** Takes hold of the token of the value being pushed, if it has one. Whoever retains must `release`. */
export function retainToken(): CreditToken | undefined {
  return inScope?.retain();
}

/** Pushes a value with its token in scope, or with none. */
export function pushWithToken<T>(token: CreditToken | undefined, push: (value: T) => void, value: T): void {
  const before = inScope;
  inScope = token;
  try {
    push(value);
  } finally {
    inScope = before;
  }
}

/**
 * Subscribes on behalf of an operator that works on `values` of them at once: a
 * source that is subscribed to meanwhile learns that its window must be that wide.
 */
export function askingForWindow<T>(values: number, subscribe: () => T): T {
  const before = windowAsked;
  windowAsked = Math.max(before, values);
  try {
    return subscribe();
  } finally {
    windowAsked = before;
  }
}

/** How wide a window the operators now subscribing have asked for; 0 when none has. */
export function askedWindow(): number {
  return windowAsked;
}
