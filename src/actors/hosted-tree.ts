/**
 * A hosted tree: a machine agent's actor and all its children, as one XState system
 * of ours.
 *
 *     event → step → committed → actions → deferred effects → observers → next event
 *
 * This room is the face: to the agent it is its behaviour, to XState the system, and to
 * a hosted actor whom it asks. Every event, timer, id and effect comes here and goes
 * to the room it belongs to: the `cascade` takes the steps, the `hosted-turn` says in whose
 * name, `hosted-children` begin and end, `hosted-timers` wait, `system-ids` name.
 *
 * Guarantees
 *   - A step commits whole or fails whole; its actions and effects come after it.
 *   - Identity is the path. Nothing is taken from the process: no counter, no time, no chance.
 *   - What waits is bounded: events by the agent's `capacity`, children and timers by
 *     `hosted-limit`. What does not fit is a dead letter, or fails the step.
 *   - After `end` no child, timer, task or listener of this run has any effect.
 *
 * Source: W3C, "State Chart XML (SCXML)" (2015), for what a step is; XState 5 for the rest.
 */

import type { ReplyPort } from '../core/envelope.ts';
import { finishAfter } from './after-handling.ts';
import { Cascade, type Outcomes } from './cascade.ts';
import type { Behaviour, Cell } from './cell.ts';
import type { Continuing } from './continuing.ts';
import { tellListeners } from './emitted-listeners.ts';
import type { Handling } from './handling.ts';
import { HostedActor, type HostedStep, type HostedSystem } from './hosted-actor.ts';
import { HostedChildren } from './hosted-children.ts';
import { HostedSelf } from './hosted-self.ts';
import { cancelTimer, HostedTimers } from './hosted-timers.ts';
import type { HostedTurn } from './hosted-turn.ts';
import { type Inspect, inspection } from './inspection.ts';
import type { Inspector } from './inspector.ts';
import { LocalRef } from './local-ref.ts';
import type { OpenQuestion } from './open-question.ts';
import { releaseReply } from './outbox.ts';
import { SystemIds } from './system-ids.ts';
import { refuseThenable } from './thenable.ts';
import type { Works } from './works.ts';
import type { InnerActor, InnerEvent, InnerInspection, InnerLogic, InnerSnapshot } from './xstate-inner.ts';

