/**
 * A request under way, seen from the side that waits: its deadline, how many
 * were asked, and the work being done for it.
 *
 * Guarantees: it settles exactly once, at the latest at its deadline (L9). When
 * it settles by its deadline or an interrupt, the work done for it is
 * interrupted. After that no timer, listener or reference is left.
 */
import type { AnswerKind, Asker } from '../core/asker.ts';
import type { Lease } from '../core/budget.ts';
import { ownEnvelope, type ReplyPort, type Work } from '../core/envelope.ts';
import type { Timer } from '../core/environment.ts';
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

export interface PendingOptions {
  readonly kernel: Kernel;
  readonly requester: Requester;
  /** Path or topic, for messages. */
  readonly target: string;
  /** Name of the topic it is asked under. */
  readonly topic: string;
  readonly id: number;
  readonly deadlineMs: number;
  /** How long that is from now. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly lease: Lease | undefined;
}

/** A place in line at a full mailbox. */
export interface PlaceInLine {
  /** Nobody wants it any more. */
  giveUp(): void;
}

export abstract class PendingReply implements ReplyPort, Asker {
  readonly kernel: Kernel;
  readonly requester: Requester;
  readonly target: string;
  readonly topic: string;
  readonly id: number;
  settled = false;
  /** The handling that made it. */
  madeBy: object | undefined;
  /** Whether that handling waits for it: then it is an edge of the wait graph. */
  awaited = true;
  /** The agent it was sent to, when it was only one, until that one has answered. */
  askedAlone: object | undefined;
  /** How it is followed, if it is. */
  trace: RequestTrace | undefined;
  readonly #timeoutMs: number;
  readonly #lease: Lease | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #aborted: (() => void) | undefined;
  #timer: Timer | undefined;
  #asked = 0;
  #unanswered = 0;
  #firstFailure: { readonly failure: unknown } | undefined;
  #work: Set<Work> | undefined;
  #inLine: Set<PlaceInLine> | undefined;

  constructor(options: PendingOptions) {
    const { kernel, deadlineMs, signal } = options;
    this.kernel = kernel;
    this.requester = options.requester;
    this.target = options.target;
    this.topic = options.topic;
    this.id = options.id;
    this.#lease = options.lease;
    this.#timeoutMs = options.timeoutMs;
    kernel.witness?.asked(this, deadlineMs);
    if (deadlineMs < Number.POSITIVE_INFINITY) {
      this.#timer = kernel.environment.schedule(Math.max(0, options.timeoutMs), () =>
        this.interrupt(new RequestTimeout({ target: this.target, timeoutMs: this.#timeoutMs })),
      );
    }
    if (signal !== undefined) {
      this.#signal = signal;
      this.#aborted = () => this.interrupt(this.#interruptedBy(signal.reason));
      signal.addEventListener('abort', this.#aborted);
    }
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
      this.#oneFinished();
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
      this.#failedAt(failure);
    } else {
      delivery.answer(this, 'failure', failure, from);
      this.wasAnswered();
    }
  }

  finished(from: string): void {
    const { delivery } = this.kernel;
    if (delivery === undefined) {
      this.#oneFinished();
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
        this.#failedAt(content);
        break;
      case 'end':
        this.#oneFinished();
    }
  }

  /** A reply has arrived. */
  protected abstract replied(payload: unknown, from: string): void;

  working(work: Work): void {
    this.#work ??= new Set();
    this.#work.add(work);
  }

  /** What the request is being worked on by, as far as known. */
  get workers(): Iterable<Work> {
    return this.#work ?? [];
  }

  /** Ends it, and the work done for it. */
  interrupt(failure: unknown): void {
    if (this.settled) {
      return;
    }
    const work = this.#work;
    this.settle({ failure });
    this.settledBy(failure);
    for (const one of work ?? []) {
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
    this.#inLine ??= new Set();
    this.#inLine.add(place);
  }

  /** It stands in that line no more. */
  leftLine(place: PlaceInLine): void {
    this.#inLine?.delete(place);
  }

  /** From here on nothing changes any more. Gives back all that was held. */
  protected settle(failure: { readonly failure: unknown } | undefined): void {
    this.settled = true;
    this.kernel.witness?.settled(this);
    this.trace?.settled(failure);
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#aborted !== undefined) {
      this.#signal!.removeEventListener('abort', this.#aborted);
    }
    this.#lease?.settle();
    this.#work = undefined;
    const inLine = this.#inLine;
    this.#inLine = undefined;
    for (const place of inLine ?? []) {
      place.giveUp();
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

  #failedAt(failure: unknown): void {
    this.#firstFailure ??= { failure };
    this.#oneFinished();
  }

  #oneFinished(): void {
    this.#unanswered -= 1;
    if (this.#unanswered <= 0 && !this.settled) {
      this.allFinished(this.#firstFailure);
    }
  }

  #interruptedBy(reason: unknown): unknown {
    return new Interrupted({
      agent: this.target,
      reason: isOf(reason, Error) ? reasonOf(reason) : 'its signal aborted',
      cause: reason,
    });
  }
}
