/**
 * One at a time: an agent never has more handlings open than its `concurrency`
 * (or the window its stream asks for), and never fewer than none.
 *
 * Cost: one look at the agent whose turn it was, after each step.
 */
import { Cell } from '../../actors/cell.ts';
import type { Kernel } from '../../actors/kernel.ts';
import { takerOf } from '../host-environment.ts';
import type { Law, LawCheck } from '../law.ts';
import type { World } from '../world.ts';
import { kernelOf } from './witnesses.ts';

/** @returns The law that windows are kept. */
export function oneAtATime(): Law {
  return {
    name: 'one at a time',
    of: 'system',
    begin: (world, system) => new Windows(world, kernelOf(system)),
  };
}

class Windows implements LawCheck {
  readonly #world: World;
  readonly #kernel: Kernel;

  constructor(world: World, kernel: Kernel) {
    this.#world = world;
    this.#kernel = kernel;
  }

  afterStep(): void {
    const agent = takerOf(this.#world.environment.last);
    if (agent instanceof Cell && agent.kernel === this.#kernel) {
      checkWindow(agent);
    }
  }
}

function checkWindow({ path, open, openHandlings, window }: Cell): void {
  const most = openHandlings === undefined ? open : Math.max(open, openHandlings.size);
  if (most > window || open < 0) {
    throw new Error(`${path} has ${open < 0 ? open : most} handlings open in a window of ${window}`);
  }
}