export class HostedTree implements HostedSystem, Behaviour, Outcomes {
  readonly root: HostedActor;
  readonly #cell: Cell;
  readonly #works: Works;
  readonly #inspect: Inspect | undefined;
  readonly #turn: HostedTurn;
  readonly #cascade: Cascade;
  readonly #children: HostedChildren;
  readonly #ids: SystemIds;
  #timers: HostedTimers | undefined;
  #logger: ((...said: unknown[]) => void) | undefined;
  #last: InnerSnapshot | undefined;
  /** What those who observe the agent were shown last. */
  #observed: InnerSnapshot | undefined;

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
    this.#cascade = new Cascade(cell, works, this, this.#inspect);
    this.#turn = this.#cascade.turn;
    this.#ids = new SystemIds(cell.path);
    this.root = new HostedActor({
      system: this,
      parent: undefined,
      logic,
      self: new HostedSelf(cell, this),
      input,
      id: cell.path.slice(cell.path.lastIndexOf('/') + 1),
      sessionId: cell.path,
      question: undefined,
      setBy: undefined,
    });
    this.#children = new HostedChildren(cell, this.root, this.#cascade, this.#ids);
  }

  // What the agent asks of its behaviour.

  get path(): string {
    return this.#cell.path;
  }

  /** What the machine is like, and was like at last: its agent may only be about to begin anew. */
  get snapshot(): InnerSnapshot | undefined {
    return this.#last ?? this.root.snapshot;
  }

  get hasEnded(): boolean {
    return this.#turn.hasEnded;
  }

  get isIdle(): boolean {
    return this.#turn.questions.size === 0;
  }

  get rests(): boolean {
    return this.isIdle && this.#children.size === 0 && !this.#timers?.size && this.#turn.inputs === 0;
  }

  /** The first step of a run. Errors: what the machine throws, or its first state fails of. */
  begin(handling: Handling): Continuing | undefined {
    this.#inspect?.({ type: '@xstate.actor', actorRef: this.root.self });
    return this.#cascade.enter(handling, undefined, this.root, undefined);
  }

  /** A message of the agent. Errors: what the step throws; then nothing of it has happened. */
  take(event: InnerEvent, handling: Handling): Continuing | undefined {
    if (this.root.status !== 'running') {
      throw new Error(`the machine of '${this.path}' has not begun: its first step failed`);
    }
    const { questions } = this.#turn;
    const question = questions.askedBy(handling);
    if (this.#inspect !== undefined) {
      this.#inspect({ type: '@xstate.event', sourceRef: undefined, actorRef: this.root.self, event });
    }
    const rest = this.#cascade.enter(handling, question, this.root, event);
    if (rest === undefined && question !== undefined) {
      questions.keep(question);
    }
    return rest;
  }

  keeps(port: ReplyPort): boolean {
    return this.#turn.questions.keeps(port);
  }

  /** Nothing of this run happens any more. */
  end(failure: unknown): void {
    if (!this.#turn.hasEnded) {
      this.#last = this.root.snapshot;
      this.#turn.end(this.#last?.status === 'done', failure);
      this.#cascade.end();
      this.#children.end();
      this.#ids.clear();
    }
  }

  // What the actions of `machine-actions` ask.

  /** Answers the request for which things happen now, if there is one. */
  reply(value: unknown): void {
    const { question, handling } = this.#turn;
    refuseThenable(value, `reply of '${this.path}'`);
    if (question !== undefined && handling !== undefined) {
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
    return this.#turn.handling;
  }

  /** Work begins for the request for which things happen now. */
  beginWork(): OpenQuestion | undefined {
    return this.#turn.question?.begin();
  }

  /** An outcome of such work: an event for an actor of this tree. */
  endWork(question: OpenQuestion | undefined, actor: HostedActor, event: InnerEvent): void {
    if (!this.hasEnded) {
      this.#turn.arrive(question, () => {
        this.#cascade.send(undefined, actor, event);
        this.#turn.over(question);
      });
    }
  }

  /** Such work has failed, and the actor it is for knows no such event: the agent fails. */
  failWork(question: OpenQuestion | undefined, failure: unknown): void {
    if (!this.hasEnded) {
      this.#turn.arrive(question, () => {
        this.#turn.over(question);
        throw failure;
      });
    }
  }

  // What XState asks of a system.

  /** XState reads a map of timers here when it persists a system; ours are elsewhere. */
  get _snapshot(): { readonly _scheduledEvents: object } {
    return noTimers;
  }

  get scheduler(): this {
    return this;
  }

  get logger(): (...said: unknown[]) => void {
    this.#logger ??= (...said) => this.sender?.log.info(said.map(String).join(' '));
    return this.#logger;
  }

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

  _unregister(actor: object): void {
    this.#children.unname(actor as InnerActor);
  }

  _set(systemId: string, actor: object): void {
    this.#ids.give(systemId, actor, this.#children.stepAbove(actor));
  }

  get(systemId: string): object | undefined {
    return this.#ids.get(systemId);
  }

  getAll(): Readonly<Record<string, object>> {
    return this.#ids.all();
  }

  getSnapshot(): { readonly _scheduledEvents: object } {
    return this._snapshot;
  }

  _sendInspectionEvent(event: InnerInspection): void {
    if (event.type === '@xstate.actor') {
      this.#children.adopt(event.actorRef as InnerActor);
    }
    this.#inspect?.(event);
  }

  _relay(source: object | undefined, target: object, event: InnerEvent): void {
    const hosted = this.#children.hostOf(target);
    if (hosted === undefined) {
      this.#sendOutside(source, target, event);
      return;
    }
    if (this.sender !== undefined) {
      this.#inspect?.({ type: '@xstate.event', sourceRef: source, actorRef: target, event });
    }
    this.#cascade.deliver(this.#hostOf(source), hosted, event);
  }

  schedule(source: object, target: object, event: InnerEvent, delayMs: number, id?: string): void {
    const owner = this.#children.hostOf(source)!;
    if (!this.hasEnded && owner.status !== 'ended') {
      this.#timers ??= new HostedTimers(this.#cell, this.#turn);
      this.#timers.set(owner, id, delayMs, () => this._relay(source, target, event));
    }
  }

  cancel(source: object, id: string): void {
    cancelTimer(this.#children.hostOf(source)!, id);
  }

  // What a hosted actor asks of its tree.

  doLater(hosted: HostedActor, act: () => unknown): void {
    if (!this.hasEnded) {
      this.#turn.arrive(hosted.question, act, hosted);
    }
  }

  stopChild(hosted: HostedActor, child: object): void {
    this.#children.stop(hosted, child);
  }

  emit(hosted: HostedActor, event: InnerEvent): void {
    if (this.hasEnded) {
      return;
    }
    const { report } = this.#turn;
    if (hosted === this.root) {
      this.#cell.emitted?.emit(event, report);
    } else {
      tellListeners((hosted.self as InnerActor).eventListeners, event, report);
    }
  }

  arrived(hosted: HostedActor, event: InnerEvent): void {
    this.#cascade.send(undefined, hosted, event);
  }

  // What its cascade tells of steps.

  concluded(step: HostedStep, handling: Handling): void {
    if (step.hosted !== this.root) {
      this.#children.concluded(step);
      return;
    }
    const snapshot = this.root.snapshot!;
    if (snapshot !== this.#observed) {
      this.#observed = snapshot;
      this.#cell.observers?.changed(this.#cell);
    }
    if (snapshot.status === 'done' && this.root.status === 'running') {
      this.root.status = 'ended';
      finishAfter(handling);
    }
  }

  failed(child: HostedActor, failure: unknown): void {
    this.#children.failed(child, failure);
  }

  undo(step: HostedStep): void {
    for (const child of step.born ?? []) {
      this.#children.unmake(child);
    }
    this.#ids.restore(step);
  }

  /** To an agent, or to an actor of another system: now, or from outside of any step in a turn of its own. */
  #sendOutside(source: object | undefined, target: object, event: InnerEvent): void {
    const turn = this.#turn;
    if (turn.hasEnded) {
      turn.lose(this.root, event, 'Stopped');
    } else if (turn.handling !== undefined) {
      tell(turn.handling, target, event);
    } else if (turn.isFull) {
      turn.lose(this.root, event, 'Dropped');
    } else {
      this.#sendOutsideLater(this.#hostOf(source), target, event);
    }
  }

  /** Apart, because of the closure. */
  #sendOutsideLater(from: HostedActor | undefined, target: object, event: InnerEvent): void {
    const turn = this.#turn;
    turn.arrive(from?.question, () => tell(turn.handling!, target, event), from);
  }

  #hostOf(source: object | undefined): HostedActor | undefined {
    return source === undefined ? undefined : this.#children.hostOf(source);
  }
}

function tell(handling: Handling, target: object, event: InnerEvent): void {
  if (LocalRef.cellOf(target) !== undefined) {
    handling.tell(target as never, event as never);
  } else {
    (target as { send(event: InnerEvent): void }).send(event);
  }
}

const noTimers = Object.freeze({ _scheduledEvents: Object.freeze({}) });
const noClock = { setTimeout: () => undefined, clearTimeout: () => {} };
