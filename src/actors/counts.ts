/**
 * Counts: what became of messages, of one agent or of several together.
 */
import type { Mailbox } from '../core/mailbox.ts';

/** What is counted on an agent. */
export interface Counted {
  readonly mailbox: Mailbox;
  readonly handled: number;
  readonly failed: number;
  readonly interrupted: number;
  readonly expired: number;
  readonly unhandledAtStop: number;
  readonly messagesOpen: number;
  readonly toRedeliver: readonly unknown[] | undefined;
  readonly stashed: readonly unknown[] | undefined;
  readonly restarts: number;
  readonly redelivered: number;
}

export class Counts {
  offered = 0;
  accepted = 0;
  refused = 0;
  handled = 0;
  failed = 0;
  interrupted = 0;
  expired = 0;
  displaced = 0;
  conflated = 0;
  unhandledAtStop = 0;
  inFlight = 0;
  stashed = 0;
  waiting = 0;
  restarts = 0;
  redelivered = 0;

  /** Adds what one agent has counted. */
  add(one: Counted): this {
    const { mailbox } = one;
    this.offered += mailbox.offered;
    this.accepted += mailbox.accepted;
    this.refused += mailbox.refused;
    this.handled += one.handled;
    this.failed += one.failed;
    this.interrupted += one.interrupted;
    this.expired += one.expired;
    this.displaced += mailbox.displaced;
    this.conflated += mailbox.conflated;
    this.unhandledAtStop += one.unhandledAtStop;
    this.inFlight += one.messagesOpen + (one.toRedeliver?.length ?? 0);
    this.stashed += one.stashed?.length ?? 0;
    this.waiting += mailbox.waiting;
    this.restarts += one.restarts;
    this.redelivered += one.redelivered;
    return this;
  }

  /** Adds what was counted together before. */
  addAll(others: Counts): this {
    for (const name of Object.keys(this) as (keyof Numbers)[]) {
      this[name] += others[name];
    }
    return this;
  }
}

type Numbers = { [K in keyof Counts as Counts[K] extends number ? K : never]: number };
