/**
 * A tree: one state of this repository in a temporary folder, to be run beside another one.
 *
 * Packages are those that are installed here, for every tree: what is compared is our code.
 * Nothing of it is noted in the repository, so that nothing is left behind when it is
 * interrupted but a folder that the system throws away.
 */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Tree extends Disposable {
  readonly folder: string;
  /** As it was asked for: a commit, or the files as they are. */
  readonly name: string;
}

/** A tree brings benchmarks, and its own stand aside under this name when it is given others. */
export const ownBench = 'bench-own';

const installed = ['node_modules', 'bench/peers/node_modules'];

/** @param commit Anything that git resolves to a commit. */
export function treeOfCommit(repository: string, commit: string): Tree {
  return tree(repository, commit, (folder) => {
    const files = execFileSync('git', ['archive', '--format=tar', `${commit}^{commit}`], {
      cwd: repository,
      maxBuffer: 2 ** 30,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    execFileSync('tar', ['-x', '-C', folder], { input: files });
  });
}

/** What stands in the working tree, committed or not, without what git ignores. */
export function treeAsItStands(repository: string): Tree {
  return tree(repository, 'the working tree', (folder) => {
    const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: repository,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    for (const file of files.split('\0').filter((name) => name !== '')) {
      const from = join(repository, file);
      // What is deleted is listed until that is committed; the links to packages are made anew.
      if (existsSync(from) && !lstatSync(from).isSymbolicLink()) {
        cpSync(from, join(folder, file));
      }
    }
  });
}

/** Gives one tree the benchmarks of another, so that both are asked the same. */
export function askTheSame(asked: Tree, { folder }: Tree): void {
  if (existsSync(join(asked.folder, 'bench'))) {
    renameSync(join(asked.folder, 'bench'), join(asked.folder, ownBench));
  }
  cpSync(join(folder, 'bench'), join(asked.folder, 'bench'), { recursive: true });
}

function tree(repository: string, name: string, fill: (folder: string) => void): Tree {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'troupe-tree-'));
  const dispose = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    fill(folder);
    for (const path of installed.filter((one) => existsSync(join(repository, one)))) {
      symlinkSync(realpathSync(join(repository, path)), join(folder, path), 'junction');
    }
  } catch (failure) {
    dispose();
    throw failure;
  }
  return { folder, name, [Symbol.dispose]: dispose };
}
