/**
 * The open questions of one machine agent: all requests that it may still answer
 * after the step that took them.
 *
 * When the last piece of work for a question ends within a turn, the question is over
 * only behind that turn: what follows from the work may be the answer, and it leaves
 * when the turn is over. Outside of a turn it is over at once.
 */
import type { Envelope, ReplyPort } from '../core/envelope.ts';
import { afterwards } from './after-handling.ts';
import type { Cell } from './cell.ts';
import type { Handling } from './handling.ts';
import { OpenQuestion } from './open-question.ts';

/** Hears of it when one that stayed open is over. */
export interface QuestionKeeper {
  questionIsOver(): void;
}

export class OpenQuestions {
  readonly #cell: Cell;
  readonly #keeper: QuestionKeeper;
  #open: Set<OpenQuestion> | undefined;
  /** Those whose work has ended in this turn. */
  #eased: OpenQuestion[] | undefined;

  constructor(cell: Cell, keeper: QuestionKeeper) {
    this.#cell = cell;
    this.#keeper = keeper;
  }

  /** How many have stayed open. */
  get size(): number {
    return this.#open?.size ?? 0;
  }

  /** The question that this message asks, if it asks one. */
  askedBy({ envelope }: Handling): OpenQuestion | undefined {
    const port = envelope.replyTo;
    return port === undefined ? undefined : this.#askedThrough(port, envelope);
  }

  #askedThrough(port: ReplyPort, envelope: Envelope): OpenQuestion {
    return new OpenQuestion(this.#cell, envelope, port, (over) => {
      this.#open!.delete(over);
      this.#keeper.questionIsOver();
    });
  }

  /** The step that took it is over: it stays open if work goes on for it. */
  keep(question: OpenQuestion): void {
    if (question.stayOpen()) {
      this.#open ??= new Set();
      this.#open.add(question);
    }
  }

  keeps(port: ReplyPort): boolean {
    for (const question of this.#open ?? []) {
      if (question.port === port) {
        return true;
      }
    }
    return false;
  }

  /** A piece of work has ended within a turn: `settle` looks whether that was all. */
  ease(question: OpenQuestion): void {
    question.done();
    this.#eased ??= [];
    this.#eased.push(question);
  }

  /** The turn is over, or will be with this handling: what was eased in it is looked at behind all that it sends. */
  settle(handling: Handling | undefined): void {
    const eased = this.#eased;
    if (eased !== undefined && handling !== undefined) {
      this.#eased = undefined;
      // An answer may be among what has not left yet.
      afterwards(handling, settlesAll(eased));
    }
  }

  /** The machine is done: those who still ask hear that nobody answers. */
  finish(): void {
    for (const question of [...(this.#open ?? [])]) {
      question.interrupt();
      question.port.finished(this.#cell.path);
    }
  }

  /** The agent has failed, is stopped or begins anew: those who still ask hear of it. */
  fail(failure: unknown): void {
    for (const question of [...(this.#open ?? [])]) {
      question.fail(failure);
    }
  }
}

function settlesAll(eased: readonly OpenQuestion[]): () => void {
  return () => {
    for (const question of eased) {
      question.settle();
    }
  };
}
