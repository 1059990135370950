/**
 * Making a wrapper: what all of them do alike when they are put around somebody.
 */
import type { Responder, Scope } from '../actors/context.ts';
import { checkResponder, nameOf } from './responder.ts';
import type { Wrapper } from './wrapper.ts';

/** What is called in the place of the work. */
export type Wrapped<I, O> = (input: I, scope: Scope) => O | Promise<O>;

/**
 * A wrapper that calls what `around` makes. What it makes bears the name of the work, so
 * that failures say whose they are.
 */
export function wrap(around: <I, O>(work: Responder<I, O>, name: string) => Wrapped<I, O>): Wrapper {
  const wrapper = <I, O>(work: Responder<I, O>): Wrapped<I, O> => {
    checkResponder('what a wrapper is put around', work);
    const name = nameOf(work);
    return Object.defineProperty(around(work, name), 'name', { value: name, configurable: true });
  };
  return wrapper as Wrapper;
}
