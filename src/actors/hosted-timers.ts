/**
 * The timers of one machine agent: the delayed events of its actors.
 *
 * No more than `hosted-limit` allows wait at once. One without an id has a name by
 * which nobody can cancel it but its actor's end.
 */
import type { Cell } from './cell.ts';
import { HostedTimer, type TimerOwner } from './hosted-input.ts';
import { makeRoom } from './hosted-limit.ts';
import type { HostedTurn } from './hosted-turn.ts';
import type { OpenQuestion } from './open-question.ts';

export class HostedTimers {
  readonly #cell: Cell;
  readonly #turn: HostedTurn;
  /** Those that have not been delivered, and not been cancelled. */
  #size = 0;
  #unnamed = 0;

  readonly #over = (question: OpenQuestion | undefined): void => {
    this.#size -= 1;
    this.#turn.over(question);
  };

  constructor(cell: Cell, turn: HostedTurn) {
    this.#cell = cell;
    this.#turn = turn;
  }

  get size(): number {
    return this.#size;
  }

  /** `deliver` is called in a step of the agent, when the time has come. Errors: `RangeError` when there are too many. */
  set(owner: TimerOwner, id: string | undefined, delayMs: number, deliver: () => void): void {
    makeRoom('timers', this.#size, this.#cell.path);
    this.#unnamed += id === undefined ? 1 : 0;
    this.#size += 1;
    const timer = new HostedTimer({
      id: id ?? `unnamed-${this.#unnamed}`,
      owner,
      question: this.#turn.question,
      setBy: this.#turn.trace,
      over: this.#over,
    });
    timer.start(this.#cell, Math.max(0, delayMs) || 0, (question, setBy) =>
      this.#turn.arrive(
        question,
        () => {
          timer.taken();
          deliver();
        },
        { setBy },
      ),
    );
  }
}

/** Cancels the latest timer that its owner has under this id, if there is one. */
export function cancelTimer({ timerOf }: TimerOwner, id: string): void {
  const timer = timerOf?.get(id);
  timerOf?.delete(id);
  timer?.cancel();
}
