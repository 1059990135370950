/**
 * Writes tokens of MessagePack, one behind the other, into memory that grows as it must.
 *
 * Small messages share a slab of memory, as small buffers of Node do. What has been handed out is never
 * written again; a larger message gets memory of its own, and what it needed meanwhile is given back.
 *
 * Guarantees
 *   - Bound: no message passes `bytesMax`; 64 KiB are kept from one message to the next.
 *   - Before each value there is room for all that has no length of its own, if `ready` was called.
 */
import { markAsUntransferable } from 'node:worker_threads';
import { extension, firstRecordId, token } from './message-pack.ts';

const slabBytes = 8 * 1_024;
const slabBytesKept = 64 * 1_024;
/** A message that is larger gets memory of its own. */
const copiedFrom = 2 * 1_024;
/** Room that is there before each value: enough for all that has no length of its own, and for a short text. */
const spare = 64;
const shortTextMax = 31;

export class ByteWriter {
  readonly #bytesMax: number;
  readonly #tooLarge: () => Error;
  #slab = slabOf(slabBytes);
  #numbers = viewOf(this.#slab);
  /** From here on there is not enough room for the next value. */
  #fullAt = slabBytes - spare;
  /** Where the message begins. What is before it has been handed out, and is not written again. */
  #from = 0;
  #at = 0;

  /** `tooLarge` makes what is thrown when a message passes `bytesMax`. */
  constructor(bytesMax: number, tooLarge: () => Error) {
    this.#bytesMax = bytesMax;
    this.#tooLarge = tooLarge;
  }

  /** Begins a message. */
  begin(): void {
    this.#at = this.#from;
    this.#makeRoom(spare);
  }

  /** The message. */
  end(): Uint8Array {
    const from = this.#from;
    const bytes = this.#at - from;
    if (bytes > this.#bytesMax) {
      throw this.#tooLarge();
    }
    const message = this.#slab.subarray(from, this.#at);
    if (bytes > copiedFrom) {
      return Buffer.from(message);
    }
    // The next one begins where a number of 8 bytes may.
    this.#from = (this.#at + 7) & ~7;
    return message;
  }

  /** Gives back what only the last message needed. */
  forget(): void {
    if (this.#slab.length > slabBytesKept || this.#from > this.#fullAt) {
      this.#at = this.#from;
      this.#replaceSlab(slabBytes);
    }
  }

  /** Sees to it that there is room for whatever has no length of its own. */
  ready(): void {
    if (this.#at > this.#fullAt) {
      this.#makeRoom(spare);
    }
  }

  /** How many bytes of the message there are. */
  get length(): number {
    return this.#at - this.#from;
  }

