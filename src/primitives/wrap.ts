/**
 * Making a wrapper: what all of them do alike when they are put around somebody.
 */
import { isCapability } from '../actors/capability.ts';
import type { Responder, Scope } from '../actors/context.ts';
import { LocalRef } from '../actors/local-ref.ts';
import { InvalidParams } from '../core/schema.ts';
import type { Wrapper } from './wrapper.ts';

/** What is called in the place of the work. */
export type Wrapped<I, O> = (input: I, scope: Scope) => O | Promise<O>;

/**
 * A wrapper that calls what `around` makes. What it makes bears the name of the work, so
 * that failures say whose they are.
 */
export function wrap(around: <I, O>(work: Responder<I, O>, name: string) => Wrapped<I, O>): Wrapper {
  const wrapper = <I, O>(work: Responder<I, O>): Wrapped<I, O> => {
    const name = nameOf(work);
    return Object.defineProperty(around(work, name), 'name', { value: name, configurable: true });
  };
  return wrapper as Wrapper;
}

/** What a responder is called in messages. Errors: `InvalidParams` for what cannot be asked. */
export function nameOf(responder: unknown): string {
  if (typeof responder === 'function') {
    return responder.name || 'a procedure';
  }
  const path = LocalRef.cellOf(responder)?.path;
  if (path !== undefined) {
    return path;
  }
  if (typeof responder === 'object' && responder !== null) {
    const { name } = responder as { name?: unknown };
    if (isCapability(responder) || typeof name === 'string') {
      return String(name);
    }
  }
  throw new InvalidParams({
    what: 'work to wrap',
    value: responder,
    issues: [
      { path: '', message: 'expected a handler, a procedure, the ref of an agent, a topic or a capability' },
    ],
  });
}
