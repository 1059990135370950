/**
 * `bulkhead`: at most so many at work at once, and at most so many in line.
 *
 *     call ──> a place is free ──> work ──> the place goes to the first in line
 *     call ──> all are taken ────> waits in line ──> a place ──> work
 *     call ──> the line is full ─> BulkheadFull, at once
 *
 * Guarantees (L25): never more than `concurrency` at work in one system, never more than
 * `queueMax` in line; who came first goes first; whoever leaves, however it ends, gives
 * place back or leaves the line.
 *
 * Source: M. Nygard, "Release It!" (2007), Bulkheads.
 */
import type { Responder, Scope, Verbs } from '../actors/context.ts';
import { Interrupted } from '../actors/request-failures.ts';
import type { Sender } from '../actors/sender.ts';
import { senderOf } from '../actors/sender-of.ts';
import { isThenable } from '../actors/thenable.ts';
import { Tie } from '../actors/tie.ts';
import type { Timer } from '../core/environment.ts';
import { Failure } from '../core/failure.ts';
import { invoke } from './invoke.ts';
import { oneAnswer } from './one-answer.ts';
import { PerSystem } from './per-system.ts';
import { wrap } from './wrap.ts';
import type { Wrapper } from './wrapper.ts';

export interface BulkheadOptions {
  /** Most calls at work at once; a whole number, at least 1. */
  readonly concurrency: number;
  /** Most calls that wait in line; a whole number, 0 when not given: then whoever finds no place is refused. */
  readonly queueMax?: number;
  /** How long a call waits in line at most, in milliseconds, above 0; as long as its deadline lets it when not given. */
  readonly waitMsMax?: number;
}

export interface BulkheadStatistics {
  /** Calls that are at work now, and that wait in line now. */
  readonly atWork: number;
  readonly waiting: number;
  /** Calls that got a place. */
  readonly calls: number;
  /** Calls that had to wait in line, whatever became of them. */
  readonly waited: number;
  /** Calls that found the line full, or waited longer than `waitMsMax`. */
  readonly refused: number;
}

/** A wrapper that is a bulkhead. All it is put around share its places. */
export interface Bulkhead extends Wrapper {
  /** What it has done in the system that these verbs are of. */
  statistics(verbs: Verbs): BulkheadStatistics;
}

/** No place was free, and there was none in line, or not for long enough. Nothing was tried. Its code is `MAILBOX_FULL`. */
export class BulkheadFull extends Failure {
  readonly _tag = 'BulkheadFull';
  readonly code = 'MAILBOX_FULL';
  readonly class = 'overload';
  /** What was to be called. */
  readonly target: string;
  readonly concurrency: number;
  readonly queueMax: number;
  /** How long it had waited in line; 0 when it was refused at once. */
  readonly waitedMs: number;

  constructor(facts: { target: string; concurrency: number; queueMax: number; waitedMs: number }) {
    super();
    this.target = facts.target;
    this.concurrency = facts.concurrency;
    this.queueMax = facts.queueMax;
    this.waitedMs = facts.waitedMs;
  }

  override get message(): string {
    const { target, concurrency, queueMax, waitedMs } = this;
    const why = waitedMs > 0 ? `none was free within ${waitedMs} ms` : `${queueMax} are in line`;
    return `no place for a call of '${target}': ${concurrency} are at work, and ${why}`;
  }
}

/**
 * Makes a bulkhead. All that one bulkhead is put around share its places, in each system
 * its own; so one that is slow takes them from the others, which is why what should not
 * suffer from it gets a bulkhead of its own.
 *
 * Cancellation: a call whose scope ends leaves the line, or gives its place back, also
 * where its code goes on because nothing stops it.
 *
 * Errors: `BulkheadFull`, thrown at once where the line is full, otherwise those of the
 * work, unchanged. `InvalidParams` where the work answers with a stream, which would go on
 * without a place. `RangeError` for options that cannot be. Work that calls what the same
 * bulkhead is around waits for a place it may hold itself: give it another one.
 *
 * @example
 * const twoAtOnce = bulkhead({ concurrency: 2, queueMax: 100 })
 * const system = createSystem()
 * await system.request(twoAtOnce((word) => `${word}!`), 'hello') // => 'hello!'
 * twoAtOnce.statistics(system).calls // => 1
 * await system.stop()
 */
export function bulkhead(options: BulkheadOptions): Bulkhead {
  const { concurrency, queueMax = 0, waitMsMax } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new RangeError(`concurrency of bulkhead is a whole number, at least 1; got ${String(concurrency)}`);
  }
  if (!Number.isInteger(queueMax) || queueMax < 0) {
    throw new RangeError(`queueMax of bulkhead is a whole number, at least 0; got ${String(queueMax)}`);
  }
  if (waitMsMax !== undefined && (typeof waitMsMax !== 'number' || !(waitMsMax > 0))) {
    throw new RangeError(
      `waitMsMax of bulkhead is a number of milliseconds, above 0; got ${String(waitMsMax)}`,
    );
  }
  const limits: Limits = { concurrency, queueMax, waitMsMax: waitMsMax ?? Number.POSITIVE_INFINITY };
  const rooms = new PerSystem(() => new Room(limits));
  const wrapper = wrap((work, name) => (input, scope) => rooms.of(scope).call(work, name, input, scope));
  return Object.assign(wrapper, { statistics: (verbs: Verbs) => rooms.of(verbs).statistics });
}

