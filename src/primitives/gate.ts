/**
 * `gate`: a barrier at which callers wait for each other.
 *
 *     ada ──arrives──▶ gate                      gate({ parties: 3, withinMs: 1_000 })
 *     bob ──arrives──▶ gate
 *     eve ──arrives──▶ gate ──[ada, bob, eve]──▶ ada, bob and eve
 *
 * Source: the cyclic barrier of Java, and the rendezvous of Hansen. Law: a barrier opens
 * exactly once (L14).
 */
import type { Procedure, Scope } from '../actors/context.ts';
import type { Kernel } from '../actors/kernel.ts';
import { senderOf } from '../actors/sender-of.ts';
import { Tie } from '../actors/tie.ts';
import type { Timer } from '../core/environment.ts';
import { BarrierBook } from './barrier-book.ts';
import { BarrierClosed, BarrierTimeout } from './barrier-failures.ts';
import { type BarrierOptions, type BarrierPlan, barrierPlan } from './barrier-options.ts';
import { type Arrival, type BarrierStep, valuesOf } from './barrier-state.ts';
import { PerSystem } from './per-system.ts';
import { QueueFull } from './queue-full.ts';
import { overWhileWaiting } from './still-wanted.ts';

export interface GateOptions<T> extends BarrierOptions<T> {
  /**
   * How many calls may wait at one key when one more comes of a party that waits already;
   * 1 024 when not given. Whoever is not there yet always finds room.
   */
  readonly waitingMax?: number;
}

const waitingMaxDefault = 1_024;

/**
 * Makes a gate: a procedure that several callers request, and that answers all of them
 * at once, when as many as it takes are there, with what each of them brought.
 *
 *     const together = await context.request(startTogether, me)
 *
 * The answer has one value for each party, in the order in which they came; with
 * `onTimeout: 'partial'` it may have fewer. Each system has a gate of its own.
 *
 * Guarantees: it opens once; with `cyclic`, once in each generation. Who comes later is
 * refused at once, and so is who finds no room: at each of `keysMax` keys wait fewer
 * than `parties` and, of those that came twice, at most `waitingMax`.
 *
 * Cancellation: a caller that is interrupted, or whose deadline passes, gives its place
 * back; the others go on waiting.
 *
 * Errors: `BarrierTimeout`, `BarrierClosed`, `QueueFull`. `RangeError`, at once, for
 * options that cannot be. What `key` or `party` throws fails that call.
 *
 * @example
 * const start = gate<string>({ parties: 2, withinMs: 1_000 })
 * const system = createSystem()
 * await Promise.all([system.request(start, 'ada'), system.request(start, 'bob')]) // => [['ada', 'bob'], ['ada', 'bob']]
 * await system.stop()
 */
export function gate<T>(options: GateOptions<T>): Procedure<T, readonly T[]> {
  const plan = barrierPlan('gate', options);
  const { waitingMax = waitingMaxDefault } = options;
  if (!Number.isInteger(waitingMax) || waitingMax < 1) {
    throw new RangeError(`waitingMax of gate is a whole number, at least 1; got ${String(waitingMax)}`);
  }
  const gates = new PerSystem((kernel) => new Gate<T>(kernel, plan, waitingMax));
  return function gate(value: T, scope: Scope) {
    return gates.of(scope).arrive(value, scope);
  };
}

/** The gate of one system. */
class Gate<T> {
  readonly #kernel: Kernel;
  readonly #plan: BarrierPlan<T>;
  readonly #waitingMax: number;
  readonly #book: BarrierBook<T>;
  readonly #waiting = new Map<number, Waiting<T>>();
  readonly #timers = new Map<unknown, Timer>();
  #arrivals = 0;

  constructor(kernel: Kernel, plan: BarrierPlan<T>, waitingMax: number) {
    this.#kernel = kernel;
    this.#plan = plan;
    this.#waitingMax = waitingMax;
    this.#book = new BarrierBook({ ...plan, primitive: 'gate' });
  }

  arrive(value: T, scope: Scope): Promise<readonly T[]> {
    const { key: keyOf, party: partyOf } = this.#plan;
    const key = keyOf(value);
    this.#arrivals += 1;
    const id = this.#arrivals;
    const party = partyOf === undefined ? id : partyOf(value);
    const before = this.#book.waiting(key);
    if (before >= this.#waitingMax && this.#book.isThere(key, party)) {
      throw new QueueFull({ primitive: 'gate', option: 'waitingMax', limit: this.#waitingMax });
    }
    const waiting = new Waiting<T>(() => this.#leave(key, id));
    const sender = senderOf(scope);
    if (!sender.tie(waiting)) {
      throw sender.revoked;
    }
    let step: BarrierStep<T>;
    try {
      step = this.#book.arrive(key, { id, party, value });
    } catch (failure) {
      waiting.untie();
      throw failure;
    }
    const { state } = step;
    if (state._tag === 'Closed' && step.decision === 'late') {
      waiting.untie();
      throw new BarrierClosed({ by: state.by, key });
    }
    this.#waiting.set(id, waiting);
    if (step.decision === 'opens') {
      this.#stopTimer(key);
      const values = valuesOf(step.arrived);
      this.#let(step.arrived, (one) => one.resolve(values));
    } else if (before === 0) {
      this.#startTimer(key, state.generation);
    }
    return waiting.promise;
  }

  #leave(key: unknown, id: number): void {
    this.#waiting.delete(id);
    this.#book.leave(key, id);
    if (this.#book.waiting(key) === 0) {
      this.#stopTimer(key);
    }
  }

  #expire(key: unknown, generation: number): void {
    this.#timers.delete(key);
    // Somebody waits: with the last of them the timer would have gone.
    const { arrived } = this.#book.expire(key, generation)!;
    const values = valuesOf(arrived);
    const { parties, withinMs, partial } = this.#plan;
    this.#let(arrived, (one) =>
      partial ? one.resolve(values) : one.reject(new BarrierTimeout({ parties, values, withinMs, key })),
    );
  }

  /** Tells those who have waited, each in a turn of its own. */
  #let(arrived: readonly Arrival<T>[], tell: (waiting: Waiting<T>) => void): void {
    for (const { id } of arrived) {
      const waiting = this.#waiting.get(id)!;
      this.#waiting.delete(id);
      waiting.untie();
      tell(waiting);
    }
  }

  #startTimer(key: unknown, generation: number): void {
    const { withinMs } = this.#plan;
    if (withinMs < Number.POSITIVE_INFINITY) {
      const expire = (): void => this.#expire(key, generation);
      this.#timers.set(key, this.#kernel.environment.schedule(withinMs, expire));
    }
  }

  #stopTimer(key: unknown): void {
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
  }
}

/** A caller that waits. */
class Waiting<T> extends Tie {
  readonly promise: Promise<readonly T[]>;
  readonly resolve: (values: readonly T[]) => void;
  readonly reject: (failure: unknown) => void;
  readonly #leave: () => void;

  constructor(leave: () => void) {
    super();
    this.#leave = leave;
    const { promise, resolve, reject } = Promise.withResolvers<readonly T[]>();
    this.promise = promise;
    this.resolve = resolve;
    this.reject = reject;
  }

  /** Nobody waits for it any more. */
  cut(failure: unknown): void {
    this.#leave();
    this.reject(failure ?? overWhileWaiting('gate'));
  }
}
