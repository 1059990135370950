/**
 * Whether work that failed may have acted all the same, and so may have to be undone.
 *
 *     SoldOut                            has not: its one responder says so
 *     no answer, an interrupt, a defect  may have
 *     a pipeline whose third stage failed, one of several, the last of some tries
 *                                        may have: somebody else acted, or may have
 *
 * What composes failures knows what was done beside the one that failed, and says it of
 * itself, as `mayHaveActed`; a failure of your own may do so, too.
 */
import { CapabilityError } from '../actors/capability.ts';
import { failureClass, isOf } from '../core/failure.ts';
import { InvalidParams } from '../core/schema.ts';
import { attemptsOf, wereOthers } from './attempts.ts';
import { codeOf, factOf } from './failure-facts.ts';

/**
 * Whether work that failed so may have acted. A typed failure of the one who was asked
 * says that it has not. No answer, an interrupt, or a defect says nothing; nor does the
 * failure of composed work, unless none of its parts can have acted.
 *
 * @example
 * mayHaveActed(new TypeError('x is undefined')) // => true
 * mayHaveActed({ class: 'permanent', code: 'SOLD_OUT' }) // => false
 * mayHaveActed({ class: 'permanent', code: 'SOLD_OUT', mayHaveActed: true }) // => true
 */
export function mayHaveActed(failure: unknown): boolean {
  const attempts = attemptsOf(failure);
  return attempts === undefined
    ? hasMaybeActed(failure)
    : // Of those that are remembered no more, nobody knows.
      attempts.tries > attempts.failures.length ||
        wereOthers(failure) ||
        attempts.failures.some((tried) => (tried === failure ? hasMaybeActed : mayHaveActed)(tried));
}

function hasMaybeActed(failure: unknown): boolean {
  const kind = failureClass(failure);
  if (kind === 'interrupted' || kind === 'defect') {
    return true;
  }
  const said = factOf(failure, 'mayHaveActed');
  if (typeof said === 'boolean') {
    return said;
  }
  if (isOf(failure, CapabilityError)) {
    // What it answered was refused, or it is its agent that failed.
    return isOf(failure.cause, InvalidParams) || mayHaveActed(failure.cause);
  }
  return unknowing.has(codeOf(failure));
}

const unknowing: ReadonlySet<string> = new Set(['TIMEOUT', 'BUDGET_EXCEEDED', 'NO_RESPONDER', 'DEFECT']);
