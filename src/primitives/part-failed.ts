/**
 * The failure of a part of composed work: which part it was, through however many
 * levels, and what it failed of.
 *
 *     parallel({ plan, price: pipeline(look, sum) })      sum fails of Overdrawn
 *     PartFailed  parallel 'price' → pipeline 'stage 2' (/sum): Overdrawn …
 *
 * Its code and class are those of its cause, so whoever decides by them (supervision,
 * retries, breakers, `fallback`) decides as if the part had been asked alone.
 */
import { Failure, type FailureClass, failureClass, isOf, reasonOf } from '../core/failure.ts';
import { codeOf, longestRetryAfterMs } from './failure-facts.ts';
import { mayHaveActed } from './may-have-acted.ts';

/** One part of composed work. */
export interface Part {
  /** What it is a part of: `pipeline`, `parallel`, … */
  readonly of: string;
  /** Which part: `stage 2`, the name of a branch, of a route, of a step. */
  readonly name: string;
  /** Path of the agent that was asked, or name of the topic, capability or procedure. */
  readonly responder: string;
}

/** A part of composed work failed. What it failed of is the `cause`; code and class are the cause's. */
export class PartFailed extends Failure {
  readonly _tag = 'PartFailed';
  readonly code: string;
  readonly class: FailureClass;
  /** From the outermost part to the one that failed. */
  readonly parts: readonly Part[];

  constructor(facts: { parts: readonly Part[]; cause: unknown }) {
    super({ cause: facts.cause });
    this.parts = facts.parts;
    this.code = codeOf(facts.cause);
    this.class = failureClass(facts.cause);
  }

  /** When the cause says that it may be tried again, in milliseconds. */
  get retryAfterMs(): number | undefined {
    return longestRetryAfterMs([this.cause]);
  }

  /** Whether something may have been done all the same: by a part before it or beside it, or by itself. */
  get mayHaveActed(): boolean {
    return !this.parts.every(isFirst) || mayHaveActed(this.cause);
  }

  override get message(): string {
    const where = this.parts.map(({ of, name, responder }) => `${of} '${name}' (${responder})`);
    return `${where.join(' → ')}: ${reasonOf(this.cause)}`;
  }
}

/** The failure of a part; that of a part of it becomes one with a longer way. */
export function partFailed(part: Part, failure: unknown): PartFailed {
  return isOf(failure, PartFailed)
    ? new PartFailed({ parts: [part, ...failure.parts], cause: failure.cause })
    : new PartFailed({ parts: [part], cause: failure });
}

/** Whether nobody was asked before it, or beside it. What chooses a route does not act. */
const isFirst = ({ of, name }: Part): boolean => of === 'route' || firstParts.has(`${of} ${name}`);

const firstParts: ReadonlySet<string> = new Set(['pipeline stage 1', 'loopUntil step 1']);
