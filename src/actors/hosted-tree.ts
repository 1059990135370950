/**
 * A hosted tree: a machine agent's actor and all its children, as one XState system
 * of ours.
 *
 *     event → step → committed → actions → deferred effects → observers → next event
 *
 * XState makes the children itself; each hears of a new one through the inspection
 * event that its constructor sends, and takes it over. From then on every event,
 * timer, id and effect of it comes here. Deliveries follow XState's order exactly,
 * depth first, but on a stack of ours: no recursion, and a turn may end anywhere
 * between two steps.
 *
 * Guarantees
 *   - A step commits whole or fails whole; its actions and effects come after it.
 *   - Identity is the path. Nothing is taken from the process: no counter, no time, no chance.
 *   - What waits is bounded: events by the agent's `capacity`, children and timers by
 *     `hostedMax`. What does not fit is a dead letter, or fails the step.
 *   - After `end` no child, timer, task or listener of this run has any effect.
 *
 * Source: W3C, "State Chart XML (SCXML)" (2015), for what a step is; XState 5 for the rest.
 */

import type { DeadLetterCause } from '../core/dead-letter.ts';
import { ownEnvelope, type ReplyPort } from '../core/envelope.ts';
import { MailboxFull } from '../core/mailbox.ts';
import { afterwards, finishAfter } from './after-handling.ts';
import type { Behaviour, Cell } from './cell.ts';
import { safely, tellEach } from './child-observers.ts';
import { Continuing } from './continuing.ts';
import { tellListeners } from './emitted-listeners.ts';
import type { Handling } from './handling.ts';
import { HostedActor, type HostedEffect, HostedStep, type HostedSystem } from './hosted-actor.ts';
import { HostedInput, HostedTimer } from './hosted-input.ts';
import { HostedSelf } from './hosted-self.ts';
import { type Inspect, inspection } from './inspection.ts';
import type { Inspector } from './inspector.ts';
import { LocalRef } from './local-ref.ts';
import { OpenQuestion } from './open-question.ts';
import type { TaskEnds } from './open-work.ts';
import { afterOutbox, release, releaseReply } from './outbox.ts';
import { heed, refuseThenable } from './thenable.ts';
import type { Works } from './works.ts';
import {
  type InnerActor,
  type InnerEvent,
  type InnerInspection,
  type InnerLogic,
  type InnerSnapshot,
  innerEvents,
  isBuiltIn,
  processing,
} from './xstate-inner.ts';

/** Most living children, and most timers, of one machine agent. */
const hostedMax = 16_384;

/** Steps of a cascade in one go; then other agents have a turn. */
const stepsMax = 64;

export class HostedTree implements HostedSystem, Behaviour {
  readonly root: HostedActor;
  /** XState reads a map of timers here when it persists a system; ours are elsewhere. */
  readonly _snapshot = { _scheduledEvents: {} };
  readonly #cell: Cell;
  readonly #works: Works;
  readonly #inspect: Inspect | undefined;
  readonly #stack: HostedStep[] = [];
  /** Living children, in the order in which they were made. */
  readonly #children = new Map<object, HostedActor>();
  #ids: ReadonlyMap<string, object> = noIds;
  #inputs: Set<HostedInput> | undefined;
  #questions: Set<OpenQuestion> | undefined;
  /** Questions whose work has ended in this turn. */
  #eased: OpenQuestion[] | undefined;
  /** Events that wait for busy actors. */
  #waiting = 0;
  #timers = 0;
  #unnamedTimers = 0;
  /** The handling under which things happen now. */
  #handling: Handling | undefined;
  /** The request for which they happen. */
  #question: OpenQuestion | undefined;
  #observed: InnerSnapshot | undefined;
  #failure: { readonly failure: unknown } | undefined;
  #ended = false;

  readonly #report = (thrown: unknown): void => this.#cell.reportStray(thrown);

