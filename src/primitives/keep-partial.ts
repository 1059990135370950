/**
 * Keeping what has been done so far, where somebody would be told of it: a system, or the
 * context of a stream agent, that work was called with by hand is never interrupted with a
 * failure that could carry it.
 */
import type { Scope } from '../actors/context.ts';

/** See `Scope.keep`. */
export function keepPartial(scope: Partial<Pick<Scope, 'keep'>>, partial: unknown): void {
  scope.keep?.(partial);
}
