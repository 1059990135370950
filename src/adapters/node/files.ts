/**
 * Files: the few things that reading documents needs of a disk.
 *
 * A port, so that trouble a real disk has only now and then can be had on demand.
 */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';

/** What stands at a path, symbolic links followed. */
export interface FileFacts {
  readonly kind: 'file' | 'folder' | 'other';
  readonly bytes: number;
  /** The same for two paths that lead to the same thing. */
  readonly identity: string;
}

export interface Files {
  facts(path: string): Promise<FileFacts>;
  /** The names in a folder, in any order. */
  names(folder: string): Promise<readonly string[]>;
  /** The first bytes of a file: all of them when there are at most `bytesMax`, otherwise one more than that. */
  read(path: string, bytesMax: number): Promise<Uint8Array>;
}

/** The files of this machine. */
export const nodeFiles: Files = {
  async facts(path) {
    const found = await stat(path, { bigint: true });
    return {
      kind: found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other',
      bytes: Number(found.size),
      identity: `${found.dev}:${found.ino}`,
    };
  },
  names: (folder) => readdir(folder),
  async read(path, bytesMax) {
    const chunks: Uint8Array[] = [];
    // `end` is the last byte that is read, counted from 0.
    for await (const chunk of createReadStream(path, { end: bytesMax })) {
      chunks.push(chunk as Uint8Array);
    }
    return Buffer.concat(chunks);
  },
};
