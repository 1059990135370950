/**
 * A request under way, seen from the side that waits: its deadline, how many
 * were asked, and the work being done for it.
 *
 * Guarantees: it settles exactly once, at the latest at its deadline (L9). When
 * it settles by its deadline or an interrupt, the work done for it is
 * interrupted. After that no timer, listener or reference is left.
 */
import { Alarm } from '../core/alarm.ts';
import type { AnswerKind, Asker } from '../core/asker.ts';
import type { Lease } from '../core/budget.ts';
import type { Link } from '../core/chain.ts';
import { ownEnvelope, type ReplyPort, type Work } from '../core/envelope.ts';
import { isOf, reasonOf } from '../core/failure.ts';
import type { RequestTrace } from '../core/tracing.ts';
import type { Kernel } from './kernel.ts';
import { Interrupted, NoResponder, RequestTimeout } from './request-failures.ts';

/** The side that waits. To an agent settlements come as notices. */
export interface Requester {
  /** `undefined` outside of agents. */
  readonly path: string | undefined;
  /** Holds on to a request until it is forgotten, so that it can be interrupted. */
  rememberRequest(request: PendingReply): void;
  /** This request has settled; `deliver` it in a turn of yours. */
  settledRequest(request: PendingReply): void;
  /** This request is over for good. */
  forgetRequest(request: PendingReply): void;
}

/** A place in line at a full mailbox. */
export interface PlaceInLine {
  /** Nobody wants it any more. */
  giveUp(): void;
}

/** What few requests have. */
interface Rest {
  /** What it spends from, where a budget of its own was named. */
  lease: Lease | undefined;
  signal: AbortSignal | undefined;
  aborted: (() => void) | undefined;
  firstFailure: { readonly failure: unknown } | undefined;
  /** Who works on it beside the first who did. */
  moreWork: Set<Work> | undefined;
  inLine: Set<PlaceInLine> | undefined;
}

export abstract class PendingReply extends Alarm implements ReplyPort, Asker, Link<PendingReply> {
  readonly kernel: Kernel;
  readonly requester: Requester;
  /** Path or topic, for messages. */
  target = '';
  /** Name of the topic it is asked under. */
  topic = '';
  id = 0;
  settled = false;
  // Its place among all that its requester waits for.
  before: PendingReply | undefined = undefined;
  after: PendingReply | undefined = undefined;
  chained = false;
  /** The handling that made it. */
  madeBy: object | undefined = undefined;
  /** Whether that handling waits for it: then it is an edge of the wait graph. */
  awaited = true;
  /** The agent it was sent to, when it was only one, until that one has answered. */
  askedAlone: object | undefined = undefined;
  /** How it is followed, if it is. */
  trace: RequestTrace | undefined = undefined;
  // Not 0: a field that begins as a whole number gives every object a new shape with the first fraction.
  #timeoutMs: number | undefined = undefined;
  #asked = 0;
  #unanswered = 0;
  #work: Work | undefined = undefined;
  #rest: Rest | undefined = undefined;

  constructor(kernel: Kernel, requester: Requester) {
    super();
    this.kernel = kernel;
    this.requester = requester;
  }

  /**
   * It is about to be asked: from now on it ends at its deadline, or when the signal aborts.
   *
   * @param target Path or topic, for messages.
   * @param topic Name of the topic it is asked under.
   * @param timeoutMs How long it is from now to the deadline.
   * @param lease What it spends from, where a budget of its own was named.
   */
  begin(
    target: string,
    topic: string,
    id: number,
    deadlineMs: number,
    timeoutMs: number,
    lease: Lease | undefined,
    signal: AbortSignal | undefined,
  ): void {
    const { kernel } = this;
    this.target = target;
    this.topic = topic;
    this.id = id;
    this.#timeoutMs = timeoutMs;
    kernel.witness?.asked(this, deadlineMs);
    if (deadlineMs < Number.POSITIVE_INFINITY) {
      kernel.alarms.setAlarm(deadlineMs, this);
    }
    if (lease !== undefined) {
      this.rest.lease = lease;
    }
    if (signal !== undefined) {
      const aborted = () => this.interrupt(interruptedBy(signal.reason, target));
      this.rest.signal = signal;
      this.rest.aborted = aborted;
      signal.addEventListener('abort', aborted);
    }
    this.requester.rememberRequest(this);
  }

