/**
 * An open group: asks each of its members, and tells what becomes of them.
 *
 *     listened to ──► asks as many as may be asked at once
 *     one has ended ──► told to those who listen ──► the next is asked
 *     interrupted ──► the rest is interrupted, and told ──► over
 *
 * Guarantees: each member has one outcome, and is asked at most once. Nothing of it is
 * left when it is over: what was asked is answered or interrupted, and agents that were
 * spawned for the question are stopped. It holds one outcome for each member, no more.
 *
 * No branch outlives its caller's deadline, since each is a request of that caller. What
 * a branch spends is on a lease of its own, under that of the group, under that of the caller.
 */
import { Observable, type Subscriber } from 'rxjs';
import type { Agent } from '../actors/agent.ts';
import type { Procedure, RequestOptions, Responder } from '../actors/context.ts';
import { LocalRef } from '../actors/local-ref.ts';
import type { CallOutcome, PendingCall } from '../actors/pending-call.ts';
import { Interrupted, RequestTimeout } from '../actors/request-failures.ts';
import type { Sender } from '../actors/sender.ts';
import { senderOf } from '../actors/sender-of.ts';
import { pushWithToken, retainToken } from '../core/credit.ts';
import type { Environment } from '../core/environment.ts';
import type { Group } from './group.ts';
import { type GroupPlan, isDefinition } from './group-plan.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { nameOf } from './responder.ts';

/** Whoever wants to know. Neither may throw. */
export interface GroupListener<A> {
  next(outcome: Outcome<A>): void;
  complete(): void;
}

/** One member that has been asked. */
class Asking {
  readonly index: number;
  readonly startedMs: number;
  agent: string;
  call: PendingCall | undefined;
  spawned: object | undefined;
  ended = false;

  constructor(index: number, agent: string, startedMs: number) {
    this.index = index;
    this.agent = agent;
    this.startedMs = startedMs;
  }
}

/** One who listens, and how much of it was told. */
interface Hearing<A> {
  readonly listener: GroupListener<A>;
  heard: number;
}

export class OpenGroup<Q, A> implements Group<Q, A> {
  readonly question: Q;
  readonly outcomes: Observable<Outcome<A>>;
  readonly #plan: GroupPlan;
  readonly #speaker: () => Sender;
  /** In order of arrival. */
  readonly #arrived: Outcome<A>[] = [];
  readonly #hearings = new Set<Hearing<A>>();
  readonly #open = new Set<Asking>();
  #begun = false;
  #over = false;
  /** Who asks: of a group with a budget a branch, with that. */
  #sender: Sender | undefined;
  #options: RequestOptions = {};
  #deadlineMs = Number.POSITIVE_INFINITY;
  #concurrency: number;
  #asked = 0;
  #lastAskedMs = Number.NEGATIVE_INFINITY;
  #asking = false;
  /** Ends the branch of a group with a budget. */
  #closeBranch: (() => void) | undefined;

