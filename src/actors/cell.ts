/**
 * A cell: one agent as the runtime holds it: mailbox, state, and what is open.
 *
 * A cell holds data and takes part in turn-taking. What it does in a turn is
 * written in the rooms above (`stepping`, `lifecycle`, `supervising`), which it
 * reaches through its `conduct`; so arrows point one way.
 */
import type { Lease } from '../core/budget.ts';
import { Chain } from '../core/chain.ts';
import type { DeadLetterCause } from '../core/dead-letter.ts';
import type { Envelope, ReplyPort, Work } from '../core/envelope.ts';
import type { Runnable } from '../core/environment.ts';
import { Mailbox, MailboxFull, type Offer, type Parked } from '../core/mailbox.ts';
import { Ring } from '../core/ring.ts';
import type { StopReason } from '../core/system-event.ts';
import type { Receiver, Reception } from '../core/topic-board.ts';
import type { AgentRef, AgentSnapshot } from './agent-ref.ts';
import { CellWithExtras } from './cell-extras.ts';
import { type Children, idOfCounted, type Sibling } from './children.ts';
import { Counts } from './counts.ts';
import type { Definition } from './define-agent.ts';
import type { Handle } from './handlers.ts';
import type { Kernel } from './kernel.ts';
import type { PendingReply } from './pending-reply.ts';
import type { SnapshotObservers } from './snapshot-observers.ts';
import type { ChildKind } from './supervision.ts';

/**
 * Where an agent is in its life. `suspended`: it failed and waits for what its
 * supervisor decides, or for its backoff to pass. `draining`: it finishes what it
 * has accepted. `stopping`: it waits for its children to end.
 */
export type Phase = 'starting' | 'running' | 'suspended' | 'draining' | 'stopping' | 'stopped';

/** What is acted on before any message: see `lifecycle`. */
export type Signal =
  | { readonly _tag: 'start' }
  | {
      readonly _tag: 'stop';
      readonly mode: 'now' | 'drain';
      readonly withinMs: number;
      readonly reason: StopReason;
      readonly failure: { readonly failure: unknown } | undefined;
    }
  | {
      readonly _tag: 'restart';
      readonly group: RestartedTogether;
    }
  | { readonly _tag: 'interrupt'; readonly handling: OpenHandling | undefined; readonly failure: unknown }
  | { readonly _tag: 'childEnded'; readonly child: Cell }
  | { readonly _tag: 'backoffOver'; readonly group: RestartedTogether };

/** The first signal of every agent. */
export const start: Signal = Object.freeze({ _tag: 'start' });

/** It ends at once, because somebody above or outside wants it to. */
export const stopNow: Signal = Object.freeze({
  _tag: 'stop',
  mode: 'now',
  withinMs: Number.POSITIVE_INFINITY,
  reason: 'stopped',
  failure: undefined,
});

/** It ends at once, because it has done what it was there for. */
export const finishNow: Signal = Object.freeze({ ...stopNow, reason: 'finished' });

/** Agents that are restarted together: see `restart-group`. */
export interface RestartedTogether {
  /** Where it stands in the history: when it falls due, if everything ends at once; later, when it happened. */
  countsAtMs: number;
  readonly failure: unknown;
  /** Whether some of them, beside these, have yet to begin again. */
  beginsBeside(others: readonly Cell[]): boolean;
  ended(cell: Cell): void;
  began(cell: Cell): void;
  left(cell: Cell): void;
}

/** A handling whose work goes on. */
export interface OpenHandling extends Work {
  readonly cell: Cell;
  readonly envelope: Envelope;
  readonly over: boolean;
  /** Whether its message is to be laid aside when it is over. */
  stashing: boolean;
  /** Called once when it is over. */
  get whenOver(): (() => void) | undefined;
  set whenOver(act: () => void);
  /** Where it was told to wait for room, and by which promise. */
  rooms: { readonly cell: Cell; readonly receiver: Receiver; readonly room: Promise<void> }[] | undefined;
}

/** An effect of an agent that stands in line at somebody's full mailbox. */
export interface StandingInLine extends Parked {
  readonly receiver: Receiver;
}

/** A committed effect in the outbox. */
export interface Waiting {
  /** Lets it leave; what must wait stands in line somewhere after that. */
  release(): void;
  /** It will never leave: the agent ends, or begins anew. */
  discard(): void;
}

/** A task's end, on its way to be acted on in a turn. */
export interface Notice {
  /** Acts on it. Called in a turn of the cell; must not throw. */
  deliver(): void;
}

/** What the rooms above do for a cell. */
export interface Conduct {
  /** Does the next things there are to do, at most so many, and says how many there were. */
  take(cell: Cell, most: number): number;
  /** The agent failed, with or without a message in hand. */
  fail(cell: Cell, failure: unknown, envelope: Envelope | undefined): void;
  /** A message from outside the system, as an XState actor gets it. */
  sendFromOutside(cell: Cell, message: unknown): void;
}

