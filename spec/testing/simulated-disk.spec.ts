import * as nodeFiles from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import type { Files, OpenFile, OpenFlags } from '../../src/core/files.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import type { DiskError } from '../../src/testing/disk-error.ts';
import { type DiskOptions, SimulatedDisk } from '../../src/testing/simulated-disk.ts';
import { aWorld } from '../support/a-world.ts';

/** Answers of a run by what is asked: those not named are quiet. */
const answering =
  (answers: Record<string, number | ((count: number) => number)>) =>
  (count: number, what: string): number => {
    const answer = answers[what] ?? 0;
    return typeof answer === 'function' ? answer(count) : answer;
  };

const last = (count: number): number => count - 1;

const aDisk = (answers: Parameters<typeof answering>[0] = {}, options: DiskOptions = {}) => {
  const world = aWorld({ choose: answering(answers) });
  return { world, disk: new SimulatedDisk(world, options) };
};

/** Runs code in the world of a disk. */
const using = async (
  code: (disk: SimulatedDisk) => Promise<unknown>,
  answers: Parameters<typeof answering>[0] = {},
  options: DiskOptions = {},
): Promise<SimulatedDisk> => {
  const { world, disk } = aDisk(answers, options);
  await world.run(() => code(disk));
  return disk;
};

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (read: Uint8Array): string => new TextDecoder().decode(read);

const append = async (file: OpenFile, words: string): Promise<void> => {
  await file.write(bytes(words), 0, bytes(words).length, null);
};

const keep = async (files: Files, path: string, words: string): Promise<void> => {
  const file = await files.open(path, 'w');
  await append(file, words);
  await file.sync();
  await file.close();
  const directory = await files.open(join(path, '..'), 'r');
  await directory.sync();
  await directory.close();
};

const codeOf = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise;
  } catch (failure) {
    return (failure as DiskError).code;
  }
  return 'it was to fail';
};

