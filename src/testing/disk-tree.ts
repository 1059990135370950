/**
 * The tree of a simulated disk: which node a path leads to, and which changes of
 * names there are.
 *
 * Errors are those of Node on Linux, under the names of its calls.
 */
import type { OpenFlags } from '../core/files.ts';
import { changeNames, DiskDirectory, type DiskNode, type NameChange } from './disk-directory.ts';
import { DiskError } from './disk-error.ts';
import { DiskFile } from './disk-file.ts';

/** Where a path leads. */
interface Place {
  /** The directories in which it is, the root first; the root itself is in none. */
  readonly above: readonly DiskDirectory[];
  readonly name: string;
  readonly node: DiskNode | undefined;
}

export class DiskTree {
  readonly #root = new DiskDirectory();
  readonly #newFile: () => DiskFile;

  constructor(newFile: () => DiskFile) {
    this.#newFile = newFile;
  }

  /** What is to be opened; `undefined` when it is to be made. */
  open(path: string, flags: OpenFlags): DiskNode | undefined {
    // Whoever may make it means a file, so `/` at the end of it is wrong in another way.
    const makes = !flags.startsWith('r');
    if (makes && path.endsWith('/') && bare(path) !== '/') {
      this.#placeOf(bare(path), 'open');
      throw new DiskError('EISDIR', 'open', path);
    }
    const { node } = this.#placeOf(path, 'open');
    if (node === undefined) {
      if (!makes) {
        throw new DiskError('ENOENT', 'open', path);
      }
      return undefined;
    }
    if (flags.includes('x')) {
      throw new DiskError('EEXIST', 'open', path);
    }
    if (node instanceof DiskDirectory && flags !== 'r') {
      throw new DiskError('EISDIR', 'open', path);
    }
    return node;
  }

  create(at: number, path: string): DiskFile {
    const { above, name } = this.#placeOf(path, 'open');
    const node = this.#newFile();
    changeNames(at, `create ${path}`, [{ directory: above.at(-1)!, name, node }]);
    return node;
  }

  rename(at: number, from: string, to: string): void {
    const source = this.#placeOf(from, 'rename');
    const target = this.#placeOf(to, 'rename');
    const { node } = source;
    if (node === undefined) {
      throw new DiskError('ENOENT', 'rename', from);
    }
    const [directory, into] = [source.above.at(-1), target.above.at(-1)];
    if (directory === undefined || into === undefined) {
      throw new DiskError('EBUSY', 'rename', from);
    }
    if (target.node === node) {
      return;
    }
    if (node instanceof DiskDirectory && target.above.includes(node)) {
      throw new DiskError('EINVAL', 'rename', to);
    }
    if (node instanceof DiskFile && to.endsWith('/')) {
      throw new DiskError('ENOTDIR', 'rename', to);
    }
    refuseToReplace(node, target.node, to);
    changeNames(at, `rename ${from} → ${to}`, [
      { directory, name: source.name, node: undefined },
      { directory: into, name: target.name, node },
    ]);
  }

  unlink(at: number, path: string): void {
    const { above, name, node } = this.#placeOf(path, 'unlink');
    if (node === undefined) {
      throw new DiskError('ENOENT', 'unlink', path);
    }
    if (node instanceof DiskDirectory) {
      // As on Linux; POSIX says EPERM.
      throw new DiskError('EISDIR', 'unlink', path);
    }
    changeNames(at, `unlink ${path}`, [{ directory: above.at(-1)!, name, node: undefined }]);
  }

  /** @param all Makes those above it, too, and does nothing when it is there. */
  makeDirectory(at: number, path: string, all: boolean): void {
    const whole = bare(path);
    for (const part of all ? partsOf(whole) : [whole]) {
      const { above, name, node } = this.#placeOf(part, 'mkdir');
      if (node === undefined) {
        changeNames(at, `mkdir ${part}`, [{ directory: above.at(-1)!, name, node: new DiskDirectory() }]);
      } else if (!all || node instanceof DiskFile) {
        const isOnTheWay = all && part !== path;
        throw new DiskError(isOnTheWay ? 'ENOTDIR' : 'EEXIST', 'mkdir', path);
      }
    }
  }

