/**
 * Whether anybody still wants the work: looked at before more of it begins.
 *
 * Code cannot be stopped from outside, so whoever goes on after an answer looks
 * whether the scope has ended meanwhile: after an interrupt nothing new begins (L18).
 */
import type { Scope } from '../actors/context.ts';
import { Interrupted } from '../actors/request-failures.ts';
import { senderOf } from '../actors/sender-of.ts';

/** Errors: `HandlingOver`, or why the system ends, where the scope has ended. */
export function checkWanted(scope: Scope): void {
  const { revoked } = senderOf(scope);
  if (revoked !== undefined) {
    throw revoked;
  }
}

/** Does the next thing, unless the scope has ended. */
export function goOn<T>(scope: Scope, next: () => T): T {
  checkWanted(scope);
  return next();
}

/** What a call that waits is told when the work it belongs to has ended by itself. */
export function overWhileWaiting(primitive: string): Interrupted {
  return new Interrupted({ agent: primitive, reason: 'the work that waited for it is over' });
}
