/**
 * A probe: an agent in the hands of a test. It can be handed out like any other,
 * hears topics, keeps what comes, and lets the test say what it expects.
 *
 *     const audit = probe(system, { topics: [Moved] })
 *     await system.request(bank, transfer)
 *     const moved = await audit.expect(Moved)
 *
 * In a live system expectations wait in real time. In a world they wait in its
 * time; made with the world itself, an awaited expectation lets the world run.
 *
 * Guarantees: each message is given to one expectation at most, and stays
 * until one has taken it. Expectations settle once, at the latest when their time is
 * up, and at once when the probe or its system ends; then nothing of them is left.
 *
 * Source: TestProbe of Akka and Pekko.
 */
import type { AgentRef } from '../actors/agent-ref.ts';
import type { Cell } from '../actors/cell.ts';
import type { Context, Terminated, Verbs } from '../actors/context.ts';
import { watch } from '../actors/death-watch.ts';
import { DefinedAgent, definitionOf, type Handler } from '../actors/define-agent.ts';
import { Detached } from '../actors/detached.ts';
import { LocalRef } from '../actors/local-ref.ts';
import { PendingStream } from '../actors/pending-stream.ts';
import type { System } from '../actors/system.ts';
import type { Works } from '../actors/works.ts';
import type { Envelope, ReplyPort } from '../core/envelope.ts';
import { MailboxFull } from '../core/mailbox.ts';
import { terminatedNotice } from '../core/notice.ts';
import { type } from '../core/schema.ts';
import { type AnyTopic, defineTopic, type MessageOf, type ReplyOf, type Topic } from '../core/topic.ts';
import { matches } from '../core/topic-name.ts';
import { ExpectationFailed, type Received, receivedLine } from './expectation-failed.ts';
import { letRun } from './let-run.ts';
import { type Looking, ProbeInbox, type Wanted } from './probe-inbox.ts';
import { spare } from './spared.ts';
import { World } from './world.ts';

export interface ProbeOptions<Topics extends readonly AnyTopic[]> {
  /** What it hears, and what it can be told; without any it hears nothing and can be told anything. */
  readonly topics?: Topics;
  /** `false`: it hears only what it is told, not its topics. */
  readonly subscribe?: boolean;
  /** Last part of its path; `probe` when not given. */
  readonly id?: string;
  /** Most messages that are kept unseen; 1 024 when not given. What comes then is a dead letter. */
  readonly capacity?: number;
  /** How long expectations wait when they do not say, in milliseconds; 3 000 when not given. */
  readonly withinMs?: number;
}

export interface Expecting<T> {
  /** Which messages of the topic fit; all when not given. */
  readonly where?: (message: T) => boolean;
  /** How long to wait, in milliseconds. */
  readonly withinMs?: number;
}

/** An agent in the hands of a test. */
export interface Probe<in out M, in out R> {
  readonly ref: AgentRef<M, R>;
  /** What it sends, it sends as the agent it is. */
  readonly verbs: Verbs;
  /** What came and was not expected yet, oldest first. */
  readonly unseen: readonly Received[];
  /** What was expected last. */
  readonly received: Received | undefined;
  /**
   * Waits for the next message, which has to be of this topic, and fit.
   *
   * Errors: `ExpectationFailed`, at once when another came; what came is still there. When
   * `where` throws, that is its `cause`.
   */
  expect<T>(topic: Topic<T, unknown>, expecting?: Expecting<T>): Promise<T>;
  /** Waits for a message of this topic that fits, whatever else comes; that stays unseen. */
  find<T>(topic: Topic<T, unknown>, expecting?: Expecting<T>): Promise<T>;
  /** Waits, and fails if anything comes, or of a topic, if one is given; for 100 ms when not given. */
  expectNone<T>(options?: {
    readonly topic?: Topic<T, unknown>;
    readonly where?: (message: T) => boolean;
    readonly forMs?: number;
  }): Promise<void>;
  /**
   * Runs code that has to end in time; what is expected meanwhile does not wait for longer. Where
   * several run at once, the least time counts, for whoever expects something.
   *
   * Errors: `ExpectationFailed` when it is too late; what the code throws. `RangeError` for a time that cannot be.
   */
  within<T>(delayMs: number, code: () => T | PromiseLike<T>): Promise<T>;
  /**
   * Answers what was expected last: a request once, a stream any number of times.
   *
   * Errors: `RangeError` when nobody waits for an answer to it, or not any more, or it was given.
   */
  reply(reply: R): void;
  /** The request that was expected last fails with this. Errors: as for `reply`. */
  fail(failure: unknown): void;
  /** The stream that was expected last ends; a request gets no answer. Errors: as for `reply`. */
  finish(): void;
  /** From now on it hears of the end of that agent. */
  watch(ref: AgentRef<never, unknown>): void;
  /** Waits for the end of an agent that it watches, which has to be what comes next. Errors: as for `expect`. */
  expectTerminated(
    ref: AgentRef<never, unknown>,
    options?: { readonly withinMs?: number },
  ): Promise<Terminated>;
  /** Fails if anything came that was not expected, or if something that was expected is still to come. */
  assertAllSeen(): void;
  /** It ends: what it is still expected to get fails, and who waits for an answer of it is told. */
  stop(): Promise<void>;
}

