/**
 * A cascade: one event to one actor of a machine agent, and everything that follows from it.
 *
 *     waiting → (the step is computed, and commits) → its effects, one by one → told → the next event
 *
 * An effect may send to another actor of the tree: that one's step is taken next, with
 * all that follows from it, and then the rest of the effects. So XState's own order is
 * kept exactly, depth first, but on a stack of ours: no recursion, and a turn may end
 * anywhere between two steps.
 *
 * Guarantees
 *   - A step commits whole or fails whole; its actions and effects come after it.
 *   - Events that wait for busy actors are bounded by the agent's capacity; one too
 *     many is a dead letter.
 *   - After some steps, or when something is to leave, other agents have a turn.
 *   - When a step fails, or the handling is interrupted, what is left of the stack comes
 *     before the next message. After `end` nothing happens any more.
 *
 * Cost: one object for a step.
 *
 * Source: W3C, "State Chart XML (SCXML)" (2015), for what a step is; XState 5 for the order.
 */
import type { Cell } from './cell.ts';
import type { Context } from './context.ts';
import { Continuing } from './continuing.ts';
import type { Handling } from './handling.ts';
import { type HostedActor, type HostedEffect, HostedStep } from './hosted-actor.ts';
import { type HostedInput, type InputTaker, isReserved } from './hosted-input.ts';
import { HostedTurn } from './hosted-turn.ts';
import type { Inspect } from './inspection.ts';
import type { OpenQuestion } from './open-question.ts';
import type { TaskEnds } from './open-work.ts';
import { afterOutbox, release } from './outbox.ts';
import { asReply } from './request-failures.ts';
import { heed } from './thenable.ts';
import type { Works } from './works.ts';
import { type InnerEvent, type InnerSnapshot, innerEvents, isBuiltIn } from './xstate-inner.ts';

/** Steps in one go; then other agents have a turn. */
const stepsMax = 64;

/** What a cascade tells of the steps it takes. */
export interface Outcomes {
  /** All effects of a step are done. */
  concluded(step: HostedStep, handling: Handling): void;
  /** A step of a child failed, or an effect of one. */
  failed(child: HostedActor, failure: unknown): void;
  /** A step failed before it was committed: there never was one. */
  undo(step: HostedStep): void;
}

export class Cascade implements InputTaker {
  readonly turn: HostedTurn;
  readonly #cell: Cell;
  readonly #works: Works;
  readonly #outcomes: Outcomes;
  readonly #inspect: Inspect | undefined;
  readonly #stack: HostedStep[] = [];
  /** Events that wait for busy actors. */
  #waiting = 0;
  /** The request that the message in hand asks. */
  #asked: OpenQuestion | undefined;
  /** The first step of the message in hand, while what an earlier one left comes first. */
  #next: HostedStep | undefined;
  /** What the agent's own step failed of. */
  #failure: { readonly failure: unknown } | undefined;

  constructor(cell: Cell, works: Works, outcomes: Outcomes, inspect: Inspect | undefined) {
    this.#cell = cell;
    this.#works = works;
    this.#outcomes = outcomes;
    this.#inspect = inspect;
    this.turn = new HostedTurn(cell, this);
  }

  /** Brings one event to one actor, and everything that follows from it, in the handling of a message or notice. */
  enter(
    handling: Handling,
    question: OpenQuestion | undefined,
    hosted: HostedActor,
    event: InnerEvent | undefined,
  ): Continuing | undefined {
    const step = new HostedStep(hosted, event);
    this.#asked = question;
    this.turn.trace = handling.trace;
    if (this.#stack.length > 0) {
      // An earlier step failed or was interrupted, and the agent goes on: what that left comes first.
      this.turn.attend(undefined);
      this.#next = step;
      return this.#run(handling);
    }
    this.turn.attend(question);
    this.#take(step);
    this.push(step);
    return this.#run(handling);
  }

  /** As `enter`, for what came from outside. Errors: what it throws. */
  takeInput(input: HostedInput, context: Context): Continuing | undefined {
    const handling = context as Handling;
    this.#asked = undefined;
    this.turn.trace = handling.trace;
    this.turn.attend(input.question);
    this.turn.begin(handling);
    const depth = this.#stack.length;
    try {
      input.act();
    } catch (thrown) {
      this.turn.rest();
      throw thrown;
    }
    this.#inOrder(depth);
    return this.#run(handling);
  }

  /** This step comes next; events wait for its actor until it is over. */
  push(step: HostedStep): void {
    step.hosted.busy = true;
    this.#stack.push(step);
  }