/** Told twice: what the simulated disk does, the machine's does. */
describe.each([
  [
    'a simulated disk',
    async (code: (files: Files, root: string) => Promise<void>) => {
      await using((disk) => code(disk, '/'));
    },
  ],
  [
    'the disk of the machine',
    async (code: (files: Files, root: string) => Promise<void>) => {
      const root = await nodeFiles.mkdtemp(join(tmpdir(), 'files-'));
      onTestFinished(() => nodeFiles.rm(root, { recursive: true }));
      await code(nodeFiles, root);
    },
  ],
])('%s', (_, on) => {
  it('reads what was written', () =>
    on(async (files, root) => {
      const file = await files.open(join(root, 'log'), 'w+');
      await append(file, 'one');
      await append(file, 'two');
      const buffer = new Uint8Array(10);

      expect(await file.read(buffer, 1, 9, 0)).toMatchObject({ bytesRead: 6 });
      expect(text(buffer.subarray(1, 7))).toBe('onetwo');
      expect((await file.read(buffer, 0, 10, 6)).bytesRead).toBe(0);
      await file.write(bytes('TW'), 0, 2, 3);
      expect(text(await files.readFile(join(root, 'log')))).toBe('oneTWo');
      await file.close();
    }));

  it('reads on where the last read ended', () =>
    on(async (files, root) => {
      await keep(files, join(root, 'log'), 'abcdef');
      const file = await files.open(join(root, 'log'), 'r');
      const buffer = new Uint8Array(4);
      await file.read(buffer, 0, 4, null);

      expect((await file.read(buffer, 0, 4, null)).bytesRead).toBe(2);
      await file.close();
    }));

  it('appends, empties, cuts off and fills up', () =>
    on(async (files, root) => {
      const path = join(root, 'log');
      await keep(files, path, 'abcdef');
      const appending = await files.open(path, 'a');
      await appending.write(bytes('gh'), 0, 2, 0);
      await appending.close();
      expect(text(await files.readFile(path))).toBe('abcdefgh');

      const file = await files.open(path, 'r+');
      await file.truncate(2);
      await file.truncate(4);
      expect([...(await files.readFile(path))]).toEqual([97, 98, 0, 0]);
      expect((await file.stat()).size).toBe(4);
      await file.datasync();
      await file.close();
      await (await files.open(path, 'w')).close();
      expect((await files.stat(path)).size).toBe(0);
    }));

  it('has directories, and names that move', () =>
    on(async (files, root) => {
      await files.mkdir(join(root, 'a/b'), { recursive: true });
      await files.mkdir(join(root, 'a/b'), { recursive: true });
      await keep(files, join(root, 'a/one'), '1');
      await keep(files, join(root, 'a/b/two'), '2');
      await files.rename(join(root, 'a/one'), join(root, 'a/b/two'));
      await files.rename(join(root, 'a/b/two'), join(root, 'a/b/two'));

      expect(await files.readdir(join(root, 'a'))).toEqual(['b']);
      expect(text(await files.readFile(`${root}/a/../a/./b/two`))).toBe('1');
      await files.unlink(join(root, 'a/b/two'));
      expect(await files.readdir(join(root, 'a/b'))).toEqual([]);
      const status = await files.stat(join(root, 'a'));
      expect([status.isDirectory(), status.isFile()]).toEqual([true, false]);
      expect((await files.stat(root)).isDirectory()).toBe(true);
    }));

  it('keeps a file whose name is gone for whoever has it open', () =>
    on(async (files, root) => {
      await keep(files, join(root, 'log'), 'abc');
      const file = await files.open(join(root, 'log'), 'r');
      await files.unlink(join(root, 'log'));

      expect((await file.read(new Uint8Array(3), 0, 3, 0)).bytesRead).toBe(3);
      await file.close();
    }));

  it('refuses with the same codes', () =>
    on(async (files, root) => {
      const at = (path: string): string => join(root, path);
      await keep(files, at('file'), 'x');
      await files.mkdir(at('full'));
      await keep(files, at('full/file'), 'x');
      await files.mkdir(at('empty'));
      const reading = await files.open(at('file'), 'r');
      const writing = await files.open(at('file'), 'a');
      const directory = await files.open(at('full'), 'r');
      const one = new Uint8Array(1);

      expect(await codeOf(files.open(at('none'), 'r'))).toBe('ENOENT');
      expect(await codeOf(files.open(at('none/file'), 'w'))).toBe('ENOENT');
      expect(await codeOf(files.open(at('file/file'), 'w'))).toBe('ENOTDIR');
      expect(await codeOf(files.open(at('file'), 'wx'))).toBe('EEXIST');
      expect(await codeOf(files.open(at('full'), 'w'))).toBe('EISDIR');
      expect(await codeOf(files.readFile(at('full')))).toBe('EISDIR');
      expect(await codeOf(files.stat(at('none')))).toBe('ENOENT');
      expect(await codeOf(files.readdir(at('file')))).toBe('ENOTDIR');
      expect(await codeOf(files.readdir(at('none')))).toBe('ENOENT');
      expect(await codeOf(files.unlink(at('none')))).toBe('ENOENT');
      expect(await codeOf(files.mkdir(at('file')))).toBe('EEXIST');
      expect(await codeOf(files.mkdir(at('full')))).toBe('EEXIST');
      expect(await codeOf(files.mkdir(at('file'), { recursive: true }))).toBe('EEXIST');
      expect(await codeOf(files.rename(at('none'), at('other')))).toBe('ENOENT');
      expect(await codeOf(files.rename(at('file'), at('full')))).toBe('EISDIR');
      expect(await codeOf(files.rename(at('empty'), at('full')))).toBe('ENOTEMPTY');
      expect(await codeOf(files.rename(at('empty'), at('file')))).toBe('ENOTDIR');
      expect(await codeOf(files.rename(at('full'), at('full/inside')))).toBe('EINVAL');
      expect(await codeOf(files.rename(at('file/inside'), at('other')))).toBe('ENOTDIR');
      await writing.truncate(1);
      await writing.write(one, 0, 0, null);
      expect(await codeOf(reading.write(one, 0, 1, 0))).toBe('EBADF');
      expect(await codeOf(reading.truncate(0))).toBe('EINVAL');
      expect(await codeOf(writing.read(one, 0, 1, 0))).toBe('EBADF');
      expect(await codeOf(directory.read(one, 0, 1, 0))).toBe('EISDIR');
      expect((await directory.stat()).isDirectory()).toBe(true);
      await Promise.all([reading.close(), writing.close(), directory.close()]);
      expect(await codeOf(reading.read(one, 0, 1, 0))).toBe('EBADF');
      await files.rename(at('full'), at('empty'));
      expect(await files.readdir(root)).toEqual(['empty', 'file']);
    }));

  it('is closed as often as one likes', () =>
    on(async (files, root) => {
      const file = await files.open(join(root, 'log'), 'w');
      await Promise.all([file.close(), file.close()]);
      await file.close();

      expect(await codeOf(file.sync())).toBe('EBADF');
    }));

  it('goes on where the last call ended when the position is none', () =>
    on(async (files, root) => {
      const path = join(root, 'log');
      const file = await files.open(path, 'w+');
      for (const [letter, position] of [
        ['a', null],
        ['b', -1],
        ['c', -5],
        ['d', 1.5],
      ] as const) {
        expect(await file.write(bytes(letter), 0, 1, position)).toMatchObject({ bytesWritten: 1 });
      }
      expect(text(await files.readFile(path))).toBe('abcd');
      const reading = await files.open(path, 'r');
      const one = new Uint8Array(1);
      for (const letter of 'abcd') {
        await reading.read(one, 0, 1, -1);
        expect(text(one)).toBe(letter);
      }
      await file.truncate(-1);
      expect((await file.stat()).size).toBe(0);
      await expect(file.truncate(1.5)).rejects.toThrow(RangeError);
      await expect(file.truncate(Number.NaN)).rejects.toThrow(RangeError);
      await Promise.all([file.close(), reading.close()]);
    }));

  it('follows every step of a path', () =>
    on(async (files, root) => {
      const at = (path: string): string => `${root === '/' ? '' : root}${path}`;
      await keep(files, at('/f'), 'x');
      await files.mkdir(at('/d/'));
      const opening = (path: string, flags: OpenFlags) => codeOf(files.open(path, flags));

      for (const flags of ['r', 'w'] as const) {
        expect(await opening('', flags)).toBe('ENOENT');
        expect(await opening(at('/none/../f'), flags)).toBe('ENOENT');
        expect(await opening(at('/f/../f'), flags)).toBe('ENOTDIR');
        expect(await opening(at('/f/.'), flags)).toBe('ENOTDIR');
        expect(await opening(at('/none/.'), flags)).toBe('ENOENT');
      }
      expect(await opening(at('/f/'), 'r')).toBe('ENOTDIR');
      expect(await opening(at('/none/'), 'r')).toBe('ENOENT');
      for (const path of ['/f/', '/none/', '/d/']) expect(await opening(at(path), 'w')).toBe('EISDIR');
      expect(await opening(at('/none/none/'), 'w')).toBe('ENOENT');
      for (const path of ['', at('/none/../f')]) {
        expect(await codeOf(files.stat(path))).toBe('ENOENT');
        expect(await codeOf(files.readFile(path))).toBe('ENOENT');
        expect(await codeOf(files.readdir(path))).toBe('ENOENT');
        expect(await codeOf(files.unlink(path))).toBe('ENOENT');
        expect(await codeOf(files.rename(at('/f'), path))).toBe('ENOENT');
      }
      expect(await codeOf(files.mkdir(''))).toBe('ENOENT');
      expect(await codeOf(files.mkdir('', { recursive: true }))).toBe('ENOENT');
      expect(await codeOf(files.mkdir(at('/f/')))).toBe('EEXIST');
      expect(await codeOf(files.mkdir(at('/f/g')))).toBe('ENOTDIR');
      expect(await codeOf(files.mkdir(at('/f/'), { recursive: true }))).toBe('ENOTDIR');
      expect(await codeOf(files.mkdir(at('/f/g'), { recursive: true }))).toBe('ENOTDIR');
      expect(await codeOf(files.unlink(at('/f/')))).toBe('ENOTDIR');
      expect(await codeOf(files.rename(at('/f'), at('/none/')))).toBe('ENOTDIR');
      expect(await codeOf(files.rename(at('/f/'), at('/none')))).toBe('ENOTDIR');
      expect(await codeOf(files.readdir(at('/f/')))).toBe('ENOTDIR');
      await files.rename(at('/d'), at('/e/'));
      await files.mkdir(at('/a/../b/./c//d'), { recursive: true });
      expect(await files.readdir(root)).toEqual(['a', 'b', 'e', 'f']);
      expect(await files.readdir(at('/b/c/'))).toEqual(['d']);
    }));

  it('refuses what is not within the buffer', () =>
    on(async (files, root) => {
      const file = await files.open(join(root, 'log'), 'w+');

      await expect(file.read(new Uint8Array(2), 1, 2, 0)).rejects.toThrow(RangeError);
      await expect(file.write(new Uint8Array(2), 1, 2, 0)).rejects.toThrow(RangeError);
      await file.close();
    }));
});