  /** @param speaker Says who asks, when it comes to that. */
  constructor(question: Q, plan: GroupPlan, speaker: () => Sender) {
    this.question = question;
    this.#plan = plan;
    this.#speaker = speaker;
    this.#concurrency = plan.concurrency;
    this.outcomes = new Observable((subscriber) => this.#read(subscriber));
  }

  get size(): number {
    return this.#plan.members.length;
  }

  /** That of the system it asks in. Errors: `RangeError` where nobody knows of which that is. */
  get environment(): Environment {
    return (this.#sender ?? this.#speaker()).kernel.environment;
  }

  interrupt(reason = 'nobody wants what is left of its group'): void {
    if (this.#over) {
      // Whoever is told of one outcome, and wants no more, hears the others now.
      this.#tell();
      return;
    }
    this.#over = true;
    for (const asking of this.#open) {
      const failure = interrupted(asking.agent, reason);
      asking.ended = true;
      asking.call?.interrupt(failure);
      stop(asking);
      this.#arrived.push(this.#outcome(asking, { failure }, asking.call));
    }
    this.#open.clear();
    this.#giveUpUnasked((agent) => interrupted(agent, reason));
    this.#finish();
  }

  /** When the latest of them was asked, in milliseconds. */
  get lastAskedMs(): number {
    return this.#lastAskedMs;
  }

  /** One more may be asked at once. */
  admitOne(): void {
    this.#concurrency += 1;
    this.#askMore();
  }

  /**
   * Begins to ask, unless somebody listens already, and tells all outcomes.
   *
   * @param awaited Whether whoever asks waits for each of them.
   * @returns how to stop listening; what is left is interrupted when nobody listens any more.
   */
  listen(listener: GroupListener<A>, awaited: boolean): () => void {
    const hearing = { listener, heard: 0 };
    this.#hearings.add(hearing);
    this.#catchUp(hearing);
    if (this.#over) {
      this.#finish();
    } else if (!this.#begun) {
      this.#begin(awaited);
    }
    return () => {
      if (this.#hearings.delete(hearing) && this.#hearings.size === 0) {
        this.interrupt('nobody reads what becomes of its group');
      }
    };
  }

  #begin(awaited: boolean): void {
    const { timeoutMs, budget } = this.#plan;
    const speaker = this.#speaker();
    this.#begun = true;
    if (timeoutMs !== undefined) {
      this.#deadlineMs = speaker.kernel.environment.nowMs() + timeoutMs;
    }
    if (budget === undefined) {
      this.#askFrom(speaker, awaited);
      return;
    }
    const branch: Procedure<undefined, void> = (_, scope) => {
      const ended = Promise.withResolvers<void>();
      this.#closeBranch = ended.resolve;
      this.#askFrom(senderOf(scope), awaited);
      return ended.promise;
    };
    const options = { budget, awaited, timeoutMs: Number.POSITIVE_INFINITY };
    speaker.call(branch, undefined, options, (outcome) => {
      if (this.#sender === undefined && 'failure' in outcome) {
        this.#refused(outcome.failure);
      }
    });
  }

  /** Nobody could be asked at all. */
  #refused(failure: unknown): void {
    this.#over = true;
    this.#giveUpUnasked(() => failure);
    this.#finish();
  }