  /** A copy of what was written since there were so many bytes. */
  since(length: number): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#slab, this.#from + length, this.#at);
  }

  byte(byte: number): void {
    this.#slab[this.#at] = byte;
    this.#at += 1;
  }

  /** A mark of what the next value is. */
  tag(kind: number): void {
    this.byte(token.fixext1);
    this.byte(kind);
    this.byte(0);
  }

  /** A few bytes: as many as a loop is quicker for than a call of the host. */
  copy(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length + spare);
    const slab = this.#slab;
    const at = this.#at;
    for (let index = 0; index < bytes.length; index += 1) {
      slab[at + index] = bytes[index]!;
    }
    this.#at = at + bytes.length;
  }

  /** Data behind what says that it is data: `begin` writes that, and there is room for it. */
  data(bytes: Uint8Array, begin: () => void): void {
    this.#makeRoom(bytes.length + spare);
    begin();
    this.#slab.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #uint16(value: number): void {
    this.#numbers.setUint16(this.#at, value);
    this.#at += 2;
  }

  uint32(value: number): void {
    this.#numbers.setUint32(this.#at, value);
    this.#at += 4;
  }

  int64(value: bigint): void {
    this.#numbers.setBigInt64(this.#at, value);
    this.#at += 8;
  }

  /** How many of something follow. */
  count(count: number, short: number, long: number): void {
    if (count < 16) {
      this.byte(short | count);
    } else if (count < 0x1_0000) {
      this.byte(long);
      this.#uint16(count);
    } else {
      this.byte(long + 1);
      this.uint32(count);
    }
  }

  /** How many bytes of something follow. `kind8` and the two after it have counts of 1, 2 and 4 bytes. */
  size(bytes: number, kind8: number): void {
    if (bytes < 0x100) {
      this.byte(kind8);
      this.byte(bytes);
    } else if (bytes < 0x1_0000) {
      this.byte(kind8 + 1);
      this.#uint16(bytes);
    } else {
      this.byte(kind8 + 2);
      this.uint32(bytes);
    }
  }

  number(value: number): void {
    if (value >>> 0 === value && value !== 0) {
      if (value < firstRecordId) {
        this.byte(value);
      } else if (value < 0x100) {
        this.byte(token.uint8);
        this.byte(value);
      } else if (value < 0x1_0000) {
        this.byte(token.uint16);
        this.#uint16(value);
      } else {
        this.byte(token.uint32);
        this.uint32(value);
      }
    } else {
      this.#otherNumber(value);
    }
  }

  #otherNumber(value: number): void {
    if (value === 0 && 1 / value > 0) {
      this.byte(0);
    } else if (value >> 0 !== value || value === 0) {
      this.byte(token.float64);
      this.#numbers.setFloat64(this.#at, value);
      this.#at += 8;
    } else if (value >= -0x20) {
      this.byte(value & 0xff);
    } else if (value >= -0x80) {
      this.byte(token.int8);
      this.byte(value & 0xff);
    } else if (value >= -0x8000) {
      this.byte(token.int16);
      this.#uint16(value & 0xffff);
    } else {
      this.byte(token.int32);
      this.uint32(value >>> 0);
    }
  }

  text(text: string): void {
    const { length } = text;
    if (length > shortTextMax) {
      this.#longText(text);
      return;
    }
    // Most texts are short and ASCII: a loop is quicker than a call of the host.
    const slab = this.#slab;
    const begin = this.#at + 1;
    for (let index = 0; index < length; index += 1) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) {
        this.#longText(text);
        return;
      }
      slab[begin + index] = unit;
    }
    slab[begin - 1] = token.shortText | length;
    this.#at = begin + length;
  }

  #longText(text: string): void {
    const size = Buffer.byteLength(text);
    if (size !== text.length && !text.isWellFormed()) {
      this.#utf16(text);
      return;
    }
    this.#makeRoom(size + spare);
    if (size <= shortTextMax) {
      this.byte(token.shortText | size);
    } else {
      this.size(size, token.text8);
    }
    this.#slab.write(text, this.#at, 'utf8');
    this.#at += size;
  }

  #utf16(text: string): void {
    const size = text.length * 2;
    this.#makeRoom(size + spare);
    this.size(size, token.ext8);
    this.byte(extension.utf16);
    this.#slab.write(text, this.#at, 'utf16le');
    this.#at += size;
  }

  bigint(value: bigint): void {
    if (BigInt.asIntN(64, value) === value) {
      this.byte(token.int64);
      this.#numbers.setBigInt64(this.#at, value);
      this.#at += 8;
    } else if (BigInt.asUintN(64, value) === value) {
      this.byte(token.uint64);
      this.#numbers.setBigUint64(this.#at, value);
      this.#at += 8;
    } else {
      // Two's complement, with room for the sign. Through hexadecimal, because that takes linear time.
      const size = ((value < 0n ? ~value : value).toString(16).length >> 1) + 1;
      const digits = BigInt.asUintN(size * 8, value)
        .toString(16)
        .padStart(size * 2, '0');
      this.#makeRoom(size + spare);
      this.size(size, token.ext8);
      this.byte(extension.bigint);
      this.#slab.write(digits, this.#at, 'hex');
      this.#at += size;
    }
  }

  /** Sees to it that so many more bytes fit. */
  #makeRoom(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#slab.length) {
      return;
    }
    const message = needed - this.#from;
    // What is spare was not asked for: a message of exactly so many bytes is still one.
    if (message - 2 * spare > this.#bytesMax) {
      throw this.#tooLarge();
    }
    this.#replaceSlab(Math.max(slabBytes, message < slabBytes ? 0 : message * 2));
  }

  /** Goes on with the message in new memory. The old one belongs to those who have messages in it. */
  #replaceSlab(length: number): void {
    const slab = slabOf(length);
    slab.set(this.#slab.subarray(this.#from, this.#at));
    this.#slab = slab;
    this.#numbers = viewOf(slab);
    this.#fullAt = length - spare;
    this.#at -= this.#from;
    this.#from = 0;
  }
}

/** Memory that nobody can transfer with a message: others lie in it, and others will. */
function slabOf(bytes: number): Buffer<ArrayBuffer> {
  const slab = Buffer.allocUnsafeSlow(bytes);
  markAsUntransferable(slab.buffer);
  return slab;
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
