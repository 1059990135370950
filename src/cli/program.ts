/**
 * A program: what `troupe run FILE` runs. Entry point: `troupe/cli`.
 *
 * The file exports one as its default. The command makes the system, reads the
 * program's own options from the command line, shows its progress, prints its
 * answer, and drains the system when it is done or when Ctrl-C asks for it.
 */
import type { System } from '../actors/system.ts';
import { Failure } from '../core/failure.ts';

/** An option of the command line, as `--name`. */
export type ProgramOption =
  | {
      readonly type: 'string';
      readonly description: string;
      /** What it is when it is not given; without a default the option is `undefined` then. */
      readonly default?: string;
      /** What the help calls its value: `FOLDER`. */
      readonly value?: string;
      readonly multiple?: false;
    }
  | {
      readonly type: 'string';
      readonly description: string;
      /** It may be given several times. */
      readonly multiple: true;
      readonly default?: readonly string[];
      readonly value?: string;
    }
  | { readonly type: 'boolean'; readonly description: string; readonly default?: boolean };

export type ProgramOptions = Readonly<Record<string, ProgramOption>>;

type ValueOf<O extends ProgramOption> = O extends { readonly type: 'boolean' }
  ? boolean
  : O extends { readonly multiple: true }
    ? readonly string[]
    : O extends { readonly default: string }
      ? string
      : string | undefined;

/** The values of a program's options. */
export type OptionValues<Options extends ProgramOptions> = {
  readonly [Name in keyof Options]: ValueOf<Options[Name]>;
};

/** What a program is given. */
export interface Job<Values> {
  /** A running system without agents. The command ends it. */
  readonly system: System;
  readonly options: Values;
  /** Shows figures while the program runs: `progress({ 'files read': 12 })`. A name given again replaces its figure. */
  progress(figures: Readonly<Record<string, number | string>>): void;
  /**
   * Aborts when the user asks to stop; what agents have accepted is still finished, within bounds.
   * A program that has nothing left to do but listens to it goes on until then.
   */
  readonly signal: AbortSignal;
}

/** Where a part of the answer comes from. */
export interface Source {
  readonly path: string;
  /** Counted from 1. */
  readonly line?: number;
  readonly title?: string;
}

/** What goes with an answer. */
export interface Findings {
  readonly sources?: readonly Source[];
  /** What the user should know about it: a file that was skipped, a part that failed. */
  readonly notes?: readonly string[];
  /** Figures for `--json`, beside the system's own. */
  readonly figures?: Readonly<Record<string, unknown>>;
}

/**
 * The answer: a text, at once or promised, or piece by piece. A piece is asked for
 * when the one before it has been written, so a slow terminal slows the program.
 */
export type Answer = string | PromiseLike<string> | AsyncGenerator<string, Findings | void, void>;

export interface Program<Values = never> {
  /** One sentence for `--help`. */
  readonly description?: string;
  readonly options?: ProgramOptions;
  readonly run: (job: Job<Values>) => Answer;
}

/**
 * Defines a program, so that its options have types.
 *
 * @example
 * const greet = program({
 *   options: { name: { type: 'string', default: 'Ada', description: 'whom to greet' } },
 *   run: ({ options }) => `Hello, ${options.name}!`,
 * })
 * greet.options.name.default // => 'Ada'
 */
export function program<const Options extends ProgramOptions = Record<never, never>>(definition: {
  readonly description?: string;
  readonly options?: Options;
  readonly run: (job: Job<OptionValues<Options>>) => Answer;
}): Program<OptionValues<Options>> & { readonly options: Options } {
  return Object.freeze({ ...definition, options: definition.options ?? ({} as Options) });
}

/** The value of an option cannot be. A program throws it; the command says it and exits with code 2. */
export class BadOption extends Failure {
  readonly _tag = 'BadOption';
  readonly code = 'INVALID_PARAMS';
  readonly class = 'invalid';
  /** Without the dashes. */
  readonly option: string;
  readonly value: unknown;
  readonly expected: string;

  constructor(facts: { option: string; value: unknown; expected: string }) {
    super();
    this.option = facts.option;
    this.value = facts.value;
    this.expected = facts.expected;
  }

  override get message(): string {
    return `--${this.option} expects ${this.expected}; got ${shown(this.value)}`;
  }
}

const shown = (value: unknown): string => {
  const text = String(value);
  return text === '' ? 'nothing' : `'${text.length > 80 ? `${text.slice(0, 79)}…` : text}'`;
};