  constructor(
    cell: Cell,
    works: Works,
    machine: {
      readonly logic: InnerLogic;
      readonly input: unknown;
      readonly inspectors: readonly Inspector[];
    },
  ) {
    const { logic, input, inspectors } = machine;
    this.#cell = cell;
    this.#works = works;
    this.#inspect = inspectors.length === 0 ? undefined : inspection(cell, inspectors);
    this.root = new HostedActor({
      system: this,
      parent: undefined,
      logic,
      self: new HostedSelf(cell, this),
      input,
      id: cell.path.slice(cell.path.lastIndexOf('/') + 1),
      sessionId: cell.path,
      question: undefined,
    });
  }

  get path(): string {
    return this.#cell.path;
  }

  get snapshot(): InnerSnapshot | undefined {
    return this.root.snapshot;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  get isIdle(): boolean {
    return this.#questions === undefined || this.#questions.size === 0;
  }

  get rests(): boolean {
    return this.isIdle && this.#children.size === 0 && this.#timers === 0 && !this.#inputs?.size;
  }

  /** The first step of a run. Errors: what the machine throws, or its first state fails of. */
  begin(handling: Handling): Continuing | undefined {
    this.#inspect?.({ type: '@xstate.actor', actorRef: this.root.self });
    return this.#enter(handling, undefined, this.root, undefined);
  }

  /** A message of the agent. Errors: what the step throws; then nothing of it has happened. */
  take(event: InnerEvent, handling: Handling): Continuing | undefined {
    if (this.root.status !== 'running') {
      throw new Error(`the machine of '${this.path}' has not begun: its first step failed`);
    }
    const port = handling.envelope.replyTo;
    const question =
      port === undefined
        ? undefined
        : new OpenQuestion(this.#cell, handling.envelope, port, (over) => this.#close(over));
    this.#inspect?.({ type: '@xstate.event', sourceRef: undefined, actorRef: this.root.self, event });
    const rest = this.#enter(handling, question, this.root, event);
    if (question?.stayOpen() === true) {
      this.#questions ??= new Set();
      this.#questions.add(question);
    }
    return rest;
  }

  keeps(port: ReplyPort): boolean {
    for (const question of this.#questions ?? []) {
      if (question.port === port) {
        return true;
      }
    }
    return false;
  }

  /** Answers the request for which things happen now, if there is one. */
  reply(value: unknown): void {
    const question = this.#question;
    refuseThenable(value, `reply of '${this.path}'`);
    if (question !== undefined && this.#handling !== undefined) {
      const cell = this.#cell;
      this.#works.stage.addAct(
        cell,
        () => {
          releaseReply(cell, question.port, value);
          question.settle();
        },
        () => {},
      );
    }
  }

  /** Who sends for the actors of this tree now; a chain of its own where nothing is being handled. */
  get sender(): Handling | undefined {
    return this.#handling;
  }

  /** Work begins for the request for which things happen now. */
  beginWork(): OpenQuestion | undefined {
    return this.#question?.begin();
  }

  /** An outcome of such work: an event for an actor of this tree. */
  endWork(question: OpenQuestion | undefined, actor: HostedActor, event: InnerEvent): void {
    if (!this.#ended) {
      this.#arrive(question, () => {
        this._relay(undefined, actor.self, event);
        this.#over(question);
      });
    }
  }

  /** Nothing of this run happens any more. */
  end(failure: unknown): void {
    if (this.#ended) {
      return;
    }
    this.#ended = true;
    for (const question of [...(this.#questions ?? [])]) {
      if (this.root.snapshot?.status === 'done') {
        question.interrupt();
        question.port.finished(this.path);
      } else {
        question.fail(failure);
      }
    }
    for (const input of [...(this.#inputs ?? [])]) {
      input.cancel();
    }
    for (const child of this.#children.values()) {
      this.#stopLogic(child);
    }
    this.#stopLogic(this.root);
    this.#stack.length = 0;
    this.#children.clear();
    this.#ids = noIds;
  }

  // What XState asks of a system.

  get scheduler(): this {
    return this;
  }

  readonly logger = (...said: unknown[]): void => {
    this.#handling?.log.info(said.map(String).join(' '));
  };

  get _logger(): (...said: unknown[]) => void {
    return this.logger;
  }

  get _clock(): { setTimeout: () => undefined; clearTimeout: () => void } {
    // XState gives each actor a clock and uses only the scheduler.
    return noClock;
  }

  /** An id of XState's would be a counter of the process; the path is known when the actor is adopted. */
  _bookId(): string {
    return '';
  }

  _register(): void {}

  _unregister(actor: object): void {
    const { systemId } = actor as InnerActor;
    if (systemId !== undefined && this.#ids.get(systemId) === actor) {
      this.#changeIds(actor, (ids) => ids.delete(systemId));
    }
  }

  _set(systemId: string, actor: object): void {
    const existing = this.#ids.get(systemId);
    if (existing !== undefined && existing !== actor) {
      throw new RangeError(`an actor with the systemId '${systemId}' lives in '${this.path}' already`);
    }
    this.#changeIds(actor, (ids) => ids.set(systemId, actor));
  }

  get(systemId: string): object | undefined {
    return this.#ids.get(systemId);
  }

  getAll(): Readonly<Record<string, object>> {
    return Object.fromEntries(this.#ids);
  }

  getSnapshot(): { readonly _scheduledEvents: object } {
    return this._snapshot;
  }

  _sendInspectionEvent(event: InnerInspection): void {
    if (event.type === '@xstate.actor') {
      this.#adopt(event.actorRef as InnerActor);
    }
    this.#inspect?.(event);
  }

  _relay(source: object | undefined, target: object, event: InnerEvent): void {
    const hosted = this.#hosted(target);
    if (hosted !== undefined) {
      if (this.#handling !== undefined) {
        this.#inspect?.({ type: '@xstate.event', sourceRef: source, actorRef: target, event });
      }
      this.#deliver(source === undefined ? undefined : this.#hosted(source), hosted, event);
    } else if (this.#ended) {
      this.#lose(this.root, event, 'Stopped');
    } else if (this.#handling === undefined && this.#isFull) {
      this.#lose(this.root, event, 'Dropped');
    } else if (this.#handling === undefined) {
      this.#arrive(this.#hostedQuestion(source), () => this.#tell(target, event));
    } else {
      this.#tell(target, event);
    }
  }

  schedule(source: object, target: object, event: InnerEvent, delayMs: number, id?: string): void {
    const owner = this.#hosted(source)!;
    if (this.#ended || owner.status === 'ended') {
      return;
    }
    if (this.#timers >= hostedMax) {
      throw tooMany('timers', this.path);
    }
    this.#unnamedTimers += id === undefined ? 1 : 0;
    this.#timers += 1;
    const timer: HostedTimer = new HostedTimer({
      id: id ?? `unnamed-${this.#unnamedTimers}`,
      owner,
      question: this.#question,
      over: (question) => {
        this.#timers -= 1;
        this.#over(question);
      },
    });
    timer.start(this.#cell, Math.max(0, delayMs) || 0, (question) =>
      this.#arrive(question, () => {
        timer.taken();
        this._relay(source, target, event);
      }),
    );
  }

  cancel(source: object, id: string): void {
    const timers = this.#hosted(source)?.timerOf;
    const timer = timers?.get(id);
    timers?.delete(id);
    timer?.cancel();
  }

  // What a hosted actor asks of its tree.

  doLater(hosted: HostedActor, act: () => unknown): void {
    if (!this.#ended) {
      this.#arrive(hosted.question, act);
    }
  }

  stopChild(hosted: HostedActor, child: object): void {
    const own = this.#children.get(child);
    if (own === undefined) {
      return;
    }
    if (own.parent !== hosted) {
      throw new RangeError(`'${own.sessionId}' is not a child of '${hosted.sessionId}'`);
    }
    if (own.status === 'new') {
      this.#endChild(own);
    } else if (hosted.step !== undefined) {
      hosted.defer(() => this.#stop(own));
    } else {
      this.#stop(own);
    }
  }

  emit(hosted: HostedActor, event: InnerEvent): void {
    if (this.#ended) {
      return;
    }
    const report = this.#report;
    if (hosted === this.root) {
      this.#cell.emitted?.emit(event, report);
    } else {
      tellListeners((hosted.self as InnerActor).eventListeners, event, report);
    }
  }

  arrived(hosted: HostedActor, event: InnerEvent): void {
    this._relay(undefined, hosted.self, event);
  }

  /** Brings one event to one actor, and everything that follows from it, in the handling of a message or notice. */
  #enter(
    handling: Handling,
    question: OpenQuestion | undefined,
    hosted: HostedActor,
    event: InnerEvent | undefined,
  ): Continuing | undefined {
    this.#question = question;
    const step = new HostedStep(hosted, event);
    if (hosted.busy) {
      // An earlier step failed, and the agent was told to go on: what that left comes first.
      hosted.wait(event!);
      this.#waiting += 1;
      return this.#run(handling);
    }
    this.#take(step);
    hosted.busy = true;
    this.#stack.push(step);
    return this.#run(handling);
  }

  /** Does what the stack says until it is empty, a step failed, or others should have a turn. */
  #run(handling: Handling): Continuing | undefined {
    const stack = this.#stack;
    const { stage } = this.#works;
    let steps = 0;
    this.#handling = handling;
    for (let top = stack.at(-1); top !== undefined && !this.#ended; top = stack.at(-1)) {
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
    this.#rest();
    return undefined;
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
      if (hosted === this.root && next.status === 'error') {
        throw next.error;
      }
    } catch (thrown) {
      hosted.step = undefined;
      this.#undo(step);
      throw thrown;
    }
    hosted.step = undefined;
    this.#commit(hosted, next);
    step.phase = 'committed';
    if (event === undefined) {
      hosted.status = 'running';
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

  #commit(hosted: HostedActor, next: InnerSnapshot): void {
    hosted.snapshot = next;
    if (hosted !== this.root) {
      (hosted.self as InnerActor)._snapshot = next;
    }
  }

  #undo(step: HostedStep): void {
    for (const child of step.born ?? []) {
      this.#endChild(child);
    }
    this.#ids = step.idsBefore ?? this.#ids;
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
        heed(effect.exec!(effect.info, params), this.#report);
      }
    } catch (thrown) {
      if (step.failure === undefined) {
        step.failure = { failure: thrown };
      } else {
        this.#cell.reportStray(thrown);
      }
    }
    step.hosted.step = undefined;
    if (this.#stack.length > depth + 1) {
      // Those it has woken go on in the order in which it woke them.
      this.#stack.push(...this.#stack.splice(depth).reverse());
    }
  }

  /** All effects of a step are done: tells who looks, and says what became of the actor. */
  #conclude(step: HostedStep, handling: Handling): void {
    const { hosted, failure } = step;
    const snapshot = hosted.snapshot!;
    if (hosted === this.root) {
      this.#tellObservers(snapshot, handling);
    } else {
      this.#tellChildsObservers(hosted, step, snapshot);
    }
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

  #tellObservers(snapshot: InnerSnapshot, handling: Handling): void {
    if (snapshot !== this.#observed) {
      this.#observed = snapshot;
      this.#cell.observers?.changed(this.#cell);
    }
    if (snapshot.status === 'done' && this.root.status === 'running') {
      this.root.status = 'ended';
      finishAfter(handling);
    }
  }

  #tellChildsObservers(hosted: HostedActor, step: HostedStep, snapshot: InnerSnapshot): void {
    const actor = hosted.self as InnerActor;
    const { status } = snapshot;
    if (status === 'active' || status === 'done') {
      tellEach(actor, this.#report, 'next', snapshot);
    }
    if (hosted.status === 'ended') {
      return;
    }
    if (status === 'done') {
      this.#endChild(hosted);
      tellEach(actor, this.#report, 'complete', undefined);
      this.#toParent(hosted, {
        type: `${innerEvents.done}${hosted.id}`,
        output: snapshot.output,
        actorId: hosted.id,
      });
    } else if (status === 'error') {
      this.#failed(hosted, snapshot.error);
    } else if (step.event?.type === innerEvents.stop) {
      this.#endChild(hosted);
      tellEach(actor, this.#report, 'complete', undefined);
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

  /** An actor failed: a child tells its parent; the agent itself fails. */
  #failed(hosted: HostedActor, failure: unknown): void {
    if (hosted === this.root) {
      this.#failure = { failure };
      return;
    }
    if (hosted.status === 'ended') {
      this.#cell.reportStray(failure);
      return;
    }
    const actor = hosted.self as InnerActor;
    for (const other of [...this.#children.values()]) {
      if (other.parent === hosted) {
        this.#stop(other);
      }
    }
    this.#commit(hosted, { ...hosted.snapshot!, status: 'error', error: failure });
    this.#endChild(hosted);
    tellEach(actor, this.#report, 'error', failure);
    this.#toParent(hosted, { type: `${innerEvents.error}${hosted.id}`, error: failure, actorId: hosted.id });
  }

  #toParent(hosted: HostedActor, event: InnerEvent): void {
    this._relay(hosted.self, hosted.parent!.self, event);
  }

  #deliver(source: HostedActor | undefined, target: HostedActor, event: InnerEvent): void {
    if (this.#ended || target.status === 'ended') {
      this.#lose(target, event, 'Stopped');
    } else if (this.#handling === undefined) {
      this.#comeIn(source, target, event);
    } else if (target.busy || target.status === 'new') {
      if (this.#waiting >= this.#cell.mailboxCapacity && !isReserved(event)) {
        this.#lose(target, event, 'Dropped');
      } else {
        this.#waiting += 1;
        target.wait(event);
      }
    } else {
      target.busy = true;
      this.#stack.push(new HostedStep(target, event));
    }
  }

  /** From outside of any step: a promise, an observable, a callback, or whoever holds a ref of a child. */
  #comeIn(source: HostedActor | undefined, target: HostedActor, event: InnerEvent): void {
    if (this.#isFull && !isReserved(event)) {
      this.#lose(target, event, 'Dropped');
    } else {
      this.#arrive(source?.question, () => this._relay(source?.self, target.self, event));
    }
  }

  /** Whether as much waits to come in as the agent has room for. */
  get #isFull(): boolean {
    return (this.#inputs?.size ?? 0) >= this.#cell.mailboxCapacity;
  }

  /** What `act` does is a step of the agent, in its turn. */
  #arrive(question: OpenQuestion | undefined, act: () => unknown): HostedInput {
    this.#inputs ??= new Set();
    return new HostedInput({
      cell: this.#cell,
      inputs: this.#inputs,
      question,
      act,
      take: (input, context) => this.#takeInput(input, context as Handling),
    });
  }

  #takeInput(input: HostedInput, handling: Handling): Continuing | undefined {
    this.#question = input.question;
    this.#handling = handling;
    const depth = this.#stack.length;
    try {
      input.act();
    } catch (thrown) {
      this.#rest();
      throw thrown;
    }
    this.#stack.push(...this.#stack.splice(depth).reverse());
    return this.#run(handling);
  }

  /** Sends to an agent, or to an actor of another system. */
  #tell(target: object, event: InnerEvent): void {
    if (LocalRef.cellOf(target) !== undefined) {
      this.#handling!.tell(target as never, event as never);
    } else {
      (target as { send(event: InnerEvent): void }).send(event);
    }
  }

  #adopt(actor: InnerActor): void {
    const parent = this.#hosted(actor._parent!)!;
    if (this.#children.size >= hostedMax) {
      throw tooMany('children', this.path);
    }
    if (actor.id === '') {
      parent.unnamed += 1;
      actor.id = `${nameOf(actor.src)}-${parent.unnamed}`;
    }
    actor.sessionId = `${parent.sessionId}/${actor.id}`;
    const child = new HostedActor({
      system: this,
      parent,
      logic: actor.logic,
      self: actor,
      input: actor.options.input,
      id: actor.id,
      sessionId: actor.sessionId,
      question: this.#question?.begin(),
    });
    actor._actorScope = child;
    actor.mailbox = child;
    actor.start = () => this.#start(child);
    actor.subscribe = safely(actor);
    this.#children.set(actor, child);
    // What it does while XState computes its first state is staged with its own first step.
    child.step = new HostedStep(child, undefined);
    if (parent.step !== undefined) {
      parent.step.born ??= [];
      parent.step.born.push(child);
    }
  }

  /** XState starts a child: in the step after the one that made it. */
  #start(child: HostedActor): object {
    const actor = child.self as InnerActor;
    if (child.status !== 'new' || child.busy || this.#ended) {
      return actor;
    }
    const step = child.step!;
    child.step = undefined;
    child.snapshot = actor._snapshot;
    actor._processingStatus = processing.running;
    if (actor._syncSnapshot === true) {
      const type = `${innerEvents.snapshot}${actor.id}`;
      actor.subscribe({
        next: (snapshot: InnerSnapshot) => {
          if (snapshot.status === 'active') {
            this._relay(actor, actor._parent!, { type, snapshot } as InnerEvent);
          }
        },
        error: () => {},
      });
    }
    child.busy = true;
    if (child.snapshot.status === 'error') {
      child.status = 'running';
      this.#failed(child, child.snapshot.error);
    } else {
      this.#stack.push(step);
    }
    return actor;
  }

  /** Lets a child finish what it was sent so far, and no more. */
  #stop(child: HostedActor): void {
    if (child.status === 'new') {
      this.#endChild(child);
      return;
    }
    if (child.status === 'ended') {
      return;
    }
    this.#empty(child);
    this.#deliver(undefined, child, { type: innerEvents.stop });
  }

  #endChild(child: HostedActor): void {
    const actor = child.self as InnerActor;
    child.status = 'ended';
    actor._processingStatus = processing.stopped;
    this.#letGo(child);
    this._unregister(actor);
    this.#children.delete(actor);
    this.#over(child.question);
    child.question = undefined;
  }

  #letGo(hosted: HostedActor): void {
    for (const timer of [...(hosted.timers ?? [])]) {
      timer.cancel();
    }
    this.#empty(hosted);
  }

  /** Events it will not be given any more. */
  #empty(hosted: HostedActor): void {
    for (let event = hosted.queue?.shift(); event !== undefined; event = hosted.queue?.shift()) {
      this.#waiting -= 1;
      this.#lose(hosted, event, 'Stopped');
    }
  }

  /** The whole tree ends: tells its logic, and keeps nothing. */
  #stopLogic(hosted: HostedActor): void {
    this.#letGo(hosted);
    if (hosted.status === 'running') {
      hosted.step = undefined;
      try {
        this.#commit(
          hosted,
          hosted.logic.transition(withoutChildren(hosted.snapshot!), { type: innerEvents.stop }, hosted),
        );
      } catch (thrown) {
        this.#cell.reportStray(thrown);
      }
    }
    hosted.status = 'ended';
    if (hosted !== this.root) {
      const actor = hosted.self as InnerActor;
      actor._processingStatus = processing.stopped;
      tellEach(actor, this.#report, 'complete', undefined);
    }
  }

  #changeIds(actor: object, change: (ids: Map<string, object>) => unknown): void {
    const step = (this.#hosted(actor)?.parent ?? this.root).step;
    if (step !== undefined) {
      step.idsBefore ??= this.#ids;
    }
    const ids = new Map(this.#ids);
    change(ids);
    this.#ids = ids;
  }

  /** A request is over; an agent that drains may have waited for it. */
  #close(question: OpenQuestion): void {
    this.#questions!.delete(question);
    if (this.#cell.drains && this.#handling === undefined && !this.#ended) {
      this.#arrive(undefined, () => {});
    }
  }

  /** The stack is empty: whatever ended in this turn is over now. */
  #rest(): void {
    const eased = this.#eased;
    const handling = this.#handling;
    this.#handling = undefined;
    this.#question = undefined;
    this.#eased = undefined;
    if (eased !== undefined && handling !== undefined) {
      // An answer may be among what has not left yet.
      afterwards(handling, () => {
        for (const question of eased) {
          question.settle();
        }
      });
    }
  }

  /** A piece of work for a request has ended; what follows from that may still answer it. */
  #over(question: OpenQuestion | undefined): void {
    if (question === undefined) {
      return;
    }
    if (this.#handling === undefined) {
      question.end();
    } else {
      question.done();
      this.#eased ??= [];
      this.#eased.push(question);
    }
  }

  #pause(handling: Handling): Continuing {
    const question = this.#question;
    this.#handling = undefined;
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
    if (this.#ended) {
      return;
    }
    if (handling.over) {
      // It was interrupted, and its agent goes on.
      this.#arrive(undefined, () => {});
      return;
    }
    this.#question = question;
    stage.handling = handling;
    const rest = this.#run(handling);
    stage.handling = undefined;
    if (stage.size > 0) {
      this.#cell.current = handling;
      release(this.#cell, stage);
      this.#cell.current = undefined;
    }
    if (rest === undefined) {
      ends.succeeded(handling, undefined);
    } else {
      rest.begin(ends);
    }
  }

  /** The agent fails; what its step left undone is done if it is told to resume. */
  #fail(handling: Handling, failure: unknown): Continuing {
    this.#failure = undefined;
    this.#rest();
    return new Continuing((ends) => {
      ends.failed(handling, failure);
      if (this.#stack.length > 0) {
        this.#arrive(undefined, () => {});
      }
    });
  }

  #lose(target: HostedActor, event: InnerEvent, cause: DeadLetterCause): void {
    if (event.type.startsWith(innerEvents.prefix) && cause === 'Stopped') {
      return;
    }
    const { kernel, mailbox } = this.#cell;
    const letter = ownEnvelope(
      kernel.environment.nextId(),
      target.sessionId,
      this.path,
      undefined,
      event,
      this.#handling?.envelope,
    );
    const full =
      cause === 'Dropped'
        ? new MailboxFull({ receiver: target.sessionId, payload: event, capacity: mailbox.capacity })
        : undefined;
    kernel.deadLetter(letter, target.sessionId, cause, full);
  }

  #hosted(actor: object): HostedActor | undefined {
    if (actor === this.root.self) {
      return this.root;
    }
    const child = this.#children.get(actor) ?? (actor as Partial<InnerActor>).mailbox;
    if (child instanceof HostedActor && child.system === this) {
      return child;
    }
    return LocalRef.cellOf(actor) === this.#cell ? this.root : undefined;
  }

  #hostedQuestion(source: object | undefined): OpenQuestion | undefined {
    return source === undefined ? undefined : this.#hosted(source)?.question;
  }
}

/** What ends a child or a timer has room of its own. */
const isReserved = ({ type }: InnerEvent): boolean =>
  type.startsWith(innerEvents.prefix) &&
  !type.startsWith(innerEvents.snapshot) &&
  type !== 'xstate.observable.next';

const tooMany = (what: string, path: string): RangeError =>
  new RangeError(`'${path}' has ${hostedMax} ${what} in its machine already; stop some first`);

/** What a child without an id is named after. */
function nameOf(src: unknown): string {
  return typeof src === 'string' && !src.startsWith(innerEvents.prefix) ? src : 'child';
}

/** A machine stops its children one by one, and copies the list of them each time; the tree has done so already. */
function withoutChildren(snapshot: InnerSnapshot): InnerSnapshot {
  return 'children' in snapshot ? ({ ...snapshot, children: {} } as InnerSnapshot) : snapshot;
}

const noIds: ReadonlyMap<string, object> = new Map();
const noClock = { setTimeout: () => undefined, clearTimeout: () => {} };
