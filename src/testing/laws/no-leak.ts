/**
 * No leak: when nothing is left to do, nothing is open, and when the system has
 * stopped, nothing of it is left.
 *
 * At quiet no handling, request or fibre may be open, for nobody will ever end it:
 * an agent waits for what does not come. `unfinished` allows that for agents that
 * do so on purpose. After the stop no agent, message, request, fibre, timer,
 * subscription or capability may be left, whatever was allowed before.
 */
import type { Cell } from '../../actors/cell.ts';
import type { System } from '../../actors/system.ts';
import type { Law, LawCheck } from '../law.ts';
import type { World } from '../world.ts';
import type { Unfinished } from './nothing-is-lost.ts';
import { castOf, environmentOf, kernelOf, requestsOutside } from './witnesses.ts';

/** @returns The law that nothing stays open, and nothing is left of a system that has stopped. */
export function noLeak({ unfinished = 'forbid' }: Unfinished = {}): Law {
  return {
    name: 'no leak',
    of: 'system',
    begin: (world, system) => new Leftovers(world, system, unfinished === 'forbid'),
  };
}

class Leftovers implements LawCheck {
  readonly #world: World;
  readonly #system: System;
  readonly #cast: readonly Cell[];
  readonly #mustFinish: boolean;
  /** Code of the test's own may wait for a timer when it stops the system itself, or does what it likes. */
  #mindsTimers = false;

  constructor(world: World, system: System, mustFinish: boolean) {
    this.#world = world;
    this.#system = system;
    this.#cast = castOf(system);
    this.#mustFinish = mustFinish;
  }

  /** What it remembers are counts, whatever the order of the steps was. */
  state(): string {
    return '';
  }

  atQuiet(): void {
    checkAccounts(this.#system, this.#cast);
    if (this.#mustFinish) {
      this.#mindsTimers = this.#system.agents.size > 0;
      checkNothingOpen(this.#system, this.#cast);
    }
  }

  afterStop(): void {
    checkNothingOpen(this.#system, this.#cast);
    checkNothingLeft(this.#system, this.#cast, {
      subscriptions: kernelOf(this.#system).board.size - this.#world.heardByLinks(this.#system),
      timers: this.#mindsTimers ? environmentOf(this.#system).timersAtClose : 0,
      turns: this.#world.environment.readyCount,
    });
  }
}

/** What is left of a system in the world around it, without what links need. */
interface Remains {
  readonly subscriptions: number;
  readonly timers: number;
  readonly turns: number;
}

/** What is open is what agents know of, and whoever could go on does. */
function checkAccounts(system: System, cast: Iterable<Cell>): void {
  let inFlight = 0;
  for (const cell of cast) {
    const { path, phase, mailbox, parked } = cell;
    inFlight += cell.messagesOpen + (cell.toRedeliver?.length ?? 0) + mailbox.waiting;
    if (cell.hasWork && phase !== 'stopped') {
      throw new Error(`${path} has something to do, and no turn in which to do it`);
    }
    for (const { receiver } of parked ?? []) {
      if (!receiver.mustWait) {
        throw new Error(`${path} waits for room at ${receiver.path}, where there is room`);
      }
    }
    if (cell.mayTake && mailbox.size === 0 && mailbox.spilled > 0 && mailbox.stashed < mailbox.capacity) {
      throw new Error(`${mailbox.spilled} messages stand in line at ${path}, where there is room`);
    }
  }
  const counted = kernelOf(system).inFlight;
  if (counted < 0 || inFlight > counted) {
    throw new Error(`${counted} messages are counted as being worked on, and agents have ${inFlight}`);
  }
}

function checkNothingOpen(system: System, cast: Iterable<Cell>): void {
  for (const cell of cast) {
    const { path, open, requests, openHandlings, timers } = cell;
    for (const { envelope } of openHandlings ?? []) {
      throw new Error(
        `${path} still handles '${envelope.topic}' although nothing is left to do: it waits for what does not come`,
      );
    }
    for (const { target } of requests ?? []) {
      throw new Error(`a request of ${path} to ${target} is still open although nothing is left to do`);
    }
    if (open !== 0 || (timers !== undefined && timers.size > 0)) {
      throw new Error(`${path} has ${open} handlings and ${timers?.size ?? 0} timers open for nothing`);
    }
  }
  const { effects, ownSteps } = kernelOf(system);
  const outside = requestsOutside(system);
  if (outside > 0 || effects.size > 0 || ownSteps !== 0) {
    throw new Error(
      `${outside} requests from outside, ${effects.size} fibres and ${ownSteps} steps of agents are still open although nothing is left to do`,
    );
  }
}

function checkNothingLeft(system: System, cast: Iterable<Cell>, remains: Remains): void {
  for (const { path, phase, mailbox, stashed, outbox, parked } of cast) {
    const messages = mailbox.size + mailbox.spilled + (stashed?.length ?? 0);
    const effects = (outbox?.size ?? 0) + (parked?.length ?? 0);
    if (messages + effects > 0) {
      throw new Error(`${path} is ${phase} and still has ${messages} messages and ${effects} effects`);
    }
  }
  const { inFlight } = kernelOf(system);
  const { agents, capabilities } = system;
  const { subscriptions, timers, turns } = remains;
  if (agents.size + inFlight + subscriptions + capabilities.size + timers + turns === 0) {
    return;
  }
  const paths = agents.list().map(({ path, phase }) => ` ${path} (${phase})`);
  throw new Error(
    `the system has stopped, and there are left: ${agents.size} agents${paths.join()}, ${inFlight} messages, ${subscriptions} subscriptions, ${capabilities.size} capabilities, ${timers} timers and ${turns} turns`,
  );
}
