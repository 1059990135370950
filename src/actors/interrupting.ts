/**
 * Interrupting: what goes with a handling when it is ended from outside.
 */
import type { Cell } from './cell.ts';

/** Ends the requests a handling made, and the work done for them. */
export function interruptRequestsOf(cell: Cell, handling: object | undefined, failure: unknown): void {
  if (cell.requests === undefined || cell.requests.size === 0) {
    return;
  }
  for (const request of [...cell.requests]) {
    if (handling === undefined || request.madeBy === handling) {
      request.interrupt(failure);
    }
  }
}

/** The failure, with what the work had kept, where the failure has room for it. */
export function withPartial(failure: unknown, partial: unknown): unknown {
  if (partial === undefined) {
    return failure;
  }
  const { withPartial: of } = failure as { withPartial?: (partial: unknown) => unknown };
  return typeof of === 'function' ? of.call(failure, partial) : failure;
}
