/**
 * What comes to a machine agent from its own timers and tasks, and how it waits.
 *
 * A timer that rang, a promise that settled, a value of an observable, an event a
 * callback sent: each is a step of the agent, in a slot of its mailbox beside the
 * messages. What ends a child or a timer has its slot reserved; the rest is
 * bounded by the agent's capacity.
 */
import { ownEnvelope } from '../core/envelope.ts';
import type { Timer } from '../core/environment.ts';
import { timerNotice } from '../core/notice.ts';
import type { HandlingTrace } from '../core/tracing.ts';
import type { NoticedStep } from './agent-timer.ts';
import type { Cell } from './cell.ts';
import type { Context } from './context.ts';
import type { OpenQuestion } from './open-question.ts';
import type { Result } from './result.ts';
import { type InnerEvent, innerEvents } from './xstate-inner.ts';

/** Called in a step of the agent, when it is the turn of an input. */
export interface InputTaker {
  takeInput(input: HostedInput, context: Context): Result<unknown>;
}

export class HostedInput implements NoticedStep {
  readonly act: () => unknown;
  readonly question: OpenQuestion | undefined;
  /** The handling in which the work began that it comes from, if that is followed. */
  readonly setBy: HandlingTrace | undefined;
  readonly child: string | undefined;
  readonly every = false;
  readonly #cell: Cell;
  readonly #inputs: Set<HostedInput>;
  readonly #taker: InputTaker;
  #waits = true;

  constructor(facts: {
    cell: Cell;
    inputs: Set<HostedInput>;
    question: OpenQuestion | undefined;
    act: () => unknown;
    taker: InputTaker;
    setBy: HandlingTrace | undefined;
    child: string | undefined;
  }) {
    this.#cell = facts.cell;
    this.#inputs = facts.inputs;
    this.question = facts.question;
    this.act = facts.act;
    this.#taker = facts.taker;
    this.setBy = facts.setBy;
    this.child = facts.child;
    this.#inputs.add(this);
    const { kernel, path } = facts.cell;
    facts.cell.receiveNotice(
      ownEnvelope(kernel.environment.nextId(), path, path, timerNotice, this, facts.question?.envelope),
    );
  }

  get step(): ((context: Context) => Result<unknown>) | undefined {
    return this.#waits ? (context) => this.#taker.takeInput(this, context) : undefined;
  }

  taken(): void {
    this.#inputs.delete(this);
  }

  cancel(): void {
    if (this.#waits && this.#inputs.delete(this)) {
      this.#waits = false;
      this.#cell.mailbox.withdrawNotice(this);
    }
  }
}

/** Whose timers they are. */
export interface TimerOwner {
  timers: Set<HostedTimer> | undefined;
  /** The latest of each id. */
  timerOf: Map<string, HostedTimer> | undefined;
}

/**
 * A delayed event of a hosted actor: `after`, or a `sendTo` or `raise` with a delay.
 *
 * Of two with one id, `cancel` finds the later; and whichever rings, the id is
 * forgotten. That is what XState does.
 */
export class HostedTimer {
  readonly id: string;
  readonly #owner: TimerOwner;
  readonly #setBy: HandlingTrace | undefined;
  readonly #question: OpenQuestion | undefined;
  readonly #over: (question: OpenQuestion | undefined) => void;
  #timer: Timer | undefined;
  #input: HostedInput | undefined;

  constructor(facts: {
    id: string;
    owner: TimerOwner;
    question: OpenQuestion | undefined;
    setBy: HandlingTrace | undefined;
    over: (question: OpenQuestion | undefined) => void;
  }) {
    this.id = facts.id;
    this.#owner = facts.owner;
    this.#question = facts.question?.begin();
    this.#setBy = facts.setBy;
    this.#over = facts.over;
  }

  start(
    cell: Cell,
    delayMs: number,
    rang: (question: OpenQuestion | undefined, setBy: HandlingTrace | undefined) => HostedInput,
  ): void {
    this.#owner.timers ??= new Set();
    this.#owner.timers.add(this);
    this.#owner.timerOf ??= new Map();
    this.#owner.timerOf.set(this.id, this);
    if (delayMs < Number.POSITIVE_INFINITY) {
      this.#timer = cell.kernel.environment.schedule(delayMs, () => {
        this.#input = rang(this.#question, this.#setBy);
      });
    }
  }

  /** Its event is being delivered. */
  taken(): void {
    this.#owner.timerOf!.delete(this.id);
    this.#end();
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#input?.cancel();
    this.#end();
  }

  #end(): void {
    if (this.#owner.timers!.delete(this)) {
      this.#over(this.#question);
    }
  }
}

/** What ends a child or a timer has room of its own. */
export const isReserved = ({ type }: InnerEvent): boolean =>
  type.startsWith(innerEvents.done) ||
  type.startsWith(innerEvents.error) ||
  type.startsWith(innerEvents.after) ||
  type === innerEvents.stop ||
  settlements.has(type);

/** What XState's own logics tell themselves when their work has ended. */
const settlements: ReadonlySet<string> = new Set([
  'xstate.promise.resolve',
  'xstate.promise.reject',
  'xstate.observable.complete',
  'xstate.observable.error',
]);
