/**
 * A directory on a simulated disk: names, and which of their changes are on the
 * platter.
 *
 * Each change is whole or did not happen, a rename between two directories, too. It
 * survives a loss of power when each directory in which it changes a name has been
 * synced since; before that, it may or may not.
 */
import type { DiskFile } from './disk-file.ts';

export type DiskNode = DiskFile | DiskDirectory;

/** One change of names: `undefined` for a name that is no more. */
export interface NameChange {
  readonly at: number;
  /** In words, for the story of a crash. */
  readonly what: string;
  readonly names: readonly {
    readonly directory: DiskDirectory;
    readonly name: string;
    readonly node: DiskNode | undefined;
  }[];
  /** Directories that have not been synced since. */
  readonly unsynced: Set<DiskDirectory>;
}

export class DiskDirectory {
  readonly entries = new Map<string, DiskNode>();
  readonly #platter = new Map<string, DiskNode>();
  #changes: NameChange[] = [];

  sync(upTo: number): void {
    for (const change of this.#changes) {
      if (change.at <= upTo) {
        change.unsynced.delete(this);
      }
    }
    this.#settle();
  }

  /** The power is gone: only these changes have happened. */
  crash(survived: (change: NameChange) => boolean): void {
    this.entries.clear();
    for (const change of this.#changes) {
      if (survived(change)) {
        this.#apply(change, this.#platter);
      }
    }
    this.#changes = [];
    for (const [name, node] of this.#platter) {
      this.entries.set(name, node);
    }
  }

  /** Its part of a change has happened, for those who look at it. */
  take(change: NameChange): void {
    this.#apply(change, this.entries);
    this.#changes.push(change);
  }

  /** What is synced and has nothing unsynced before it need not be remembered as a change. */
  #settle(): void {
    const first = this.#changes.findIndex(({ unsynced }) => unsynced.size > 0);
    const settled = this.#changes.splice(0, first < 0 ? this.#changes.length : first);
    for (const change of settled) {
      this.#apply(change, this.#platter);
    }
  }

  #apply({ names }: NameChange, entries: Map<string, DiskNode>): void {
    for (const { directory, name, node } of names) {
      if (directory === this) {
        if (node === undefined) {
          entries.delete(name);
        } else {
          entries.set(name, node);
        }
      }
    }
  }
}

/** Makes a change, in every directory that it is about. */
export function changeNames(at: number, what: string, names: NameChange['names']): void {
  const directories = new Set(names.map(({ directory }) => directory));
  const change: NameChange = { at, what, names, unsynced: new Set(directories) };
  for (const directory of directories) {
    directory.take(change);
  }
}
