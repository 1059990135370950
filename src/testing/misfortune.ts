/**
 * Misfortune: what may happen to a world before a step, although nobody's code is
 * wrong: an agent or a host crashes, a link is cut. What happens to messages is
 * their `fate`.
 *
 * Hosts that crash and links that are cut by chance are well again after a while.
 * Each question is one of the world's, and 0 is always that nothing happens.
 */
import { KeyedGroup } from '../actors/keyed-group.ts';
import { LocalRef } from '../actors/local-ref.ts';
import type { System } from '../actors/system.ts';
import type { Choose } from '../core/simulated-environment.ts';
import { latenessMs } from './fate.ts';
import type { FaultBudget } from './fault-budget.ts';
import type { Host } from './host.ts';
import type { Network } from './network.ts';
import { isSpared } from './spared.ts';

/** The world to which it happens. */
export interface Struck {
  readonly system: System;
  crash(target: Host | string): boolean;
  restart(host: Host): void;
  partition(one: string, other: string): void;
  heal(one: string, other: string): void;
}

interface Victim {
  readonly system: System;
  /** Name of its host; empty in the world's own system. */
  readonly host: string;
  readonly path: string;
}

export class Misfortune {
  readonly #world: Struck;
  readonly #choose: Choose;
  readonly #budget: FaultBudget;

  constructor(world: Struck, choose: Choose, budget: FaultBudget) {
    this.#world = world;
    this.#choose = choose;
    this.#budget = budget;
  }

  /** Asks whether something happens now. `network`: the hosts and links, if there are any. */
  mayStrike(network: Network | undefined): void {
    if (this.#budget.allows('crash') && this.#choose(2, 'fault: crash') !== 0) {
      this.#crashSomebody(network);
    }
    if (network !== undefined && network.wholeLinks.length > 0) {
      this.#mayCut(network);
    }
  }

  #mayCut(network: Network): void {
    if (this.#budget.allows('partition') && this.#choose(2, 'fault: partition') !== 0) {
      const links = network.wholeLinks;
      this.#budget.spend('partition');
      const [one, other] = links[links.length === 1 ? 0 : this.#choose(links.length, 'which link')]!;
      this.#world.partition(one, other);
      network.schedule(this.#awhile(), () => this.#world.heal(one, other));
    }
  }

  /** Crashes an agent; or a host, which begins anew some time later. */
  #crashSomebody(network: Network | undefined): void {
    const hosts = network?.running ?? [];
    const agents = agentsOf('', this.#world.system);
    for (const { name, system } of hosts) {
      agents.push(...agentsOf(name, system));
    }
    const count = agents.length + hosts.length;
    if (count === 0) {
      return;
    }
    this.#budget.spend('crash');
    const chosen = count === 1 ? 0 : this.#choose(count, 'whom to crash');
    if (chosen < agents.length) {
      this.#world.crash(this.#oneAt(agents[chosen]!));
      return;
    }
    const host = hosts[chosen - agents.length]!;
    this.#world.crash(host);
    network!.schedule(this.#awhile(), () => {
      if (!host.up) {
        this.#world.restart(host);
      }
    });
  }

  #awhile(): number {
    return latenessMs[this.#choose(latenessMs.length, 'for how long')]!;
  }

  /** Whom `crash` is to be told: an agent; of a keyed group itself, or the agent of one of its keys. */
  #oneAt({ system, host, path }: Victim): string {
    const cell = LocalRef.cellOf(system.agents.find(path)?.ref);
    if (!(cell instanceof KeyedGroup) || cell.children === undefined || cell.children.size === 0) {
      return host + path;
    }
    const keys = [...cell.children.keys()];
    const chosen = this.#choose(keys.length + 1, 'which key to crash');
    return chosen === 0 ? host + path : `${host}${path}/${keys[chosen - 1]}`;
  }
}

/** Agents that may be made to fail: those of the test are not. */
const agentsOf = (host: string, system: System): Victim[] =>
  system.agents.list().flatMap(({ path, ref }) => (isSpared(ref) ? [] : [{ system, host, path }]));