describe('a simulated disk that loses power', () => {
  it('keeps what was synced, and loses the rest', async () => {
    await using(
      async (disk) => {
        await keep(disk, '/log', 'safe');
        const file = await disk.open('/log', 'a');
        await append(file, ' and gone');
        await disk.open('/new', 'w');
        disk.crash();

        expect(text(await disk.readFile('/log'))).toBe('safe');
        expect(await disk.readdir('/')).toEqual(['log']);
        expect(await codeOf(file.sync())).toBe('EBADF');
        expect(disk.crashes).toBe(1);
        expect(disk.history).toContain('  create /new: did not happen');
      },
      { 'what survives': 1 },
    );
  });

  it('loses nothing when the run says so', async () => {
    await using(async (disk) => {
      const file = await disk.open('/log', 'w');
      await append(file, 'lucky');
      disk.crash();

      expect(text(await disk.readFile('/log'))).toBe('lucky');
    });
  });

  it('loses nothing when that is none of its faults', async () => {
    await using(
      async (disk) => {
        await append(await disk.open('/log', 'w'), 'lucky');
        const late = disk.stat('/log');
        disk.crash();

        expect(await codeOf(late)).toBe('EIO');
        expect(text(await disk.readFile('/log'))).toBe('lucky');
      },
      { 'what survives': 1, 'whether what was under way was done': 1 },
      { faults: [] },
    );
  });

  it('leaves any version of a page, and any length', async () => {
    await using(
      async (disk) => {
        await keep(disk, '/log', 'a');
        const file = await disk.open('/log', 'r+');
        for (const letter of ['bb', 'ccc', 'dddd']) await file.write(bytes(letter), 0, letter.length, 0);
        disk.crash();

        expect(text(await disk.readFile('/log'))).toBe('bb\0\0');
        expect(disk.history.at(-2)).toBe('  /log: page 0 as it was 2 writes before');
      },
      { 'what survives': 2, 'how many writes of page 0 of /log are lost': 2 },
    );
  });

  it('may keep the length and lose the page, or lose the length', async () => {
    await using(
      async (disk) => {
        await keep(disk, '/log', 'a');
        await append(await disk.open('/log', 'a'), 'bc');
        disk.crash();

        expect(text(await disk.readFile('/log'))).toBe('a');
        expect(disk.history.at(-2)).toBe('  /log: 1 bytes long');
        const file = await disk.open('/log', 'r+');
        await file.truncate(3);
        expect([...(await disk.readFile('/log'))]).toEqual([97, 0, 0]);
      },
      { 'what survives': 2, 'how many writes of size of /log are lost': 1 },
    );
  });

  it.each([
    [1, 'NNoooooo'],
    [3, 'NNNNNNoo'],
    [4, 'ooNNNNNN'],
    [6, 'ooooooNN'],
  ])('tears a page %d', async (cut, left) => {
    await using(
      async (disk) => {
        await keep(disk, '/log', 'oooooooo');
        const file = await disk.open('/log', 'r+');
        await file.write(bytes('NNNNNNNN'), 0, 8, 0);
        disk.crash();

        expect(text(await disk.readFile('/log'))).toBe(left);
        expect(disk.history).toContain('  /log: page 0 torn');
      },
      { 'where a page tears': cut },
      { pageBytes: 8, sectorBytes: 2 },
    );
  });

  it('takes a rename between two directories back as a whole until both were synced', async () => {
    const answers = { 'what survives': 1 };
    const moving = (syncs: readonly string[], names: readonly string[][]) =>
      using(async (disk) => {
        for (const path of ['/a', '/b']) await disk.mkdir(path);
        await keep(disk, '/a/file', 'x');
        await keep(disk, '/b/other', 'y');
        await keep(disk, '/root', 'z');
        await disk.rename('/a/file', '/b/file');
        for (const path of syncs) await (await disk.open(path, 'r')).sync();
        disk.crash();

        expect([await disk.readdir('/a'), await disk.readdir('/b')]).toEqual(names);
      }, answers);

    await moving([], [['file'], ['other']]);
    await moving(['/b'], [['file'], ['other']]);
    await moving(['/a'], [['file'], ['other']]);
    await moving(['/a', '/b'], [[], ['file', 'other']]);
  });

  it('forgets the directory that was not synced, with all in it', async () => {
    await using(
      async (disk) => {
        await disk.mkdir('/a');
        await keep(disk, '/a/file', 'x');
        disk.crash();

        expect(await disk.readdir('/')).toEqual([]);
      },
      { 'what survives': 1 },
    );
  });

  it('does not cover with a sync what is written while it is under way', async () => {
    await using(
      async (disk) => {
        await keep(disk, '/log', 'a');
        const file = await disk.open('/log', 'r+');
        await file.write(bytes('b'), 0, 1, 0);
        const [syncing] = [file.sync(), file.write(bytes('c'), 0, 1, 0)];
        await syncing;
        await file.write(bytes('d'), 0, 1, 0);
        disk.crash();

        expect(text(await disk.readFile('/log'))).toBe('b');
      },
      { 'what survives': 1 },
    );
  });

  it('covers with a sync what was there before, however much is written meanwhile', async () => {
    const { world, disk } = aDisk({ 'whose turn': (count) => Math.min(1, count - 1), 'what survives': 1 });
    await world.run(async () => {
      await keep(disk, '/log', '');
      const file = await disk.open('/log', 'a');
      await append(file, 'A');
      const syncing = file.datasync();
      const writing = [...'BCDEFGHIJKLM'].map((letter) => append(file, letter));
      await syncing;
      disk.crash();
      await Promise.all(writing);

      expect(text(await disk.readFile('/log'))).toBe('A');
    });
  });

  it('keeps what each of several syncs is to cover', async () => {
    let syncsLater = true;
    const whoseTurn = (count: number): number => (syncsLater ? count - 1 : 0);
    const { world, disk } = aDisk({ 'whose turn': whoseTurn, 'what survives': 1 });
    await world.run(async () => {
      await keep(disk, '/log', '');
      const file = await disk.open('/log', 'a');
      const syncing: Promise<void>[] = [];
      for (const letter of 'ABCDEFGHIJKL') {
        await append(file, letter);
        syncing.push(file.sync());
      }
      syncsLater = false;
      await syncing[2];
      disk.crash();
      await Promise.allSettled(syncing);

      expect(text(await disk.readFile('/log'))).toBe('ABC');
    });
  });

  it('does not cover with a sync another page that is written while it is under way', async () => {
    const { world, disk } = aDisk({ 'whose turn': (count) => Math.min(1, count - 1), 'what survives': 1 });
    await world.run(async () => {
      await keep(disk, '/log', 'a');
      const file = await disk.open('/log', 'r+');
      await Promise.all([file.sync(), file.write(bytes('b'), 0, 1, 600)]);
      disk.crash();

      expect(text(await disk.readFile('/log'))).toBe('a');
    });
  });

  it('does not cover with a sync of a directory the names that are made meanwhile', async () => {
    await using(
      async (disk) => {
        await disk.mkdir('/a');
        const directory = await disk.open('/', 'r');
        await Promise.all([disk.mkdir('/b'), directory.sync()]);
        disk.crash();

        expect(await disk.readdir('/')).toEqual(['a']);
      },
      { 'what survives': 1 },
    );
  });

  it('may have done what was under way, and tells nobody', async () => {
    await using(
      async (disk) => {
        await keep(disk, '/log', 'a');
        const file = await disk.open('/log', 'r+');
        await file.write(bytes('b'), 0, 1, 0);
        const syncing = codeOf(file.sync());
        disk.crash();

        expect(await syncing).toBe('EIO');
        expect(text(await disk.readFile('/log'))).toBe('b');
      },
      { 'what survives': 1, 'whether what was under way was done': 1 },
    );
  });

  it('remembers only the latest of many writes that were not synced', async () => {
    await using(
      async (disk) => {
        await keep(disk, '/log', '0');
        const file = await disk.open('/log', 'r+');
        for (let n = 1; n < 20; n += 1) await file.write(bytes(String(n % 10)), 0, 1, 0);
        disk.crash();

        expect(text(await disk.readFile('/log'))).toBe('2');
        expect(disk.history.at(-2)).toBe('  /log: page 0 as it was 7 writes before');
      },
      { 'what survives': 2, 'how many writes of page 0 of /log are lost': 7 },
    );
  });
});

