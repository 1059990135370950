/**
 * State hashing: when two runs have come to the same state, although not by the same steps.
 *
 * Compared is what happened before: of each agent, what it took, one after the
 * other, and what waits for it now. A message is known by what its sender had taken
 * when it sent it. So two schedules that differ only in the order of steps that
 * know nothing of each other come to the same state; and from the same state
 * the same choices lead to the same end, whatever is in the closures of the agents. Ids,
 * and the order in which things were made, are not looked at.
 *
 * What has effects that are not only messages is taken to depend on everything before
 * it: a timer that rings, a throw of the dice, an agent that comes or goes, a fault, a
 * reply to the test's own code, work of a fibre, a stream, an observer, a key. That costs states, never
 * soundness.
 *
 * In a world with hosts every step is of that kind: no two schedules come to the same state.
 *
 * This asks of the agents, and of what the test watches, that they share nothing but messages:
 *   - no variable that one agent writes and another reads, and no list in which
 *     several write down what they did, if their order in it matters;
 *   - no decision made of ids, nor of budgets that several agents spend from.
 * Where that is not so, say `exhaustive({ hashing: false })`.
 *
 * Source: Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System",
 * CACM 21(7), 1978, for what happened before; Mazurkiewicz, "Trace Theory" (1987), for schedules
 * that differ in nothing that matters; Musuvathi & Qadeer, "Iterative Context Bounding", PLDI 2007, for
 * comparing states by what happened before.
 */
import type { AgentDirectory } from '../actors/agent-directory.ts';
import { Cell } from '../actors/cell.ts';
import type { Outside } from '../actors/outside.ts';
import type { PendingReply } from '../actors/pending-reply.ts';
import { PendingRequest } from '../actors/pending-request.ts';
import type { World } from './world.ts';

/** Gives each text a number: the same number just for the same text. Shared by the runs of an exploration. */
export class Tokens {
  readonly #tokens = new Map<string, number>();

  of(...parts: readonly (string | number)[]): number {
    const text = parts.join(' ');
    let token = this.#tokens.get(text);
    if (token === undefined) {
      token = this.#tokens.size + 1;
      this.#tokens.set(text, token);
    }
    return token;
  }
}

/** What is known of one agent. */
interface Known {
  /** What it has taken so far, and what else was done to it. */
  history: number;
  /** The messages that wait for it, first come first. */
  waiting: number[];
  /** How it looked after the last step. */
  seen: Look;
}

/** How an agent looks from outside. */
interface Look {
  readonly size: number;
  readonly offered: number;
  readonly accepted: number;
  /** Everything else, as a text to compare. */
  readonly rest: string;
}

export class StateHash {
  readonly #world: World;
  readonly #tokens: Tokens;
  readonly #agents: AgentDirectory;
  readonly #outside: Outside;
  readonly #known = new Map<string, Known>();
  /** What happened that everything later depends on. */
  #all = 0;
  #state = 0;
  #beyond = '';
  /** Answers since the last step: those about turns, and the others. */
  #turns: number[] = [];
  #asked: (string | number)[] = [];
  #questions = 0;
  #steps = 0;

  constructor(world: World, tokens: Tokens) {
    this.#world = world;
    this.#tokens = tokens;
    // Inside it is this class: the public type shows less of it.
    this.#agents = world.system.agents as AgentDirectory;
    this.#outside = world.system as unknown as Outside;
  }

  /** Who goes is about to be answered. If that is for the first time, this is where the story begins. */
  turns(answer: number): void {
    if (this.#state === 0) {
      this.#steps = this.#world.steps;
      this.#beyond = this.#lookBeyond();
      this.#becomesAnew(this.#tokens.of('begins'));
    }
    this.#turns.push(answer);
  }

  /** A question that is not about turns is answered. Quiet answers change nothing; of others it matters which question it was. */
  answered(what: string, answer: number): void {
    this.#questions += 1;
    if (answer !== 0) {
      this.#asked.push(this.#questions, what, answer);
    }
  }

