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
  get retryAfterMs(): unknown {
    return factOf(this.cause, 'retryAfterMs');
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

/** The code of anything that was thrown: a failure's own, otherwise `DEFECT`. */
export function codeOf(thrown: unknown): string {
  const code = factOf(thrown, 'code');
  return typeof code === 'string' ? code : 'DEFECT';
}

function factOf(thrown: unknown, name: string): unknown {
  try {
    return (thrown as Record<string, unknown> | null | undefined)?.[name];
  } catch {
    // What throws when it is looked at has no facts.
    return undefined;
  }
}
