/**
 * A stream agent: an agent whose behaviour is a stream, from its inbox to its
 * outbox.
 */
import type { Observable } from 'rxjs';
import type { AnyTopic, MessageOf, ReplyOf, Topic } from '../core/topic.ts';
import type { Agent, AnyAgent } from './agent.ts';
import type { Context } from './context.ts';
import { type AgentOptions, DefinedAgent, definitionOf, type Handler } from './define-agent.ts';
import type { Handling } from './handling.ts';
import type { Inbox } from './inbox.ts';
import type { StreamContext } from './stream-context.ts';
import { beginStream, flowThrough } from './stream-run.ts';

/** What a stream lets out. */
export type Outbox<T> = Observable<T | void> | AsyncIterable<T | void>;

export interface StreamAgentOptions<Topics extends readonly unknown[], Out, State>
  extends AgentOptions<State, ReplyOf<Topics[number]>> {
  /** What it hears: all of them come in by its inbox, in one order. */
  readonly subscribe: Topics & readonly AnyTopic[];
  /**
   * How many messages may be in its stream at once, unsettled; as many as its
   * operators hold when not given, and 1 when they hold none.
   */
  readonly concurrency?: number;
  /** Where what comes out is published; when not given, what comes out is the reply. */
  readonly publishes?: Topic<Out, unknown>;
  readonly stream: (
    inbox: Inbox<MessageOf<Topics[number]>>,
    context: StreamContext<NoInfer<State>, ReplyOf<Topics[number]>>,
  ) => Outbox<NoInfer<Out>>;
}

/**
 * Defines an agent by a stream: `stream` gets the messages and returns what comes
 * of them, as an Observable or an AsyncIterable. It is called at each start of the
 * agent, also after a restart.
 *
 * A value that comes out is published on `publishes`, when that is given;
 * otherwise it is the reply to the message it stems from, or to each of them where
 * several were gathered; `undefined` means nothing. `context.publish`, `tell` and
 * `reply` can be used in any operator. A request whose value came to no reply gets
 * `NoResponder`.
 *
 * A message is in hand until the push of its value has returned and no operator
 * holds it any more; RxJS's asynchronous operators hold nothing, and their use is
 * told of (`CreditLost`). Use `mapAsync`, `batch`, `conflate` and `throttle`.
 *
 * When the stream fails, the agent fails, and its supervisor decides: after a
 * restart `stream` is called anew, and under `resume` with the next message. When
 * it completes, the agent finishes. When the agent stops, it is unsubscribed from.
 *
 * Errors: `RangeError`, at once, for a limit or a name that cannot be; from the
 * agent's start, when an operator holds more values than `concurrency` allows.
 *
 * @example
 * import { map } from 'rxjs'
 * const Word = defineTopic('word', { schema: type<string>(), reply: type<number>() })
 * const measurer = streamAgent({ name: 'measurer', subscribe: [Word], stream: (inbox) => inbox.pipe(map((word) => word.length)) })
 * const system = createSystem({ agents: [measurer] })
 * await system.request(Word, 'eleven') // => 6
 * await system.stop()
 */
export function streamAgent<
  const Topics extends readonly unknown[],
  Out = ReplyOf<Topics[number]>,
  State = undefined,
>(options: StreamAgentOptions<Topics, Out, State>): Agent<MessageOf<Topics[number]>, ReplyOf<Topics[number]>>;
export function streamAgent(
  options: AgentOptions<unknown> & {
    readonly subscribe: readonly AnyTopic[];
    readonly publishes?: AnyTopic | undefined;
    readonly stream: (inbox: Inbox<never>, context: never) => unknown;
  },
): AnyAgent {
  const { name, subscribe, publishes, stream, concurrency, onStart } = options;
  if (!Array.isArray(subscribe) || typeof stream !== 'function') {
    throw new RangeError(
      `stream agent '${name}' needs 'subscribe', a list of topics, and 'stream', a function of its inbox`,
    );
  }
  const plan = { stream, publishes, concurrency };
  const handle = (_: unknown, context: Context): unknown => flowThrough(plan, context);
  const definition = definitionOf(
    {
      ...options,
      onStart: (context: Context) => {
        beginStream(plan, context as Handling);
        return onStart?.(context);
      },
    },
    subscribe.map((topic: AnyTopic) => ({ topic, handle }) as unknown as Handler),
  );
  return new DefinedAgent(name, definition);
}
