/** A world whose every choice is the quietest one: first come, first served. It is closed when the test is over. */
import { onTestFinished } from 'vitest';
import { World, type WorldOptions } from '../../src/testing/world.ts';

export function aWorld(options: Partial<WorldOptions> = {}): World {
  const world = new World({ choose: () => 0, ...options });
  onTestFinished(() => world.close());
  return world;
}

/** Lets everything go on as far as it can while time stands still. */
export async function takeTurns(world: World): Promise<void> {
  await world.settle();
  while (world.environment.readyCount > 0) {
    await world.step();
  }
}
