/**
 * A hosted actor: one actor of a machine agent, the agent's own or a child of it.
 *
 * It is what XState knows as the actor's scope, so that actions, `defer`, `emit`
 * and `stopChild` come here and are staged with the step; and it stands in the
 * place of XState's mailbox, so that nothing is delivered behind our back.
 */
import { Ring } from '../core/ring.ts';
import type { HandlingTrace } from '../core/tracing.ts';
import type { HostedTimer, TimerOwner } from './hosted-input.ts';
import type { OpenQuestion } from './open-question.ts';
import {
  type InnerAction,
  type InnerActor,
  type InnerEvent,
  type InnerLogic,
  type InnerSnapshot,
  isBuiltIn,
} from './xstate-inner.ts';

/** What a step leaves to be done when it has committed: an action, or something deferred. */
export type HostedEffect = InnerAction | (() => unknown);

/** What a hosted actor asks of the tree it stands in. */
export interface HostedSystem {
  readonly path: string;
  readonly logger: (...said: unknown[]) => void;
  /** Something is done outside of any step. */
  doLater(hosted: HostedActor, act: () => unknown): void;
  stopChild(hosted: HostedActor, child: object): void;
  emit(hosted: HostedActor, event: InnerEvent): void;
  /** An event that came past the relay: XState's own `send` to an actor of another system. */
  arrived(hosted: HostedActor, event: InnerEvent): void;
}

/** One step of a hosted actor, from the event until its effects are done. */
export class HostedStep {
  /** Holds the shape of steps through a collection that finds none: see `Handling.kept`. */
  static readonly kept = new HostedStep(undefined as never, undefined);

  readonly hosted: HostedActor;
  /** `undefined` for the first step. */
  readonly event: InnerEvent | undefined;
  phase: 'waiting' | 'committed' | 'told' = 'waiting';
  actions: HostedEffect[] | undefined;
  /** The first that was deferred; mostly it is the only one, and needs no list. */
  deferred: HostedEffect | undefined;
  /** Those that were deferred after it. */
  deferredLater: HostedEffect[] | undefined;
  /** The step that goes on when this one is over. */
  below: HostedStep | undefined;
  /** Children made in this step. */
  born: HostedActor[] | undefined;
  /** System ids as they were before this step, if it changed some. */
  idsBefore: Map<string, object> | undefined;
  /** What an action threw. */
  failure: { readonly failure: unknown } | undefined;
  #done = 0;

  constructor(hosted: HostedActor, event: InnerEvent | undefined) {
    this.hosted = hosted;
    this.event = event;
  }

  /** The next effect to be done: first the actions, then what was deferred, as XState does. */
  next(): HostedEffect | undefined {
    const { actions } = this;
    const n = this.#done;
    const behind = actions === undefined ? n : n - actions.length;
    const effect = behind < 0 ? actions![n] : behind === 0 ? this.deferred : this.deferredLater?.[behind - 1];
    if (effect !== undefined) {
      this.#done = n + 1;
    }
    return effect;
  }

  defer(effect: HostedEffect): void {
    if (this.deferred === undefined) {
      this.deferred = effect;
    } else {
      this.deferredLater ??= [];
      this.deferredLater.push(effect);
    }
  }
}

export class HostedActor implements TimerOwner {
  readonly system: HostedSystem;
  /** `undefined` for the agent's own. */
  readonly parent: HostedActor | undefined;
  readonly logic: InnerLogic;
  readonly self: object;
  readonly input: unknown;
  id: string;
  sessionId: string;
  status: 'new' | 'running' | 'ended' = 'new';
  /** Whether it stands on the stack: then events wait for it. */
  busy = false;
  /** The step that is being taken: what happens now is staged with it. */
  step: HostedStep | undefined;
  snapshot: InnerSnapshot | undefined;
  queue: Ring<InnerEvent> | undefined;
  timers: Set<HostedTimer> | undefined;
  timerOf: Map<string, HostedTimer> | undefined;
  /** The request it works for. */
  question: OpenQuestion | undefined;
  /** The handling in which it began, if that is followed. */
  readonly setBy: HandlingTrace | undefined;
  /** Children that it was made with, until it runs. */
  made: HostedActor[] | undefined;
  /** How many children without a name it has had. */
  unnamed = 0;

  constructor(facts: {
    system: HostedSystem;
    parent: HostedActor | undefined;
    logic: InnerLogic;
    self: object;
    input: unknown;
    id: string;
    sessionId: string;
    question: OpenQuestion | undefined;
    setBy: HandlingTrace | undefined;
  }) {
    this.system = facts.system;
    this.parent = facts.parent;
    this.logic = facts.logic;
    this.self = facts.self;
    this.input = facts.input;
    this.id = facts.id;
    this.sessionId = facts.sessionId;
    this.question = facts.question;
    this.setBy = facts.setBy;
  }

  /** What XState hands the actions of a step to, as a method. */
  get actionExecutor(): (this: HostedActor, action: InnerAction) => void {
    return execute;
  }

  /**
   * Nothing: during each microstep XState puts a function in its place that keeps a list of
   * the actions, for its own pure `transition`, and then calls the one before. V8 makes
   * a function that is assigned to a property in the old space, so that list, and the
   * actions, event and context that hang on it, would outlive one collection after another.
   */
  set actionExecutor(_keepingList: unknown) {}

  get logger(): (...said: unknown[]) => void {
    return this.system.logger;
  }

  /** A closure, because XState's own logics take it off the scope. */
  get emit(): (event: InnerEvent) => void {
    return (event) => {
      if (this.step === undefined) {
        this.system.emit(this, event);
      } else {
        this.defer(() => this.system.emit(this, event));
      }
    };
  }

  defer(effect: HostedEffect): void {
    const { step } = this;
    if (step === undefined) {
      this.system.doLater(this, effect as () => unknown);
    } else {
      step.defer(effect);
    }
  }

  stopChild(child: object): void {
    this.system.stopChild(this, child);
  }

  enqueue(event: InnerEvent): void {
    this.system.arrived(this, event);
  }

  /** A step is taken: this is what the actor shows from now on. */
  commit(next: InnerSnapshot): void {
    this.snapshot = next;
    if (this.parent !== undefined) {
      (this.self as InnerActor)._snapshot = next;
    }
  }

  wait(event: InnerEvent): void {
    this.queue ??= new Ring();
    this.queue.push(event);
  }
}

function execute(this: HostedActor, action: InnerAction): void {
  const { step } = this;
  if (step === undefined || action.exec === undefined) {
    return;
  }
  if (step.event === undefined) {
    // XState defers all actions of a first step, one behind the other.
    this.defer(action);
  } else if (isBuiltIn(action.type)) {
    // It does no more than to defer, and to free the system id of a child that stops.
    action.exec(action.info, action.params);
  } else {
    step.actions ??= [];
    step.actions.push(action);
  }
}
