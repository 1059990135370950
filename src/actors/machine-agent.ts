/**
 * Machine agents: XState actor logic of any kind as the behaviour of an agent.
 *
 * A message whose payload has a string `type` is the machine's event; any other is
 * `{ type: topic, payload }`, or what `toEvent` makes of it. What the machine does
 * with events, states, children and time is XState's affair and is the same as
 * there; `hosted-tree` is how it runs.
 */
import {
  type AnyActorLogic,
  type EventFromLogic,
  getInitialSnapshot,
  type InputFrom,
  type SnapshotFrom,
} from 'xstate';
import { InvalidParams, type } from '../core/schema.ts';
import { type AnyTopic, defineTopic, type MessageOf, type ReplyOf } from '../core/topic.ts';
import type { MachineAgent } from './agent.ts';
import type { Context } from './context.ts';
import { type AgentOptions, DefinedAgent, definitionOf, type Handler, type Told } from './define-agent.ts';
import type { Handling } from './handling.ts';
import { HostedTree } from './hosted-tree.ts';
import type { Inspector } from './inspector.ts';
import type { Result } from './result.ts';
import { type InnerEvent, type InnerLogic, innerEvents } from './xstate-inner.ts';

/** The limits of an agent that mean something for a machine, and what makes it one. */
export interface MachineAgentOptions<Logic extends AnyActorLogic, Topics extends readonly AnyTopic[]>
  extends Pick<
    AgentOptions<undefined>,
    | 'name'
    | 'capacity'
    | 'overflow'
    | 'spillMax'
    | 'effectsMax'
    | 'lane'
    | 'supervision'
    | 'autoShutdown'
    | 'redeliver'
  > {
  /** What `createMachine`, `setup().createMachine`, `fromTransition`, `fromPromise`, `fromCallback`, `fromObservable` or `fromEventObservable` returned. */
  readonly machine: Logic;
  /** Topics whose messages are events of the machine. What it is told needs no topic. */
  readonly subscribe?: Topics;
  /** Makes the machine's event of a message; called for every message, with the name of its topic. */
  readonly toEvent?: (message: MessageOf<Topics[number]>, topic: string) => EventFromLogic<Logic>;
  /** The machine's input, when the spawn gives none; or a function of what the spawn gives. */
  readonly input?: InputFrom<Logic> | ((input: unknown) => InputFrom<Logic>);
  /** Is told of everything the machine and its children do, as an inspector of XState's is. */
  readonly inspect?: Inspector;
}

/** What a machine agent accepts: its topics' messages, and its machine's events. */
export type MessageOfMachine<Logic extends AnyActorLogic, Topics extends readonly AnyTopic[]> =
  | MessageOf<Topics[number]>
  | EventFromLogic<Logic>;

/** What a machine agent answers: what its topics say; without topics, nobody knows. */
export type ReplyOfMachine<Topics extends readonly AnyTopic[]> = Topics extends readonly []
  ? unknown
  : ReplyOf<Topics[number]>;

/**
 * Defines an agent whose behaviour is a machine.
 *
 * It begins with its machine's first step, and begins anew after a restart: timers,
 * children and context as on a fresh start. When the machine is done the agent
 * finishes, with the output in its snapshot; when the machine is in error the agent
 * fails. A request stays open while work goes on that it began, and is answered by
 * the action `reply`; when that work has ended without, the requester gets `NoResponder`.
 *
 * Errors: `RangeError`, at once, for what is no actor logic, and for limits that cannot be.
 *
 * @example
 * import { createMachine } from 'xstate'
 * const Press = defineTopic('press', { schema: type<{ type: 'press' }>() })
 * const machine = createMachine({
 *   initial: 'off',
 *   states: { off: { on: { press: 'on' } }, on: { on: { press: 'off' } } },
 * })
 * const lamp = machineAgent({ name: 'lamp', machine, subscribe: [Press] })
 * const system = createSystem()
 * const ref = system.spawn(lamp)
 * system.publish(Press, { type: 'press' })
 * await system.quiet()
 * ref.getSnapshot().value // => 'on'
 * await system.stop()
 */
export function machineAgent<Logic extends AnyActorLogic, const Topics extends readonly AnyTopic[] = []>(
  options: MachineAgentOptions<Logic, Topics>,
): MachineAgent<MessageOfMachine<Logic, Topics>, ReplyOfMachine<Topics>, SnapshotFrom<Logic>> {
  const { name } = options;
  const logic = options.machine as unknown as InnerLogic;
  if (typeof logic?.transition !== 'function' || typeof logic.getInitialSnapshot !== 'function') {
    throw new RangeError(
      `machine of agent '${name}' is actor logic, as createMachine or fromPromise return it`,
    );
  }
  const toEvent = options.toEvent as ToEvent | undefined;
  const handle = (message: unknown, context: Context): Result<unknown> => {
    const handling = context as Handling;
    return treeOf(handling).take(
      eventOf(message, handling.envelope.topic!, toEvent),
      handling,
    ) as Result<unknown>;
  };
  const handlers = (options.subscribe ?? []).map((topic) => ({ topic, handle }) as unknown as Handler);
  const topic = defineTopic(`${name}.event`, { schema: type<InnerEvent>() });
  const told = { topic, handle, accepts: isEvent } as unknown as Told;
  const inputOf = inputFrom(options.input);
  const onStart = (context: unknown): Result<unknown> => {
    const handling = context as Handling;
    const { cell, works } = handling;
    const tree = new HostedTree(cell, works, {
      logic,
      input: inputOf(cell.input),
      inspectors: [cell.kernel.inspect, options.inspect].filter((one) => one !== undefined),
    });
    cell.behaviour = tree;
    return tree.begin(handling) as Result<unknown>;
  };
  return new DefinedAgent(
    name,
    definitionOf({ ...options, onStart, state: undefined } as AgentOptions<unknown>, handlers, {
      told,
      shownAtFirst: (input) => firstSnapshot(options.machine, inputOf(input)),
    }),
  ) as MachineAgent<MessageOfMachine<Logic, Topics>, ReplyOfMachine<Topics>, SnapshotFrom<Logic>>;
}

type ToEvent = (message: unknown, topic: string) => InnerEvent;

function treeOf({ cell }: Handling): HostedTree {
  return cell.behaviour as HostedTree;
}

/** Errors: `InvalidParams` for an event of XState's own: those come from the machine alone. */
function eventOf(message: unknown, topic: string, toEvent: ToEvent | undefined): InnerEvent {
  const event =
    toEvent === undefined
      ? isEvent(message)
        ? message
        : { type: topic, payload: message }
      : toEvent(message, topic);
  if (!isEvent(event) || event.type.startsWith(innerEvents.prefix)) {
    throw new InvalidParams({
      what: 'event',
      value: event,
      issues: [{ path: 'type', message: "expected a string that does not begin with 'xstate.'" }],
    });
  }
  return event;
}

function isEvent(message: unknown): message is InnerEvent {
  return typeof message === 'object' && message !== null && typeof (message as InnerEvent).type === 'string';
}

function inputFrom(input: unknown): (given: unknown) => unknown {
  return typeof input === 'function'
    ? (input as (given: unknown) => unknown)
    : (given) => (given === undefined ? input : given);
}

/** What the machine would begin with: for those who look before it does. */
function firstSnapshot(logic: AnyActorLogic, input: unknown): object | undefined {
  try {
    return getInitialSnapshot(logic, input) as object;
  } catch {
    return undefined;
  }
}
