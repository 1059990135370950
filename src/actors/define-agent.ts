/**
 * An agent's definition: what it hears, what it does with it, and its limits.
 *
 * A definition is a value and holds nothing; each `spawn` makes an agent of it.
 */
import type { BudgetLow } from '../core/budget.ts';
import type { Envelope } from '../core/envelope.ts';
import { describeThrown } from '../core/failure.ts';
import { type Overflow, overflows } from '../core/mailbox.ts';
import type { AnyTopic, Topic } from '../core/topic.ts';
import { isTopicName, matches } from '../core/topic-name.ts';
import type { Agent, AnyAgent } from './agent.ts';
import type { AnyCapability } from './capability.ts';
import type { Context, Terminated } from './context.ts';
import type { DefinedCapability } from './define-capability.ts';
import type { Result } from './result.ts';
import {
  type AutoShutdown,
  resolveSupervision,
  type Supervision,
  type SupervisionOptions,
} from './supervision.ts';

/** A topic and what is done with its messages. */
export interface Handler<M = never, R = unknown, State = never> {
  readonly topic: Topic<M, R>;
  readonly handle: (message: M, context: Context<State, R>) => Result<R>;
}

/** One handler among several: see `defineAgent`, `on`. */
export function on<M, R, State>(
  topic: Topic<M, R>,
  handle: (message: NoInfer<M>, context: Context<State, NoInfer<R>>) => Result<NoInfer<R>>,
): Handler<M, R, State> {
  return { topic, handle };
}

/** When the messages in flight are put back on a restart instead of becoming dead letters. */
export interface Redelivery {
  /** How often one message is handled at most; a whole number, at least 1. */
  readonly attemptsMax: number;
}

/** The limits and hooks that all kinds of agents share. */
export interface AgentOptions<State, Reply = unknown> {
  /** One token of a path: letters, digits, `-` and `_`. */
  readonly name: string;
  /** What it begins with, and begins with again after a restart: a value, or a function of the spawn's `input`. */
  readonly state?: State | ((input: unknown) => State);
  /** How many handlings may be open at once; 1 when not given. */
  readonly concurrency?: number;
  /** Most messages that may wait; 1 024 when not given. */
  readonly capacity?: number;
  /** What happens to the one that does not fit; `suspend` when not given. */
  readonly overflow?: Overflow;
  /** Most that may stand outside a full mailbox because their publishers do not wait; `capacity` when not given. */
  readonly spillMax?: number;
  /** Most verbs in one step, and most that may wait for room elsewhere; 1 024 when not given. */
  readonly effectsMax?: number;
  /** Whose turns come first; `normal` when not given. */
  readonly lane?: 'realtime' | 'normal' | 'background';
  /** How it treats its children's failures. */
  readonly supervision?: SupervisionOptions;
  /** Whether the end of significant children ends it; `never` when not given. */
  readonly autoShutdown?: AutoShutdown;
  /** On a restart, messages in flight are handled again, this often at most. */
  readonly redeliver?: Redelivery;
  /** How long `onStop` may take, in milliseconds; 5 000 when not given. */
  readonly stopWithinMs?: number;
  /** What others may call by name; each runs as a message of this agent. */
  readonly capabilities?: readonly AnyCapability[];
  /** The first step, also after a restart; messages wait until it is over. */
  readonly onStart?: (context: Context<State, Reply>) => Result<unknown>;
  /** The last step, when work and children have ended. */
  readonly onStop?: (context: Context<State, Reply>) => Result<unknown>;
  /** An agent this one watches has ended. */
  readonly onTerminated?: (terminated: Terminated, context: Context<State, Reply>) => Result<unknown>;
  /**
   * A budget this agent works under is nearly spent. It is a step beside the work
   * that spends it, so that it comes in time, and ends with its synchronous part.
   */
  readonly onBudgetLow?: (notice: BudgetLow, context: Context<State, Reply>) => void;
}

/** An agent with one topic. */
export interface ReceiveOptions<M, R, State> extends AgentOptions<State, R> {
  readonly subscribe: readonly [Topic<M, R>];
  readonly receive: (message: NoInfer<M>, context: Context<NoInfer<State>, NoInfer<R>>) => Result<NoInfer<R>>;
}

/** An agent with several topics, each with its own handler. */
export interface OnOptions<Handlers extends readonly unknown[], State> extends AgentOptions<State> {
  readonly on:
    | (Handlers & readonly AnyHandlerOf<State>[])
    | ((on: OnFor<State>) => Handlers & readonly AnyHandlerOf<State>[]);
}

/** An agent that hears nothing: it supervises others, or offers capabilities. */
export interface SilentOptions<State> extends AgentOptions<State> {
  readonly on?: undefined;
  readonly subscribe?: undefined;
}

