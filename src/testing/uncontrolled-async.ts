/**
 * UncontrolledAsync: code inside a simulation took time, chance, a timer or input
 * and output from the host, so that the run could not be repeated.
 */
import { Failure } from '../core/failure.ts';

const advice = [
  "Let the world give time and chance (ambient: 'simulate'),",
  'or put what is outside behind an agent or a capability and spawn a stand-in for it.',
].join(' ');

/**
 * What was called, and where the user's code began it.
 *
 * It fails the run, also when the code that called it catches it.
 */
export class UncontrolledAsync extends Failure {
  readonly _tag = 'UncontrolledAsync';
  readonly code = 'NONDETERMINISM';
  readonly class = 'defect';
  /** What was taken from the host: `Date.now()`, `setTimeout()`, `a file operation (FSReqPromise)`, … */
  readonly called: string;
  /**
   * The calls that led there, innermost first, without those of libraries and of
   * Node. Empty when it was only seen that something is under way; `explore` then
   * runs the same tape again to learn where it began.
   */
  readonly at: readonly string[];

  constructor(facts: { called: string; at: readonly string[] }) {
    super();
    this.called = facts.called;
    this.at = facts.at;
    // Where the user's code is, is what a test runner shows.
    this.stack = [`${this.name}: ${this.message}`, ...this.#lines].join('\n');
  }

  override get message(): string {
    return [
      `${this.called} inside of the simulation: this run could not be repeated`,
      ...this.#lines,
      advice,
    ].join('\n');
  }

  get #lines(): readonly string[] {
    return this.at.map((frame) => `    at ${frame}`);
  }
}