  /** Its deadline has come. */
  ring(): void {
    this.interrupt(new RequestTimeout({ target: this.target, timeoutMs: this.#timeoutMs! }));
  }

  /** What it spends from, where a budget of its own was named. */
  get lease(): Lease | undefined {
    return this.#rest?.lease;
  }

  /** Whether there was nobody to ask. */
  protected get askedNobody(): boolean {
    return this.#asked === 0;
  }

  /** How many of those who were asked may still say something. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Says how many were asked; nobody has answered before this is known. */
  asked(count: number): void {
    this.#asked = count;
    this.#unanswered = count;
    if (count === 0) {
      this.oneFinished();
    }
  }

  get requesterPath(): string | undefined {
    return this.requester.path;
  }

  /** Where replies wait to be read, when there may be many. */
  get reader(): object | undefined {
    return undefined;
  }

  abstract reply(payload: unknown, from: string): Promise<void> | undefined;

  /** Makes the outcome visible to whoever waits. For an agent, called in a turn of its own. */
  abstract deliver(): void;

  fail(failure: unknown, from: string): void {
    const { delivery } = this.kernel;
    if (delivery === undefined) {
      this.failedAt(failure);
    } else {
      delivery.answer(this, 'failure', failure, from);
      this.wasAnswered();
    }
  }

  finished(from: string): void {
    const { delivery } = this.kernel;
    if (delivery === undefined) {
      this.oneFinished();
    } else {
      delivery.answer(this, 'end', undefined, from);
      this.wasAnswered();
    }
  }

  /**
   * Who was asked has given the answer to whoever carries it. It may be late, or lost: but nobody is waited
   * for any more, so it is no edge of the wait graph.
   */
  protected wasAnswered(): void {
    this.askedAlone = undefined;
  }

  hear(kind: AnswerKind, content: unknown, from: string): void {
    switch (kind) {
      case 'reply':
        this.replied(content, from);
        break;
      case 'failure':
        this.failedAt(content);
        break;
      case 'end':
        this.oneFinished();
    }
  }

  /** A reply has arrived. */
  protected abstract replied(payload: unknown, from: string): void;

  working(work: Work): void {
    if (this.#work === undefined || this.#work === work) {
      this.#work = work;
    } else {
      this.rest.moreWork ??= new Set();
      this.rest.moreWork.add(work);
    }
  }

  /** What the request is being worked on by, as far as known. */
  get workers(): Iterable<Work> {
    return this.#work === undefined ? [] : [this.#work, ...(this.#rest?.moreWork ?? [])];
  }

  /** Ends it, and the work done for it. */
  interrupt(failure: unknown): void {
    if (this.settled) {
      return;
    }
    const { workers } = this;
    this.settle({ failure });
    this.settledBy(failure);
    for (const one of workers) {
      one.interrupt(failure);
    }
  }

  /** Nobody who was asked will say anything more. */
  protected abstract allFinished(firstFailure: { readonly failure: unknown } | undefined): void;

  /** It was settled from this side. */
  protected abstract settledBy(failure: unknown): void;

  protected noResponder(): NoResponder {
    return new NoResponder({ target: this.target, asked: this.#asked });
  }

  /** Its message stands in line at somebody's full mailbox, and leaves the line when it is settled. */
  standsInLine(place: PlaceInLine): void {
    this.rest.inLine ??= new Set();
    this.rest.inLine.add(place);
  }

  /** It stands in that line no more. */
  leftLine(place: PlaceInLine): void {
    this.#rest?.inLine?.delete(place);
  }

  /** From here on nothing changes any more. Gives back all that was held. */
  protected settle(failure: { readonly failure: unknown } | undefined): void {
    this.settled = true;
    this.kernel.witness?.settled(this);
    this.trace?.settled(failure);
    this.kernel.alarms.cancelAlarm(this);
    this.#work = undefined;
    const rest = this.#rest;
    if (rest !== undefined) {
      rest.signal?.removeEventListener('abort', rest.aborted!);
      rest.lease?.settle();
      rest.moreWork = undefined;
      const { inLine } = rest;
      rest.inLine = undefined;
      for (const place of inLine ?? []) {
        place.giveUp();
      }
    }
  }

  /** A reply that nobody waits for any more. */
  protected late(payload: unknown, from: string): void {
    const { kernel } = this;
    const envelope = ownEnvelope(
      kernel.environment.nextId(),
      this.requester.path,
      from,
      undefined,
      payload,
      undefined,
      this.id,
    );
    kernel.deadLetter(envelope, this.requester.path, 'LateReply');
  }

  // No private methods: of a class that others extend, each object pays for them, in nanoseconds and bytes.
  protected failedAt(failure: unknown): void {
    this.rest.firstFailure ??= { failure };
    this.oneFinished();
  }

  protected oneFinished(): void {
    this.#unanswered -= 1;
    if (this.#unanswered <= 0 && !this.settled) {
      this.allFinished(this.#rest?.firstFailure);
    }
  }

  protected get rest(): Rest {
    this.#rest ??= {
      lease: undefined,
      signal: undefined,
      aborted: undefined,
      firstFailure: undefined,
      moreWork: undefined,
      inLine: undefined,
    };
    return this.#rest;
  }
}

function interruptedBy(reason: unknown, target: string): Interrupted {
  return new Interrupted({
    agent: target,
    reason: isOf(reason, Error) ? reasonOf(reason) : 'its signal aborted',
    cause: reason,
  });
}
