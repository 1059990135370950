/**
 * A restart group: agents that are restarted together, one after the other.
 *
 *     suspended ── the last ends first ──> backoff ── the first begins first ──> running
 *
 * Each begins when the one before it runs, so an agent finds those it was started
 * after. Under `one-for-one` the group is one agent. Whoever is stopped, or taken
 * over by a newer group, is passed over.
 *
 * Source: Erlang/OTP, supervisors: children terminated in reverse start order.
 */
import type { Timer } from '../core/environment.ts';
import type { Cell } from './cell.ts';

export class RestartGroup {
  readonly afterMs: number;
  countsAtMs: number;
  readonly failure: unknown;
  /** In the order in which they were started. */
  readonly #members: readonly Cell[];
  #phase: 'ending' | 'waiting' | 'beginning' = 'ending';
  /** Whose turn it is to end or to begin. */
  #turn: number;
  #timer: Timer | undefined;

  constructor(facts: { members: readonly Cell[]; afterMs: number; dueMs: number; failure: unknown }) {
    this.#members = facts.members;
    this.afterMs = facts.afterMs;
    this.countsAtMs = facts.dueMs;
    this.failure = facts.failure;
    this.#turn = facts.members.length;
  }

  /** Takes its members over and lets the last one end. */
  begin(): void {
    const before = this.#members.map((member) => member.restartGroup);
    for (const member of this.#members) {
      member.restartGroup = this;
    }
    this.#members.forEach((member, n) => {
      before[n]?.left(member);
    });
    this.#next();
  }

  /** The work and the children of this member have ended. */
  ended(cell: Cell): void {
    this.#moved(cell, 'ending');
  }

  /** This member runs again. */
  began(cell: Cell): void {
    if (this.#phase === 'beginning') {
      cell.restartGroup = undefined;
      this.#moved(cell, 'beginning');
    }
  }

  /** This member is stopped, or belongs to another group. */
  left(cell: Cell): void {
    if (cell.restartGroup === this) {
      cell.restartGroup = undefined;
    }
    if (this.#isEmpty) {
      this.#timer?.cancel();
    } else {
      this.#moved(cell, this.#phase);
    }
  }

  beginsBeside(others: readonly Cell[]): boolean {
    const left = this.#phase === 'beginning' ? this.#members.slice(this.#turn + 1) : this.#members;
    return left.some((member) => member.restartGroup === this && !others.includes(member));
  }

  /** Whether all have been stopped, or taken over: then it waits for nothing any more. */
  get #isEmpty(): boolean {
    return this.#members.every((member) => member.restartGroup !== this);
  }

  #moved(cell: Cell, phase: 'ending' | 'waiting' | 'beginning'): void {
    if (this.#phase === phase && this.#members[this.#turn] === cell && !this.#isEmpty) {
      this.#next();
    }
  }

  #next(): void {
    if (this.#phase === 'ending') {
      const cell = this.#pass(-1);
      if (cell === undefined) {
        this.#wait();
      } else {
        cell.signal({ _tag: 'restart', group: this });
      }
    } else {
      this.#pass(1)?.signal({ _tag: 'backoffOver', group: this });
    }
  }

  /** The next member, in that direction, that is still one. */
  #pass(direction: 1 | -1): Cell | undefined {
    do {
      this.#turn += direction;
    } while (this.#members[this.#turn] !== undefined && this.#members[this.#turn]!.restartGroup !== this);
    return this.#members[this.#turn];
  }

  #wait(): void {
    const { environment } = this.#members[0]!.kernel;
    this.#phase = 'waiting';
    this.#timer = environment.schedule(this.afterMs, () => {
      this.#phase = 'beginning';
      this.#turn = -1;
      this.#next();
    });
  }
}
