/**
 * `barrier`: values of a stream wait for each other, and go on together.
 *
 *     --a1--b1--a2-----b2----->      barrier({ parties: 2, key: letter, … })
 *     ----------[a1,a2]-[b1,b2]>
 *
 * Source: the barrier synchronisation of parallel computing; Aggregator, in Hohpe &
 * Woolf, "Enterprise Integration Patterns" (2003), with a count as its completeness
 * condition. Laws: it opens exactly once (L14); each value keeps its credit until what
 * it is part of has been dealt with (L17).
 */
import type { OperatorFunction, Subscriber } from 'rxjs';
import { warn } from '../actors/bounded-from.ts';
import { onThrowOf } from '../actors/observe.ts';
import { Held, type Operating, operator } from '../actors/operator.ts';
import type { HostAsked } from '../actors/stream-host.ts';
import { heed } from '../actors/thenable.ts';
import { GatheredToken, pushWithToken, retainToken } from '../core/credit.ts';
import type { Timer } from '../core/environment.ts';
import { BarrierBook } from './barrier-book.ts';
import { BarrierClosed, BarrierTimeout } from './barrier-failures.ts';
import { type BarrierOptions, type BarrierPlan, barrierPlan } from './barrier-options.ts';
import { type Arrival, type BarrierStep, valuesOf } from './barrier-state.ts';

export interface BarrierStreamOptions<T> extends BarrierOptions<T> {
  /**
   * Is told of a value that came too late, which is dropped then. Without it, the stream fails of
   * `BarrierClosed`. It is not waited for: a promise of it that fails is told on `system.failures`.
   */
  readonly onLate?: (value: T, failure: BarrierClosed) => void;
}

/**
 * Gathers values until as many as it takes are there, and lets them go on together, as
 * an array in the order in which they came; with `key`, those of each key.
 *
 * With a `party`, a value of one that is there already takes the place of the earlier
 * one, which is dropped.
 *
 * Guarantees: it opens once, or once in each generation when `cyclic`; what waits is
 * bounded: it declares how many values it gathers, `parties`, and `parties - 1` for each
 * further key of `keysMax`, and a smaller window of its source is refused.
 *
 * Cancellation: a message that is interrupted while it waits gives its place back. When
 * the source completes, what waits has no others to wait for: it is dealt with as if its
 * time were up.
 *
 * Errors: the stream fails of `BarrierTimeout`, unless `onTimeout` is `partial`; of
 * `BarrierClosed`, unless `onLate` is given; of `QueueFull` for one key more than
 * `keysMax`. `RangeError`, at once, for options that cannot be, and on subscribing, with
 * a finite `withinMs`, when the source is of no system.
 *
 * @example
 * import { from, lastValueFrom, toArray } from 'rxjs'
 * const sorted = from(['a1', 'b1', 'a2', 'b2']).pipe(
 *   barrier({ parties: 2, withinMs: Infinity, key: (text) => text[0] }),
 *   toArray(),
 * )
 * await lastValueFrom(sorted) // => [['a1', 'a2'], ['b1', 'b2']]
 */
export function barrier<T>(options: BarrierStreamOptions<T>): OperatorFunction<T, readonly T[]> {
  const plan = barrierPlan('barrier', options);
  const { onLate } = options;
  return operator<T, readonly T[]>(
    (behind) => (plan.keysMax - 1) * (plan.parties - 1) + plan.parties * behind,
    (subscriber, host) => new Barrier<T>(subscriber, host, plan, onLate),
  );
}

class Barrier<T> implements Operating<T> {
  readonly #subscriber: Subscriber<readonly T[]>;
  readonly #host: HostAsked;
  readonly #plan: BarrierPlan<T>;
  readonly #onLate: BarrierStreamOptions<T>['onLate'];
  readonly #book: BarrierBook<Held<T>>;
  /** Who waits at which key: by its party where it has one. */
  readonly #waiting = new Map<unknown, Map<unknown, Arrival<Held<T>>>>();
  readonly #timers = new Map<unknown, Timer>();
  #arrivals = 0;
  #completed = false;

  constructor(
    subscriber: Subscriber<readonly T[]>,
    host: HostAsked,
    plan: BarrierPlan<T>,
    onLate: BarrierStreamOptions<T>['onLate'],
  ) {
    this.#subscriber = subscriber;
    this.#host = host;
    this.#plan = plan;
    this.#onLate = onLate;
    this.#book = new BarrierBook({ ...plan, primitive: 'barrier' });
  }

