/**
 * Reading documents: the Markdown and text files below some paths, one after the other.
 *
 * It is pulled: a file is opened when the next document is asked for, so a slow
 * reader slows the disk and at most one file is in memory. What cannot be read is
 * not passed over in silence: it comes as `Skipped`, with the reason.
 *
 * Guarantees
 *   - Order: paths in the order given, what is in a folder by its name (by code
 *     units, so that it does not depend on a language).
 *   - Once: no file and no folder is read twice, whatever links lead to it; so a
 *     loop of links ends.
 *   - Bound: at most `bytesMax` bytes of a file, at most `filesMax` files.
 *
 * Names that begin with a dot, and `node_modules`, are not looked into; a path that
 * is itself given is read whatever its name.
 */
import { join } from 'node:path';
import { Failure } from '../../core/failure.ts';
import { type FileFacts, type Files, nodeFiles } from './files.ts';

/** A file, read as UTF-8. */
export interface Document {
  /** As it was given, and what is below it joined to that. */
  readonly path: string;
  readonly text: string;
  readonly bytes: number;
}

/**
 * Why a file was not read.
 *
 *   unreadable    the disk says so: no permission, a link to nothing
 *   not a file    a pipe, a socket, a device
 *   binary        it has NUL bytes or is not UTF-8
 *   too large     it has more than `bytesMax` bytes
 *   seen before   another path led to it already; so does a loop of links
 *   too many      `filesMax` files were read; this and everything after it is left out
 */
export type SkipReason = 'unreadable' | 'not a file' | 'binary' | 'too large' | 'seen before' | 'too many';

export type DocumentRead =
  | { readonly _tag: 'Document'; readonly document: Document }
  | { readonly _tag: 'Skipped'; readonly path: string; readonly reason: SkipReason; readonly detail: string };

export interface ReadDocumentsOptions {
  /** Most bytes of one file; 1 MiB when not given: a book of 500 pages, which takes an index about half a second. */
  readonly bytesMax?: number;
  /** Most files; 10 000 when not given. Not derived: a person's notes have hundreds. */
  readonly filesMax?: number;
  readonly files?: Files;
}

/** Nothing is at a path that was given. Nothing was read. Its code is `INVALID_PARAMS`. */
export class PathNotFound extends Failure {
  readonly _tag = 'PathNotFound';
  readonly code = 'INVALID_PARAMS';
  readonly class = 'invalid';
  readonly path: string;

  constructor(facts: { path: string; cause: unknown }) {
    super({ cause: facts.cause });
    this.path = facts.path;
  }

  override get message(): string {
    return `expected a folder or a file at '${this.path}', and nothing is there`;
  }
}

const isDocumentName = (name: string): boolean => /\.(md|markdown|txt)$/i.test(name);
const isLookedInto = (name: string): boolean => !name.startsWith('.') && name !== 'node_modules';

/**
 * Reads the documents at and below some paths.
 *
 * Errors: `PathNotFound` when nothing is at one of the paths, before anything is
 * read; `RangeError`, at once, for a limit that cannot be.
 */
export function readDocuments(
  paths: readonly string[],
  options: ReadDocumentsOptions = {},
): AsyncGenerator<DocumentRead, void, undefined> {
  const { bytesMax = 1_024 * 1_024, filesMax = 10_000, files = nodeFiles } = options;
  checkLimit('bytesMax', bytesMax);
  checkLimit('filesMax', filesMax);
  return walk(paths, { bytesMax, filesMax, files });
}

async function* walk(
  paths: readonly string[],
  limits: Required<ReadDocumentsOptions>,
): AsyncGenerator<DocumentRead, void, undefined> {
  const { files, filesMax } = limits;
  for (const path of paths) {
    await files.facts(path).catch((cause: unknown) => failWhenMissing(path, cause));
  }
  const seen = new Set<string>();
  const ahead = paths.map((path) => ({ path, given: true })).toReversed();
  let read = 0;

  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    const { path, given } = next;
    const facts = await attempt(() => files.facts(path));
    if ('trouble' in facts) {
      // What is no document by its name is nobody's loss.
      if (given || isDocumentName(path)) yield skipped(path, 'unreadable', facts.trouble);
      continue;
    }
    const { identity, kind } = facts.value;
    if (kind !== 'folder' && !given && !isDocumentName(path)) {
      continue;
    }
    if (seen.has(identity)) {
      yield skipped(path, 'seen before', 'another path led to it');
      continue;
    }
    if (kind === 'folder') {
      seen.add(identity);
      const names = await attempt(() => files.names(path));
      if ('trouble' in names) {
        yield skipped(path, 'unreadable', names.trouble);
      } else {
        for (const name of names.value.filter(isLookedInto).toSorted(byCodeUnits).toReversed()) {
          ahead.push({ path: join(path, name), given: false });
        }
      }
    } else if (read === filesMax) {
      yield skipped(path, 'too many', `${filesMax} files at most are read`);
      return;
    } else {
      seen.add(identity);
      read += 1;
      yield await open(path, facts.value, limits);
    }
  }
}

/** One file, or why it could not be read. */
async function open(
  path: string,
  { kind, bytes }: FileFacts,
  { files, bytesMax }: Required<ReadDocumentsOptions>,
): Promise<DocumentRead> {
  if (kind === 'other') {
    return skipped(path, 'not a file', 'a pipe, a socket or a device');
  }
  if (bytes > bytesMax) {
    return skipped(path, 'too large', `${bytes} bytes, and ${bytesMax} is the limit`);
  }
  const content = await attempt(() => files.read(path, bytesMax));
  if ('trouble' in content) {
    return skipped(path, 'unreadable', content.trouble);
  }
  // It may have grown since its size was asked for, and some files do not know their size.
  if (content.value.length > bytesMax) {
    return skipped(path, 'too large', `more than ${bytesMax} bytes, which is the limit`);
  }
  if (content.value.includes(0)) {
    return skipped(path, 'binary', 'it has NUL bytes');
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(content.value);
    return { _tag: 'Document', document: { path, text, bytes: content.value.length } };
  } catch {
    return skipped(path, 'binary', 'it is not UTF-8');
  }
}

async function attempt<T>(
  act: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly trouble: string }> {
  try {
    return { value: await act() };
  } catch (thrown) {
    return { trouble: troubleOf(thrown) };
  }
}

/** Other trouble than that nothing is there is told when its turn comes. */
function failWhenMissing(path: string, cause: unknown): void {
  const { code, syscall } = cause as NodeJS.ErrnoException;
  const cannotBeAPath = syscall === undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR' || cannotBeAPath) {
    throw new PathNotFound({ path, cause });
  }
}

/** What the disk said, in a few words: its code says more than its message, which repeats the path. */
function troubleOf(thrown: unknown): string {
  const { code, message } = thrown as NodeJS.ErrnoException;
  return (code === undefined ? undefined : troubles[code]) ?? code ?? message;
}

const troubles: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EPERM: 'no permission',
  ENOENT: 'a link to nothing',
  ELOOP: 'a loop of links',
};

const skipped = (path: string, reason: SkipReason, detail: string): DocumentRead => ({
  _tag: 'Skipped',
  path,
  reason,
  detail,
});

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : 1);

function checkLimit(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`${name} is a whole number, at least 1; got ${value}`);
  }
}
