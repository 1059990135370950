/**
 * Loading a program: from the path of a file to the program it exports, or to a
 * sentence that says why there is none.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describeThrown } from '../core/failure.ts';
import { BadUsage, runOptions } from './command-line.ts';
import type { Program, ProgramOption } from './program.ts';

const ourFolder = new URL('..', import.meta.url).href;

/** A file cannot be run as a program. */
class ProgramUnusable extends Error {
  readonly _tag = 'ProgramUnusable';
  /** As a person would write it, with its line where that is known. */
  readonly place: string;

  constructor(facts: { place: string; reason: string; cause?: unknown }) {
    super(`${facts.place} ${facts.reason}`, { cause: facts.cause });
    this.place = facts.place;
  }
}

/**
 * Loads a program.
 *
 * Errors: `BadUsage` when there is no such file; `ProgramUnusable` when it does not
 * compile, throws, imports what is not there, or exports no program.
 */
export async function loadProgram(file: string): Promise<Program> {
  const facts = statSync(file, { throwIfNoEntry: false });
  if (facts === undefined) {
    throw new BadUsage(`expected the file of a program; there is no '${file}'`);
  }
  if (facts.isDirectory()) {
    throw new BadUsage(
      `expected the file of a program; '${file}' is a folder (the file comes before its options)`,
    );
  }
  return programIn(file, await imported(file));
}

async function imported(file: string): Promise<Record<string, unknown>> {
  const stuck = Promise.withResolvers<never>();
  const onIdle = () => {
    const reason = 'waits, while it is loaded, for something that can no longer come';
    stuck.reject(new ProgramUnusable({ place: file, reason }));
  };
  process.once('beforeExit', onIdle);
  try {
    const module: Promise<Record<string, unknown>> = import(pathToFileURL(resolve(file)).href);
    return await Promise.race([module, stuck.promise]);
  } catch (thrown) {
    throw thrown instanceof ProgramUnusable ? thrown : unusable(file, thrown);
  } finally {
    process.off('beforeExit', onIdle);
  }
}

function programIn(file: string, module: Record<string, unknown>): Program {
  const wrong = (reason: string) =>
    new ProgramUnusable({
      place: file,
      reason: `is no program: expected 'export default program({ run })', ${reason}`,
    });
  const exported = module.default;
  if (exported === undefined) {
    const names = Object.keys(module).filter((name) => name !== 'default');
    throw wrong(`and it has no default export${names.length === 0 ? '' : `, only ${names.join(', ')}`}`);
  }
  if (typeof exported !== 'object' || exported === null) {
    throw wrong(`and its default export is ${exported === null ? 'null' : `a ${typeof exported}`}`);
  }
  const { run, options = {} } = exported as Partial<Program>;
  if (typeof run !== 'function') {
    throw wrong(`and its default export is an object without a function 'run'`);
  }
  for (const [name, option] of Object.entries(options)) {
    const trouble = troubleWith(name, option);
    if (trouble !== undefined) {
      throw new ProgramUnusable({
        place: file,
        reason: `has an option '${name}' that cannot be: ${trouble}`,
      });
    }
  }
  return exported as Program;
}

function troubleWith(name: string, option: ProgramOption): string | undefined {
  if (Object.hasOwn(runOptions, name)) return 'troupe run has one of that name';
  if (!/^[a-z][a-z0-9-]*$/i.test(name)) return "expected letters, digits and '-'";
  const { type, description } = (option ?? {}) as Partial<ProgramOption>;
  if (type !== 'string' && type !== 'boolean') return `expected type 'string' or 'boolean'; got ${type}`;
  return typeof description === 'string' ? undefined : 'expected a description';
}

function unusable(file: string, thrown: unknown): ProgramUnusable {
  const { code, message = '' } = (thrown ?? {}) as NodeJS.ErrnoException;
  if (code === 'ERR_MODULE_NOT_FOUND') {
    return importMissing(file, message, thrown);
  }
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' || code === 'ERR_IMPORT_ATTRIBUTE_MISSING') {
    const reason = 'is no program: expected a file that ends in .ts, .mts, .js or .mjs';
    return new ProgramUnusable({ place: file, reason, cause: thrown });
  }
  if (thrown instanceof SyntaxError) {
    const { place, code: lines } = markedIn(thrown.stack) ??
      markedIn(checked(file)) ?? { place: file, code: '' };
    return new ProgramUnusable({ place, reason: `does not compile: ${message}${lines}`, cause: thrown });
  }
  if (typeof thrown === 'object' && thrown !== null && '_tag' in thrown) {
    return new ProgramUnusable({ place: file, reason: `cannot be loaded: ${message}`, cause: thrown });
  }
  const place = placeThrown(thrown) ?? file;
  return new ProgramUnusable({
    place,
    reason: `threw while it was loaded: ${describeThrown(thrown)}`,
    cause: thrown,
  });
}

/** An import that leads nowhere: who imports, on which line, and what. */
function importMissing(file: string, message: string, cause: unknown): ProgramUnusable {
  const [, what, name = '', importer = file] =
    /^Cannot find (package|module) '([^']*)'(?: imported from (.*))?/.exec(message) ?? [];
  const end = name.split(/[\\/]/).at(-1)!;
  const at = linesOf(importer).findIndex((line) => /\b(from|import)\b/.test(line) && line.includes(end));
  const place = at === -1 ? shortPath(importer) : `${shortPath(importer)}:${at + 1}`;
  const reason =
    what === 'package'
      ? `imports the package '${name}', which is not installed`
      : `imports '${shortPath(name)}', which does not exist`;
  return new ProgramUnusable({ place, reason, cause });
}

/** A stack that begins with a place and the code there: `file:///x.ts:3`, the line, the mark below it. */
function markedIn(text: string | undefined): { place: string; code: string } | undefined {
  const [, path, line, code, mark] =
    /^((?:file:\/\/)?\/.*|[A-Z]:\\.*):(\d+)\n([\s\S]*?)\n([ \t]*\^+)/.exec(text ?? '') ?? [];
  if (path === undefined || line === undefined || code === undefined || mark === undefined) {
    return undefined;
  }
  const lastLine = code.split('\n').at(-1)!;
  const isReadable = lastLine.length <= 120;
  return { place: `${shortPath(path)}:${line}`, code: isReadable ? `\n    ${lastLine}\n    ${mark}` : '' };
}

/** The engine does not say where in a module the error is, but its checker does. */
function checked(file: string): string {
  const args = ['--check', resolve(file)];
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 5_000, env: {} }).stderr ?? '';
}

/** The innermost place of a stack in a file of the user: `examples/trio.ts:3:22`. */
export function placeThrown(thrown: unknown): string | undefined {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  const isOfUser = (line: string) =>
    /^\s+at .*file:\/\//.test(line) && !line.includes('/node_modules/') && !line.includes(ourFolder);
  const frame = stack.split('\n').find(isOfUser);
  const [, url, position] = /(file:\/\/[^\s()]+?):(\d+:\d+)\)?$/.exec(frame ?? '') ?? [];
  return url === undefined ? undefined : `${shortPath(url)}:${position}`;
}

/** Relative to where the command was called, when it is below. */
function shortPath(pathOrUrl: string): string {
  const path = pathOrUrl.startsWith('file://') ? fileURLToPath(pathOrUrl) : pathOrUrl;
  const short = relative(process.cwd(), path);
  return isAbsolute(path) && (short.startsWith('..') || isAbsolute(short)) ? path : short;
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return [];
  }
}