/** A message and, of a request, the other side. */
interface Item extends Received {
  readonly answer: Answer | undefined;
}

interface Answer {
  done: boolean;
  readonly context: Context;
  readonly port: ReplyPort;
  readonly isStream: boolean;
  readonly end: PromiseWithResolvers<unknown>;
}

/**
 * Starts a probe.
 *
 * @param where The system it is an agent of; or a world: then an awaited expectation lets that run.
 *
 * @example
 * const Rang = defineTopic('rang', { schema: type<string>() })
 * const system = createSystem()
 * const bell = probe(system, { topics: [Rang] })
 * system.publish(Rang, 'at the door')
 * await bell.expect(Rang) // => 'at the door'
 * await system.stop()
 */
export function probe<const Topics extends readonly AnyTopic[] = readonly AnyTopic[]>(
  where: System | World,
  options: ProbeOptions<Topics> = {},
): Probe<MessageOf<Topics[number]>, ReplyOf<Topics[number]>> {
  return new RunningProbe(where, options) as unknown as Probe<
    MessageOf<Topics[number]>,
    ReplyOf<Topics[number]>
  >;
}

class RunningProbe implements Probe<unknown, unknown> {
  readonly ref: AgentRef<unknown, unknown>;
  readonly verbs: Verbs;
  readonly #system: System;
  readonly #world: World | undefined;
  readonly #cell: Cell;
  readonly #inbox: ProbeInbox<Item>;
  readonly #withinMs: number;
  #last: Item | undefined;
  /** Until when everything has to be over, for each code that runs and says so. */
  readonly #limits = new Set<{ readonly untilMs: number }>();

