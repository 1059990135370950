/**
 * `loopUntil`: again and again, each time with what came out before, until it is good
 * enough.
 *
 *     caller ──draft──▶ step ──better──▶ until? ──yes──▶ caller
 *                         ▲                 │
 *                         └───────no────────┘   iterationsMax times at most
 *
 * Source: evaluator-optimizer, as refinement loops of agents are called; `iterateWhile`
 * of Effect, with a bound.
 */
import type { Procedure, Responder, Scope } from '../actors/context.ts';
import { senderOf } from '../actors/sender-of.ts';
import { describeValue } from '../core/describe-value.ts';
import { Failure } from '../core/failure.ts';
import { InvalidParams } from '../core/schema.ts';
import { askPart } from './ask-part.ts';
import { keepPartial } from './keep-partial.ts';
import { partFailed } from './part-failed.ts';
import { checkResponder, nameOf } from './responder.ts';
import { checkWanted } from './still-wanted.ts';
import { Yielding } from './yielding.ts';

/** A loop was not at its end after as many iterations as it may take. Its code is `LOOP_LIMIT`. */
export class LoopUnfinished extends Failure {
  readonly _tag = 'LoopUnfinished';
  readonly code = 'LOOP_LIMIT';
  readonly class = 'permanent';
  /** Its steps have been done. */
  readonly mayHaveActed = true;
  readonly iterations: number;
  /** What came out of the last one. */
  readonly last: unknown;

  constructor(facts: { iterations: number; last: unknown }) {
    super();
    this.iterations = facts.iterations;
    this.last = facts.last;
  }

  override get message(): string {
    return `not at its end after ${this.iterations} iterations; the last gave ${describeValue(this.last, 200)}`;
  }
}

export interface LoopOptions<Value> {
  /** Makes the next value of the one before. */
  readonly step: Responder<Value, Value>;
  /** Whether this value is good enough: a function, or an agent that judges. */
  readonly until: Responder<Value, boolean>;
  /** Most iterations; a whole number, at least 1. */
  readonly iterationsMax: number;
}

/**
 * Takes steps until one gives what `until` accepts, and answers with that.
 *
 * At least one step is taken. The latest value is kept (`scope.keep`), so that the
 * failure of a spent budget carries it as its `partial`.
 *
 * Cancellation: no step begins after the call was interrupted, or its deadline has passed. Steps
 * that answer at once let others go first, now and then.
 *
 * Errors: `LoopUnfinished` with the last value; `PartFailed` with the iteration, also where
 * `until` answers neither `true` nor `false`, as an agent may: then its cause is `InvalidParams`.
 * `RangeError`, at once, for an `iterationsMax` that cannot be.
 *
 * @example
 * const double = loopUntil({ step: (n: number) => n * 2, until: (n) => n > 100, iterationsMax: 20 })
 * const system = createSystem()
 * await system.request(double, 3) // => 192
 * await system.stop()
 */
export function loopUntil<Value>({
  step,
  until,
  iterationsMax,
}: LoopOptions<Value>): Procedure<Value, Value> {
  checkResponder('step of loopUntil', step);
  checkResponder('until of loopUntil', until);
  if (!Number.isInteger(iterationsMax) || iterationsMax < 1) {
    throw new RangeError(`iterationsMax of loopUntil is a whole number, at least 1; got ${iterationsMax}`);
  }
  return async function loopUntil(input: Value, scope: Scope) {
    const yielding = new Yielding('loopUntil', senderOf(scope));
    let value = input;
    for (let n = 1; n <= iterationsMax; n += 1) {
      await yielding.pause();
      value = await askPart('loopUntil', `step ${n}`, step, value, scope);
      checkWanted(scope);
      keepPartial(scope, value);
      const ends = await askPart('loopUntil', `until ${n}`, until, value, scope);
      if (endsHere(ends, n, until)) {
        return value;
      }
      checkWanted(scope);
    }
    throw new LoopUnfinished({ iterations: iterationsMax, last: value });
  };
}

/** Errors: `PartFailed` for what is neither: 'no' of an agent would be taken for a yes. */
function endsHere(answer: unknown, iteration: number, until: unknown): boolean {
  if (typeof answer === 'boolean') {
    return answer;
  }
  const refused = new InvalidParams({
    what: 'answer of until',
    value: answer,
    issues: [{ path: '', message: 'expected true or false' }],
  });
  throw partFailed({ of: 'loopUntil', name: `until ${iteration}`, responder: nameOf(until) }, refused);
}
