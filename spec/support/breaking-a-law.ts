/** Runs one schedule, the quiet one, and says which law it breaks, if it does. */
import type { System } from 'troupe';
import { CounterexampleFound, explore, type Law, LawBroken, type World } from '../../src/testing/index.ts';

export async function brokenBy(
  laws: readonly Law[],
  setup: (system: System, world: World) => unknown,
  atQuiet: (world: World) => unknown = () => {},
): Promise<string | undefined> {
  try {
    await explore(setup, { laws, tape: [] }, atQuiet);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof CounterexampleFound && thrown.cause instanceof LawBroken) {
      return thrown.cause.message;
    }
    throw thrown;
  }
}