  next(value: T): void {
    const { key: keyOf, party: partyOf } = this.#plan;
    const key = keyOf(value);
    this.#arrivals += 1;
    const id = this.#arrivals;
    const party = partyOf === undefined ? id : partyOf(value);
    const held = new Held(value, retainToken(), () => this.#leave(key, arrival));
    const arrival: Arrival<Held<T>> = { id, party, value: held };
    const before = this.#book.waiting(key);
    const step = this.#arrive(key, arrival);
    const { state } = step;
    if (step.decision === 'opens') {
      this.#closed(key);
      this.#letOut(step.arrived);
    } else if (state._tag === 'Closed') {
      held.letGo();
      this.#refuse(value, new BarrierClosed({ by: state.by, key }));
    } else {
      this.#giveWay(key, party);
      this.#remember(key, arrival);
      if (before === 0) {
        this.#startTimer(key, state.generation);
      }
    }
  }

  complete(): void {
    this.#completed = true;
    for (const key of [...this.#waiting.keys()]) {
      this.#inTurnOf(key, () => this.#expire(key, undefined));
    }
    this.#mayComplete();
  }

  end(): void {
    for (const timer of this.#timers.values()) {
      timer.cancel();
    }
    this.#timers.clear();
    for (const waiting of this.#waiting.values()) {
      for (const { value } of waiting.values()) {
        value.letGo();
      }
    }
    this.#waiting.clear();
  }

  #arrive(key: unknown, arrival: Arrival<Held<T>>): BarrierStep<Held<T>> {
    try {
      return this.#book.arrive(key, arrival);
    } catch (failure) {
      arrival.value.letGo();
      throw failure;
    }
  }

  /** An earlier value of the same party gives way. */
  #giveWay(key: unknown, party: unknown): void {
    const earlier = this.#waiting.get(key)?.get(party);
    if (earlier !== undefined) {
      this.#book.leave(key, earlier.id);
      earlier.value.letGo();
    }
  }

  #remember(key: unknown, arrival: Arrival<Held<T>>): void {
    const waiting = this.#waiting.get(key) ?? new Map<unknown, Arrival<Held<T>>>();
    waiting.set(arrival.party, arrival);
    this.#waiting.set(key, waiting);
  }

  /** Nobody wants that value any more. */
  #leave(key: unknown, arrival: Arrival<Held<T>>): void {
    this.#book.leave(key, arrival.id);
    const waiting = this.#waiting.get(key);
    waiting?.delete(arrival.party);
    if (waiting?.size === 0) {
      this.#closed(key);
      this.#mayComplete();
    }
  }

  /** Nothing waits at that key any more. */
  #closed(key: unknown): void {
    this.#waiting.delete(key);
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
  }

  #startTimer(key: unknown, generation: number): void {
    if (this.#plan.withinMs < Number.POSITIVE_INFINITY) {
      const { environment } = this.#host.host('barrier');
      const timer = environment.schedule(this.#plan.withinMs, () =>
        this.#inTurnOf(key, () => this.#expire(key, generation)),
      );
      this.#timers.set(key, timer);
    }
  }

  /** In the turn of the latest value that waits there. */
  #inTurnOf(key: unknown, act: () => void): void {
    const latest = [...(this.#waiting.get(key)?.values() ?? [])].at(-1);
    latest?.value.inTurn(act);
  }

  #expire(key: unknown, generation: number | undefined): void {
    const { parties, withinMs, partial } = this.#plan;
    const step = this.#book.expire(key, generation);
    /* v8 ignore if -- @preserve Those who waited have left before this turn came: schedules of a slow machine, in L14. */
    if (step === undefined || step.decision !== 'expires') {
      return;
    }
    this.#closed(key);
    if (partial) {
      this.#letOut(step.arrived);
      return;
    }
    const values = valuesOf(step.arrived).map(({ value }) => value);
    const failure = new BarrierTimeout({
      parties,
      values,
      withinMs,
      completed: generation === undefined,
      key,
    });
    withTokensOf(step.arrived, () => this.#subscriber.error(failure));
  }

  #letOut(arrived: readonly Arrival<Held<T>>[]): void {
    const values = arrived.map(({ value }) => value.value);
    withTokensOf(arrived, () => {
      this.#subscriber.next(values);
      this.#mayComplete();
    });
  }

  #refuse(value: T, failure: BarrierClosed): void {
    if (this.#onLate === undefined) {
      throw failure;
    }
    const told: unknown = this.#onLate(value, failure);
    heed(told, (thrown) => {
      const { known } = this.#host;
      (known === undefined ? warn : onThrowOf(known))(thrown);
    });
  }

  #mayComplete(): void {
    if (this.#completed && this.#waiting.size === 0) {
      this.#subscriber.complete();
    }
  }
}

/** Does something with all their tokens in scope, and lets go of them. */
function withTokensOf(arrived: readonly Arrival<Held<unknown>>[], act: () => void): void {
  const held = arrived.map(({ value }) => value);
  const tokens = held.flatMap(({ token }) => (token === undefined ? [] : [token.retain()]));
  for (const one of held) {
    one.letGo();
  }
  const token = new GatheredToken(tokens);
  pushWithToken(token, act, undefined);
  token.release();
}
