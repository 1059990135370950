/**
 * A keyed agent: one name and one subscription, and behind it an agent for each key.
 *
 * Source: virtual actors (Bykov and others, "Orleans", 2011); sharded entities of Akka.
 */
import type { Envelope } from '../core/envelope.ts';
import type { Agent, AnyAgent } from './agent.ts';
import {
  DefinedAgent,
  type Definition,
  definitionOf,
  finite,
  type Keyed,
  wholeNumber,
} from './define-agent.ts';
import type { SupervisionOptions } from './supervision.ts';

/** What messages are told apart by: `7` and `'7'` are the same key. */
export type Key = string | number | bigint;

export interface KeyedAgentOptions<M> {
  /** One token of a path; the name of `agent` when not given. */
  readonly name?: string;
  /** What each key runs. Its `state` and its capacity, overflow, window and so on are those of one key. */
  readonly agent: Agent<M, unknown>;
  /** Says for which key a message is. It is called for each message and has no effects. */
  readonly keyed: (message: NoInfer<M>, envelope: Envelope) => Key;
  /** What becomes of the state of a key that is put away: `forget` is all there is as yet. */
  readonly passivate?: 'forget';
  /** Most keys that have an agent at the same time; 10 000 when not given. */
  readonly activeMax?: number;
  /** How long a key keeps its agent with nothing to do, in milliseconds; 60 000 when not given. */
  readonly idleMs?: number;
  /** How failures of a key's agent are treated; the intensity counts for each key alone. */
  readonly supervision?: Omit<SupervisionOptions, 'strategy'>;
  /** How long a key that failed too often is left alone, in milliseconds; 30 000 when not given. */
  readonly coolDownMs?: number;
}

/**
 * Defines an agent that is one for each key.
 *
 * Messages published to its topics, told to its ref or requested of it go to the
 * agent of their key, `/name/key`. That agent comes into being with the first
 * message, its `state` made from the key as `input`, and is put away when it has
 * been idle for `idleMs`, or sooner when another key needs its place. Then its state
 * is forgotten, `onStop` is called, and nobody is told. It counts as idle when no
 * message waits, nothing it began is under way, and it has no timer, child, watch or
 * stashed message.
 *
 * Order is kept from one sender to one key, whatever happens to the key in between.
 * A full key holds up only those who send to it. When `activeMax` keys are busy, a
 * message for another follows the `overflow` of `agent`: under `suspend` it waits for
 * a place, otherwise it is refused. A key that is never idle keeps its place.
 *
 * A key whose agent fails more often than `supervision` allows is stopped and left
 * alone for `coolDownMs`: what comes for it is a dead letter, and requests fail at
 * once with `CoolingDown`. The same happens where a directive says `escalate`: a key
 * never takes the group down with it. A message whose key cannot be told (`keyed`
 * throws, or returns no key) is a dead letter and a failure `NoKey` of the group.
 *
 * Cost: two looks into a map for each message. A passive key costs nothing.
 *
 * Errors: `RangeError`, at once, for an option that cannot be.
 *
 * @example
 * const Deposit = defineTopic('deposit', { schema: type<{ owner: string; amount: number }>(), reply: type<number>() })
 * const account = defineAgent({
 *   name: 'account',
 *   subscribe: [Deposit],
 *   state: 0,
 *   receive: ({ amount }, context) => {
 *     context.update((balance) => balance + amount)
 *     return context.state
 *   },
 * })
 * const accounts = keyedAgent({ name: 'accounts', agent: account, keyed: ({ owner }) => owner, passivate: 'forget' })
 * const system = createSystem({ agents: [accounts] })
 * await system.request(Deposit, { owner: 'Ada', amount: 5 })
 * await system.request(Deposit, { owner: 'Bob', amount: 7 })
 * await system.request(Deposit, { owner: 'Ada', amount: 1 }) // => 6
 * await system.stop()
 */
export function keyedAgent<M, R>(
  options: Omit<KeyedAgentOptions<M>, 'agent'> & { readonly agent: Agent<M, R> },
): Agent<M, R> {
  const each = DefinedAgent.definitionOf(options.agent as AnyAgent);
  const { keyed, passivate, supervision } = options;
  const name = options.name ?? each.name;
  if (each.keyed !== undefined) {
    throw new RangeError(`agent '${name}' is keyed already; an agent has one key`);
  }
  if (typeof keyed !== 'function') {
    throw new RangeError(`keyed of agent '${name}' is a function of a message; got ${String(keyed)}`);
  }
  if (passivate !== 'forget') {
    throw new RangeError(
      `keyed agent '${name}' says passivate: 'forget', since agents that keep their state while they are put away are not there yet; got ${String(passivate)}`,
    );
  }
  if (supervision !== undefined && 'strategy' in supervision && supervision.strategy !== 'one-for-one') {
    throw new RangeError(
      `supervision of keyed agent '${name}' is one-for-one, since keys have nothing to do with each other; got ${String(supervision.strategy)}`,
    );
  }
  const group: Keyed = {
    keyed: keyed as Keyed['keyed'],
    each,
    activeMax: finite(name, 'activeMax', wholeNumber(name, 'activeMax', options.activeMax ?? 10_000, 1)),
    idleMs: atLeast0(name, 'idleMs', options.idleMs ?? 60_000),
    coolDownMs: atLeast0(name, 'coolDownMs', options.coolDownMs ?? 30_000),
  };
  return new DefinedAgent(name, groupDefinition(name, each, group, supervision));
}

/** The definition of the group: it hears what each hears, and does nothing itself. */
function groupDefinition(
  name: string,
  each: Definition,
  keyed: Keyed,
  supervision: SupervisionOptions | undefined,
): Definition {
  const { capacity, overflow, spillMax } = each;
  const own = definitionOf(
    { name, capacity, overflow, spillMax, ...(supervision === undefined ? {} : { supervision }) },
    each.handlers,
    { told: each.told, shownAtFirst: undefined },
  );
  return Object.freeze({ ...own, capabilities: each.capabilities, lane: each.lane, keyed });
}

function atLeast0(agent: string, option: string, value: number): number {
  if (!(value >= 0)) {
    throw new RangeError(
      `${option} of agent '${agent}' is a number of milliseconds, at least 0; got ${value}`,
    );
  }
  return value;
}
