/** Asking in a world, and work that is ended by hand: for specs of what is between the two. */
import type { RequestOptions, Responder, Scope } from '../../src/actors/context.ts';
import { Failure, type FailureClass } from '../../src/core/failure.ts';
import type { World } from '../../src/testing/world.ts';

/** What became of a request, as far as it is known. */
export class Asked {
  settled = false;
  value: unknown;
  failure: unknown;
  readonly #abort = new AbortController();

  constructor(world: World, responder: Responder<never, unknown>, input: unknown, options: RequestOptions) {
    const { signal } = this.#abort;
    world.system
      .request(responder, input as never, { timeoutMs: Number.POSITIVE_INFINITY, ...options, signal })
      .then(
        (value) => this.#settle({ value }),
        (failure) => this.#settle({ failure }),
      );
  }

  /** Whoever asked wants it no more. */
  leave(): void {
    this.#abort.abort(new Error('left'));
  }

  #settle(outcome: { value?: unknown; failure?: unknown }): void {
    this.settled = true;
    Object.assign(this, outcome);
  }
}

/** Asks, and lets what can be done at once be done. */
export async function ask(
  world: World,
  responder: Responder<never, unknown>,
  input: unknown = undefined,
  options: RequestOptions = {},
): Promise<Asked> {
  const asked = new Asked(world, responder, input, options);
  await world.settle();
  return asked;
}

/** Work on which each call waits until the spec ends it. */
export class OpenWork {
  readonly calls: {
    readonly input: unknown;
    readonly scope: Scope;
    readonly end: PromiseWithResolvers<unknown>;
  }[] = [];

  readonly procedure = (input: unknown, scope: Scope): Promise<unknown> => {
    const end = Promise.withResolvers<unknown>();
    this.calls.push({ input, scope, end });
    return end.promise;
  };

  /** Ends a call, by its number from 0. */
  async answer(call: number, value: unknown = 'done'): Promise<void> {
    this.calls[call]!.end.resolve(value);
    await turns();
  }

  async fail(call: number, failure: unknown = new Trouble()): Promise<void> {
    this.calls[call]!.end.reject(failure);
    await turns();
  }
}

/** A failure of any class. */
export class Trouble extends Failure {
  readonly _tag = 'Trouble';
  readonly code = 'TROUBLE';
  readonly class: FailureClass;
  readonly retryAfterMs: number | undefined;

  constructor(of: FailureClass = 'transient', retryAfterMs?: number) {
    super();
    this.class = of;
    this.retryAfterMs = retryAfterMs;
  }

  override get message(): string {
    return `some ${this.class} trouble`;
  }
}

/** Lets promises go on. */
async function turns(): Promise<void> {
  for (let left = 20; left > 0; left -= 1) {
    await Promise.resolve();
  }
}
