/**
 * The command line: what was asked for, before any program is loaded and after.
 *
 * A program brings options of its own, so the line is read twice: first to find
 * the file, then, when its options are known, strictly.
 */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import type { ProgramOption, ProgramOptions } from './program.ts';

export type Command =
  | { readonly _tag: 'Help' }
  | { readonly _tag: 'Version' }
  | {
      readonly _tag: 'Run';
      readonly file: string;
      /** Everything else on the line. */
      readonly args: readonly string[];
    };

/** What `run` does with any program. */
export interface RunOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Where the trace goes; `undefined` for a new temporary file, `false` for nowhere. */
  readonly trace: string | false | undefined;
}

export type RunArguments =
  | { readonly _tag: 'Help' }
  | { readonly _tag: 'Run'; readonly run: RunOptions; readonly program: Readonly<Record<string, unknown>> };

/** The command line cannot be understood: nothing was done. */
export class BadUsage extends Error {
  readonly _tag = 'BadUsage';
}

/** The options that `run` has for every program. */
export const runOptions = {
  json: { type: 'boolean', description: 'print one JSON object: answer, sources, notes, figures, trace' },
  quiet: { type: 'boolean', description: 'print only the answer and its sources' },
  verbose: {
    type: 'boolean',
    description: 'print logs, failures and restarts as they happen, and whole stacks',
  },
  trace: {
    type: 'string',
    value: 'FILE',
    description: 'write the trace to FILE and not to a new temporary file',
  },
  'no-trace': { type: 'boolean', description: 'write no trace' },
  help: { type: 'boolean', description: 'print the options of the program' },
} as const satisfies ProgramOptions;

/** Errors: `BadUsage`. */
export function commandOf(args: readonly string[]): Command {
  const [word, ...rest] = args;
  switch (word) {
    case 'run':
      return runCommandOf(rest);
    case '--help':
    case '-h':
    case 'help':
      return { _tag: 'Help' };
    case '--version':
    case '-v':
      return { _tag: 'Version' };
    case undefined:
      throw new BadUsage('expected a command: run');
    default:
      throw new BadUsage(`expected the command run; got '${word}'`);
  }
}

function runCommandOf(args: readonly string[]): Command {
  const takesValue = (arg: string | undefined) => arg === '--trace';
  const at = args.findIndex((arg, index) => !arg.startsWith('-') && !takesValue(args[index - 1]));
  const file = args[at];
  if (file === undefined) {
    if (args.includes('--help') || args.includes('-h')) return { _tag: 'Help' };
    throw new BadUsage('run expects the file of a program: troupe run FILE');
  }
  return { _tag: 'Run', file, args: args.toSpliced(at, 1) };
}

/**
 * Reads the options of `run` and of the program.
 *
 * Errors: `BadUsage` for an option nobody has, or a value that is missing or too much.
 */
export function runArgumentsOf(args: readonly string[], options: ProgramOptions): RunArguments {
  if (args.includes('-h')) {
    return { _tag: 'Help' };
  }
  const values = valuesOf(args, { ...options, ...runOptions });
  const { json = false, quiet = false, verbose = false, help, trace, 'no-trace': noTrace } = values;
  if (help === true) {
    return { _tag: 'Help' };
  }
  if (trace === '' || (trace !== undefined && noTrace === true)) {
    throw new BadUsage(
      trace === '' ? '--trace expects a file; got nothing' : '--trace and --no-trace exclude each other',
    );
  }
  return {
    _tag: 'Run',
    run: {
      json: json === true,
      quiet: quiet === true,
      verbose: verbose === true,
      trace: noTrace === true ? false : (trace as string | undefined),
    },
    program: Object.fromEntries(
      Object.entries(options).map(([name, option]) => [name, values[name] ?? absent(option)]),
    ),
  };
}

/** What an option is that was not given. */
function absent(option: ProgramOption): unknown {
  if (option.type === 'boolean') return option.default ?? false;
  return option.default ?? (option.multiple === true ? [] : undefined);
}

function valuesOf(args: readonly string[], options: ProgramOptions): Record<string, unknown> {
  const config: ParseArgsOptionsConfig = Object.fromEntries(
    Object.entries(options).map(([name, option]) => [
      name,
      { type: option.type, multiple: option.type === 'string' && option.multiple === true },
    ]),
  );
  try {
    return {
      ...parseArgs({ args: [...args], options: config, strict: true, allowPositionals: false }).values,
    };
  } catch (thrown) {
    throw new BadUsage(reasonOf(thrown as NodeJS.ErrnoException));
  }
}

/** What `parseArgs` found wrong, in our words where its own are about Node. */
function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  const name = /'(?:-\w, )?([^' ]*)/.exec(message)?.[1] ?? '';
  switch (code) {
    case 'ERR_PARSE_ARGS_UNKNOWN_OPTION':
      return `unknown option '${name}'`;
    case 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL':
      return `unexpected argument '${name}': after the file come only options`;
    case 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE':
      if (message.includes('does not take')) return `${name} takes no value`;
      return message.includes('ambiguous')
        ? `${name} expects a value; one that begins with '-' is written ${name}=VALUE`
        : `${name} expects a value; got nothing`;
    default:
      return message;
  }
}
