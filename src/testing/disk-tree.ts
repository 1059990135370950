/**
 * The tree of a simulated disk: which node a path leads to, and which changes of
 * names there are.
 *
 * Errors are those of Node, under the names of its calls.
 */
import type { OpenFlags } from '../core/files.ts';
import { changeNames, DiskDirectory, type DiskNode, type NameChange } from './disk-directory.ts';
import { DiskError } from './disk-error.ts';
import { DiskFile } from './disk-file.ts';

interface Place {
  readonly directory: DiskDirectory;
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
    const node = namesOf(path).length === 0 ? this.#root : this.#placeOf(path, 'open').node;
    if (node === undefined) {
      if (flags.startsWith('r')) {
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
    const { directory, name } = this.#placeOf(path, 'open');
    const node = this.#newFile();
    changeNames(at, `create ${path}`, [{ directory, name, node }]);
    return node;
  }

  rename(at: number, from: string, to: string): void {
    const source = this.#placeOf(from, 'rename');
    const target = this.#placeOf(to, 'rename');
    const { node } = source;
    if (node === undefined) {
      throw new DiskError('ENOENT', 'rename', from);
    }
    if (target.node === node) {
      return;
    }
    if (node instanceof DiskDirectory && isWithin(to, from)) {
      throw new DiskError('EINVAL', 'rename', to);
    }
    refuseToReplace(node, target.node, to);
    changeNames(at, `rename ${from} → ${to}`, [
      { directory: source.directory, name: source.name, node: undefined },
      { directory: target.directory, name: target.name, node },
    ]);
  }

  unlink(at: number, path: string): void {
    const { directory, name, node } = this.#placeOf(path, 'unlink');
    if (node === undefined) {
      throw new DiskError('ENOENT', 'unlink', path);
    }
    if (node instanceof DiskDirectory) {
      throw new DiskError('EPERM', 'unlink', path);
    }
    changeNames(at, `unlink ${path}`, [{ directory, name, node: undefined }]);
  }

  /** @param all Makes those above it, too, and does nothing when it is there. */
  makeDirectory(at: number, path: string, all: boolean): void {
    const names = namesOf(path);
    for (let depth = all ? 1 : names.length; depth <= names.length; depth += 1) {
      const { directory, name, node } = this.#placeOf(names.slice(0, depth).join('/'), 'mkdir');
      if (node === undefined) {
        const made = `/${names.slice(0, depth).join('/')}`;
        changeNames(at, `mkdir ${made}`, [{ directory, name, node: new DiskDirectory() }]);
      } else if (!all || node instanceof DiskFile) {
        throw new DiskError('EEXIST', 'mkdir', path);
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
    if (namesOf(path).length === 0) {
      return this.#root;
    }
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

  /** Where a name stands, or would stand. */
  #placeOf(path: string, syscall: string): Place {
    const names = namesOf(path);
    const name = names.pop();
    if (name === undefined) {
      throw new DiskError('EPERM', syscall, path);
    }
    let directory = this.#root;
    for (const step of names) {
      const node = directory.entries.get(step);
      if (!(node instanceof DiskDirectory)) {
        throw new DiskError(node === undefined ? 'ENOENT' : 'ENOTDIR', syscall, path);
      }
      directory = node;
    }
    return { directory, name, node: directory.entries.get(name) };
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

function isWithin(path: string, directory: string): boolean {
  const names = namesOf(path);
  return namesOf(directory).every((name, n) => name === names[n]);
}

function namesOf(path: string): string[] {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') {
      names.pop();
    } else if (name !== '' && name !== '.') {
      names.push(name);
    }
  }
  return names;
}
