/**
 * A behaviour: one agent, tried step by step without any other, with all that it
 * does given back as data.
 *
 *     const till = behaviour(cashier)
 *     till.receive(Paid, { cents: 5 })
 *     // => { outcome: 'handled', state: { cents: 5 }, effects: [{ publish: 'till.changed', payload: 5 }], … }
 *
 * The agent runs in a system of the real runtime, in which nobody else takes turns:
 * what it sends is kept from going on, what it asks stays open until the test answers,
 * and time passes when the test says so. So stages, rollbacks, deadlines and
 * supervision are those of everywhere; only the others are missing.
 *
 * `receive` and its like are synchronous. A handler that awaits something ends its
 * step with the outcome `open`, and goes on in `answer`, `refuse` or `goOn`, which are to
 * be awaited, because promises cannot be hurried.
 *
 * Source: the synchronous BehaviorTestKit of Akka Typed and Pekko; `transition` of XState.
 */
import type { Agent, AnyAgent, MachineAgent } from '../actors/agent.ts';
import type { AgentRef } from '../actors/agent-ref.ts';
import type { Capability } from '../actors/capability.ts';
import type { StopReason } from '../core/system-event.ts';
import type { Topic } from '../core/topic.ts';
import type { MachineStep, Step } from './step.ts';
import { type AskedTarget, type BehaviourOptions, type ReceiveAs, TriedAgent } from './tried-agent.ts';

/** One agent under test. */
export interface Behaviour<M, R, OneStep> {
  /** Its ref; what is told to it comes back as an effect, as for anybody. */
  readonly self: AgentRef<M, R>;
  /** What it did before any message: its `onStart`, or its machine's first step. */
  readonly started: OneStep;
  /** Milliseconds since it began. */
  readonly nowMs: number;
  /** The agent and its state now, without a step. */
  readonly now: OneStep;
  /** The requests it has made that nobody has answered, oldest first: whom they asked. */
  readonly asks: readonly string[];
  /**
   * A message of a topic, handled as far as it can be without waiting for anybody.
   *
   * Errors: `InvalidParams` for a payload that its schema refuses.
   */
  receive<T>(topic: Topic<T, unknown>, payload: NoInfer<T>, as?: ReceiveAs): OneStep;
  /** A message told to it without a topic: of the first whose schema accepts it, or an event of its machine. */
  tell(payload: M, as?: ReceiveAs): OneStep;
  /** Time passes, and its timers ring. */
  advance(delayMs: number): OneStep;
  /** Somebody it watches has ended, or a child of it; what it asks that one fails with `Interrupted`. */
  terminated(who: AgentRef<never, unknown> | string, reason?: StopReason, failure?: unknown): OneStep;
  /** Somebody ends what it is working on. */
  interrupt(reason?: string): OneStep;
  /** It is stopped: its last step. */
  stop(): OneStep;
  /**
   * Answers the oldest open request to a topic, an agent or a capability (or to the
   * path or name), and lets the agent go on. Of a stream: one of the replies.
   *
   * Errors: `RangeError` when it has no such request.
   */
  answer<Q, A>(target: Topic<Q, A> | Capability<Q, A> | AgentRef<Q, A>, reply: NoInfer<A>): Promise<OneStep>;
  answer(target: string, reply: unknown): Promise<OneStep>;
  /** The oldest open request to it fails with this. Errors: as for `answer`. */
  refuse(target: AskedTarget, failure: unknown): Promise<OneStep>;
  /** The oldest open request to it gets no more answers. Errors: as for `answer`. */
  finish(target: AskedTarget): Promise<OneStep>;
  /** Lets its promises go on, as far as they can by themselves. */
  goOn(): Promise<OneStep>;
  /**
   * A ref of somebody else, to put into messages and states. What it is told is an
   * effect. It takes anything; or, with topics, what those say.
   */
  ref<T = unknown, A = never>(name: string, ...topics: readonly Topic<T, A>[]): AgentRef<T, A>;
}

/**
 * Tries one agent by itself.
 *
 * Guarantees: deterministic, but for what handlers await outside of the runtime.
 * Nothing of it is left when it is dropped: it holds no host timer and no listener.
 *
 * Limits: children exist as refs only and never begin; they, and those that it
 * watches, end when `terminated` says so. A machine's own children and delays are
 * real and no effects: they are part of its snapshot.
 *
 * @example
 * const Deposit = defineTopic('deposit', { schema: type<number>() })
 * const Changed = defineTopic('changed', { schema: type<number>() })
 * const purse = defineAgent({
 *   name: 'purse',
 *   subscribe: [Deposit],
 *   state: 0,
 *   receive: (cents, context) => {
 *     context.update((before) => before + cents)
 *     context.publish(Changed, context.state)
 *   },
 * })
 * behaviour(purse, { state: 2 }).receive(Deposit, 3).effects // => [{ publish: 'changed', payload: 5 }]
 */
export function behaviour<M, R, S>(
  agent: MachineAgent<M, R, S>,
  options?: BehaviourOptions<never>,
): Behaviour<M, R, MachineStep<S>>;
export function behaviour<M, R, State = unknown>(
  agent: Agent<M, R>,
  options?: BehaviourOptions<State>,
): Behaviour<M, R, Step<State>>;
export function behaviour(
  agent: AnyAgent,
  options: BehaviourOptions<unknown> = {},
): Behaviour<unknown, unknown, Step<unknown>> {
  return new TriedAgent(agent, options);
}