  /** The state after a step. */
  afterStep(): number {
    const { environment } = this.#world;
    const actor = environment.last;
    const beyond = this.#lookBeyond();
    const stepped =
      // A host is beyond what is looked at here: in a world that has one, states are told apart by how they were come to.
      this.#world.hosts.length === 0 &&
      // The setup may have run the world by itself: then all that is known of these steps is how they were chosen.
      environment.steps === this.#steps + 1 &&
      actor instanceof Cell &&
      this.#asked.length === 0 &&
      beyond === this.#beyond &&
      this.#state !== 0 &&
      this.#took(actor);
    if (!stepped) {
      // Labels may be those of several. Each state is left by the same way, so that its answers say who it was.
      this.#becomesAnew(
        this.#tokens.of('all', this.#state, actor?.label ?? 'timer', ...this.#asked, 'turns', ...this.#turns),
      );
    }
    this.#turns = [];
    this.#steps = environment.steps;
    this.#beyond = beyond;
    this.#asked = [];
    this.#questions = 0;
    this.#state = this.#stateNow();
    return this.#state;
  }

  /** Whether this step was one of an agent that took at most one message and sent others; if so, notes what it did. */
  #took(actor: Cell): boolean {
    const own = this.#known.get(actor.path);
    if (own === undefined || this.#agents.receiverAt(actor.path) !== actor) {
      return false;
    }
    const now = lookAt(actor);
    const arrived = now.offered - own.seen.offered;
    const taken = own.seen.size + arrived - now.size;
    if (now.accepted - own.seen.accepted !== arrived || (taken !== 0 && taken !== 1)) {
      return false;
    }
    const step = this.#tokens.of('step', own.history, taken === 1 ? own.waiting.shift()! : 0);
    own.history = step;
    this.#arrive(own, actor.path, step, arrived);
    own.seen = now;
    for (const cell of this.#agents.cells()) {
      if (cell !== actor) {
        this.#touched(cell, step);
      }
    }
    return true;
  }

  /** Notes what a step of another one did to this agent. */
  #touched(cell: Cell, step: number): void {
    const known = this.#known.get(cell.path)!;
    const before = known.seen;
    const now = lookAt(cell);
    const arrived = now.offered - before.offered;
    if (
      now.rest !== before.rest ||
      now.size - before.size !== arrived ||
      now.accepted - before.accepted !== arrived
    ) {
      known.history = this.#tokens.of('touched', known.history, step, known.waiting.join(), now.size);
      known.waiting = Array.from({ length: now.size }, (_, n) => this.#tokens.of(known.history, 'waits', n));
    } else {
      this.#arrive(known, cell.path, step, arrived);
    }
    known.seen = now;
  }

  #arrive(known: Known, path: string, step: number, count: number): void {
    for (let n = 0; n < count; n += 1) {
      known.waiting.push(this.#tokens.of('sent', step, path, n));
    }
  }

  /** From here on everything depends on this. */
  #becomesAnew(all: number): void {
    this.#all = all;
    this.#known.clear();
    for (const cell of this.#agents.cells()) {
      const seen = lookAt(cell);
      const waiting = Array.from({ length: seen.size }, (_, n) => this.#tokens.of('waits', cell.path, n));
      this.#known.set(cell.path, { history: this.#tokens.of('anew', cell.path), waiting, seen });
    }
    this.#state = this.#stateNow();
  }

  #stateNow(): number {
    const agents = [...this.#known].map(
      ([path, { history, waiting, seen }]) => `${path}:${history}:${waiting.join()}:${seen.rest}`,
    );
    return this.#tokens.of('state', this.#all, ...agents.sort());
  }

  /** What a step may have done beside its effect on the agents there were. */
  #lookBeyond(): string {
    const { environment } = this.#world;
    let paths = '';
    let topics = 0;
    let streams = false;
    let subscriptions = 0;
    for (const cell of this.#agents.cells()) {
      paths += `${cell.path} `;
      topics += cell.subscribes ? cell.definition.handlers.length : 0;
      subscriptions = cell.kernel.board.size;
      streams ||= cell.pipeline !== undefined || hasStream(cell.requests ?? []);
    }
    // With a stream or an observer, no step is only an agent's: it differs from itself.
    const foreign = streams || subscriptions !== topics || hasStream(this.#outside.openRequests);
    return [
      foreign ? `foreign ${environment.steps}` : '',
      environment.nowMs(),
      environment.chance,
      this.#outside.settledCount,
      waitingFor(this.#outside.openRequests),
      paths,
    ].join();
  }
}

function lookAt(cell: Cell): Look {
  const { mailbox } = cell;
  return {
    size: mailbox.size,
    offered: mailbox.offered,
    accepted: mailbox.accepted,
    rest: [
      cell.phase,
      mailbox.spilled,
      mailbox.stashed,
      mailbox.displaced,
      mailbox.conflated,
      cell.open,
      cell.handled,
      cell.failed,
      cell.interrupted,
      cell.expired,
      cell.restarts,
      cell.signals?.length,
      cell.notices?.size,
      cell.outbox?.size,
      cell.parked?.length,
      cell.timers?.size,
      cell.children?.size,
      cell.watchers?.size,
      cell.openHandlings?.size,
      waitingFor(cell.requests ?? []),
    ].join(),
  };
}

/** How many each of these requests still waits for. */
function waitingFor(requests: Iterable<PendingReply>): string {
  return Array.from(requests, (request) => `${request.settled ? 's' : ''}${request.unanswered}`).join(';');
}

function hasStream(requests: Iterable<PendingReply>): boolean {
  return Array.from(requests).some((request) => !(request instanceof PendingRequest));
}
