/**
 * An output: a stream of text that is waited for when it is slow, and that may be
 * closed by whoever reads it.
 *
 * `troupe … | head -1` closes it early. That is no failure: from then on texts go
 * nowhere, and `closed` resolves, so that nobody works on for a reader who left.
 */
import type { Writable } from 'node:stream';

export class Output {
  readonly stream: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  /** Resolves when nothing more can be written. */
  readonly closed: Promise<void>;
  isClosed = false;
  /** Why nothing more can be written, when it is not that the reader has left. */
  trouble: Error | undefined;

  constructor(stream: Output['stream']) {
    this.stream = stream;
    this.closed = new Promise((resolve) => {
      stream.on('error', (error: NodeJS.ErrnoException) => {
        this.isClosed = true;
        this.trouble ??= error.code === 'EPIPE' ? undefined : error;
        resolve();
      });
    });
  }

  get isTerminal(): boolean {
    return this.stream.isTTY === true;
  }

  /** Writes a text; resolves when there is room for the next, or when nobody reads any more. */
  async write(text: string): Promise<void> {
    if (!this.isClosed && text !== '' && !this.stream.write(text)) {
      await Promise.race([this.closed, new Promise<void>((resolve) => this.stream.once('drain', resolve))]);
    }
  }

  /** Resolves when everything written has left this process, or when nobody reads any more. */
  async flush(): Promise<void> {
    if (!this.isClosed) {
      await Promise.race([
        this.closed,
        new Promise<void>((resolve) => this.stream.write('', () => resolve())),
      ]);
    }
  }
}
