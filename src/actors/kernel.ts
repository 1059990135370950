/**
 * The kernel: what every part of one system shares.
 *
 * It knows nothing of agents: it holds the environment, the topic board and the
 * dead letters, and is where failures and events are told to whoever listens.
 */
import type { Alarms } from '../core/alarm.ts';
import { alarmsOf } from '../core/alarm-timers.ts';
import { type DeadLetter, type DeadLetterCause, DeadLetters } from '../core/dead-letter.ts';
import { type Delivery, deliveryOf } from '../core/delivery.ts';
import { type Envelope, ownEnvelope } from '../core/envelope.ts';
import type { Dispatcher, Environment } from '../core/environment.ts';
import { Failure } from '../core/failure.ts';
import { LaneDispatcher } from '../core/lane-dispatcher.ts';
import type { EventListener, FailureReport, SystemEvent } from '../core/system-event.ts';
import type { Validation } from '../core/topic.ts';
import { type Receiver, type Reception, TopicBoard } from '../core/topic-board.ts';
import { matches } from '../core/topic-name.ts';
import type { Tracing } from '../core/tracing.ts';
import type { Witness } from '../core/witness.ts';
import { EffectRuntime } from './effect-runtime.ts';
import type { Inspector } from './inspector.ts';
import { heed } from './thenable.ts';

export interface KernelOptions {
  readonly environment: Environment;
  readonly id: string;
  readonly validate: Validation;
  readonly requestTimeoutMs: number;
  readonly hopsMax: number;
  readonly deadLettersMax: number;
  readonly topicsMax: number;
  readonly batch: number;
  readonly sliceMs: number;
  readonly listeners: readonly EventListener[];
  readonly inspect?: Inspector | undefined;
}

/** A message went through more agents than `hopsMax`: most likely a loop. Its code is `HOP_LIMIT`. */
export class HopLimit extends Failure {
  readonly _tag = 'HopLimit';
  readonly code = 'HOP_LIMIT';
  readonly class = 'permanent';
  readonly receiver: string;
  readonly hops: number;

  constructor(facts: { receiver: string; hops: number }) {
    super();
    this.receiver = facts.receiver;
    this.hops = facts.hops;
  }

  override get message(): string {
    return `a message to '${this.receiver}' has ${this.hops} causes behind it; agents that tell each other for ever begin new chains with detach()`;
  }
}

export class Kernel {
  readonly id: string;
  readonly environment: Environment;
  readonly dispatcher: Dispatcher;
  /** Where what is to end at its deadline waits for it. */
  readonly alarms: Alarms;
  readonly delivery: Delivery | undefined;
  readonly board: TopicBoard;
  readonly effects: EffectRuntime;
  readonly deadLetters: DeadLetters;
  readonly validate: Validation;
  readonly requestTimeoutMs: number;
  readonly hopsMax: number;
  /** Is told what every machine does. */
  readonly inspect: Inspector | undefined;
  /** How often the message of an envelope made for a replay had been delivered before. Made when needed: a weak map costs the collector dear. */
  attemptsBefore: WeakMap<Envelope, number> | undefined;
  /** Messages accepted by agents whose handling is not over; stashed ones do not count. */
  inFlight = 0;
  /** Steps agents take on their own (first and last ones, timers, `Terminated`) whose work is not over. */
  ownSteps = 0;
  /** What the system's own topics could not deliver, because their subscribers were full. */
  unheard = 0;
  /** Whether events are listened to: whoever emits asks first. */
  listening: boolean;
  /** Who speaks from outside of agents: the system. */
  verbs: object | undefined = undefined;
  /** Who finishes what others had to leave undone: it speaks until the system stops, also while that drains. `senderOf` takes it. */
  custodian: object | undefined = undefined;
  /** Who follows messages, if anybody does; whoever does so listens, too. */
  tracing: Tracing | undefined = undefined;
  #witness: Witness | undefined = undefined;
  /** Whether a message does not simply go to its receiver: somebody carries it, or sees it leave. */
  #carries: boolean;
  #listeners: readonly EventListener[];
  #quiet: PromiseWithResolvers<void> | undefined;
  /** Whether somebody has subscribed to `system.events`. */
  #observed = false;
  /** The listeners have been told that this is the end. */
  #ended = false;

