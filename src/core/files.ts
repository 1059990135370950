/**
 * Files: the port through which something is kept on a disk.
 *
 * It is a part of `node:fs/promises`, under its own names: that module is one
 * implementation, a simulated disk is another. What is written is safe only after
 * `sync` or `datasync` of the file; a name (a new file, a rename, an unlink) only
 * after `sync` of its directory, which is opened with `r` like a file.
 *
 * Source: POSIX `open`, `pread`, `pwrite`, `fsync`; the manual page fsync(2).
 */

/** How a file is opened: `r` read, `w` empty it and write, `a` append, `x` only if it is new, `+` also the other. */
export type OpenFlags = 'r' | 'r+' | 'w' | 'w+' | 'wx' | 'wx+' | 'a' | 'a+' | 'ax' | 'ax+';

/** What is known of a file without reading it. */
export interface FileStatus {
  /** Bytes. */
  readonly size: number;
  isFile(): boolean;
  isDirectory(): boolean;
}

/** A file or directory that is open. */
export interface OpenFile {
  /** Reads at most `length` bytes into `buffer`; 0 at the end. `position` `null` goes on where the last ended. */
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<{ readonly bytesRead: number }>;
  /** Writes at most `length` bytes of `buffer`; it may be fewer. `position` `null` goes on where the last ended. */
  write(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<{ readonly bytesWritten: number }>;
  /** Cuts it off, or fills it up with zeros. */
  truncate(length: number): Promise<void>;
  stat(): Promise<FileStatus>;
  /** When it resolves, what was written before it was called survives a loss of power. */
  sync(): Promise<void>;
  /** The same, without what a reader does not need. */
  datasync(): Promise<void>;
  close(): Promise<void>;
}

/** Where files are. */
export interface Files {
  open(path: string, flags: OpenFlags): Promise<OpenFile>;
  readFile(path: string): Promise<Uint8Array>;
  readdir(path: string): Promise<string[]>;
  stat(path: string): Promise<FileStatus>;
  /** Gives it another name, at once; what had that name has it no more. */
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  mkdir(path: string, options?: { readonly recursive?: boolean }): Promise<unknown>;
}
