/**
 * What a machine leaves to be done when the handling it is in is over, behind all that it sent.
 */
import type { Handling } from './handling.ts';

/** Its machine is done: so is the agent, when what it still has to say has left. */
export function finishAfter(handling: Handling): void {
  afterwards(handling, () =>
    handling.cell.signal({
      _tag: 'stop',
      mode: 'now',
      withinMs: Number.POSITIVE_INFINITY,
      reason: 'finished',
      failure: undefined,
    }),
  );
}

export function afterwards(handling: Handling, act: () => void): void {
  const { whenOver } = handling;
  handling.whenOver = () => {
    whenOver?.();
    act();
  };
}
