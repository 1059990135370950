/**
 * A script: turns that are taken one after the other, by whoever asks first.
 *
 * Taking a turn is synchronous, so of two calls made at once the first made gets
 * the first turn, however long either takes. A script that is one function has no
 * end.
 */
import { Failure } from '../core/failure.ts';

/** Somebody asked more often than the script has turns. */
export class ScriptExhausted extends Failure {
  readonly _tag = 'ScriptExhausted';
  readonly code = 'SCRIPT_EXHAUSTED';
  readonly class = 'invalid';
  /** Whose script it is. */
  readonly script: string;
  /** How many turns it had. */
  readonly turns: number;
  /** What was asked, in words. */
  readonly asked: string;

  constructor(facts: { script: string; turns: number; asked: string }) {
    super();
    this.script = facts.script;
    this.turns = facts.turns;
    this.asked = facts.asked;
  }

  override get message(): string {
    const had = this.turns === 1 ? 'its 1 turn has' : `its ${this.turns} turns have`;
    return `'${this.script}' has nothing more to say: ${had} been taken, and it was asked once more. Asked: ${this.asked}. Add a turn, or give one function instead of a list`;
  }
}

/** Somebody asked something else than the next turn expects. The turn was not taken. */
export class UnexpectedCall extends Failure {
  readonly _tag = 'UnexpectedCall';
  readonly code = 'UNEXPECTED_CALL';
  readonly class = 'invalid';
  readonly script: string;
  /** Which turn was next, counted from 1. */
  readonly turn: number;
  /** What it expects, in words. */
  readonly expected: string;
  readonly asked: string;
  /** Turns that were left, this one included, in words. */
  readonly left: readonly string[];

  constructor(facts: {
    script: string;
    turn: number;
    expected: string;
    asked: string;
    left: readonly string[];
    cause?: unknown;
  }) {
    super(facts.cause === undefined ? undefined : { cause: facts.cause });
    this.script = facts.script;
    this.turn = facts.turn;
    this.expected = facts.expected;
    this.asked = facts.asked;
    this.left = facts.left;
  }

  override get message(): string {
    return `turn ${this.turn} of '${this.script}' expects ${this.expected}; asked: ${this.asked}. Left: ${this.left.join('; ')}`;
  }
}

/** The test is over and turns are left. */
export class ScriptIncomplete extends Failure {
  readonly _tag = 'ScriptIncomplete';
  readonly code = 'SCRIPT_INCOMPLETE';
  readonly class = 'invalid';
  readonly script: string;
  readonly taken: number;
  /** Turns that nobody took, in words. */
  readonly left: readonly string[];

  constructor(facts: { script: string; taken: number; left: readonly string[] }) {
    super();
    this.script = facts.script;
    this.taken = facts.taken;
    this.left = facts.left;
  }

  override get message(): string {
    return `'${this.script}' was asked ${this.taken} times and ${this.left.length} of its turns are left: ${this.left.join('; ')}`;
  }
}

/** The next turn, and which one it is, counted from 0. */
export interface Taken<T> {
  readonly turn: T;
  readonly index: number;
}

export class Script<T> {
  readonly #name: string;
  readonly #turns: readonly T[];
  readonly #endless: T | undefined;
  readonly #describe: (turn: T) => string;
  #taken = 0;

  /** @param describe Says a turn in a few words. */
  constructor(name: string, turns: readonly T[] | { readonly endless: T }, describe: (turn: T) => string) {
    this.#name = name;
    this.#turns = 'endless' in turns ? [] : [...turns];
    this.#endless = 'endless' in turns ? turns.endless : undefined;
    this.#describe = describe;
  }

  /** Turns that are left, in words; none of a script without an end. */
  get left(): readonly string[] {
    return this.#turns.slice(this.#taken).map((turn, n) => `${this.#taken + n + 1}. ${this.#describe(turn)}`);
  }

  /**
   * Takes the next turn, when `fits` does not throw for it.
   *
   * Errors: `ScriptExhausted`; what `fits` throws.
   */
  take(asked: () => string, fits: (turn: T, index: number) => void): Taken<T> {
    const index = this.#taken;
    const turn = this.#endless ?? this.#turns[index];
    if (turn === undefined) {
      throw new ScriptExhausted({ script: this.#name, turns: this.#turns.length, asked: asked() });
    }
    fits(turn, index);
    this.#taken += 1;
    return { turn, index };
  }

  /** Errors: `ScriptIncomplete`, when turns are left. */
  assertComplete(): void {
    if (this.left.length > 0) {
      throw new ScriptIncomplete({ script: this.#name, taken: this.#taken, left: this.left });
    }
  }
}