/** Any handler of an agent with this state. */
interface AnyHandlerOf<State> {
  readonly topic: AnyTopic;
  readonly handle: (message: never, context: Context<State, never>) => unknown;
}

/** Makes handlers that know the agent's state. */
export type OnFor<State> = <M, R>(
  topic: Topic<M, R>,
  handle: (message: NoInfer<M>, context: Context<State, NoInfer<R>>) => Result<NoInfer<R>>,
) => Handler<M, R, State>;

type MessageOfHandler<H> = H extends { readonly topic: Topic<infer M, infer _> } ? M : never;
type ReplyOfHandler<H> = H extends { readonly topic: Topic<infer _, infer R> } ? R : never;

/**
 * Defines an agent: `receive` for one topic, or `on: [on(A, …), on(B, …)]` for
 * several. Where handlers read the state, `on: (on) => [on(A, …), on(B, …)]` knows
 * its type.
 *
 * Errors: `RangeError`, at once, for a limit or a name that cannot be.
 *
 * @example
 * const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() })
 * const greeter = defineAgent({ name: 'greeter', subscribe: [Question], receive: (name) => `Hello, ${name}!` })
 * greeter.name // => 'greeter'
 */
export function defineAgent<M, R = never, State = undefined>(
  options: ReceiveOptions<M, R, State>,
): Agent<M, R>;
export function defineAgent<const Handlers extends readonly unknown[], State = undefined>(
  options: OnOptions<Handlers, State>,
): Agent<MessageOfHandler<Handlers[number]>, ReplyOfHandler<Handlers[number]>>;
export function defineAgent<State = undefined>(options: SilentOptions<State>): Agent<never, never>;
// Once more, because the last one is what TypeScript explains when none of them fits.
export function defineAgent<M, R = never, State = undefined>(
  options: ReceiveOptions<M, R, State>,
): Agent<M, R>;
export function defineAgent(
  options: AgentOptions<unknown> & {
    readonly subscribe?: readonly AnyTopic[] | undefined;
    readonly receive?: unknown;
    readonly on?: readonly unknown[] | ((make: typeof on) => readonly unknown[]) | undefined;
  },
): AnyAgent {
  const listed = typeof options.on === 'function' ? options.on(on) : options.on;
  const handlers = (listed ??
    (options.subscribe ?? []).map((topic) => ({ topic, handle: options.receive }))) as readonly Handler[];
  for (const handler of handlers) {
    if (typeof handler?.handle !== 'function' || handler.topic === undefined) {
      throw new RangeError(
        `agent '${options.name}' needs 'subscribe' with 'receive', or 'on' with handlers made by on(topic, handle)`,
      );
    }
  }
  if (options.on === undefined && handlers.length > 1) {
    throw new RangeError(
      `agent '${options.name}' receives ${handlers.length} topics with one handler; use on: [on(topic, handle), …], so that each has its own reply`,
    );
  }
  return new DefinedAgent(options.name, definitionOf(options, handlers));
}

/** The one kind of `Agent` there is; what it is made of is ours. */
export class DefinedAgent implements Agent<never, unknown> {
  readonly name: string;
  readonly #definition: Definition;

  constructor(name: string, definition: Definition) {
    this.name = name;
    this.#definition = definition;
  }