  constructor(options: KernelOptions) {
    this.id = options.id;
    this.environment = options.environment;
    this.dispatcher =
      options.environment.dispatcher ??
      new LaneDispatcher(options.environment, { batch: options.batch, sliceMs: options.sliceMs });
    this.alarms = alarmsOf(options.environment);
    this.delivery = deliveryOf(options.environment);
    this.board = new TopicBoard(options.topicsMax);
    this.effects = new EffectRuntime(options.environment);
    this.deadLetters = new DeadLetters(options.deadLettersMax);
    this.validate = options.validate;
    this.requestTimeoutMs = options.requestTimeoutMs;
    this.hopsMax = options.hopsMax;
    this.inspect = options.inspect;
    this.#carries = this.delivery !== undefined;
    this.#listeners = options.listeners;
    this.listening = options.listeners.length > 0;
  }

  /** Who sees what passes, in a simulation that is checked by laws. */
  get witness(): Witness | undefined {
    return this.#witness;
  }

  set witness(witness: Witness | undefined) {
    this.#witness = witness;
    this.#carries = witness !== undefined || this.delivery !== undefined;
  }

  /** The time of this turn; outside of turns, the time. */
  nowMs(): number {
    const { turnMs } = this.dispatcher;
    return turnMs >= 0 ? turnMs : this.environment.nowMs();
  }

  /** One message accepted earlier needs no more work. */
  settled(): void {
    this.inFlight -= 1;
    if (this.inFlight === 0 && this.#quiet !== undefined) {
      this.#lookForQuiet();
    }
  }

  /** A step that an agent took on its own needs no more work. */
  ownStepEnded(): void {
    this.ownSteps -= 1;
    if (this.ownSteps === 0 && this.#quiet !== undefined) {
      this.#lookForQuiet();
    }
  }

  /** A promise, one for all who ask while it is open, that resolves when nothing is being worked on. It never rejects. */
  whenQuiet(): Promise<void> {
    this.#quiet ??= Promise.withResolvers<void>();
    this.#lookForQuiet();
    return this.#quiet.promise;
  }

  /** Nothing will ever be in flight again. */
  quietForGood(): void {
    this.#quiet?.resolve();
    this.#quiet = undefined;
  }

  /** Keeps what an agent could not be given, tells whoever listens, and answers the requester, if there is one. */
  deadLetter(envelope: Envelope, to: string | undefined, cause: DeadLetterCause, failure?: unknown): void {
    this.lose(envelope, to, cause, failure);
    this.#answer(envelope, to ?? '', cause, failure);
  }

  /**
   * Keeps what could not be delivered and tells whoever listens. Its requester is
   * told by somebody else, or expects nothing of this receiver.
   *
   * @param handledTimes How often the receiver has begun to handle it.
   */
  lose(
    envelope: Envelope,
    to: string | undefined,
    cause: DeadLetterCause,
    failure?: unknown,
    handledTimes = 0,
  ): void {
    const before = Math.max(
      this.deadLetters.attemptsOf(envelope, to),
      this.attemptsBefore?.get(envelope) ?? 0,
    );
    const letter: DeadLetter = {
      envelope,
      to,
      cause,
      atMs: this.nowMs(),
      attempts: before + handledTimes,
      ...(failure === undefined ? {} : { failure }),
    };
    this.deadLetters.add(letter);
    this.tracing?.lost(envelope, failure, cause);
    this.#witness?.lost(envelope, to, cause);
    if (envelope.topic !== undefined) {
      this.board.dropped(envelope.topic, cause);
    }
    if (this.listening) {
      this.emit({ _tag: 'DeadLettered', atMs: letter.atMs, letter }, envelope.topic);
    }
    this.announce('system.dead-letters', letter, envelope);
  }

  /** Tells of a failure, once. */
  reportFailure(report: FailureReport, topic?: string): void {
    if (this.listening) {
      this.emit({ _tag: 'Failed', atMs: report.atMs, report }, topic);
    }
    this.announce('system.failures', report, report.envelope ?? topic);
  }

  /** Gives a message to one who is to have it, by whoever carries messages here. */
  offer(receiver: Receiver, envelope: Envelope): Reception {
    return this.#carries ? this.#carry(receiver, envelope) : receiver.receive(envelope);
  }

  /** Tells that a message leaves. */
  sent(envelope: Envelope): void {
    if (this.listening) {
      this.#emitSent(envelope);
    }
  }

