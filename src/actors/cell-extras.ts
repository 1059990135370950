/**
 * Cell extras: what most agents do without for all or most of their lives, made when
 * the first of it is needed.
 *
 * A quiet agent is little more than its cell, so each field of a cell is paid for by
 * every agent there is: in bytes, and twice in time, since the collector copies young
 * objects. What is asked for once a message stands in the cell itself; the rest stands
 * here, and is read and written as if it did. To write what a field is anyway makes nothing.
 */
import type { Chain, Link } from '../core/chain.ts';
import type { Envelope } from '../core/envelope.ts';
import type { Timer } from '../core/environment.ts';
import type { Histogram } from '../core/histogram.ts';
import type { EmittedListeners } from './emitted-listeners.ts';

/** A behaviour that goes on from message to message, for one life of the agent: see `stream-run`. */
export interface Pipeline {
  /** The agent ends, or begins anew: nothing comes out of it any more. Must not throw. */
  end(): void;
}

const noTimes: readonly number[] = [];

/** Of cells `C`, requests `R` and restart groups `G`: the rooms above know what these are. */
class CellExtras<C, R extends Link<R>, G> {
  failed: number = 0;
  interrupted: number = 0;
  expired: number = 0;
  unhandledAtStop: number = 0;
  redelivered: number = 0;
  restarts: number = 0;
  outboxRoom: PromiseWithResolvers<void> | undefined = undefined;
  stashed: Envelope[] | undefined = undefined;
  timers: Set<Timer> | undefined = undefined;
  requests: Chain<R> | undefined = undefined;
  watchers: Set<C | ((ended: C) => void)> | undefined = undefined;
  watching: Set<C> | undefined = undefined;
  emitted: EmittedListeners | undefined = undefined;
  pipeline: Pipeline | undefined = undefined;
  histogram: Histogram | undefined = undefined;
  restartedAtMs: readonly number[] = noTimes;
  childrenRestartedAtMs: readonly number[] = noTimes;
  significantEnded: number = 0;
  toRedeliver: Envelope[] | undefined = undefined;
  whenChildrenEnded: (() => void) | undefined = undefined;
  restarting: boolean = false;
  restartGroup: G | undefined = undefined;
  stopTimer: Timer | undefined = undefined;
  finishes: boolean = false;
  failedOf: { readonly failure: unknown } | undefined = undefined;
}

export abstract class CellWithExtras<C, R extends Link<R>, G> {
  #extras: CellExtras<C, R, G> | undefined = undefined;

  // Not private: for private accessors each cell would be marked, which costs time and bytes.
  protected get extras(): CellExtras<C, R, G> {
    this.#extras ??= new CellExtras();
    return this.#extras;
  }

  get failed(): number {
    return this.#extras?.failed ?? 0;
  }

  set failed(value: number) {
    this.extras.failed = value;
  }

  get interrupted(): number {
    return this.#extras?.interrupted ?? 0;
  }

  set interrupted(value: number) {
    this.extras.interrupted = value;
  }

  get expired(): number {
    return this.#extras?.expired ?? 0;
  }

  set expired(value: number) {
    this.extras.expired = value;
  }

  get unhandledAtStop(): number {
    return this.#extras?.unhandledAtStop ?? 0;
  }

  set unhandledAtStop(value: number) {
    this.extras.unhandledAtStop = value;
  }

  get redelivered(): number {
    return this.#extras?.redelivered ?? 0;
  }

  set redelivered(value: number) {
    this.extras.redelivered = value;
  }

  get restarts(): number {
    return this.#extras?.restarts ?? 0;
  }

  set restarts(value: number) {
    this.extras.restarts = value;
  }

  get outboxRoom(): PromiseWithResolvers<void> | undefined {
    return this.#extras?.outboxRoom;
  }

  set outboxRoom(value: PromiseWithResolvers<void> | undefined) {
    if (this.#extras !== undefined || value !== undefined) {
      this.extras.outboxRoom = value;
    }
  }

  get stashed(): Envelope[] | undefined {
    return this.#extras?.stashed;
  }

  set stashed(value: Envelope[] | undefined) {
    if (this.#extras !== undefined || value !== undefined) {
      this.extras.stashed = value;
    }
  }

  get timers(): Set<Timer> | undefined {
    return this.#extras?.timers;
  }

