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
  readonly #creditor: Creditor | undefined;

  /** @param creditor Told when the last has let go; a kind of token that looks to that itself has none. */
  constructor(creditor?: Creditor) {
    this.#creditor = creditor;
  }

  /** The tokens it stands for: itself, or those of the values that were gathered into one. */
  get sources(): readonly CreditToken[] {
    return [this];
  }

  /** Whether nobody wants what becomes of the value any more. */
  get revoked(): boolean {
    return false;
  }

  /** Calls `act` when nobody wants the value any more; returns how to forget that. */
  whenRevoked(_act: () => void): () => void {
    return nothing;
  }

  /**
   * Calls `act` when it is the turn of whoever handed the value out: an operator
   * whose work has settled goes on in it. Never called for a revoked token of an agent.
   */
  inTurn(act: () => void): void {
    act();
  }

  retain(): this {
    this.#holders += 1;
    return this;
  }

  /** Work on the value was given up before it had ended: whoever handed it out may say so. Called before letting go. */
  abandon(): void {}

  /** Lets go. The last to do so gives the credit back. */
  release(): void {
    this.#holders -= 1;
    if (this.#holders === 0) {
      this.settled();
    }
  }

  protected settled(): void {
    this.#creditor?.settled();
  }
}

/** The token of a value that was made of others: it holds theirs, and lets go of them when it is settled. */
export class GatheredToken extends CreditToken {
  readonly #members: readonly CreditToken[];
  readonly #onSettled: () => void;

  /** @param members Tokens that were retained for this one. */
  constructor(members: readonly CreditToken[], onSettled: () => void = nothing) {
    super();
    this.#members = members;
    this.#onSettled = onSettled;
  }

  override get sources(): readonly CreditToken[] {
    return this.#members.flatMap((member) => member.sources);
  }

  override get revoked(): boolean {
    return this.#members.length > 0 && this.#members.every((member) => member.revoked);
  }

  override whenRevoked(act: () => void): () => void {
    const forget = this.#members.map((member) =>
      member.whenRevoked(() => {
        if (this.revoked) {
          act();
        }
      }),
    );
    return () => {
      for (const one of forget) {
        one();
      }
    };
  }

  override inTurn(act: () => void): void {
    const live = this.#members.findLast((member) => !member.revoked) ?? this.#members.at(-1);
    if (live === undefined) {
      act();
    } else {
      live.inTurn(act);
    }
  }

  protected override settled(): void {
    for (const member of this.#members) {
      member.release();
    }
    this.#onSettled();
  }
}

let inScope: CreditToken | undefined;
let windowAsked = 0;

/** The token of the value being pushed, if it has one. */
export function tokenInScope(): CreditToken | undefined {
  return inScope;
}

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

const nothing = (): void => {};
