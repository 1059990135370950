/**
 * The trace file: where a run's events go, as pictures for ui.perfetto.dev.
 */
import { closeSync, fstatSync, mkdtempSync, openSync, readSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FileWriter, fileWriter } from '../adapters/node/file-writer.ts';
import { chromeTraceWriter } from '../core/chrome-trace-writer.ts';
import type { EventListener } from '../core/system-event.ts';
import { BadOption } from './program.ts';

export interface TraceFile {
  /** As it was given; a new file is in the system's temporary folder. */
  readonly path: string;
  readonly listener: EventListener;
  /** Says what is missing from the file, when something is. */
  close(): Promise<string | undefined>;
}

/**
 * Opens the file of a trace.
 *
 * A file that is there already is replaced only if it is empty or looks like a
 * trace: nobody means `--trace notes.md`.
 *
 * Errors: `BadOption` when it cannot be written.
 *
 * @param path Where it is to be; a new file when `undefined`.
 */
export function openTraceFile(path: string | undefined, processName: string): TraceFile {
  const place = path ?? temporaryFile();
  refuseWhatIsNoTrace(place);

  let trouble: Error | undefined;
  const writer: FileWriter = fileWriter(place, { onError: (error) => (trouble ??= error) });
  return {
    path: place,
    listener: chromeTraceWriter({ write: (text) => writer.write(text), processName }),
    async close() {
      await writer.close();
      return trouble === undefined ? undefined : `the trace is not complete: ${trouble.message}`;
    },
  };
}

function temporaryFile(): string {
  try {
    return join(mkdtempSync(join(tmpdir(), 'troupe-')), 'trace.json');
  } catch (thrown) {
    throw unwritable(tmpdir(), thrown);
  }
}

function refuseWhatIsNoTrace(path: string): void {
  let file: number | undefined;
  let first = '';
  try {
    file = openSync(path, 'a+');
    // Reading a pipe or a device would wait.
    if (fstatSync(file).isFile()) {
      const bytes = Buffer.alloc(1);
      first = bytes.toString('utf8', 0, readSync(file, bytes, 0, 1, 0));
    }
  } catch (thrown) {
    throw unwritable(path, thrown);
  } finally {
    if (file !== undefined) closeSync(file);
  }
  if (first !== '' && first !== '[') {
    throw new BadOption({
      option: 'trace',
      value: path,
      expected: 'a new file or an earlier trace, and this is neither',
    });
  }
}

const unwritable = (value: string, thrown: unknown): BadOption =>
  new BadOption({ option: 'trace', value, expected: `a file that can be written (${reasonOf(thrown)})` });

function reasonOf(thrown: unknown): string {
  const { code, message } = thrown as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'its folder does not exist',
    ENOTDIR: 'its folder is a file',
    EISDIR: 'it is a folder',
    EACCES: 'no permission',
    EPERM: 'no permission',
    EROFS: 'the disk is read-only',
  };
  return reasons[code ?? ''] ?? message;
}