/** What an agent runs that is more than handlers: a machine, in one run of it. */
export interface Behaviour {
  /** What it shows of itself; `undefined` before its first step. */
  readonly snapshot: object | undefined;
  /** Whether nobody waits for an answer of it. */
  readonly isIdle: boolean;
  /** Whether nothing it began goes on: no child, no timer, no answer that somebody waits for. */
  readonly rests: boolean;
  /** Whether it may still answer, although the handling is over. */
  keeps(port: ReplyPort): boolean;
  /** The agent ends, or begins anew: nothing of this run has any effect from now on. */
  end(failure: unknown): void;
}

export class Cell
  extends CellWithExtras<Cell, PendingReply, RestartedTogether>
  implements Receiver, Runnable, Sibling<Cell>
{
  // First what every message needs, close together.
  readonly kernel: Kernel;
  readonly conduct: Conduct;
  readonly definition: Definition;
  #path: string | undefined;
  readonly mailbox: Mailbox;
  readonly lease: Lease | undefined;
  /** Whether it is `running` or `draining`, and takes messages. A boolean is looked at in a third of the time of a word. */
  isUp = false;
  #phase: Phase = 'starting';
  state: unknown = undefined;
  /** How many handlings may be open at once: the definition's `concurrency`, or what its stream asks for. */
  window: number;
  /** Handlings open now; never more than the window (L1). */
  open = 0;
  /** Of these, handlings of messages; the others are of notices, or first and last steps. */
  messagesOpen = 0;
  /** Whether it stands in line at the dispatcher. */
  queued = false;
  /** The topic of the message handled last, and what handles it. */
  handledTopic: string | undefined;
  handle: Handle | undefined;
  handled = 0;
  signals: Signal[] | undefined;
  notices: Ring<Notice> | undefined;
  /** Committed effects that wait, because one before them waits for room elsewhere. */
  outbox: Ring<Waiting> | undefined;
  /** Effects of this agent that stand in line at others' mailboxes. */
  parked: StandingInLine[] | undefined;
  /** Handlings whose work goes on after their first step. */
  openHandlings: Set<OpenHandling> | undefined;
  /** How often messages were put back, for redelivery. */
  attempts: Map<Envelope, number> | undefined;
  /** The handling whose step is being taken or released now. */
  current: OpenHandling | undefined;
  observers: SnapshotObservers | undefined;
  /** Whether it ends as soon as it has nothing more to do. */
  drains = false;

  readonly parent: Cell | undefined;
  readonly #id: string | undefined;
  readonly count: number;
  elder: Cell | undefined = undefined;
  younger: Cell | undefined = undefined;
  /** Whether it can be found: it has begun, and not ended. */
  listed = false;
  readonly kind: ChildKind;
  readonly significant: boolean;
  /** Whether it hears its topics. */
  readonly subscribes: boolean;
  readonly input: unknown;
  children: Children<Cell> | undefined;
  behaviour: Behaviour | undefined;
  ref: AgentRef<never, unknown> | undefined;
  /** Whether it has ever had a state: only then is there something for `onStop` to end. */
  begun = false;
  stopReason: StopReason | undefined;
  /** The handling that said that the agent has finished, and with which it ends. */
  finishesWith: OpenHandling | undefined;

  constructor(facts: {
    kernel: Kernel;
    conduct: Conduct;
    definition: Definition;
    parent: Cell | undefined;
    /** Its id, if that was chosen; `count`, if it is named after its definition. */
    id: string | undefined;
    count: number;
    kind: ChildKind;
    significant: boolean;
    subscribes: boolean;
    input: unknown;
    lease: Lease | undefined;
  }) {
    super();
    const { definition } = facts;
    this.kernel = facts.kernel;
    this.conduct = facts.conduct;
    this.definition = definition;
    this.parent = facts.parent;
    this.count = facts.count;
    this.#id = facts.id;
    this.#path = facts.parent === undefined ? '' : undefined;
    this.kind = facts.kind;
    this.significant = facts.significant;
    this.subscribes = facts.subscribes;
    this.input = facts.input;
    this.lease = facts.lease;
    this.window = definition.concurrency;
    // Made at once, although many an agent is only told to begin and to end: looking whether it is there costs each message.
    this.mailbox = new Mailbox(
      definition.overflow === 'conflate'
        ? { ...definition, onKeyThrew: (thrown) => this.reportStray(thrown) }
        : definition,
    );
  }

  get id(): string {
    return this.#id ?? idOfCounted(this.definition.name, this.count);
  }

  get calledAfter(): string {
    return this.definition.name;
  }

  /** Its place in the tree, as text. Made when it is first asked for. */
  get path(): string {
    return this.#path ?? this.makePath();
  }

  protected makePath(): string {
    const below: Cell[] = [];
    let above: Cell = this;
    while (above.#path === undefined) {
      below.push(above);
      above = above.parent!;
    }
    let path = above.#path;
    for (let one = below.pop(); one !== undefined; one = below.pop()) {
      path += `/${one.id}`;
      one.#path = path;
    }
    return path;
  }

  get phase(): Phase {
    return this.#phase;
  }

  set phase(phase: Phase) {
    this.#phase = phase;
    this.isUp = phase === 'running' || phase === 'draining';
  }

  get label(): string {
    return this.path;
  }

  get lane(): number {
    return this.definition.lane;
  }

  get responds(): boolean {
    return true;
  }

  get over(): boolean {
    return this.phase === 'stopped';
  }

  /** Whether it takes no new messages any more. */
  get ending(): boolean {
    return this.phase === 'stopping' || this.phase === 'stopped';
  }

  get mailboxCapacity(): number {
    return this.definition.capacity;
  }

  get saturated(): boolean {
    return this.mailbox.saturated && !this.ending;
  }

  get mustWait(): boolean {
    return !this.mailbox.hasRoom && this.definition.overflow === 'suspend' && !this.ending;
  }

  /** Whether committed effects of it have not all left: until then it takes no message. */
  get blocked(): boolean {
    return (
      (this.parked !== undefined && this.parked.length > 0) ||
      (this.outbox !== undefined && this.outbox.size > 0)
    );
  }

  /** Whether there is something to be done, or waited for, before any message. */
  get hasUrgent(): boolean {
    return (
      this.signals !== undefined || (this.notices !== undefined && this.notices.size > 0) || this.blocked
    );
  }

  receiverFor(_envelope: Envelope): Receiver {
    return this;
  }

  /** The cell that stands for this agent now: see `keyed-instance`. */
  get standsIn(): Cell {
    return this;
  }

  /** Whether its coming and going is part of another agent's work, and not told: see `keyed-instance`. */
  get isOneOfMany(): boolean {
    return false;
  }

  /** Whether it ends only for a while, so that nobody is told: see `passivation`. */
  get passivating(): boolean {
    return false;
  }

  /** Whether it holds messages that are in nobody's mailbox yet: see `keyed-group`. */
  get holdsMessages(): boolean {
    return false;
  }

  /** Whether it gives a child up that failed too often, instead of failing itself: see `keyed-group`. */
  givesUp(_child: Cell): boolean {
    return false;
  }

  /** It is ending: lets go of what it has beside what every agent has. */
  letGo(): void {}

  /** What became of its messages so far. */
  counts(): Counts {
    return new Counts().add(this);
  }

  receive(envelope: Envelope): Reception {
    const { kernel } = this;
    if (this.isClosedTo(envelope) || envelope.hops > kernel.hopsMax) {
      return this.#turnAway(envelope);
    }
    const offer = this.mailbox.offer(envelope);
    if (offer !== 'accepted' || kernel.witness !== undefined) {
      return this.#received(envelope, offer);
    }
    kernel.inFlight += 1;
    if (!this.queued && this.open < this.window) {
      this.queue();
    }
    return 'taken';
  }

  #turnAway(envelope: Envelope): Reception {
    this.kernel.deadLetter(envelope, this.path, this.isClosedTo(envelope) ? 'Stopped' : 'HopLimit');
    return 'taken';
  }

  #received(envelope: Envelope, offer: Offer): Reception {
    const { kernel, mailbox } = this;
    if (offer !== 'refused') {
      kernel.witness?.accepted(this, envelope);
    }
    switch (offer) {
      case 'accepted':
        kernel.inFlight += 1;
        if (!this.queued && this.open < this.window) {
          this.queue();
        }
        return 'taken';
      case 'waiting':
        kernel.inFlight += 1;
        return 'waiting';
      case 'displaced': {
        const displaced = mailbox.handedBack!;
        mailbox.handedBack = undefined;
        this.attempts?.delete(displaced);
        kernel.deadLetter(displaced, this.path, 'Displaced', this.full(displaced.payload));
        return 'taken';
      }
      case 'conflated': {
        const conflated = mailbox.handedBack!;
        const { replyTo, payload } = conflated;
        mailbox.handedBack = undefined;
        this.attempts?.delete(conflated);
        kernel.witness?.gaveWay(this, conflated);
        replyTo?.fail(this.full(payload), this.path);
        return 'taken';
      }
      default:
        return this.refuse(envelope);
    }
  }

  park(parked: Parked): void {
    this.mailbox.park(parked);
  }

  unpark(parked: Parked): void {
    this.mailbox.unpark(parked);
  }

  room(): Promise<void> {
    return this.mailbox.room();
  }

  /** The promise of room that has been given and not kept yet. */
  get openRoom(): Promise<void> | undefined {
    return this.mailbox.openRoom;
  }

  /** Puts a notice in its place among the messages. */
  receiveNotice(envelope: Envelope): void {
    if (!this.ending) {
      this.mailbox.offerNotice(envelope);
      this.wake();
    }
  }

  /** Sends a signal: it is acted on before any message that waits. */
  signal(signal: Signal): void {
    if (this.signals === undefined) {
      this.signals = [signal];
    } else {
      this.signals.push(signal);
    }
    this.wake();
  }

  /** Hands over the end of a task, in the slot that was reserved when it began. */
  notice(notice: Notice): void {
    this.notices ??= new Ring();
    this.notices.push(notice);
    this.wake();
  }

  rememberRequest(request: PendingReply): void {
    this.requests ??= new Chain();
    this.requests.append(request);
  }

  settledRequest(request: PendingReply): void {
    this.notice(request);
  }

  forgetRequest(request: PendingReply): void {
    this.requests?.remove(request);
  }

  /** Asks for a turn. */
  wake(): void {
    if (!this.queued) {
      this.queue();
    }
  }

  run(batch: number): boolean {
    this.queued = this.conduct.take(this, batch) === batch && this.hasWork;
    return this.queued;
  }

  /** Whether a turn now would do something. */
  get hasWork(): boolean {
    return (
      (this.signals !== undefined && this.signals.length > 0) ||
      (this.notices !== undefined && this.notices.size > 0) ||
      (this.outbox !== undefined && this.outbox.size > 0
        ? this.parked === undefined || this.parked.length === 0
        : this.mayTake && this.mailbox.size > 0)
    );
  }

  /** Whether it could begin to handle a message. */
  get mayTake(): boolean {
    return this.open < this.window && this.isUp && (this.parked === undefined || this.parked.length === 0);
  }

  full(payload: unknown): MailboxFull {
    return new MailboxFull({ receiver: this.path, payload, capacity: this.definition.capacity });
  }

  snapshot(): AgentSnapshot {
    const shown = this.behaviour?.snapshot ?? this.definition.shownAtFirst?.(this.input);
    if (this.phase !== 'stopped') {
      const active = { status: 'active', context: this.state, output: undefined, error: undefined } as const;
      return (shown as AgentSnapshot | undefined) ?? active;
    }
    const own = { context: this.state, output: undefined, error: undefined, ...shown };
    if (this.failedOf !== undefined) {
      return { ...own, status: 'error', output: undefined, error: this.failedOf.failure };
    }
    return this.stopReason === 'finished'
      ? { ...own, status: 'done', error: undefined }
      : { ...own, status: 'stopped', output: undefined, error: undefined };
  }

  /** Tells what somebody who only looks at this agent threw. */
  reportStray(thrown: unknown): void {
    this.kernel.reportFailure({
      atMs: this.kernel.nowMs(),
      agent: this.path,
      supervisor: '/',
      failure: thrown,
      class: 'defect',
      envelopeId: undefined,
      topic: undefined,
      directive: 'resume',
    });
  }

  /** A message that was taken will not be handled. */
  drop(envelope: Envelope, cause: DeadLetterCause, failure?: unknown): void {
    this.attempts?.delete(envelope);
    this.kernel.settled();
    this.kernel.deadLetter(envelope, this.path, cause, failure);
  }

  // Not private: for private methods each cell would be marked, which costs time and bytes.
  protected queue(): void {
    this.queued = true;
    this.kernel.dispatcher.ready(this);
  }

  /** Whether room can be had now, or in the end: asked when somebody is about to wait for this agent. */
  get hasFreeSlot(): boolean {
    return this.finishes || (this.phase !== 'starting' && this.open < this.window);
  }

  /** A message that does not fit is treated as the definition says. */
  protected refuse(envelope: Envelope): Reception {
    switch (this.definition.overflow) {
      case 'drop-newest':
      case 'drop-oldest':
      case 'conflate':
        this.kernel.deadLetter(envelope, this.path, 'Dropped', this.full(envelope.payload));
        return 'taken';
      case 'fail': {
        const failure = this.full(envelope.payload);
        this.kernel.deadLetter(envelope, this.path, 'MailboxFailed', failure);
        // With its envelope: what does not fit may itself tell of a failure, and is not to be told of again.
        this.conduct.fail(this, failure, envelope);
        return 'taken';
      }
      default:
        return 'rejected';
    }
  }

  /** While draining, what its own children still have to say belongs to the work accepted before. */
  protected isClosedTo(envelope: Envelope): boolean {
    return (
      (!this.isUp && this.ending) || (this.drains && envelope.sender?.startsWith(`${this.path}/`) !== true)
    );
  }
}