  set timers(value: Set<Timer> | undefined) {
    this.extras.timers = value;
  }

  get requests(): Chain<R> | undefined {
    return this.#extras?.requests;
  }

  set requests(value: Chain<R> | undefined) {
    this.extras.requests = value;
  }

  /** Those who wait for its end. */
  get watchers(): Set<C | ((ended: C) => void)> | undefined {
    return this.#extras?.watchers;
  }

  set watchers(value: Set<C | ((ended: C) => void)> | undefined) {
    if (this.#extras !== undefined || value !== undefined) {
      this.extras.watchers = value;
    }
  }

  get watching(): Set<C> | undefined {
    return this.#extras?.watching;
  }

  set watching(value: Set<C> | undefined) {
    if (this.#extras !== undefined || value !== undefined) {
      this.extras.watching = value;
    }
  }

  get emitted(): EmittedListeners | undefined {
    return this.#extras?.emitted;
  }

  set emitted(value: EmittedListeners | undefined) {
    this.extras.emitted = value;
  }

  /** The stream that is its behaviour, if it is a stream agent that has begun. */
  get pipeline(): Pipeline | undefined {
    return this.#extras?.pipeline;
  }

  set pipeline(value: Pipeline | undefined) {
    if (this.#extras !== undefined || value !== undefined) {
      this.extras.pipeline = value;
    }
  }

  get histogram(): Histogram | undefined {
    return this.#extras?.histogram;
  }

  set histogram(value: Histogram | undefined) {
    this.extras.histogram = value;
  }

  /** When it was restarted, oldest first, as far as its supervisor's window reaches. */
  get restartedAtMs(): readonly number[] {
    return this.#extras?.restartedAtMs ?? noTimes;
  }

  set restartedAtMs(value: readonly number[]) {
    this.extras.restartedAtMs = value;
  }

  /** When its children were restarted together, where its strategy restarts them so. */
  get childrenRestartedAtMs(): readonly number[] {
    return this.#extras?.childrenRestartedAtMs ?? noTimes;
  }

  set childrenRestartedAtMs(value: readonly number[]) {
    this.extras.childrenRestartedAtMs = value;
  }

  /** How many significant children have ended. */
  get significantEnded(): number {
    return this.#extras?.significantEnded ?? 0;
  }

  set significantEnded(value: number) {
    this.extras.significantEnded = value;
  }

  /** Messages in flight when it failed, to be handled again after the restart. */
  get toRedeliver(): Envelope[] | undefined {
    return this.#extras?.toRedeliver;
  }

  set toRedeliver(value: Envelope[] | undefined) {
    this.extras.toRedeliver = value;
  }

  /** What a stop or a restart in progress will do when the children have ended. */
  get whenChildrenEnded(): (() => void) | undefined {
    return this.#extras?.whenChildrenEnded;
  }

  set whenChildrenEnded(value: (() => void) | undefined) {
    this.extras.whenChildrenEnded = value;
  }

  /** Whether a restart is in progress. */
  get restarting(): boolean {
    return this.#extras?.restarting ?? false;
  }

  set restarting(value: boolean) {
    if (this.#extras !== undefined || value) {
      this.extras.restarting = value;
    }
  }

  /** Those it is being restarted with. */
  get restartGroup(): G | undefined {
    return this.#extras?.restartGroup;
  }

  set restartGroup(value: G | undefined) {
    this.extras.restartGroup = value;
  }

  get stopTimer(): Timer | undefined {
    return this.#extras?.stopTimer;
  }

  set stopTimer(value: Timer | undefined) {
    if (this.#extras !== undefined || value !== undefined) {
      this.extras.stopTimer = value;
    }
  }

  /** Whether it has finished, and ends as soon as what it sent has left. */
  get finishes(): boolean {
    return this.#extras?.finishes ?? false;
  }

  set finishes(value: boolean) {
    if (this.#extras !== undefined || value) {
      this.extras.finishes = value;
    }
  }

  /** What it failed of, if it ended so. */
  get failedOf(): { readonly failure: unknown } | undefined {
    return this.#extras?.failedOf;
  }

  set failedOf(value: { readonly failure: unknown } | undefined) {
    if (this.#extras !== undefined || value !== undefined) {
      this.extras.failedOf = value;
    }
  }
}
