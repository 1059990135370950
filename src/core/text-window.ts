/**
 * A window on the texts of a message: many short ones are read by one call of the host.
 *
 * A call costs more than a short text does. So the window is a piece of the message, read once as if it
 * were all ASCII, and what is ASCII is cut out of it. A text of at least 13 characters that is cut out keeps
 * the whole window, at most 1 KiB, as long as somebody keeps it.
 */
import { isUtf8 } from 'node:buffer';

const windowBytes = 1_024;
/** What is longer is read by a call of its own. */
const shortMax = 128;

export class TextWindow {
  #bytes: Uint8Array = new Uint8Array(0);
  #host: Buffer | undefined;
  #window = '';
  #from = 0;
  #to = 0;

  /** Looks at another message. */
  begin(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#host = undefined;
    this.#window = '';
    this.#from = 0;
    this.#to = 0;
  }

  /** The text between two bytes that are there; `undefined` when it is no UTF-8. */
  read(from: number, to: number): string | undefined {
    return to - from <= shortMax && this.#isAscii(from, to) ? this.#cut(from, to) : this.#decode(from, to);
  }

  #isAscii(from: number, to: number): boolean {
    const bytes = this.#bytes;
    for (let at = from; at < to; at += 1) {
      if (bytes[at]! > 0x7f) {
        return false;
      }
    }
    return true;
  }

  #cut(from: number, to: number): string {
    if (to > this.#to) {
      this.#from = from;
      this.#to = Math.min(from + windowBytes, this.#bytes.length);
      this.#window = this.#asHost().toString('latin1', from, this.#to);
    }
    return this.#window.slice(from - this.#from, to - this.#from);
  }

  #decode(from: number, to: number): string | undefined {
    const text = this.#asHost().toString('utf8', from, to);
    // What is no UTF-8 becomes this character; but it may have been meant.
    return text.includes('\ufffd') && !isUtf8(this.#bytes.subarray(from, to)) ? undefined : text;
  }

  #asHost(): Buffer {
    const { buffer, byteOffset, byteLength } = this.#bytes;
    this.#host ??= Buffer.isBuffer(this.#bytes) ? this.#bytes : Buffer.from(buffer, byteOffset, byteLength);
    return this.#host;
  }
}
