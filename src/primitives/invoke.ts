/**
 * Calling a responder from a combinator, in the scope of whoever called that.
 */
import * as Effect from 'effect/Effect';
import type { Procedure, Responder, Scope } from '../actors/context.ts';
import { senderOf } from '../actors/sender-of.ts';

/**
 * The answer, or a promise of it. A procedure is called as a function is, in the very
 * scope that is given: nothing is made for it. An Effect becomes a branch of the scope,
 * so that it is interrupted with it; anybody else is sent a request.
 *
 * Errors: what the procedure throws; what the request fails of, as a rejection.
 */
export function invoke<M, R>(responder: Responder<M, R>, input: M, scope: Scope): R | PromiseLike<R> {
  if (typeof responder !== 'function') {
    return senderOf(scope).request<M, R>(responder, input);
  }
  const result = responder(input, scope);
  return Effect.isEffect(result) ? inBranch(result as Effect.Effect<R, unknown>, scope) : (result as R);
}

function inBranch<R>(program: Effect.Effect<R, unknown>, scope: Scope): Promise<R> {
  const effect: Procedure<undefined, R> = () => program;
  return senderOf(scope).request<undefined, R>(effect, undefined, { timeoutMs: Number.POSITIVE_INFINITY });
}
