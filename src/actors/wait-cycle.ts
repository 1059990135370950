/**
 * Wait cycles: who waits for whom, and whether anybody on the way can go on.
 *
 *     handling ── awaits ──> another handling, an agent's turn, or its outbox
 *     turn     ── needs ───> its outbox, if that is blocked, and a free slot, if there is none
 *     slot     ── needs ───> one of the agent's open handlings
 *     outbox   ── needs ───> the turn of each agent at whose full mailbox it stands in line
 *
 * A handling and an outbox are stuck when something they need is stuck. A slot
 * is stuck when all that could free it are. A handling that awaits nothing, or
 * nothing of this kind, can go on; so can every agent that is suspended, about to
 * restart or ending, because somebody else moves it on. Whatever cannot go on when
 * all that can have gone on is stuck.
 *
 * The analysis is exact for what it is told: it takes a handling to await all
 * it is said to await, and those that can go on to do so in the end.
 *
 * Guarantees (L21): asked for each new wait, it reports every cycle when its last
 * wait is added, and none where a free slot or a handling that can go on is on
 * every way round.
 *
 * Cost: two or three questions when the new wait is for an agent that can take its
 * next message at once. Otherwise linear in what that agent depends on, about a
 * microsecond for each handling, without recursion. What else the one that waits
 * is waiting for is not looked at: it could go on before.
 *
 * Source: the AND-OR model of Knapp, "Deadlock Detection in Distributed Databases",
 * ACM Computing Surveys 19(4), 1987. A handling is an AND, a slot is an OR.
 */
import { Failure } from '../core/failure.ts';

/**
 * Who waits, and for whose end others may wait in turn.
 *
 *   handling  an open handling; others wait for what it has in hands
 *   outbox    an agent's effects that it could not yet release; others wait for requests and replies among them
 */
export type Waiter<Agent, Handling> =
  | { readonly _tag: 'handling'; readonly of: Handling }
  | { readonly _tag: 'outbox'; readonly of: Agent };

/** What is awaited, where it is now. `turn`: a request in that agent's mailbox, or room in it. */
export type Wait<Agent, Handling> = Waiter<Agent, Handling> | { readonly _tag: 'turn'; readonly of: Agent };

/** What the analysis asks about agents and their open handlings. */
export interface WaitGraph<Agent, Handling> {
  path(agent: Agent): string;
  /** Suspended, about to restart, or ending: it is moved on by somebody else, so it is never stuck. */
  isMovedOn(agent: Agent): boolean;
  hasFreeSlot(agent: Agent): boolean;
  /** All that hold a slot, also those that await nothing. */
  handlings(agent: Agent): Iterable<Handling>;
  /** The agents at whose full mailboxes effects of this one stand in line; empty when it is not blocked. */
  blockedAt(agent: Agent): readonly Agent[];
  agentOf(handling: Handling): Agent;
  /** What it awaits, as far as agents of this system are to give it. */
  waits(handling: Handling): Iterable<Wait<Agent, Handling>>;
}

/** Agents wait for one another in a circle, and the last wait was refused. Its code is `WAIT_CYCLE`. */
export class WaitCycle extends Failure {
  readonly _tag = 'WaitCycle';
  readonly code = 'WAIT_CYCLE';
  readonly class = 'permanent';
  /** Paths of the agents, each waiting for the next; the first is also the last. */
  readonly path: readonly string[];

  constructor(facts: { readonly path: readonly string[] }) {
    super();
    this.path = facts.path;
  }

  override get message(): string {
    const { path } = this;
    const why =
      path.length > 2
        ? 'each waits for the other, so none can answer'
        : 'it waits for itself, so it cannot answer';
    return `wait cycle: ${shown(path).join(' → ')}; ${why}`;
  }
}

/**
 * Whether an agent can take its next message at once, so that no wait for it can be stuck.
 *
 * Cost: three questions; allocates nothing.
 */
export function takesNow<Agent, Handling>(graph: WaitGraph<Agent, Handling>, agent: Agent): boolean {
  return graph.isMovedOn(agent) || (graph.hasFreeSlot(agent) && graph.blockedAt(agent).length === 0);
}

