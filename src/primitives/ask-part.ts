/**
 * Asking a part of composed work, so that its failure says which part it was.
 */
import type { Responder, Scope } from '../actors/context.ts';
import { isThenable } from '../actors/thenable.ts';
import { invoke } from './invoke.ts';
import { partFailed } from './part-failed.ts';
import { nameOf } from './responder.ts';

/**
 * The answer, or a promise of it. See `invoke`.
 *
 * Errors: `PartFailed`, thrown or as a rejection.
 *
 * @param of What it is a part of: `pipeline`.
 * @param name Which part of it: `stage 2`.
 */
export function askPart<I, A>(
  of: string,
  name: string,
  responder: Responder<I, A>,
  input: I,
  scope: Scope,
): A | PromiseLike<A> {
  const failed = (failure: unknown): never => {
    throw partFailed({ of, name, responder: nameOf(responder) }, failure);
  };
  let answer: A | PromiseLike<A>;
  try {
    answer = invoke(responder, input, scope);
  } catch (failure) {
    return failed(failure);
  }
  return isThenable(answer) ? Promise.resolve(answer as PromiseLike<A>).then(undefined, failed) : answer;
}
