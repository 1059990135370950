/**
 * One answer: what a wrapper is put around answers once, and not with a stream.
 *
 * A wrapper is over when the call is that it is around. A stream has hardly begun then:
 * what it fails of, how long it takes and whose place it holds would go unseen, and of two
 * who are given the same one the second finds it read. So it is refused, wherever it comes
 * from, rather than guarded in its first moment only.
 */
import { isObservable } from 'rxjs';
import type { Procedure, Responder } from '../actors/context.ts';
import { isThenable } from '../actors/thenable.ts';
import { InvalidParams } from '../core/schema.ts';
import { invoke } from './invoke.ts';

/** Whether it is a stream of answers: an AsyncIterable, a ReadableStream, an Observable. */
export function isStream(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null) {
    return false;
  }
  try {
    return Symbol.asyncIterator in answer || isObservable(answer);
  } catch {
    // Who throws when they are looked at are not looked at any closer.
    return false;
  }
}

/** What a call fails of whose answer is a stream. @param what Whose answer, in words. */
export function streamRefused(what: string): InvalidParams {
  return new InvalidParams({
    what: `answer of ${what}`,
    value: 'a stream',
    issues: [
      { path: '', message: 'expected one answer: a wrapper guards a call, and a stream goes on after it' },
    ],
  });
}

/** Errors: `InvalidParams` for a stream. @returns the answer; nothing is awaited. */
export function oneAnswer<O>(answer: O, target: string): O {
  if (isStream(answer)) {
    throw streamRefused(`'${target}'`);
  }
  return answer;
}

/** The same, also of what a promise turns out to be. */
export function oneAnswerOf<O>(answer: O | PromiseLike<O>, target: string): O | Promise<O> {
  return isThenable(answer)
    ? Promise.resolve(answer as PromiseLike<O>).then((value) => oneAnswer(value, target))
    : oneAnswer(answer as O, target);
}

/** Work that fails of a stream where it would have answered with one. */
export function oneAnswering<I, O>(work: Responder<I, O>, name: string): Procedure<I, O> {
  return (input, scope) => oneAnswerOf(invoke(work, input, scope), name);
}
