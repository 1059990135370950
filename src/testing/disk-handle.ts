/**
 * An open file of a simulated disk: it knows its place, and which life of the disk
 * it is of. After a crash, or once it is closed, it is dead.
 */
import type { FileStatus, OpenFile, OpenFlags } from '../core/files.ts';
import type { DiskDirectory, DiskNode } from './disk-directory.ts';
import { DiskError } from './disk-error.ts';
import { DiskFile } from './disk-file.ts';

/** What a handle needs of its disk. */
export interface HandledDisk {
  readonly life: number;
  readonly at: number;
  do<T>(syscall: string, path: string, act: () => T): Promise<T>;
  mayFailToRead(path: string): void;
  mayBeShort(length: number): number;
  write(file: DiskFile, position: number, bytes: Uint8Array): number;
  truncate(file: DiskFile, length: number): void;
  sync(node: DiskNode, upTo: number): void;
}

export class DiskHandle implements OpenFile {
  readonly #disk: HandledDisk;
  readonly #node: DiskNode;
  readonly #path: string;
  readonly #life: number;
  readonly #reads: boolean;
  readonly #writes: boolean;
  readonly #appends: boolean;
  #position = 0;
  #closing = false;
  #closed = false;

  constructor(
    disk: HandledDisk,
    node: DiskNode,
    facts: { readonly path: string; readonly flags: OpenFlags; readonly life: number },
  ) {
    const { path, flags, life } = facts;
    this.#disk = disk;
    this.#node = node;
    this.#path = path;
    this.#life = life;
    this.#appends = flags.startsWith('a');
    this.#reads = flags.startsWith('r') || flags.endsWith('+');
    this.#writes = !flags.startsWith('r') || flags.endsWith('+');
  }

  async read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<{ readonly bytesRead: number }> {
    checkRange(buffer, offset, length);
    const bytesRead = await this.#do('read', () => {
      const file = this.#file(this.#reads, 'read');
      this.#disk.mayFailToRead(this.#path);
      const bytes = file.read(placed(position) ?? this.#position, this.#disk.mayBeShort(length));
      buffer.set(bytes, offset);
      this.#position += placed(position) === undefined ? bytes.length : 0;
      return bytes.length;
    });
    return { bytesRead };
  }

  async write(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<{ readonly bytesWritten: number }> {
    checkRange(buffer, offset, length);
    // As of now: what becomes of the buffer later is its owner's affair.
    const bytes = buffer.slice(offset, offset + length);
    const bytesWritten = await this.#do('write', () => {
      const file = this.#file(this.#writes, 'write');
      const start = this.#appends ? file.size : (placed(position) ?? this.#position);
      const written = this.#disk.write(file, start, bytes);
      this.#position = placed(position) === undefined ? start + written : this.#position;
      return written;
    });
    return { bytesWritten };
  }

  async truncate(length = 0): Promise<void> {
    if (!Number.isInteger(length)) {
      throw new RangeError(`length is a whole number of bytes; got ${length}`);
    }
    await this.#do('ftruncate', () => {
      this.#disk.truncate(this.#file(this.#writes, 'ftruncate', 'EINVAL'), Math.max(0, length));
    });
  }

  async stat(): Promise<FileStatus> {
    return await this.#do('fstat', () => statusOf(this.#node));
  }

  async sync(): Promise<void> {
    await this.#sync('fsync');
  }

  async datasync(): Promise<void> {
    await this.#sync('fdatasync');
  }

  /** Closing it again does nothing, as with Node. */
  async close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      await this.#do('close', () => {
        this.#closed = true;
      });
    }
  }

  async #sync(syscall: string): Promise<void> {
    // What is written while it is under way need not be in it.
    const upTo = this.#disk.at;
    const over = this.#node instanceof DiskFile ? this.#node.syncBegins(upTo) : undefined;
    try {
      await this.#do(syscall, () => this.#disk.sync(this.#node, upTo));
    } finally {
      over?.();
    }
  }

  #do<T>(syscall: string, act: () => T): Promise<T> {
    return this.#disk.do(syscall, this.#path, () => {
      if (this.#closed || this.#life !== this.#disk.life) {
        throw new DiskError('EBADF', syscall);
      }
      return act();
    });
  }

  #file(allowed: boolean, syscall: string, otherwise: 'EBADF' | 'EINVAL' = 'EBADF'): DiskFile {
    if (!(this.#node instanceof DiskFile)) {
      throw new DiskError('EISDIR', syscall);
    }
    if (!allowed) {
      throw new DiskError(otherwise, syscall);
    }
    return this.#node;
  }
}

export function statusOf(node: DiskFile | DiskDirectory): FileStatus {
  const isFile = node instanceof DiskFile;
  return { size: isFile ? node.size : 0, isFile: () => isFile, isDirectory: () => !isFile };
}

/** As with Node, what is no place in a file is where the last call ended. */
function placed(position: number | null): number | undefined {
  return position !== null && Number.isSafeInteger(position) && position >= 0 ? position : undefined;
}

function checkRange(buffer: Uint8Array, offset: number, length: number): void {
  if (!(offset >= 0 && length >= 0 && offset + length <= buffer.length)) {
    throw new RangeError(
      `offset and length are within the buffer of ${buffer.length} bytes; got ${offset} and ${length}`,
    );
  }
}
