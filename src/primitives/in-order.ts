/**
 * `inOrder`: calls of one key go one after another, in the order in which they came.
 *
 *     a1 a2 b1 ──▶ inOrder({ key }) ──▶ a1 ──▶ a2
 *                                   ──▶ b1            at the same time
 *
 * Put around a pipeline it keeps the order of each key at every stage, whatever the
 * stages are: one value of a key is in it at a time.
 *
 * Source: the per-key FIFO of partitioned logs. Law: within a key no call begins before
 * the one that came before it has ended (L26).
 */
import type { Responder, Scope } from '../actors/context.ts';
import { senderOf } from '../actors/sender-of.ts';
import { isThenable } from '../actors/thenable.ts';
import { Tie } from '../actors/tie.ts';
import { invoke } from './invoke.ts';
import { oneAnswerOf } from './one-answer.ts';
import { PerSystem } from './per-system.ts';
import { QueueFull } from './queue-full.ts';
import { overWhileWaiting } from './still-wanted.ts';
import { wrap } from './wrap.ts';
import type { Wrapper } from './wrapper.ts';

export interface InOrderOptions<I> {
  /** What has to stay in order among itself: any value, compared as a `Map` does. */
  readonly key: (input: I) => unknown;
  /** Most calls that wait, of all keys together; 1 024 when not given. */
  readonly waitingMax?: number;
}

/**
 * Makes a wrapper: calls of the same key go one after another, those of others go
 * together. All that one wrapper is put around share its lines, in each system its own.
 *
 * Cancellation: a call whose scope ends leaves the line, or lets the next one begin, also
 * where its code goes on because nothing stops it.
 *
 * Errors: those of the work, unchanged, after which the next one begins; `QueueFull`, and
 * nothing was begun. `InvalidParams` where the work answers with a stream. `RangeError`, at once, for a limit that cannot be. Work that calls
 * the same wrapper with the same key waits for itself.
 *
 * @example
 * const seen: string[] = []
 * const slowly = async (text: string) => seen.push(text)
 * const tidy = inOrder({ key: (text: string) => text[0] })(slowly)
 * const system = createSystem()
 * await Promise.all(['a1', 'a2', 'b1'].map((text) => system.request(tidy, text)))
 * seen // => ['a1', 'b1', 'a2']
 * await system.stop()
 */
export function inOrder<I>({ key, waitingMax = 1_024 }: InOrderOptions<I>): Wrapper<I> {
  if (!Number.isInteger(waitingMax) || waitingMax < 0) {
    throw new RangeError(`waitingMax of inOrder is a whole number, at least 0; got ${String(waitingMax)}`);
  }
  const lines = new PerSystem(() => new Lines(waitingMax));
  return wrap((work, name) => (input, scope) => {
    const line = lines.of(scope);
    return oneAnswerOf(line.come(key(input as never), work, input, scope), name);
  }) as unknown as Wrapper<I>;
}

/** The lines of one system. */
class Lines {
  readonly #waitingMax: number;
  /** Those who wait, for each key of which one is at work. */
  readonly #lines = new Map<unknown, Set<InLine>>();
  #waiting = 0;

  constructor(waitingMax: number) {
    this.#waitingMax = waitingMax;
  }

  come<I, O>(key: unknown, work: Responder<I, O>, input: I, scope: Scope): O | Promise<O> {
    const line = this.#lines.get(key);
    if (line === undefined) {
      this.#lines.set(key, new Set());
      return this.#begin(key, work, input, scope);
    }
    if (this.#waiting >= this.#waitingMax) {
      throw new QueueFull({ primitive: 'inOrder', option: 'waitingMax', limit: this.#waitingMax });
    }
    return new Promise<void>((resolve, reject) => {
      const inLine: InLine = new InLine(resolve, reject, () => {
        line.delete(inLine);
        this.#waiting -= 1;
      });
      const sender = senderOf(scope);
      if (!sender.tie(inLine)) {
        throw sender.revoked;
      }
      line.add(inLine);
      this.#waiting += 1;
    }).then(() => this.#begin(key, work, input, scope));
  }

  /** It is its turn: the next one's comes when it has ended, or its scope has. */
  #begin<I, O>(key: unknown, work: Responder<I, O>, input: I, scope: Scope): O | Promise<O> {
    const turn = new Turn(() => this.#next(key));
    const sender = senderOf(scope);
    if (!sender.tie(turn)) {
      turn.end();
      throw sender.revoked;
    }
    let answer: O | PromiseLike<O>;
    try {
      answer = invoke(work, input, scope);
    } catch (failure) {
      turn.end();
      throw failure;
    }
    if (!isThenable(answer)) {
      turn.end();
      return answer;
    }
    return Promise.resolve(answer as PromiseLike<O>).finally(() => turn.end());
  }

  #next(key: unknown): void {
    const line = this.#lines.get(key)!;
    const [first] = line;
    if (first === undefined) {
      this.#lines.delete(key);
    } else {
      first.begin();
    }
  }
}

/** A call that waits. */
class InLine extends Tie {
  readonly #resolve: () => void;
  readonly #reject: (failure: unknown) => void;
  readonly #leave: () => void;

  constructor(resolve: () => void, reject: (failure: unknown) => void, leave: () => void) {
    super();
    this.#resolve = resolve;
    this.#reject = reject;
    this.#leave = leave;
  }

  begin(): void {
    this.untie();
    this.#leave();
    this.#resolve();
  }

  cut(failure: unknown): void {
    this.#leave();
    this.#reject(failure ?? overWhileWaiting('inOrder'));
  }
}

/** A call at work. */
class Turn extends Tie {
  #ended: (() => void) | undefined;

  constructor(ended: () => void) {
    super();
    this.#ended = ended;
  }

  /** Once, whichever comes first: its work or its scope. */
  end(): void {
    const ended = this.#ended;
    this.#ended = undefined;
    this.untie();
    ended?.();
  }

  cut(): void {
    this.end();
  }
}