describe('work during which the power fails', () => {
  const three = async (disk: Files, done: string[]): Promise<void> => {
    const file = await disk.open('/log', 'w');
    for (const word of ['a', 'b', 'c']) {
      await append(file, word);
      done.push(word);
    }
  };

  it('has ended first, in the quietest run', async () => {
    await using(async (disk) => {
      const done: string[] = [];

      expect(await disk.crashDuring((files) => three(files, done))).toEqual({ ended: true, operations: 4 });
      expect(done).toEqual(['a', 'b', 'c']);
      expect(disk.operations).toBe(4);
    });
  });

  it('is cut after the operation that the run chooses, of which it has heard', async () => {
    await using(
      async (disk) => {
        const done: string[] = [];

        expect(await disk.crashDuring((files) => three(files, done))).toMatchObject({ ended: false });
        expect(done).toEqual(['a']);
      },
      { 'after how many operations the power fails': 2 },
    );
  });

  it('may end before that, or fail by itself', async () => {
    const failure = new RangeError('my own');
    await using(
      async (disk) => {
        expect(await disk.crashDuring((files) => three(files, []))).toEqual({ ended: true, operations: 4 });
        expect(
          await disk.crashDuring(() => {
            throw failure;
          }),
        ).toEqual({ ended: true, operations: 0, failure });
        expect(disk.crashes).toBe(2);
      },
      { 'after how many operations the power fails': 60 },
    );
  });

  it('stands still from then on, although it catches and tries again', async () => {
    await using(
      async (disk) => {
        const caught: unknown[] = [];
        await disk.crashDuring(async (files) => {
          const file = await files.open('/log', 'a');
          for (const letter of 'abc') {
            for (;;) {
              try {
                await append(file, letter);
                await file.sync();
                break;
              } catch (failure) {
                caught.push(failure);
              }
            }
          }
        });
        const [one, operations] = [await disk.readFile('/log'), disk.operations];
        for (let n = 0; n < 5; n += 1) await disk.readdir('/');

        expect(await disk.readFile('/log')).toEqual(one);
        expect(disk.operations).toBe(operations + 6);
        expect(caught).toEqual([]);
      },
      { 'after how many operations the power fails': 3 },
    );
  });

  it('can call nothing any more that would be done or answered', async () => {
    await using(async (disk) => {
      const over: string[] = [];
      let left: Promise<unknown>[] = [];
      await disk.crashDuring(async (files) => {
        const file = await files.open('/log', 'w+');
        disk.crash();
        const one = new Uint8Array(1);
        left = [
          file.read(one, 0, 1, 0),
          file.write(one, 0, 1, 0),
          file.truncate(0),
          file.stat(),
          file.sync(),
          file.datasync(),
          file.close(),
          files.open('/other', 'w'),
          files.readFile('/log'),
          files.readdir('/'),
          files.stat('/log'),
          files.rename('/log', '/other'),
          files.unlink('/log'),
          files.mkdir('/a'),
        ];
        await Promise.race(left).finally(() => over.push('answered'));
        over.push('went on');
      });
      expect(left).toHaveLength(14);

      expect(await disk.readdir('/')).toEqual(['log']);
      expect([over, disk.crashes]).toEqual([[], 1]);
    });
  });

  it('has the files of the disk until then, with their failures', async () => {
    await using(async (disk) => {
      const cut = await disk.crashDuring(async (files) => {
        await files.mkdir('/a');
        const file = await files.open('/a/one', 'w+');
        await append(file, 'abc');
        await file.truncate(2);
        await file.datasync();
        expect((await file.stat()).size).toBe(2);
        expect((await file.read(new Uint8Array(9), 0, 9, 0)).bytesRead).toBe(2);
        await file.close();
        await files.rename('/a/one', '/a/two');
        expect(await files.readdir('/a')).toEqual(['two']);
        expect(text(await files.readFile('/a/two'))).toBe('ab');
        expect((await files.stat('/a')).isDirectory()).toBe(true);
        await files.unlink('/a/two');
        expect(await codeOf(files.unlink('/a/two'))).toBe('ENOENT');
      });

      expect(cut).toEqual({ ended: true, operations: 14 });
    });
  });

  it('is cut together with other work that is under way', async () => {
    await using(
      async (disk) => {
        const done: string[] = [];
        const cuts = await Promise.all([1, 2].map(() => disk.crashDuring((files) => three(files, done), 5)));

        expect(cuts).toMatchObject([{ ended: false }, { ended: false }]);
        expect(disk.crashes).toBe(1);
      },
      { 'after how many operations the power fails': 3 },
    );
  });

  it('loses power once, although it ends meanwhile', async () => {
    await using(
      async (disk) => {
        await disk.crashDuring((files) => three(files, []));
        await disk.readdir('/');

        expect(disk.crashes).toBe(1);
      },
      { 'after how many operations the power fails': 4 },
    );
  });
});