  fileAt(path: string): DiskFile {
    const node = this.nodeAt(path, 'open');
    if (node instanceof DiskDirectory) {
      throw new DiskError('EISDIR', 'read');
    }
    return node;
  }

  namesIn(path: string): string[] {
    const node = this.nodeAt(path, 'scandir');
    if (node instanceof DiskFile) {
      throw new DiskError('ENOTDIR', 'scandir', path);
    }
    return [...node.entries.keys()].toSorted();
  }

  nodeAt(path: string, syscall: string): DiskNode {
    const { node } = this.#placeOf(path, syscall);
    if (node === undefined) {
      throw new DiskError('ENOENT', syscall, path);
    }
    return node;
  }

  /** Every file that has a name. */
  *files(directory = this.#root, path = ''): Iterable<{ readonly file: DiskFile; readonly path: string }> {
    for (const [name, node] of directory.entries) {
      if (node instanceof DiskFile) {
        yield { file: node, path: `${path}/${name}` };
      } else {
        yield* this.files(node, `${path}/${name}`);
      }
    }
  }

  /**
   * The power is gone.
   *
   * @param survives Asked once for each change that was not synced.
   * @returns the changes that did not happen.
   */
  crash(survives: (change: NameChange) => boolean): readonly NameChange[] {
    const known = new Map<NameChange, boolean>();
    const survived = (change: NameChange): boolean => {
      const is = known.get(change) ?? (change.unsynced.size === 0 || survives(change));
      known.set(change, is);
      return is;
    };
    this.#crashBelow(this.#root, survived);
    return [...known].flatMap(([change, is]) => (is ? [] : [change]));
  }

  #crashBelow(directory: DiskDirectory, survived: (change: NameChange) => boolean): void {
    directory.crash(survived);
    for (const node of directory.entries.values()) {
      if (node instanceof DiskDirectory) {
        this.#crashBelow(node, survived);
      }
    }
  }

  /** Where a path leads, or would lead. Errors: `ENOENT`, `ENOTDIR`, wherever on its way. */
  #placeOf(path: string, syscall: string): Place {
    if (path === '') {
      throw new DiskError('ENOENT', syscall, path);
    }
    const above: DiskDirectory[] = [];
    const names: string[] = [];
    let node: DiskNode | undefined = this.#root;
    for (const step of path.split('/')) {
      if (node instanceof DiskFile) {
        // Also of `/` at the end: only a directory has that.
        throw new DiskError('ENOTDIR', syscall, path);
      }
      if (step === '') {
        continue;
      }
      if (node === undefined) {
        throw new DiskError('ENOENT', syscall, path);
      }
      if (step === '..') {
        node = above.pop() ?? node;
        names.pop();
      } else if (step !== '.') {
        above.push(node);
        names.push(step);
        node = node.entries.get(step);
      }
    }
    return { above, name: names.at(-1) ?? '', node };
  }
}

function refuseToReplace(node: DiskNode, target: DiskNode | undefined, to: string): void {
  if (target instanceof DiskDirectory) {
    if (!(node instanceof DiskDirectory)) {
      throw new DiskError('EISDIR', 'rename', to);
    }
    if (target.entries.size > 0) {
      throw new DiskError('ENOTEMPTY', 'rename', to);
    }
  } else if (target !== undefined && node instanceof DiskDirectory) {
    throw new DiskError('ENOTDIR', 'rename', to);
  }
}

/** Without `/` at its end. */
function bare(path: string): string {
  return path === '' ? path : path.replace(/\/+$/, '') || '/';
}

/** The paths on the way to it, and itself. */
function partsOf(path: string): string[] {
  return [...path.matchAll(/[^/](?=\/|$)|^$/g)].map(({ index, 0: { length } }) =>
    path.slice(0, index + length),
  );
}
