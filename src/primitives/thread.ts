/**
 * Threads: agents that talk with each other about one thing, and hear nobody else.
 *
 *     moderator ──broadcast──▶ thread.trip-7.broadcast ──▶ every member but the one who spoke
 *     member    ──reply──────▶ thread.trip-7.reply     ──▶ every member who listens to replies
 *
 * Who has joined is a child of the agent that joined it: so its messages wait in a
 * bounded mailbox of their own, its failures are supervised, and it leaves when that
 * agent restarts or ends.
 *
 * Source: Recipient List and Publish-Subscribe Channel, in Hohpe & Woolf, "Enterprise
 * Integration Patterns" (2003), for one conversation.
 */
import type { AgentRef } from '../actors/agent-ref.ts';
import type { Context, Verbs } from '../actors/context.ts';
import { defineAgent, on } from '../actors/define-agent.ts';
import type { Result } from '../actors/result.ts';
import { senderOf } from '../actors/sender-of.ts';
import type { Overflow } from '../core/mailbox.ts';
import type { StandardSchema } from '../core/schema.ts';
import { defineTopic, type Topic } from '../core/topic.ts';

/** What is said in a thread. */
export interface ThreadSchemas<B, R> {
  /** What is said to everybody. */
  readonly broadcast: StandardSchema<B>;
  /** What is said to that. */
  readonly reply: StandardSchema<R>;
}

export interface ThreadTopics<B, R> {
  readonly broadcast: Topic<B>;
  readonly reply: Topic<R>;
}

/**
 * The two topics of a thread, `thread.{id}.broadcast` and `thread.{id}.reply`; with `*`
 * for an id, those of every thread, for who listens to all of them.
 *
 * Errors: `InvalidTopicName` for an id that is no token of a name.
 *
 * @example
 * threadTopics('trip-7', { broadcast: type<string>(), reply: type<string>() }).reply.name // => 'thread.trip-7.reply'
 */
export function threadTopics<B, R>(id: string, schemas: ThreadSchemas<B, R>): ThreadTopics<B, R> {
  return {
    broadcast: defineTopic(`thread.${id}.broadcast`, { schema: schemas.broadcast }),
    reply: defineTopic(`thread.${id}.reply`, { schema: schemas.reply }),
  };
}

export interface JoinThreadOptions<B, R> extends ThreadSchemas<B, R> {
  /** Hears what others broadcast. It runs in the member, a child of the agent that joined. */
  readonly onBroadcast?: (
    message: B,
    context: Context<undefined, never>,
    thread: Thread<B, R>,
  ) => Result<never>;
  /** Hears what others reply. */
  readonly onReply?: (message: R, context: Context<undefined, never>, thread: Thread<B, R>) => Result<never>;
  /** Most messages that may wait for this member; 1 024 when not given. */
  readonly capacity?: number;
  /** What happens to the one that does not fit; `suspend` when not given: then the slowest member slows down who speaks. */
  readonly overflow?: Overflow;
}

/** A thread, for one who has joined it. */
export interface Thread<B, R> extends ThreadTopics<B, R> {
  readonly id: string;
  /** The member: a child of the agent that joined. */
  readonly member: AgentRef<B | R, never>;
  /** Says something to everybody else. Returns a promise of room, as `publish` does. */
  say(speaker: Verbs, message: B): Promise<void> | undefined;
  /** Says something to what was said. */
  answer(speaker: Verbs, message: R): Promise<void> | undefined;
  /** Hears nothing of it any more. */
  leave(owner: { stop(member: AgentRef<never, unknown>): unknown }): void;
}

/**
 * Joins a thread: from now on `onBroadcast` and `onReply` hear what others say in it.
 *
 * An agent does not hear itself: neither what it says nor what its member says. All that
 * is said carries the thread as its `threadId`, and so does what comes of it.
 *
 * Guarantees: it leaves when the agent that joined restarts or ends; join again in
 * `onStart`. What waits is bounded by `capacity`. In a step that throws, nothing was
 * joined.
 *
 * Errors: `RangeError` when it was joined by this agent already, or nothing is to be
 * heard; `InvalidTopicName` for an id that is no token of a name, or a pattern.
 *
 * @param joiner The context of the agent that joins; or a system, of which the member is a top agent.
 * @example
 * const heard: string[] = []
 * const system = createSystem()
 * const said = { broadcast: type<string>(), reply: type<string>() }
 * joinThread(system, 'trip-7', { ...said, onBroadcast: (idea) => void heard.push(idea) })
 * await system.publish(threadTopics('trip-7', said).broadcast, 'to the sea')
 * await system.drain()
 * heard // => ['to the sea']
 */
export function joinThread<B, R>(joiner: Verbs, id: string, options: JoinThreadOptions<B, R>): Thread<B, R> {
  const { onBroadcast, onReply, capacity, overflow } = options;
  if (onBroadcast === undefined && onReply === undefined) {
    throw new RangeError(
      `joinThread('${id}') needs onBroadcast or onReply; to speak only, publish on threadTopics`,
    );
  }
  const topics = threadTopics(id, options);
  const owner = senderOf(joiner).cell?.path;
  const isOwn = ({ envelope, self }: Context<undefined, never>): boolean =>
    envelope.sender !== undefined && (envelope.sender === owner || envelope.sender === self.path);
  const hears = <M>(
    topic: Topic<M>,
    hear: (message: M, context: Context<undefined, never>, thread: Thread<B, R>) => Result<never>,
  ) =>
    on(topic, (message: M, context: Context<undefined, never>) =>
      isOwn(context) ? undefined : hear(message, context, thread),
    );
  const agent = defineAgent({
    name: `thread-${id}`,
    ...(capacity === undefined ? {} : { capacity }),
    ...(overflow === undefined ? {} : { overflow }),
    on: [
      ...(onBroadcast === undefined ? [] : [hears(topics.broadcast, onBroadcast)]),
      ...(onReply === undefined ? [] : [hears(topics.reply, onReply)]),
    ],
  });
  const member = joiner.spawn(agent as never, { id: `thread-${id}` }) as AgentRef<B | R, never>;
  const thread: Thread<B, R> = {
    ...topics,
    id,
    member,
    say: (speaker, message) => speaker.publish(topics.broadcast, message as never, { threadId: id }),
    answer: (speaker, message) => speaker.publish(topics.reply, message as never, { threadId: id }),
    leave: (one) => void one.stop(member),
  };
  return thread;
}