describe('a simulated disk that is not well', () => {
  const struck = (what: string, more: Parameters<typeof answering>[0] = {}) => ({ [what]: last, ...more });

  it('forgets what a failed sync was to write, and shows it until the crash', async () => {
    await using(
      async (disk) => {
        const file = await disk.open('/log', 'w+');
        await append(file, 'abc');
        expect(await codeOf(file.sync())).toBe('EIO');
        expect(text(await disk.readFile('/log'))).toBe('abc');
        await file.sync();
        disk.crash();

        expect([...(await disk.readFile('/log'))]).toEqual([0, 0, 0]);
      },
      struck('fault: a sync fails', { 'what a failed sync does': 1 }),
      { faults: ['sync', 'lose'], faultsMax: 1 },
    );
  });

  it('takes back what a failed sync was to write', async () => {
    await using(
      async (disk) => {
        const file = await disk.open('/log', 'w+');
        await append(file, 'abc');
        expect(await codeOf(file.sync())).toBe('EIO');

        expect(text(await disk.readFile('/log'))).toBe('');
      },
      struck('fault: a sync fails', { 'what a failed sync does': 2 }),
      { faults: ['sync'], faultsMax: 1 },
    );
  });

  it('does not take back what was written since', async () => {
    const { world, disk } = aDisk(
      {
        'fault: a sync fails': last,
        'what a failed sync does': 2,
        'whose turn': (count) => Math.min(1, count - 1),
      },
      { faults: ['sync'], faultsMax: 1 },
    );
    await world.run(async () => {
      const file = await disk.open('/log', 'w+');
      await append(file, 'abc');
      await Promise.all([codeOf(file.sync()), append(file, 'd')]);

      expect((await disk.readFile('/log')).length).toBe(4);
    });
  });

  it('keeps what a failed sync was to write, to be tried again', async () => {
    await using(
      async (disk) => {
        const file = await disk.open('/log', 'w+');
        await append(file, 'abc');
        expect(await codeOf(file.sync())).toBe('EIO');
        await file.sync();
        await (await disk.open('/', 'r')).sync();
        disk.crash();

        expect(text(await disk.readFile('/log'))).toBe('abc');
      },
      struck('fault: a sync fails'),
      { faults: ['sync', 'lose'], faultsMax: 1 },
    );
  });

  it('fails to sync a directory', async () => {
    await using(
      async (disk) => {
        await disk.open('/log', 'w');
        const directory = await disk.open('/', 'r');

        expect(await codeOf(directory.sync())).toBe('EIO');
        await directory.sync();
      },
      struck('fault: a sync fails'),
      { faults: ['sync'], faultsMax: 1 },
    );
  });

  it('is full, after a part of a write or at once, until something is given back', async () => {
    await using(
      async (disk) => {
        const file = await disk.open('/log', 'w+');
        expect((await file.write(bytes('abcdef'), 0, 6, null)).bytesWritten).toBe(2);
        expect(await codeOf(file.write(new Uint8Array(600), 0, 600, 512))).toBe('ENOSPC');
        expect((await file.write(bytes('xyz'), 0, 3, 0)).bytesWritten).toBe(3);
        expect(await codeOf(file.truncate(10_000))).toBe('ENOSPC');
        await file.truncate(0);
        expect((await file.write(bytes('abcdef'), 0, 6, 0)).bytesWritten).toBe(6);
      },
      struck('fault: the disk is full', { 'how much still fits': 2 }),
      { faults: ['full'], faultsMax: 1 },
    );
  });

  it('holds no more than its capacity', async () => {
    await using(
      async (disk) => {
        const file = await disk.open('/log', 'w+');
        expect((await file.write(new Uint8Array(20), 0, 20, 0)).bytesWritten).toBe(16);
        expect(await codeOf(file.write(new Uint8Array(4), 0, 4, 16))).toBe('ENOSPC');
        expect((await file.write(new Uint8Array(0), 0, 0, 16)).bytesWritten).toBe(0);
        await disk.mkdir('/a');
        const other = await disk.open('/a/other', 'w');
        expect(await codeOf(append(other, 'x'))).toBe('ENOSPC');
        await file.truncate(8);
        await append(other, 'x');
      },
      {},
      { capacityBytes: 20, pageBytes: 8 },
    );
  });

  it('does less than it was asked to', async () => {
    await using(
      async (disk) => {
        const file = await disk.open('/log', 'w+');
        expect((await file.write(bytes('abcdef'), 0, 6, 0)).bytesWritten).toBe(3);
        expect((await file.read(new Uint8Array(6), 0, 3, 0)).bytesRead).toBe(3);
        expect((await file.write(bytes('a'), 0, 1, 0)).bytesWritten).toBe(1);
      },
      struck('fault: less is done than was asked for', { 'how much of it is done': 2 }),
      { faults: ['short'], faultsMax: 2 },
    );
  });

  it('fails to read', async () => {
    await using(
      async (disk) => {
        await keep(disk, '/log', 'abc');

        expect(await codeOf(disk.readFile('/log'))).toBe('EIO');
        expect(text(await disk.readFile('/log'))).toBe('abc');
      },
      struck('fault: a read fails'),
      { faults: ['read'], faultsMax: 1 },
    );
  });

  it('flips a bit of any file at a crash', async () => {
    await using(
      async (disk) => {
        await keep(disk, '/log', 'x'.repeat(1_000));
        await disk.open('/empty', 'w');
        disk.crash();
        disk.crash();

        const read = await disk.readFile('/log');
        expect([...read].flatMap((byte, n) => (byte === 120 ? [] : [n, byte]))).toEqual([
          3 * 256 - 1 + 1,
          121,
        ]);
        expect(disk.history).toContain('  /log: bit 0 of byte 768 flipped');
      },
      struck('fault: a bit flips', { 'which byte': (count) => (count <= 4 ? 3 : 0) }),
      { faults: ['flip'], faultsMax: 1 },
    );
  });

  it('cannot flip what is not there', async () => {
    await using(async (disk) => disk.crash(), struck('fault: a bit flips'), { faults: ['flip'] });
  });
});

