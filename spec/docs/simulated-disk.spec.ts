/** The code of docs/guides/simulated-disk.md. */
import * as machine from 'node:fs/promises';
import { CounterexampleFound, explore, type Files, type OpenFile, SimulatedDisk } from 'troupe/testing';
import { expect, it } from 'vitest';

// #region log
const encode = (line: string) => new TextEncoder().encode(`${line}\n`);

/** A log of lines. `append` resolves when the line is safe; or so it says. */
class Log {
  readonly #file: OpenFile;

  constructor(file: OpenFile) {
    this.#file = file;
  }

  static async open(files: Files): Promise<Log> {
    return new Log(await files.open('/log', 'a'));
  }

  async append(line: string): Promise<void> {
    const bytes = encode(line);
    await this.#file.write(bytes, 0, bytes.length, null);
    await this.#file.datasync();
  }
}
// #endregion

// #region read
const linesOf = async (files: Files): Promise<string[]> => {
  const names = await files.readdir('/');
  if (!names.includes('log')) return [];
  return new TextDecoder()
    .decode(await files.readFile('/log'))
    .split('\n')
    .slice(0, -1);
};
// #endregion

// #region mended
class SafeLog extends Log {
  static override async open(files: Files): Promise<Log> {
    const log = await Log.open(files);
    const directory = await files.open('/', 'r');
    await directory.sync(); // Now the name is safe, too.
    await directory.close();
    return log;
  }
}
// #endregion

const words = ['one', 'two', 'three'];

const exploreTheLog = (open: (files: Files) => Promise<Log>) =>
  // #region explore
  explore(
    async (_system, world) => {
      const disk = new SimulatedDisk(world);
      const acknowledged: string[] = [];
      await disk.crashDuring(async (files) => {
        const log = await open(files);
        for (const word of words) {
          await log.append(word);
          acknowledged.push(word);
        }
      });
      const survived = await linesOf(disk);
      if (acknowledged.some((word, n) => survived[n] !== word)) {
        throw new Error(`acknowledged ${acknowledged}, found ${survived}\n${disk.history.join('\n')}`);
      }
    },
    { runs: 1_000, seed: 1 },
    () => {},
  );
// #endregion

it('finds the log that forgets its own name', async () => {
  const found = await exploreTheLog(Log.open).catch((failure: unknown) => failure);

  expect(found).toBeInstanceOf(CounterexampleFound);
  expect((found as Error).message).toContain(
    ['acknowledged one,two,three, found ', 'open /log', 'write /log'].join('\n'),
  );
  expect((found as Error).message).toContain(['the power fails', '  create /log: did not happen'].join('\n'));
});

it('finds nothing in the one that is mended', async () => {
  await exploreTheLog(SafeLog.open);
});

it('is the port of the machine', () => {
  // #region machine
  const files: Files = machine; // node:fs/promises
  // #endregion
  expect(files.open).toBe(machine.open);
});