  constructor(where: System | World, options: ProbeOptions<readonly AnyTopic[]>) {
    const { topics = [], capacity = 1_024, withinMs = 3_000 } = options;
    this.#world = where instanceof World ? where : undefined;
    this.#system = where instanceof World ? where.system : where;
    this.#withinMs = withinMs;
    const handle = (payload: unknown, context: Context): unknown => this.#came(payload, context);
    const definition = definitionOf(
      {
        name: 'probe',
        // A request that is not answered yet holds up nothing.
        concurrency: Number.POSITIVE_INFINITY,
        onTerminated: (terminated, { envelope }) => {
          this.#keep(terminatedNotice, terminated, envelope, undefined);
        },
        onStop: () => this.#inbox.end('the probe was stopped'),
      },
      topics.map((topic) => ({ topic, handle }) as unknown as Handler),
      { told: { topic: Told, handle, accepts: () => topics.length === 0 } as never, shownAtFirst: undefined },
    );
    this.ref = this.#system.spawn(new DefinedAgent('probe', definition), {
      ...(options.id === undefined ? {} : { id: options.id }),
      ...(options.subscribe === undefined ? {} : { subscribe: options.subscribe }),
    }) as AgentRef<unknown, unknown>;
    spare(this.ref);
    this.#cell = LocalRef.cellOf(this.ref)!;
    this.verbs = new Detached(this.#cell, this.#cell.conduct as Works, false, undefined);
    const { environment } = this.#cell.kernel;
    this.#inbox = new ProbeInbox({
      path: this.ref.path,
      capacity,
      nowMs: () => environment.nowMs(),
      schedule: (delayMs, f) => environment.schedule(delayMs, f),
    });
  }

  get unseen(): readonly Received[] {
    return this.#inbox.unseen.map(shown);
  }

  get received(): Received | undefined {
    return this.#last && shown(this.#last);
  }

  expect<T>(topic: Topic<T, unknown>, expecting?: Expecting<T>): Promise<T> {
    return this.#expectOf('next', topic as AnyTopic, expecting as Expecting<unknown>) as Promise<T>;
  }

  find<T>(topic: Topic<T, unknown>, expecting?: Expecting<T>): Promise<T> {
    return this.#expectOf('find', topic as AnyTopic, expecting as Expecting<unknown>) as Promise<T>;
  }

  async expectNone<T>(
    options: {
      readonly topic?: Topic<T, unknown>;
      readonly where?: (message: T) => boolean;
      readonly forMs?: number;
    } = {},
  ): Promise<void> {
    const { topic, forMs = 100 } = options;
    const where = options.where as ((message: unknown) => boolean) | undefined;
    await this.#expect({
      looking: 'none',
      expected: `no ${topic === undefined ? 'message' : named(topic.name, where)} for ${forMs} ms`,
      fits: (one) => (topic === undefined || isOf(one, topic as AnyTopic)) && where?.(one.payload) !== false,
      withinMs: forMs,
    });
  }

  async within<T>(delayMs: number, code: () => T | PromiseLike<T>): Promise<T> {
    if (!(delayMs >= 0)) {
      throw new RangeError(`delayMs is a number of milliseconds, at least 0; got ${delayMs}`);
    }
    const { environment } = this.#cell.kernel;
    const sinceMs = environment.nowMs();
    const limit = { untilMs: sinceMs + delayMs };
    this.#limits.add(limit);
    const expected = `code to end within ${delayMs} ms`;
    const late = Promise.withResolvers<never>();
    const tooLate = (): void => late.reject(this.#inbox.failure('late', expected, sinceMs));
    const timer = delayMs < Number.POSITIVE_INFINITY ? environment.schedule(delayMs, tooLate) : undefined;
    try {
      return await this.#run(Promise.race([Promise.resolve().then(code), late.promise]), (reason) =>
        late.reject(this.#inbox.failure('over', expected, sinceMs, { ended: reason })),
      );
    } finally {
      timer?.cancel();
      this.#limits.delete(limit);
    }
  }

  reply(reply: unknown): void {
    const { isStream, context, end } = this.#answer('reply to', false);
    if (isStream) {
      context.reply(reply);
    } else {
      this.#last!.answer!.done = true;
      end.resolve(reply);
    }
  }

  fail(failure: unknown): void {
    const { port, end } = this.#answer('fail', true);
    // Not as a failure of its handling, which would be one of the probe.
    port.fail(failure, this.ref.path);
    end.resolve(undefined);
  }

  finish(): void {
    this.#answer('finish', true).end.resolve(undefined);
  }

  watch(ref: AgentRef<never, unknown>): void {
    const target = LocalRef.cellOf(ref);
    if (target === undefined || target.kernel !== this.#cell.kernel) {
      throw new RangeError(`expected the ref of an agent of this system; got ${String(ref?.path ?? ref)}`);
    }
    watch(this.#cell, target);
  }

  async expectTerminated(
    ref: AgentRef<never, unknown>,
    options: { readonly withinMs?: number } = {},
  ): Promise<Terminated> {
    const item = await this.#expect({
      looking: 'next',
      expected: `the end of ${ref.path}`,
      fits: ({ topic, payload }) => topic === terminatedNotice && (payload as Terminated).path === ref.path,
      withinMs: options.withinMs ?? this.#withinMs,
    });
    return item!.payload as Terminated;
  }

  assertAllSeen(): void {
    const { unseen, pending, path } = { ...this.#state(), path: this.ref.path };
    if (unseen.length > 0 || pending.length > 0) {
      throw new ExpectationFailed({
        why: 'some',
        probe: path,
        expected: pending.length > 0 ? `${pending.join(', ')} (nobody has awaited it)` : 'nothing more',
        came: unseen,
        waitedMs: 0,
      });
    }
  }

  async stop(): Promise<void> {
    const stopped = this.#system.stop(this.ref);
    await this.#run(stopped);
  }

  #state(): { readonly unseen: readonly Received[]; readonly pending: readonly string[] } {
    return { unseen: this.unseen, pending: this.#inbox.pending };
  }

  async #expectOf(looking: Looking, topic: AnyTopic, expecting: Expecting<unknown> = {}): Promise<unknown> {
    const { where, withinMs = this.#withinMs } = expecting;
    const item = await this.#expect({
      looking,
      expected: `${named(topic.name, where)} within ${withinMs} ms`,
      fits: (one) => isOf(one, topic) && where?.(one.payload) !== false,
      withinMs,
    });
    return item!.payload;
  }

  async #expect(wanted: Wanted): Promise<Item | undefined> {
    const nowMs = this.#cell.kernel.environment.nowMs();
    const leftMs = [...this.#limits].map(({ untilMs }) => Math.max(0, untilMs - nowMs));
    const item = await this.#run(
      this.#inbox.expect({ ...wanted, withinMs: Math.min(wanted.withinMs, ...leftMs) }),
    );
    this.#last = item ?? this.#last;
    return item;
  }

  /** Awaits something; a world that stands still runs meanwhile. */
  #run<T>(awaited: Promise<T>, giveUp: (reason: string) => void = () => {}): Promise<T> {
    const world = this.#world;
    return world === undefined
      ? awaited
      : letRun(world, awaited, (reason) => {
          this.#inbox.giveUp(reason);
          giveUp(reason);
        });
  }

  /** The answer that is still to be given to what was expected last. */
  #answer(verb: string, ends: boolean): Answer {
    const last = this.#last;
    const answer = last?.answer;
    if (answer === undefined || answer.done || answer.port.settled) {
      const what = last === undefined ? 'nothing was expected yet' : receivedLine(last);
      const why = whyNoAnswer(answer);
      // Whoever asked has given up: then its handling is over, too.
      answer?.end.resolve(undefined);
      throw new RangeError(
        `${this.ref.path} has nothing to ${verb}: ${last === undefined ? what : `${why}: ${what}`}`,
      );
    }
    answer.done = ends;
    return answer;
  }

  #came(payload: unknown, context: Context): Promise<unknown> | undefined {
    const { envelope } = context;
    const { replyTo } = envelope;
    const answer: Answer | undefined =
      replyTo === undefined
        ? undefined
        : {
            done: false,
            context,
            port: replyTo,
            isStream: replyTo instanceof PendingStream,
            end: Promise.withResolvers<unknown>(),
          };
    const kept = this.#keep(envelope.topic!, payload, envelope, answer);
    return kept ? answer?.end.promise : undefined;
  }

  #keep(topic: string, payload: unknown, envelope: Envelope, answer: Answer | undefined): boolean {
    const { kernel, path } = this.#cell;
    const item = { topic, payload, sender: envelope.sender, atMs: kernel.environment.nowMs(), answer };
    const kept = this.#inbox.add(item);
    if (!kept) {
      const capacity = this.#inbox.unseen.length;
      kernel.deadLetter(envelope, path, 'Dropped', new MailboxFull({ receiver: path, payload, capacity }));
    }
    return kept;
  }
}

function whyNoAnswer(answer: Answer | undefined): string {
  if (answer === undefined) {
    return 'nobody waits for an answer to it';
  }
  return answer.done ? 'it has its answer' : 'nobody waits for an answer to it any more';
}

/** What it is told when it has no topics. */
const Told = defineTopic('probe.told', { schema: type<unknown>() });

const isOf = ({ topic: name }: Received, topic: AnyTopic): boolean =>
  topic.name === name || (topic.isPattern && matches(topic.name, name));

const named = (topic: string, where: unknown): string => (where === undefined ? topic : `${topic} that fits`);

const shown = ({ topic, payload, sender, atMs }: Item): Received => ({ topic, payload, sender, atMs });