  /** Errors: `RangeError` when it was not made by `defineAgent`. */
  static definitionOf(agent: AnyAgent): Definition {
    if (typeof agent !== 'object' || agent === null || !(#definition in agent)) {
      throw new RangeError(`an agent is what defineAgent returns; got ${describeThrown(agent)}`);
    }
    return agent.#definition;
  }
}

/** What the runtime reads: every option with its value. */
export interface Definition {
  readonly name: string;
  readonly handlers: readonly Handler[];
  /** The topic of whatever it is told, where there is only one that it could be. */
  readonly onlyTopic: AnyTopic | undefined;
  /** Takes what it is told under no topic of its own: the events of a machine. */
  readonly told: Told | undefined;
  readonly initialState: (input: unknown) => unknown;
  readonly concurrency: number;
  readonly capacity: number;
  readonly overflow: Overflow;
  readonly spillMax: number;
  /** What `conflate` tells messages apart by. */
  readonly keyOf: (envelope: Envelope) => unknown;
  readonly effectsMax: number;
  readonly lane: number;
  readonly supervision: Supervision;
  readonly autoShutdown: AutoShutdown;
  readonly attemptsMax: number;
  readonly stopWithinMs: number;
  readonly capabilities: readonly DefinedCapability[];
  /** How messages are told apart by keys, where each key has an agent of its own. */
  readonly keyed: Keyed | undefined;
  readonly onStart: Hook<Context> | undefined;
  readonly onStop: Hook<Context> | undefined;
  readonly onTerminated: ((terminated: Terminated, context: Context) => Result<unknown>) | undefined;
  readonly onBudgetLow: ((notice: BudgetLow, context: Context) => void) | undefined;
  /** What is seen of it before its first step, given the spawn's input. */
  readonly shownAtFirst: ((input: unknown) => object | undefined) | undefined;
}

/** A handler for what has no topic of its own, and what it can be given. */
export interface Told extends Handler {
  readonly accepts: (payload: unknown) => boolean;
}

/** What a definition has that is not made of handlers. */
export type BehaviourParts = Pick<Definition, 'told' | 'shownAtFirst'>;

/** A group of agents, one for each key: see `keyed-agent`. */
export interface Keyed {
  /** Says for which key a message is; may throw, and may say anything. */
  readonly keyed: (message: never, envelope: Envelope) => unknown;
  /** What each key runs. */
  readonly each: Definition;
  readonly activeMax: number;
  readonly idleMs: number;
  readonly coolDownMs: number;
}

type Hook<C> = (context: C) => Result<unknown>;

const lanes = ['realtime', 'normal', 'background'];

export function definitionOf(
  options: AgentOptions<unknown>,
  handlers: readonly Handler[],
  parts?: BehaviourParts,
): Definition {
  const { name, state } = options;
  if (typeof name !== 'string' || name.includes('.') || !isTopicName(name)) {
    throw new RangeError(
      `an agent's name is one token of letters, digits, '-' and '_'; got '${String(name)}'`,
    );
  }
  const capacity = wholeNumber(name, 'capacity', finite(name, 'capacity', options.capacity ?? 1_024), 1);
  const overflow = oneOf(name, 'overflow', options.overflow ?? 'suspend', overflows) as Overflow;
  return Object.freeze({
    name,
    handlers,
    onlyTopic:
      parts?.told === undefined && handlers.length === 1
        ? (handlers[0]!.topic as unknown as AnyTopic)
        : undefined,
    told: parts?.told,
    initialState: typeof state === 'function' ? (state as (input: unknown) => unknown) : () => state,
    concurrency: wholeNumber(name, 'concurrency', options.concurrency ?? 1, 1),
    capacity,
    overflow,
    spillMax: wholeNumber(name, 'spillMax', finite(name, 'spillMax', options.spillMax ?? capacity), 0),
    keyOf: keyAmong(handlers),
    effectsMax: wholeNumber(name, 'effectsMax', finite(name, 'effectsMax', options.effectsMax ?? 1_024), 1),
    lane: lanes.indexOf(oneOf(name, 'lane', options.lane ?? 'normal', lanes)),
    supervision: resolveSupervision(options.supervision),
    autoShutdown: oneOf(name, 'autoShutdown', options.autoShutdown ?? 'never', [
      'never',
      'any',
      'all',
    ]) as AutoShutdown,
    attemptsMax: wholeNumber(name, 'redeliver.attemptsMax', options.redeliver?.attemptsMax ?? 1, 1),
    stopWithinMs: wholeNumber(name, 'stopWithinMs', options.stopWithinMs ?? 5_000, 0),
    capabilities: (options.capabilities ?? []) as readonly unknown[] as readonly DefinedCapability[],
    keyed: undefined,
    onStart: options.onStart as Hook<Context> | undefined,
    onStop: options.onStop as Hook<Context> | undefined,
    onTerminated: options.onTerminated as Definition['onTerminated'],
    onBudgetLow: options.onBudgetLow as Definition['onBudgetLow'],
    shownAtFirst: parts?.shownAtFirst,
  });
}

/**
 * The key of a message: what its topic says, and the topic itself where there are
 * several. Calls of capabilities are like no other message.
 */
function keyAmong(handlers: readonly Handler[]): (envelope: Envelope) => unknown {
  return (envelope) => {
    const { topic, payload } = envelope;
    const own = handlers.find((handler) => matches(handler.topic.name, topic!))?.topic;
    if (own === undefined) {
      return envelope;
    }
    const key = own.keyOf?.(payload);
    const isObject = (typeof key === 'object' && key !== null) || typeof key === 'function';
    return isObject || typeof key === 'symbol' ? key : `${topic} ${typeof key} ${key}`;
  };
}

export function finite(agent: string, option: string, value: number): number {
  if (value === Number.POSITIVE_INFINITY) {
    throw new RangeError(
      `${option} of agent '${agent}' is finite, since everything is bounded; got ${value}`,
    );
  }
  return value;
}

export function wholeNumber(agent: string, option: string, value: number, least: number): number {
  if (value !== Number.POSITIVE_INFINITY && !(Number.isInteger(value) && value >= least)) {
    throw new RangeError(`${option} of agent '${agent}' is a whole number, at least ${least}; got ${value}`);
  }
  return value;
}

function oneOf(agent: string, option: string, value: string, known: readonly string[]): string {
  if (!known.includes(value)) {
    throw new RangeError(`${option} of agent '${agent}' is one of ${known.join(', ')}; got '${value}'`);
  }
  return value;
}