  /** From one actor of the tree, or from outside, to another: within this cascade, or in a turn of its own. */
  send(source: HostedActor | undefined, target: HostedActor, event: InnerEvent): void {
    if (this.turn.handling !== undefined) {
      this.#inspect?.({
        type: '@xstate.event',
        sourceRef: source?.self,
        actorRef: target.self,
        event,
      });
    }
    this.deliver(source, target, event);
  }

  /** As `send`; whoever inspects knows of it already. */
  deliver(source: HostedActor | undefined, target: HostedActor, event: InnerEvent): void {
    if (this.turn.hasEnded || target.status === 'ended') {
      this.turn.lose(target, event, 'Stopped');
    } else if (this.turn.handling === undefined) {
      this.#comeIn(source, target, event);
    } else if (target.busy || target.status === 'new') {
      if (this.#waiting >= this.#cell.mailboxCapacity && !isReserved(event)) {
        this.turn.lose(target, event, 'Dropped');
      } else {
        this.#waiting += 1;
        target.wait(event);
      }
    } else {
      this.push(new HostedStep(target, event));
    }
  }

  /** Events that wait for an actor, and that it will not be given any more. */
  empty(hosted: HostedActor): void {
    for (let event = hosted.queue?.shift(); event !== undefined; event = hosted.queue?.shift()) {
      this.#waiting -= 1;
      this.turn.lose(hosted, event, 'Stopped');
    }
  }

  /** The stack is forgotten. */
  end(): void {
    this.#stack.length = 0;
    this.#next = undefined;
  }

  /** Does what the stack says until it is empty, a step failed, or others should have a turn. */
  #run(handling: Handling): Continuing | undefined {
    const { turn } = this;
    const { stage } = this.#works;
    let steps = 0;
    turn.begin(handling);
    for (let top = this.#top(); top !== undefined && !turn.hasEnded; top = this.#top()) {
      if (top.phase === 'waiting') {
        if (steps >= stepsMax || stage.size > 0) {
          return this.#pause(handling);
        }
        steps += 1;
        this.#tryTake(top);
      } else {
        const effect = top.next();
        if (effect !== undefined) {
          this.#perform(top, effect);
        } else if (top.phase === 'committed') {
          top.phase = 'told';
          this.#conclude(top, handling);
        } else {
          this.#leave(top);
        }
      }
      if (this.#failure !== undefined) {
        return this.#fail(handling, this.#failure.failure);
      }
    }
    turn.rest();
    return undefined;
  }

  /** What there is to go on with: what is left, and then what the message in hand begins with. */
  #top(): HostedStep | undefined {
    const next = this.#next;
    if (next !== undefined && this.#stack.length === 0) {
      this.#next = undefined;
      this.turn.attend(this.#asked);
      this.push(next);
    }
    return this.#stack.at(-1);
  }

  /** Computes a step and commits it. Errors: what it threw; then it has not been taken. */
  #take(step: HostedStep): void {
    const { hosted, event } = step;
    const { logic } = hosted;
    hosted.step = step;
    let next: InnerSnapshot;
    try {
      next =
        event === undefined
          ? (hosted.snapshot ?? logic.getInitialSnapshot(hosted, hosted.input))
          : logic.transition(hosted.snapshot!, event, hosted);
      if (hosted.parent === undefined && next.status === 'error') {
        throw next.error;
      }
    } catch (thrown) {
      hosted.step = undefined;
      this.#outcomes.undo(step);
      throw thrown;
    }
    hosted.step = undefined;
    hosted.commit(next);
    step.phase = 'committed';
    if (event === undefined) {
      hosted.status = 'running';
      hosted.made = undefined;
      step.actions = next.status === 'active' ? [() => logic.start?.(next, hosted)] : undefined;
    }
  }

  #tryTake(step: HostedStep): void {
    if (step.hosted.status === 'ended') {
      // A child that was told to start, and was stopped or undone before it had begun.
      this.#leave(step);
      return;
    }
    try {
      this.#take(step);
    } catch (thrown) {
      this.#leave(step);
      this.#failed(step.hosted, thrown);
    }
  }

  #perform(step: HostedStep, effect: HostedEffect): void {
    const depth = this.#stack.length;
    try {
      if (typeof effect === 'function') {
        effect();
      } else {
        const { type, params } = effect;
        this.#inspect?.({ type: '@xstate.action', actorRef: step.hosted.self, action: { type, params } });
        step.hosted.step = isBuiltIn(type) ? step : undefined;
        heed(effect.exec!(effect.info, params), this.turn.report);
      }
    } catch (thrown) {
      if (step.failure === undefined) {
        step.failure = { failure: thrown };
      } else {
        this.turn.report(thrown);
      }
    }
    step.hosted.step = undefined;
    this.#inOrder(depth);
  }

  /** Those that were woken since the stack was that deep go on in the order in which they were woken. */
  #inOrder(depth: number): void {
    if (this.#stack.length > depth + 1) {
      this.#stack.push(...this.#stack.splice(depth).reverse());
    }
  }

  /** All effects of a step are done: tells who looks, and says what became of the actor. */
  #conclude(step: HostedStep, handling: Handling): void {
    const { hosted, failure } = step;
    const snapshot = hosted.snapshot!;
    const depth = this.#stack.length;
    this.#outcomes.concluded(step, handling);
    this.#inOrder(depth);
    this.#inspect?.({
      type: '@xstate.snapshot',
      actorRef: hosted.self,
      event: step.event ?? { type: innerEvents.init, input: hosted.input },
      snapshot,
    });
    if (failure !== undefined) {
      this.#failed(hosted, failure.failure);
    }
  }

  /** A child tells its parent; the agent itself fails. */
  #failed(hosted: HostedActor, failure: unknown): void {
    if (hosted.parent === undefined) {
      this.#failure = { failure };
    } else {
      this.#outcomes.failed(hosted, failure);
    }
  }

  /** A step is over: the next event of its actor, or whoever stood below it. */
  #leave(step: HostedStep): void {
    const { hosted } = step;
    if (this.#stack.at(-1) === step) {
      this.#stack.pop();
    } else {
      this.#stack.splice(this.#stack.lastIndexOf(step), 1);
    }
    const next = hosted.status === 'ended' ? undefined : hosted.queue?.shift();
    if (next === undefined) {
      hosted.busy = false;
    } else {
      this.#waiting -= 1;
      this.#stack.push(new HostedStep(hosted, next));
    }
  }

  /** From outside of any step: a promise, an observable, a callback, or whoever holds a ref of a child. */
  #comeIn(source: HostedActor | undefined, target: HostedActor, event: InnerEvent): void {
    // What an actor tells itself is what became of its work; anything else can be said too often.
    if (this.turn.isFull && !(source === target && isReserved(event))) {
      this.turn.lose(target, event, 'Dropped');
    } else {
      this.turn.arrive(source?.question, () => this.send(source, target, event), source);
    }
  }

  #pause(handling: Handling): Continuing {
    const { question } = this.turn;
    this.turn.pause();
    return new Continuing((ends) => this.#goOnLater(handling, question, ends));
  }

  #goOnLater(handling: Handling, question: OpenQuestion | undefined, ends: TaskEnds): void {
    const cell = this.#cell;
    const goOn = (): void => cell.notice({ deliver: () => this.#goOn(handling, question, ends) });
    if (cell.blocked) {
      afterOutbox(cell, goOn);
    } else {
      goOn();
    }
  }

  #goOn(handling: Handling, question: OpenQuestion | undefined, ends: TaskEnds): void {
    const { stage } = this.#works;
    if (this.turn.hasEnded) {
      return;
    }
    if (handling.over) {
      // It was interrupted, and its agent goes on.
      this.#next = undefined;
      this.turn.comeAgain();
      return;
    }
    this.turn.trace = handling.trace;
    this.turn.attend(question);
    stage.cell = handling.cell;
    let rest: Continuing | undefined;
    try {
      rest = this.#run(handling);
    } finally {
      stage.cell = undefined;
    }
    if (stage.size > 0) {
      release(this.#cell, stage, handling);
    }
    if (rest === undefined) {
      if (this.#asked !== undefined) {
        // What it asked for may have begun only now.
        this.turn.questions.keep(this.#asked);
      }
      ends.succeeded(handling, undefined);
    } else {
      rest.begin(ends);
    }
  }

  /** The agent fails; what its step left undone is done if it is told to resume. */
  #fail(handling: Handling, failure: unknown): Continuing {
    this.#failure = undefined;
    // Whoever asked for the work that failed hears of that, as of a handler that fails later.
    this.turn.question?.fail(asReply(this.#cell.path, failure));
    this.turn.rest();
    return new Continuing((ends) => {
      ends.failed(handling, failure);
      if (this.#stack.length > 0) {
        this.turn.comeAgain();
      }
    });
  }
}
