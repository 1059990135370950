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
  /** The top of the stack; each step knows the one below it. */
  #top: HostedStep | undefined;
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
    if (this.#top !== undefined) {
      // An earlier step failed or was interrupted, and the agent goes on: what that left comes first.
      this.turn.attend(undefined);
      this.#next = step;
    } else {
      this.turn.attend(question);
      this.#take(step);
      this.push(step);
    }
    return this.#run(handling);
  }

  /** As `enter`, for what came from outside. Errors: what it throws. */
  takeInput(input: HostedInput, context: Context): Continuing | undefined {
    const handling = context as Handling;
    this.#asked = undefined;
    this.turn.trace = handling.trace;
    this.turn.attend(input.question);
    this.turn.begin(handling);
    const below = this.#top;
    try {
      input.act();
    } catch (thrown) {
      this.turn.rest();
      throw thrown;
    }
    this.#inOrder(below);
    return this.#run(handling);
  }

  /** This step comes next; events wait for its actor until it is over. */
  push(step: HostedStep): void {
    step.hosted.busy = true;
    step.below = this.#top;
    this.#top = step;
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
    this.#top = undefined;
    this.#next = undefined;
  }

  /** Does what the stack says until it is empty, a step failed, or others should have a turn. */
  #run(handling: Handling): Continuing | undefined {
    const { turn } = this;
    const { stage } = this.#works;
    let steps = 0;
    turn.begin(handling);
    for (let top = this.#goesOn(); top !== undefined && !turn.hasEnded; top = this.#goesOn()) {
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
  #goesOn(): HostedStep | undefined {
    const next = this.#next;
    if (next !== undefined && this.#top === undefined) {
      this.#next = undefined;
      this.turn.attend(this.#asked);
      this.push(next);
    }
    return this.#top;
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
      hasBegun(step, next);
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
    const below = this.#top;
    try {
      if (typeof effect === 'function') {
        effect();
      } else {
        const { type, params } = effect;
        this.#inspect?.({ type: '@xstate.action', actorRef: step.hosted.self, action: { type, params } });
        step.hosted.step = isBuiltIn(type) ? step : undefined;
        const result = effect.exec!(effect.info, params);
        if (result !== undefined) {
          heed(result, this.turn.report);
        }
      }
    } catch (thrown) {
      if (step.failure === undefined) {
        step.failure = { failure: thrown };
      } else {
        this.turn.report(thrown);
      }
    }
    step.hosted.step = undefined;
    this.#inOrder(below);
  }

  /** Those that were woken since this one was the top go on in the order in which they were woken. */
  #inOrder(below: HostedStep | undefined): void {
    let woken = this.#top;
    if (woken === below || woken === undefined || woken.below === below) {
      return;
    }
    let turned = below;
    while (woken !== below) {
      const earlier: HostedStep | undefined = woken!.below;
      woken!.below = turned;
      turned = woken;
      woken = earlier;
    }
    this.#top = turned;
  }

  /** All effects of a step are done: tells who looks, and says what became of the actor. */
  #conclude(step: HostedStep, handling: Handling): void {
    const { hosted, failure } = step;
    const snapshot = hosted.snapshot!;
    const below = this.#top;
    this.#outcomes.concluded(step, handling);
    this.#inOrder(below);
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
    if (this.#top === step) {
      this.#top = step.below;
    } else {
      this.#takeOut(step);
    }
    const next = hosted.status === 'ended' ? undefined : hosted.queue?.shift();
    if (next === undefined) {
      hosted.busy = false;
    } else {
      this.#waiting -= 1;
      this.push(new HostedStep(hosted, next));
    }
  }

  /** Takes a step out of the stack that is not the top: others were woken while it was computed. */
  #takeOut(step: HostedStep): void {
    for (let above = this.#top; above !== undefined; above = above.below) {
      if (above.below === step) {
        above.below = step.below;
      }
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
      if (this.#top !== undefined) {
        this.turn.comeAgain();
      }
    });
  }
}

/** The first step of an actor is committed: what it begins comes behind that. Apart, because of the closure. */
function hasBegun(step: HostedStep, next: InnerSnapshot): void {
  const { hosted } = step;
  hosted.status = 'running';
  hosted.made = undefined;
  if (next.status === 'active') {
    step.actions = [() => hosted.logic.start?.(next, hosted)];
  }
}
