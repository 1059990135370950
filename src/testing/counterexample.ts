/**
 * A counterexample: a schedule that breaks the property, told so that a reader
 * sees what happened and can run it again.
 */

/** A schedule was found that breaks the property. */
export class CounterexampleFound extends Error {
  override readonly name = 'CounterexampleFound';
  /** The quietest schedule found that breaks it: give it to `explore` as `tape`. */
  readonly tape: readonly number[];
  readonly seed: number;
  /** What happened in it, a line each. */
  readonly trace: readonly string[];

  constructor(facts: {
    tape: readonly number[];
    seed: number;
    trace: readonly string[];
    runs: number;
    cause: unknown;
  }) {
    const { tape, seed, trace, runs, cause } = facts;
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      [
        `a schedule breaks the property (run ${runs}): ${why}`,
        ...trace.map((line) => `  ${line}`),
        `replay it with explore(setup, { …, tape: ${JSON.stringify(tape)} }, atQuiet); found with seed ${seed}`,
      ].join('\n'),
      { cause },
    );
    this.tape = tape;
    this.seed = seed;
    this.trace = trace;
  }
}
