/**
 * The turn of a machine agent: the handling under which things happen in its machine
 * now, and the request for which they do; and what waits outside for a turn of its own.
 *
 * Rung timers, settled tasks and what others send to its children come from outside of
 * any turn. Bounded by the agent's capacity: whoever brings something that may be lost
 * asks `isFull` first. What ends a child or a timer is never refused; there is no more
 * of that than there are children and timers.
 */
import type { DeadLetterCause } from '../core/dead-letter.ts';
import type { HandlingTrace } from '../core/tracing.ts';
import type { Cell } from './cell.ts';
import type { Handling } from './handling.ts';
import type { HostedActor } from './hosted-actor.ts';
import { HostedInput, type InputTaker } from './hosted-input.ts';
import { loseEvent } from './lost-event.ts';
import type { OpenQuestion } from './open-question.ts';
import { OpenQuestions, type QuestionKeeper } from './open-questions.ts';
import type { InnerEvent } from './xstate-inner.ts';

/** Where an input comes from: an actor of the tree, or a timer. */
export interface InputSource {
  /** The handling in which it began, if that is followed. */
  readonly setBy?: HandlingTrace | undefined;
  /** Path of the actor. */
  readonly sessionId?: string;
}

const nowhere: InputSource = {};

export class HostedTurn implements QuestionKeeper {
  readonly questions: OpenQuestions;
  readonly #cell: Cell;
  readonly #taker: InputTaker;
  #inputs: Set<HostedInput> | undefined;
  #handling: Handling | undefined;
  #question: OpenQuestion | undefined;
  /** How the handling is followed under which things happen, also while its own first step is computed. */
  trace: HandlingTrace | undefined;
  #ended = false;
  #report: ((thrown: unknown) => void) | undefined;

  /** `taker` begins a turn for each input, in the order in which they came. */
  constructor(cell: Cell, taker: InputTaker) {
    this.#cell = cell;
    this.#taker = taker;
    this.questions = new OpenQuestions(cell, this);
  }

  /** For what a user's function threw where nobody waits for it. */
  get report(): (thrown: unknown) => void {
    this.#report ??= (thrown) => this.#cell.reportStray(thrown);
    return this.#report;
  }

  /** The handling under which things happen now; `undefined` outside of a turn. */
  get handling(): Handling | undefined {
    return this.#handling;
  }

  /** The request for which they happen. */
  get question(): OpenQuestion | undefined {
    return this.#question;
  }

  /** Whether nothing happens any more. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  /** How much waits to come in. */
  get inputs(): number {
    return this.#inputs?.size ?? 0;
  }

  /** Whether that is as much as the agent has room for. */
  get isFull(): boolean {
    return this.inputs >= this.#cell.mailboxCapacity;
  }

  /** What happens from now on happens for this request. */
  attend(question: OpenQuestion | undefined): void {
    this.#question = question;
  }

  begin(handling: Handling): void {
    this.#handling = handling;
  }

  /** Others have a turn now; this one goes on later, and begins again. */
  pause(): void {
    this.#handling = undefined;
  }

  /** It is over, and with it whatever work ended in it. */
  rest(): void {
    const handling = this.#handling;
    this.#handling = undefined;
    this.#question = undefined;
    this.trace = undefined;
    this.questions.settle(handling);
  }

  /** What `act` does is a step of the agent, in a turn of its own. */
  arrive(question: OpenQuestion | undefined, act: () => unknown, from: InputSource = nowhere): HostedInput {
    this.#inputs ??= new Set();
    return new HostedInput({
      cell: this.#cell,
      inputs: this.#inputs,
      question,
      act,
      taker: this.#taker,
      setBy: from.setBy,
      child: from.sessionId === this.#cell.path ? undefined : from.sessionId,
    });
  }

  /** A turn in which nothing new happens: for what has been left over. */
  comeAgain(): void {
    this.arrive(undefined, () => {});
  }

  /** A piece of work for a request has ended; what follows from that may still answer it. */
  over(question: OpenQuestion | undefined): void {
    if (question === undefined) {
      return;
    }
    if (this.#handling === undefined) {
      question.end();
    } else {
      this.questions.ease(question);
    }
  }

  /** A request is over; an agent that drains may have waited for it. */
  questionIsOver(): void {
    if (this.#cell.drains && this.#handling === undefined && !this.#ended) {
      this.comeAgain();
    }
  }

  /** This actor is not given this event. */
  lose(target: HostedActor, event: InnerEvent, cause: DeadLetterCause): void {
    loseEvent(this.#cell, target.sessionId, event, cause, this.#handling?.envelope);
  }

  /** Nothing happens any more; `isDone` if that is because the machine is done. */
  end(isDone: boolean, failure: unknown): void {
    this.#ended = true;
    if (isDone) {
      this.questions.finish();
    } else {
      this.questions.fail(failure);
    }
    for (const input of [...(this.#inputs ?? [])]) {
      input.cancel();
    }
  }
}