/**
 * Finds out whether a wait closes a cycle.
 *
 * @param start Who waits: a handling, or an outbox.
 * @param target The agent whose turn the new wait is for. The graph may tell of that wait already. `undefined`
 *   asks about everything `start` waits for, as after an agent was resumed.
 * @returns The paths of the agents around the cycle, each waiting for the next, the first also last. They
 *   begin with the one that waits; if it only leads to a cycle that was there before, it is not among
 *   them. `undefined` when what is waited for can come.
 *
 * @example
 * const asked = { '/a': '/b', '/b': '/a' }
 * const graph = {
 *   path: (agent) => agent,
 *   isMovedOn: () => false,
 *   hasFreeSlot: () => false,
 *   handlings: (agent) => [agent],
 *   blockedAt: () => [],
 *   agentOf: (handling) => handling,
 *   waits: (handling) => [{ _tag: 'turn', of: asked[handling] }],
 * }
 * findWaitCycle(graph, { _tag: 'handling', of: '/b' }, '/a') // => ['/b', '/a', '/b']
 * findWaitCycle({ ...graph, hasFreeSlot: (agent) => agent === '/a' }, { _tag: 'handling', of: '/b' }, '/a') // => undefined
 */
export function findWaitCycle<Agent, Handling>(
  graph: WaitGraph<Agent, Handling>,
  start: Waiter<Agent, Handling>,
  target: Agent | undefined,
): readonly string[] | undefined {
  if (target !== undefined && takesNow(graph, target)) {
    return undefined;
  }
  const first = new Exploration(graph).from(start, target);
  if (first.canGoOn) {
    return undefined;
  }
  const round = roundFrom(first) ?? roundFrom(repeatedFrom(first))!;
  const hops = round.map((node, n) => [node, round[n + 1] ?? round[0]!] as const).filter(isHop);
  return [round[0]!, ...hops.map(([, to]) => to)].map(({ agent }) => graph.path(agent));
}

/** Something that may be stuck, and what it needs. */
interface Node<Agent> {
  readonly _tag: 'handling' | 'turn' | 'slot' | 'outbox';
  readonly agent: Agent;
  readonly needs: Node<Agent>[];
  readonly neededBy: Node<Agent>[];
  /** How many of what it needs must still be found to go on. */
  missing: number;
  canGoOn: boolean;
}

class Exploration<Agent, Handling> {
  readonly #graph: WaitGraph<Agent, Handling>;
  readonly #handlings = new Map<Handling, Node<Agent>>();
  readonly #turns = new Map<Agent, Node<Agent>>();
  readonly #slots = new Map<Agent, Node<Agent>>();
  readonly #outboxes = new Map<Agent, Node<Agent>>();
  /** All that was met, in order, and the handlings among them, in the same places. */
  readonly #met: Node<Agent>[] = [];
  readonly #metHandlings: (Handling | undefined)[] = [];

  constructor(graph: WaitGraph<Agent, Handling>) {
    this.#graph = graph;
  }

  /** Looks at all that `start` needs, or only at what it needs of `target`, and finds out what can go on. */
  from(start: Waiter<Agent, Handling>, target: Agent | undefined): Node<Agent> {
    const first = this.#awaited(start);
    const goingOn: Node<Agent>[] = [];
    // Both lists grow while they are walked.
    for (let n = 0; n < this.#met.length; n += 1) {
      const node = this.#met[n]!;
      if (this.#graph.isMovedOn(node.agent)) {
        // It needs nothing.
      } else if (node === first && target !== undefined) {
        this.#needs(node, this.#turn(target));
      } else {
        this.#lookAt(node, this.#metHandlings[n]);
      }
      node.missing = node._tag === 'slot' ? Math.min(1, node.needs.length) : node.needs.length;
      if (node.missing === 0) {
        node.canGoOn = true;
        goingOn.push(node);
      }
    }
    for (const { neededBy } of goingOn) {
      for (const node of neededBy) {
        node.missing -= 1;
        if (node.missing === 0) {
          node.canGoOn = true;
          goingOn.push(node);
        }
      }
    }
    return first;
  }