type Limits = Required<BulkheadOptions>;
type Counted = { -readonly [Key in keyof Omit<BulkheadStatistics, 'atWork' | 'waiting'>]: number };

/** The places of one system. */
class Room {
  readonly #limits: Limits;
  readonly #counted: Counted = { calls: 0, waited: 0, refused: 0 };
  readonly #line = new Set<InLine>();
  #free: number;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#free = limits.concurrency;
  }

  get statistics(): BulkheadStatistics {
    const atWork = this.#limits.concurrency - this.#free;
    return { atWork, waiting: this.#line.size, ...this.#counted };
  }

  call<I, O>(work: Responder<I, O>, name: string, input: I, scope: Scope): O | Promise<O> {
    const sender = senderOf(scope);
    if (this.#free > 0) {
      const place = new Place(this);
      this.#take();
      return this.#work(place, sender, work, name, input, scope);
    }
    if (this.#line.size >= this.#limits.queueMax) {
      throw this.#refusal(name, 0);
    }
    return this.#wait(name, sender).then((place) => this.#work(place, sender, work, name, input, scope));
  }

  /** A place is free: it is that of the first in line. */
  leave(): void {
    this.#free += 1;
    for (const first of this.#line) {
      this.quit(first);
      this.#take();
      first.enter(new Place(this));
      return;
    }
  }

  quit(inLine: InLine): void {
    this.#line.delete(inLine);
  }

  #take(): void {
    this.#free -= 1;
    this.#counted.calls += 1;
  }

  #work<I, O>(
    place: Place,
    sender: Sender,
    work: Responder<I, O>,
    name: string,
    input: I,
    scope: Scope,
  ): O | Promise<O> {
    if (!sender.tie(place)) {
      place.leave();
      throw sender.revoked;
    }
    let answer: O | PromiseLike<O>;
    try {
      answer = invoke(work, input, scope);
    } catch (failure) {
      place.leave();
      throw failure;
    }
    if (isThenable(answer)) {
      return Promise.resolve(answer as PromiseLike<O>).then(
        (value) => {
          place.leave();
          return oneAnswer(value, name);
        },
        (failure) => {
          place.leave();
          throw failure;
        },
      );
    }
    place.leave();
    return oneAnswer(answer as O, name);
  }

  #wait(name: string, sender: Sender): Promise<Place> {
    return new Promise((enter, reject) => {
      const inLine = new InLine(this, name, enter, reject);
      if (!sender.tie(inLine)) {
        reject(sender.revoked);
        return;
      }
      this.#line.add(inLine);
      this.#counted.waited += 1;
      const { waitMsMax } = this.#limits;
      if (waitMsMax < Number.POSITIVE_INFINITY) {
        const { environment } = sender.kernel;
        inLine.timer = environment.schedule(waitMsMax, () => inLine.refuse(this.#refusal(name, waitMsMax)));
      }
    });
  }

  #refusal(target: string, waitedMs: number): BulkheadFull {
    const { concurrency, queueMax } = this.#limits;
    this.#counted.refused += 1;
    return new BulkheadFull({ target, concurrency, queueMax, waitedMs });
  }
}

/** A place at work. It is given back once: when the work has ended, or whoever it is for. */
class Place extends Tie {
  #room: Room | undefined;

  constructor(room: Room) {
    super();
    this.#room = room;
  }

  leave(): void {
    const room = this.#room;
    this.#room = undefined;
    this.untie();
    room?.leave();
  }

  cut(): void {
    this.leave();
  }
}

/** A place in line. */
class InLine extends Tie {
  timer: Timer | undefined;
  readonly #room: Room;
  readonly #name: string;
  readonly #enter: (place: Place) => void;
  readonly #reject: (failure: unknown) => void;

  constructor(room: Room, name: string, enter: (place: Place) => void, reject: (failure: unknown) => void) {
    super();
    this.#room = room;
    this.#name = name;
    this.#enter = enter;
    this.#reject = reject;
  }

  enter(place: Place): void {
    this.#leave();
    this.#enter(place);
  }

  refuse(failure: unknown): void {
    this.#leave();
    this.#reject(failure);
  }

  cut(failure: unknown): void {
    this.refuse(
      failure ?? new Interrupted({ agent: this.#name, reason: 'the work that asked for it is over' }),
    );
  }

  #leave(): void {
    this.timer?.cancel();
    this.untie();
    this.#room.quit(this);
  }
}