describe('what a simulated disk refuses', () => {
  it('is a page that is no number of sectors, and flags that nobody knows', async () => {
    const { world, disk } = aDisk();

    expect(() => new SimulatedDisk(world, { pageBytes: 10, sectorBytes: 4 })).toThrow(
      'pageBytes is a multiple of sectorBytes, both whole numbers; got 10 and 4',
    );
    await expect(disk.open('/log', 'rw' as 'r')).rejects.toThrow("got 'rw'");
  });

  it('is to unlink or empty a directory, or to move that of all', async () => {
    await using(async (disk) => {
      await disk.mkdir('/a');

      expect(await codeOf(disk.unlink('/a'))).toBe('EISDIR');
      expect(await codeOf(disk.unlink('/'))).toBe('EISDIR');
      expect(await codeOf(disk.rename('/', '/a'))).toBe('EBUSY');
      expect(await codeOf(disk.rename('/a', '/'))).toBe('EBUSY');
      expect(await codeOf(disk.mkdir('/'))).toBe('EEXIST');
      await disk.mkdir('/', { recursive: true });
      await disk.mkdir('/../b');
      expect(await disk.readdir('/..')).toEqual(['a', 'b']);
      expect(await codeOf(disk.open('/', 'wx'))).toBe('EEXIST');
      expect(await codeOf(disk.open('/', 'w'))).toBe('EISDIR');
      expect(await codeOf((await disk.open('/', 'r')).write(bytes('x'), 0, 1, 0))).toBe('EISDIR');
    });
  });
});

