/**
 * Calls of wrappers: they answer with a promise, whatever they call does.
 */
import type { Procedure, Responder, Scope } from '../actors/context.ts';
import { invoke } from './invoke.ts';

/** Whatever a wrapper is put around. */
export type Wrapped = Responder<never, unknown>;

/** Calls it, with its synchronous part in this very step. What it throws becomes a rejection. */
export function called(work: Wrapped, input: unknown, scope: Scope): Promise<unknown> {
  try {
    return Promise.resolve(invoke(work as Procedure<unknown, unknown>, input, scope));
  } catch (thrown) {
    return refused(thrown);
  }
}

/** A promise that has failed already; nobody need look at it. */
export function refused(failure: unknown): Promise<never> {
  const promise = Promise.reject<never>(failure);
  promise.catch(ignore);
  return promise;
}

/** A promise for somebody who waits, and may not look at it any more. */
export function awaited(): PromiseWithResolvers<unknown> {
  const waiting = Promise.withResolvers<unknown>();
  waiting.promise.catch(ignore);
  return waiting;
}

/** Calls `act`, once, when the work of a scope is interrupted; returns how to forget that. */
export function whenInterrupted(scope: Scope, act: (reason: unknown) => void): () => void {
  const { signal } = scope;
  const listener = (): void => act(signal.reason);
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

const ignore = (): void => {};
