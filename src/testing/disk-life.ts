/**
 * One life of a simulated disk: its files as a program sees them that ends when the
 * power fails.
 *
 * Guarantees: what was called before and was not answered when the power failed is
 * never answered; what is called afterwards is neither done nor answered, of handles
 * opened here, too. So the program stands still at its first operation after the loss
 * of power, as one does whose machine is off, whatever it catches or tries again.
 */
import type { FileStatus, Files, OpenFile, OpenFlags } from '../core/files.ts';

/** Whose files, and which life it is in now. */
export interface LivingDisk extends Files {
  readonly life: number;
}

export class DiskLife implements Files {
  readonly #disk: LivingDisk;
  readonly #life: number;

  constructor(disk: LivingDisk) {
    this.#disk = disk;
    this.#life = disk.life;
  }

  async open(path: string, flags: OpenFlags): Promise<OpenFile> {
    const file = await this.#living(() => this.#disk.open(path, flags));
    return new LivingFile(file, (call) => this.#living(call));
  }

  readFile(path: string): Promise<Uint8Array> {
    return this.#living(() => this.#disk.readFile(path));
  }

  readdir(path: string): Promise<string[]> {
    return this.#living(() => this.#disk.readdir(path));
  }

  stat(path: string): Promise<FileStatus> {
    return this.#living(() => this.#disk.stat(path));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#living(() => this.#disk.rename(from, to));
  }

  unlink(path: string): Promise<void> {
    return this.#living(() => this.#disk.unlink(path));
  }

  mkdir(path: string, options?: { readonly recursive?: boolean }): Promise<unknown> {
    return this.#living(() => this.#disk.mkdir(path, options));
  }

  /** Does it as long as the power is on, and answers as long as it has been. */
  #living<T>(call: () => Promise<T>): Promise<T> {
    const isOver = (): boolean => this.#disk.life !== this.#life;
    return new Promise((resolve, reject) => {
      if (isOver()) {
        return;
      }
      call().then(
        (result) => isOver() || resolve(result),
        (failure: unknown) => isOver() || reject(failure),
      );
    });
  }
}

class LivingFile implements OpenFile {
  readonly #file: OpenFile;
  readonly #living: <T>(call: () => Promise<T>) => Promise<T>;

  constructor(file: OpenFile, living: <T>(call: () => Promise<T>) => Promise<T>) {
    this.#file = file;
    this.#living = living;
  }

  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<{ readonly bytesRead: number }> {
    return this.#living(() => this.#file.read(buffer, offset, length, position));
  }

  write(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<{ readonly bytesWritten: number }> {
    return this.#living(() => this.#file.write(buffer, offset, length, position));
  }

  truncate(length?: number): Promise<void> {
    return this.#living(() => this.#file.truncate(length as number));
  }

  stat(): Promise<FileStatus> {
    return this.#living(() => this.#file.stat());
  }

  sync(): Promise<void> {
    return this.#living(() => this.#file.sync());
  }

  datasync(): Promise<void> {
    return this.#living(() => this.#file.datasync());
  }

  close(): Promise<void> {
    return this.#living(() => this.#file.close());
  }
}