  #emitSent(envelope: Envelope): void {
    this.emit({
      _tag: 'Sent',
      atMs: this.nowMs(),
      id: envelope.id,
      sender: envelope.sender,
      to: envelope.to,
      topic: envelope.topic,
      causationId: envelope.causationId,
      threadId: envelope.threadId,
    });
    this.tracing?.left(envelope);
  }

  /** Tells of an event. `about` is the topic of the message it is about, if it is about one. */
  emit(event: SystemEvent, about?: string): void {
    for (const listener of this.#listeners) {
      try {
        heed(listener.next(event) as unknown, (thrown) => this.#drop(listener, thrown));
      } catch (thrown) {
        this.#drop(listener, thrown);
      }
    }
    if (this.#observed) {
      this.announce('system.events', event, about, 'agent' in event ? event.agent : sentBy(event));
    }
  }

  addListener(listener: EventListener): () => void {
    if (this.#ended) {
      complete(listener);
      return () => {};
    }
    this.#listenTo([...this.#listeners, listener]);
    return () => this.#listenTo(this.#listeners.filter((one) => one !== listener));
  }

  subscribe(pattern: string, receiver: Receiver): void {
    this.board.subscribe(pattern, receiver);
    this.#listenAnew(pattern);
  }

  unsubscribe(pattern: string, receiver: Receiver): void {
    this.board.unsubscribe(pattern, receiver);
    this.#listenAnew(pattern);
  }

  /** Tells the listeners that this is the end. */
  completeListeners(): void {
    const listeners = this.#listeners;
    this.#ended = true;
    this.#listenTo([]);
    for (const listener of listeners) {
      complete(listener);
    }
  }

  /**
   * Publishes on one of the system's own topics. The system cannot wait: what
   * does not fit is counted in `unheard`. What is said about a message that was
   * itself about the system is not said again, and what an agent did is not said to
   * that agent: hearing of it would be the next thing it did.
   */
  announce(topic: string, payload: unknown, about: Envelope | string | undefined, by?: string): void {
    const cause = typeof about === 'object' ? about : undefined;
    const aboutTopic = typeof about === 'object' ? about.topic : about;
    if (aboutTopic?.startsWith('system.')) {
      return;
    }
    const { receivers } = this.board.entry(topic);
    if (receivers.length === 0) {
      return;
    }
    const id = this.environment.nextId();
    const envelope = ownEnvelope(id, undefined, undefined, topic, payload, cause);
    for (const one of receivers) {
      const receiver = one.receiverFor(envelope);
      if (receiver.path === by) {
        continue;
      }
      if (receiver.mustWait || receiver.receive(envelope) === 'rejected') {
        this.unheard += 1;
      }
    }
  }

  #carry(receiver: Receiver, envelope: Envelope): Reception {
    this.#witness?.left(receiver, envelope);
    return this.delivery === undefined
      ? receiver.receive(envelope)
      : this.delivery.carry(receiver, envelope, this);
  }

  /** What was done last may make new work when the event loop has gone round: so it looks after that. */
  #lookForQuiet(): void {
    this.environment.deferPastIo(() => {
      if (this.inFlight + this.ownSteps === 0) {
        this.quietForGood();
      }
    });
  }

  /** A subscription has changed: only one that hears of events matters here. */
  #listenAnew(pattern: string): void {
    if (matches(pattern, 'system.events')) {
      this.#listenTo(this.#listeners);
    }
  }

  #listenTo(listeners: readonly EventListener[]): void {
    this.#listeners = listeners;
    this.#observed = this.board.size > 0 && this.board.hears('system.events');
    this.listening = this.#observed || listeners.length > 0;
  }

  #drop(listener: EventListener, thrown: unknown): void {
    this.#listenTo(this.#listeners.filter((one) => one !== listener));
    this.reportFailure({
      atMs: this.nowMs(),
      agent: '/',
      supervisor: '/',
      failure: thrown,
      class: 'defect',
      envelopeId: undefined,
      topic: undefined,
      directive: 'stop',
    });
  }

  #answer(envelope: Envelope, to: string, cause: DeadLetterCause, failure: unknown): void {
    const { replyTo } = envelope;
    if (replyTo === undefined || cause === 'LateReply') {
      return;
    }
    switch (cause) {
      case 'Expired':
        // Its request ends at the same moment, by its own timer, and knows why.
        break;
      case 'Displaced':
      case 'Dropped':
      case 'Rejected':
      case 'MailboxFailed':
      case 'NoKey':
      case 'CoolingDown':
        replyTo.fail(failure, to);
        break;
      case 'HopLimit':
        replyTo.fail(new HopLimit({ receiver: to, hops: envelope.hops }), to);
        break;
      case 'BudgetExceeded':
      case 'WaitCycle':
        replyTo.fail(failure, to);
        break;
      default:
        replyTo.finished(to);
    }
  }
}

function complete(listener: EventListener): void {
  try {
    listener.complete?.();
  } catch {
    // It has been told everything, and there is nobody left to tell of it.
  }
}

const sentBy = (event: SystemEvent): string | undefined => (event._tag === 'Sent' ? event.sender : undefined);
