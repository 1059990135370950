/**
 * A file writer: where the event writers' text goes when it shall stay.
 *
 * Text is buffered and written while the event loop goes on; `write` never waits
 * and never throws. So what is written faster than the disk takes it must give
 * way somewhere: past `bytesMax` a text is dropped, whole, and counted.
 *
 * Guarantees
 *   - Order: the file has the texts in the order of their writing, none in part,
 *     unless the disk fails or the process dies.
 *   - Bound: at most `bytesMax` bytes wait for the disk.
 *   - Each trouble (the file failed; the disk was too slow) is told to `onError` once.
 *   - `close` resolves when what was accepted is in the file or the file has failed. It never rejects.
 */
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

export interface FileWriterOptions {
  /** Most bytes that may wait for the disk; a whole number, at least 1. 16 MiB by default: not derived. */
  readonly bytesMax?: number;
  /** Whether text is added to what the file has already; `false` by default. */
  readonly append?: boolean;
  /** Told of trouble; by default it becomes a warning of the process. */
  readonly onError?: (error: Error) => void;
}

export interface FileWriter {
  /** Texts that are not in the file, because it had failed, was closed, or its disk was too slow. */
  readonly dropped: number;
  /** Accepts a text, or drops it. Never waits and never throws. */
  write(text: string): void;
  /** Writes what was accepted and closes the file. */
  close(): Promise<void>;
}

/** Text was written faster than the disk took it, and some was dropped. */
export class FileBehind extends Error {
  readonly _tag = 'FileBehind';
  readonly path: string;
  /** Most bytes that may wait. */
  readonly bytesMax: number;

  constructor(facts: { path: string; bytesMax: number }) {
    super();
    this.path = facts.path;
    this.bytesMax = facts.bytesMax;
  }

  override get message(): string {
    return `text for '${this.path}' is dropped: ${this.bytesMax} bytes at most may wait for the disk`;
  }
}

/**
 * Opens a file; what it held is gone, unless `append` is `true`.
 *
 * Errors: none that is not told to `onError`, but `RangeError` for a bound that cannot be.
 */
export function fileWriter(path: string, options: FileWriterOptions = {}): FileWriter {
  const {
    bytesMax = 16 * 1_024 * 1_024,
    append = false,
    onError = (error) => process.emitWarning(error),
  } = options;
  if (!Number.isInteger(bytesMax) || bytesMax < 1) {
    throw new RangeError(`bytesMax of a file writer is a whole number, at least 1; got ${bytesMax}`);
  }
  const stream = createWriteStream(path, { flags: append ? 'a' : 'w' });
  let dropped = 0;
  let behind = false;
  let closed: Promise<void> | undefined;

  // Later, so that whoever writes is not the one who meets what `onError` throws.
  const tell = (error: Error) => queueMicrotask(() => onError(error));
  stream.on('error', tell);

  const count = (error: Error | null | undefined) => {
    dropped += error ? 1 : 0;
  };

  return {
    get dropped() {
      return dropped;
    },
    write(text) {
      if (stream.destroyed || closed !== undefined) {
        dropped += 1;
      } else if (stream.writableLength + Buffer.byteLength(text) <= bytesMax) {
        stream.write(text, count);
      } else {
        dropped += 1;
        if (!behind) {
          behind = true;
          tell(new FileBehind({ path, bytesMax }));
        }
      }
    },
    close() {
      // A failure was told when it happened; here it only means that nothing more will be written.
      closed ??= finished(stream.end()).catch(() => {});
      return closed;
    },
  };
}