  #lookAt(node: Node<Agent>, handling: Handling | undefined): void {
    const graph = this.#graph;
    const { agent } = node;
    switch (node._tag) {
      case 'handling':
        for (const wait of graph.waits(handling!)) {
          this.#needs(node, this.#awaited(wait));
        }
        return;
      case 'turn':
        if (graph.blockedAt(agent).length > 0) {
          this.#needs(node, this.#outbox(agent));
        }
        if (!graph.hasFreeSlot(agent)) {
          this.#needs(node, this.#node('slot', this.#slots, agent, agent));
        }
        return;
      case 'slot':
        for (const open of graph.handlings(agent)) {
          this.#needs(node, this.#handling(open));
        }
        return;
      case 'outbox':
        for (const receiver of graph.blockedAt(agent)) {
          this.#needs(node, this.#turn(receiver));
        }
    }
  }

  #needs(node: Node<Agent>, needed: Node<Agent>): void {
    node.needs.push(needed);
    needed.neededBy.push(node);
  }

  #awaited(wait: Wait<Agent, Handling>): Node<Agent> {
    switch (wait._tag) {
      case 'handling':
        return this.#handling(wait.of);
      case 'turn':
        return this.#turn(wait.of);
      case 'outbox':
        return this.#outbox(wait.of);
    }
  }

  #handling(handling: Handling): Node<Agent> {
    return this.#node('handling', this.#handlings, handling, this.#graph.agentOf(handling), handling);
  }

  #turn(agent: Agent): Node<Agent> {
    return this.#node('turn', this.#turns, agent, agent);
  }

  #outbox(agent: Agent): Node<Agent> {
    return this.#node('outbox', this.#outboxes, agent, agent);
  }

  #node<Key>(
    _tag: Node<Agent>['_tag'],
    known: Map<Key, Node<Agent>>,
    key: Key,
    agent: Agent,
    handling?: Handling,
  ): Node<Agent> {
    let node = known.get(key);
    if (node === undefined) {
      node = { _tag, agent, needs: [], neededBy: [], missing: 0, canGoOn: false };
      known.set(key, node);
      this.#met.push(node);
      this.#metHandlings.push(handling);
    }
    return node;
  }
}

/** The shortest way from a stuck node through stuck ones back to itself, if there is one. */
function roundFrom<Agent>(start: Node<Agent>): Node<Agent>[] | undefined {
  const cameFrom = new Map<Node<Agent>, Node<Agent>>();
  const reached = [start];
  for (const node of reached) {
    for (const needed of node.needs) {
      if (needed === start) {
        return wayTo(node, cameFrom);
      }
      if (!needed.canGoOn && !cameFrom.has(needed)) {
        cameFrom.set(needed, node);
        reached.push(needed);
      }
    }
  }
  return undefined;
}

function wayTo<Agent>(end: Node<Agent>, cameFrom: ReadonlyMap<Node<Agent>, Node<Agent>>): Node<Agent>[] {
  const way: Node<Agent>[] = [];
  for (let node: Node<Agent> | undefined = end; node !== undefined; node = cameFrom.get(node)) {
    way.push(node);
  }
  return way.reverse();
}

/** A node on a cycle: whoever is stuck needs somebody who is stuck, so a way along them comes back to itself. */
function repeatedFrom<Agent>(start: Node<Agent>): Node<Agent> {
  const seen = new Set<Node<Agent>>();
  let node = start;
  while (!seen.has(node)) {
    seen.add(node);
    node = node.needs.find(({ canGoOn }) => !canGoOn)!;
  }
  return node;
}

/** Whether the way leads from one agent to the next, not from one part of an agent to another. */
function isHop<Agent>([from, to]: readonly [Node<Agent>, Node<Agent>]): boolean {
  return (
    to._tag === 'turn' || (from._tag === 'handling' && (to._tag === 'handling' || from.agent !== to.agent))
  );
}

/** Most agents of a cycle that a message names, half of them from each end. */
const agentsShownMax = 10;

function shown(path: readonly string[]): readonly string[] {
  const half = agentsShownMax / 2;
  return path.length <= agentsShownMax
    ? path
    : [...path.slice(0, half), `… ${path.length - agentsShownMax} more …`, ...path.slice(-half)];
}
