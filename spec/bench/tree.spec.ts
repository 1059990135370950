import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askTheSame, ownBench, treeAsItStands, treeOfCommit } from '../../bench/harness/tree.ts';

let repository: string;

const git = (...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=one', '-c', 'user.email=one@example.org', ...args], {
    cwd: repository,
    encoding: 'utf8',
  }).trim();

const write = (file: string, text: string): void => writeFileSync(join(repository, file), text);

beforeEach(() => {
  repository = mkdtempSync(join(realpathSync(tmpdir()), 'troupe-repository-'));
  git('init', '--quiet');
  mkdirSync(join(repository, 'bench'));
  mkdirSync(join(repository, 'node_modules'));
  write('node_modules/package.js', 'installed');
  write('.gitignore', 'node_modules\nignored\n');
  write('bench/tell.bench.ts', 'old question');
  write('room.ts', 'old');
  write('gone.ts', 'gone');
  git('add', '.');
  git('commit', '--quiet', '--message', 'Begin');
  write('bench/tell.bench.ts', 'new question');
  write('room.ts', 'new');
  write('untracked.ts', 'not yet added');
  write('ignored', 'not wanted');
  rmSync(join(repository, 'gone.ts'));
});

afterEach(() => rmSync(repository, { recursive: true, force: true }));

describe('a tree', () => {
  it('of a commit has its files and the packages that are installed, and leaves nothing behind', () => {
    const before = git('status', '--porcelain');
    const tree = treeOfCommit(repository, 'HEAD');

    const read = (file: string): string => readFileSync(join(tree.folder, file), 'utf8');
    expect([read('room.ts'), read('gone.ts'), read('node_modules/package.js')]).toEqual([
      'old',
      'gone',
      'installed',
    ]);
    tree[Symbol.dispose]();

    expect(existsSync(tree.folder)).toBe(false);
    expect(existsSync(join(repository, 'node_modules/package.js'))).toBe(true);
    expect(git('worktree', 'list').split('\n')).toHaveLength(1);
    expect(git('status', '--porcelain')).toBe(before);
  });

  it('as it stands has what is not committed, without what is deleted or ignored', () => {
    using tree = treeAsItStands(repository);

    const has = (file: string): boolean => existsSync(join(tree.folder, file));
    expect(readFileSync(join(tree.folder, 'room.ts'), 'utf8')).toBe('new');
    expect(['untracked.ts', 'gone.ts', 'ignored', 'node_modules'].map(has)).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  it('is asked what another one is asked, and keeps its own questions aside', () => {
    using base = treeOfCommit(repository, 'HEAD');
    using head = treeAsItStands(repository);

    askTheSame(base, head);

    const asked = (bench: string): string => readFileSync(join(base.folder, bench, 'tell.bench.ts'), 'utf8');
    expect([asked('bench'), asked(ownBench)]).toEqual(['new question', 'old question']);
  });

  it('of what is no commit is refused, and its folder is taken away', () => {
    expect(() => treeOfCommit(repository, 'nowhere')).toThrow('nowhere');
  });
});