  #askFrom(sender: Sender, awaited: boolean): void {
    this.#sender = sender;
    this.#options = sender.lease === undefined ? { awaited } : { awaited, budget: {} };
    this.#askMore();
  }

  #askMore(): void {
    if (this.#asking || this.#sender === undefined) {
      return;
    }
    const { environment } = this.#sender.kernel;
    this.#asking = true;
    let nowMs = environment.nowMs();
    while (!this.#over && this.#asked < this.size && this.#open.size < this.#concurrency) {
      const openBefore = this.#open.size;
      this.#ask(this.#sender, this.#asked, nowMs);
      if (this.#open.size <= openBefore) {
        // It has ended at once, which may have taken long.
        nowMs = environment.nowMs();
      }
    }
    this.#asking = false;
  }

  #ask(sender: Sender, index: number, nowMs: number): void {
    this.#asked += 1;
    this.#lastAskedMs = nowMs;
    const member = this.#plan.members[index]!;
    const asking = new Asking(index, nameOf(member), nowMs);
    this.#open.add(asking);
    if (nowMs > this.#deadlineMs) {
      // The one before took all the time there was, and whoever asks had no turn since.
      const timeoutMs = this.#plan.timeoutMs!;
      this.#ended(asking, { failure: new RequestTimeout({ target: asking.agent, timeoutMs }) }, undefined);
      return;
    }
    let target = member as Responder<Q, A>;
    if (isDefinition(member)) {
      try {
        const ref = sender.spawn(member as Agent<Q, A>, { kind: 'temporary', subscribe: false });
        asking.spawned = ref;
        asking.agent = ref.path;
        target = ref;
      } catch (failure) {
        this.#ended(asking, { failure }, undefined);
        return;
      }
    }
    const call = sender.call<Q, A>(target, this.question, this.#optionsAt(nowMs), (outcome, told) =>
      this.#ended(asking, outcome, told),
    );
    asking.call = call;
    if (asking.ended) {
      // It was given up in the midst of its being asked; when it has been told already this does nothing.
      call?.interrupt(interrupted(asking.agent, 'it was given up while it was asked'));
    }
  }

  #optionsAt(nowMs: number): RequestOptions {
    return this.#deadlineMs === Number.POSITIVE_INFINITY
      ? this.#options
      : { ...this.#options, timeoutMs: Math.max(0, this.#deadlineMs - nowMs) };
  }

  #ended(asking: Asking, outcome: CallOutcome, call: PendingCall | undefined): void {
    if (asking.ended) {
      return;
    }
    asking.ended = true;
    this.#open.delete(asking);
    stop(asking);
    this.#arrived.push(this.#outcome(asking, outcome, call));
    if (this.#arrived.length === this.size) {
      this.#over = true;
      this.#finish();
    } else {
      this.#tell();
      this.#askMore();
    }
  }

  #outcome(asking: Asking, outcome: CallOutcome, call: PendingCall | undefined): Outcome<A> {
    const { agent, index, startedMs } = asking;
    const tookMs = this.#sender!.kernel.environment.nowMs() - startedMs;
    return outcomeOf(agent, index, tookMs, outcome, call?.lease);
  }

  #giveUpUnasked(failureOf: (agent: string) => unknown): void {
    for (; this.#asked < this.size; this.#asked += 1) {
      const agent = nameOf(this.#plan.members[this.#asked]!);
      this.#arrived.push(outcomeOf(agent, this.#asked, 0, { failure: failureOf(agent) }, undefined));
    }
  }

  #tell(): void {
    for (const hearing of this.#hearings) {
      this.#catchUp(hearing);
    }
  }

  #catchUp(hearing: Hearing<A>): void {
    while (hearing.heard < this.#arrived.length) {
      hearing.heard += 1;
      hearing.listener.next(this.#arrived[hearing.heard - 1]!);
    }
  }

  #finish(): void {
    this.#closeBranch?.();
    this.#tell();
    const hearings = [...this.#hearings];
    this.#hearings.clear();
    for (const { listener } of hearings) {
      listener.complete();
    }
  }

  /** For a subscriber: outcomes come in turns of whoever handed the question out, whose credit is kept. */
  #read(subscriber: Subscriber<Outcome<A>>): () => void {
    const token = retainToken();
    let reading = true;
    const forget = token?.whenRevoked(() => this.interrupt('its question was given up'));
    const letGo = (): void => {
      if (reading) {
        reading = false;
        forget?.();
        token?.release();
      }
    };
    const inTurn = (act: () => void): void => {
      if (token === undefined) {
        act();
      } else {
        token.inTurn(() => pushWithToken(token, act, undefined));
      }
    };
    const next = (outcome: Outcome<A>): void => {
      // Of a question that was given up nobody wants an outcome, but whoever waits for the last one goes on.
      if (token?.revoked !== true) {
        subscriber.next(outcome);
      }
    };
    const complete = (): void => {
      subscriber.complete();
      letGo();
    };
    try {
      const leave = this.listen(
        {
          next: (outcome) => inTurn(() => next(outcome)),
          complete: () => inTurn(complete),
        },
        false,
      );
      return () => {
        letGo();
        leave();
      };
    } catch (thrown) {
      letGo();
      throw thrown;
    }
  }
}

/** An agent that was spawned for the question is needed no more. */
function stop({ spawned }: Asking): void {
  LocalRef.cellOf(spawned)?.signal({
    _tag: 'stop',
    mode: 'now',
    withinMs: Number.POSITIVE_INFINITY,
    reason: 'stopped',
    failure: undefined,
  });
}

const interrupted = (agent: string, reason: string): Interrupted => new Interrupted({ agent, reason });