describe('an agent that keeps a file', () => {
  const Note = defineTopic('note', { schema: type<string>(), reply: type<string>() });
  const keeper = (disk: SimulatedDisk) =>
    defineAgent({
      name: 'keeper',
      subscribe: [Note],
      receive: async (word) => {
        await keep(disk, `/${word}`, word);
        return `kept ${word}`;
      },
    });

  it('fails with the disk, and goes on after it', async () => {
    const { world, disk } = aDisk({ 'what survives': 1 });
    const { system } = world;
    await world.run(async () => {
      system.spawn(keeper(disk));
      await system.request(Note, 'a');
      const lost = system.request(Note, 'b');
      system.tell(
        system.spawn(defineAgent({ name: 'saboteur', subscribe: [Note], receive: () => void disk.crash() }), {
          subscribe: false,
        }),
        'now',
      );

      await expect(lost).rejects.toThrow('EIO: i/o error');
      expect(await system.request(Note, 'c')).toBe('kept c');
      expect(await disk.readdir('/')).toEqual(['a', 'c']);
    });
  });
});

describe('the time of a simulated disk', () => {
  it('is that of its world', async () => {
    const { world, disk } = aDisk({}, { latencyMs: 5 });
    await world.run(() => keep(disk, '/log', 'abc'));

    expect(world.nowMs).toBe(35);
  });

  it('lets operations that are under way together happen in any order', async () => {
    const { world, disk } = aDisk({ 'whose turn': last });
    const done: string[] = [];
    await world.run(async () => {
      await Promise.all(
        ['/a', '/b'].map(async (path) => {
          await disk.mkdir(path);
          done.push(path);
        }),
      );
    });

    expect(done).toEqual(['/b', '/a']);
  });

  it('remembers the last thousand operations', async () => {
    const disk = await using(async (one) => {
      for (let n = 0; n < 1_005; n += 1) await one.readdir('/');
    });

    expect(disk.history).toHaveLength(1_000);
  });
});
