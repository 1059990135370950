/** A simulated disk against the simplest reference there is: which bytes may be where. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Files, OpenFile, OpenFlags } from '../../src/core/files.ts';
import { explore } from '../../src/testing/explore.ts';
import { type DiskWorld, SimulatedDisk } from '../../src/testing/simulated-disk.ts';
import { readTape } from '../../src/testing/tape.ts';
import { World } from '../../src/testing/world.ts';
import { lawExploration, lawParameters, lawTimeoutMs } from '../support/law-runs.ts';

const names = ['a', 'b', 'c'] as const;
type Name = (typeof names)[number];

type Command =
  | { readonly do: 'write'; readonly name: Name; readonly position: number; readonly length: number }
  | { readonly do: 'truncate'; readonly name: Name; readonly length: number }
  | { readonly do: 'sync'; readonly name: Name }
  | {
      /** A sync, and while it is under way so many writes; and, if it says so, a crash before all of them are done. */
      readonly do: 'syncAmid';
      readonly name: Name;
      readonly position: number;
      readonly writes: number;
      readonly crashes: boolean;
    }
  | { readonly do: 'syncNames' }
  | { readonly do: 'crash' }
  | { readonly do: 'rename'; readonly name: Name; readonly to: Name }
  | { readonly do: 'unlink'; readonly name: Name };

const aName = fc.constantFrom(...names);
const aCommand: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      name: aName,
      position: fc.nat(24),
      length: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('truncate' as const), name: aName, length: fc.nat(24) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('sync' as const), name: aName }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('syncAmid' as const),
      name: aName,
      position: fc.nat(12),
      writes: fc.integer({ min: 1, max: 20 }),
      crashes: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('syncNames' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rename' as const), name: aName, to: aName }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unlink' as const), name: aName }) },
);

/** What a file is, and what each of its bytes may be after a crash. */
class ReferenceFile {
  now: number[] = [];
  /** For each place: what it was at the last sync, and all that it has been since. */
  may: Set<number>[] = [];
  lengths = new Set([0]);

  /** What it is after a write. */
  with(position: number, length: number, byte: number): number[] {
    const bytes = [...this.now];
    while (bytes.length < position) bytes.push(0);
    bytes.splice(position, length, ...new Array(length).fill(byte));
    return bytes;
  }

  become(now: number[]): void {
    this.now = now;
    this.lengths.add(now.length);
    for (let place = 0; place < Math.max(now.length, this.may.length); place += 1) {
      this.may[place] ??= new Set([0]);
      this.may[place]!.add(now[place] ?? 0);
    }
  }

  sync(): void {
    this.lengths = new Set([this.now.length]);
    this.may = this.now.map((byte) => new Set([byte]));
  }
}

/** Which file each name may be after a crash: that of the last sync, and those that it has been since. */
class Reference {
  now = new Map<Name, ReferenceFile>();
  may = new Map<Name, Set<ReferenceFile | undefined>>(names.map((name) => [name, new Set([undefined])]));

  name(name: Name, file: ReferenceFile | undefined): void {
    if (file === undefined) this.now.delete(name);
    else this.now.set(name, file);
    this.may.get(name)!.add(file);
  }

  syncNames(): void {
    for (const name of names) this.may.set(name, new Set([this.now.get(name)]));
  }
}

describe('a simulated disk', () => {
  it(
    'law: what was synced survives every crash, byte for byte, and nothing appears that was never written',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.boolean(),
          fc.array(aCommand, { maxLength: 30 }),
          fc.array(fc.nat(255), { maxLength: 200, size: 'max' }),
          async (namesAreSafe, commands, tape) => {
            const world = new World({ choose: readTape(tape) });
            const all = namesAreSafe ? [...eachName, ...commands] : commands;
            try {
              await world.run(() => checkAll(world, all));
            } finally {
              world.close();
            }
          },
        ),
        { ...lawParameters, examples: [grownOverWhatWasLost, writtenWhileSynced] },
      );
    },
    lawTimeoutMs,
  );
});

/** A file of each name, and the names are safe. */
const eachName: readonly Command[] = [
  ...names.map((name) => ({ do: 'write' as const, name, position: 0, length: 8 })),
  { do: 'syncNames' },
];

/** What a page held behind the end that it has after a crash is not there when the file grows again. */
const grownOverWhatWasLost: [boolean, Command[], number[]] = [
  false,
  [
    { do: 'write', name: 'c', position: 0, length: 2 },
    { do: 'truncate', name: 'c', length: 1 },
    { do: 'crash' },
    { do: 'write', name: 'c', position: 2, length: 1 },
  ],
  [0, 4],
];

/** More writes than there are versions of a page, while a sync of what was there before is under way. */
const writtenWhileSynced: [boolean, Command[], number[]] = [
  true,
  [{ do: 'syncAmid', name: 'a', position: 0, writes: 15, crashes: true }],
  [1, 46, 15, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 109],
];

async function checkAll(world: DiskWorld, commands: readonly Command[]): Promise<void> {
  const disk = new SimulatedDisk(world, { pageBytes: 8, sectorBytes: 2, faultsMax: 100 });
  let reference = new Reference();
  let written = 0;
  for (const command of commands) {
    if (command.do === 'crash') {
      disk.crash();
      reference = await checkAfterCrash(disk, reference);
    } else if (command.do === 'syncNames') {
      await opened(disk, '/', 'r', (directory) => directory.sync());
      reference.syncNames();
    } else if (command.do === 'write') {
      written += 1;
      const { name, position, length } = command;
      await opened(disk, `/${name}`, reference.now.has(name) ? 'r+' : 'w', async (file) => {
        await file.write(new Uint8Array(length).fill(written), 0, length, position);
      });
      const file = reference.now.get(name) ?? new ReferenceFile();
      file.become(file.with(position, length, written));
      if (!reference.now.has(name)) reference.name(name, file);
    } else if (command.do === 'syncAmid') {
      if (reference.now.has(command.name)) {
        const bytes = Array.from({ length: command.writes }, (_, n) => written + n + 1);
        written += command.writes;
        await syncAmid(disk, reference.now.get(command.name)!, command, bytes);
        if (command.crashes) {
          disk.crash();
          reference = await checkAfterCrash(disk, reference);
        }
      }
    } else if (reference.now.has(command.name)) {
      await onExisting(disk, reference, command);
    }
    await checkNow(disk, reference);
  }
}

/** Syncs a file while it is written: what was there when the sync was called is covered, the rest may be there. */
async function syncAmid(
  disk: SimulatedDisk,
  file: ReferenceFile,
  { name, position, crashes }: Extract<Command, { do: 'syncAmid' }>,
  bytes: readonly number[],
): Promise<void> {
  const one = await disk.open(`/${name}`, 'r+');
  const syncing = one.sync();
  file.sync();
  const left = new Set(bytes);
  const writing = bytes.map(async (byte) => {
    await one.write(new Uint8Array(2).fill(byte), 0, 2, position);
    left.delete(byte);
    file.become(file.with(position, 2, byte));
  });
  await syncing;
  if (crashes) {
    // The crash comes at once: those that are not done may be, in whatever order they were called.
    void Promise.allSettled(writing);
    const { now } = file;
    for (const byte of left) file.become(file.with(position, 2, byte));
    file.now = now;
  } else {
    await Promise.all(writing);
    await one.close();
  }
}

async function onExisting(
  disk: SimulatedDisk,
  reference: Reference,
  command: Exclude<Command, { do: 'crash' } | { do: 'syncNames' } | { do: 'write' } | { do: 'syncAmid' }>,
): Promise<void> {
  const { name } = command;
  const file = reference.now.get(name)!;
  switch (command.do) {
    case 'sync':
      await opened(disk, `/${name}`, 'r', (one) => one.sync());
      file.sync();
      break;
    case 'truncate': {
      await opened(disk, `/${name}`, 'r+', (one) => one.truncate(command.length));
      const { now } = file;
      file.become(Array.from({ length: command.length }, (_, place) => now[place] ?? 0));
      break;
    }
    case 'unlink':
      await disk.unlink(`/${name}`);
      reference.name(name, undefined);
      break;
    case 'rename':
      await disk.rename(`/${name}`, `/${command.to}`);
      if (name !== command.to) {
        reference.name(name, undefined);
        reference.name(command.to, file);
      }
      break;
  }
}

/** Without a crash a disk is what everybody knows. */
async function checkNow(disk: SimulatedDisk, reference: Reference): Promise<void> {
  expect(await disk.readdir('/')).toEqual([...reference.now.keys()].toSorted());
  for (const [name, file] of reference.now) {
    expect([...(await disk.readFile(`/${name}`))]).toEqual(file.now);
  }
}

/** Finds the file that each name is now among those that it may be, and goes on from there. */
async function checkAfterCrash(disk: SimulatedDisk, reference: Reference): Promise<Reference> {
  const there = await disk.readdir('/');
  const after = new Reference();
  for (const name of names) {
    const may = [...reference.may.get(name)!];
    if (!there.includes(name)) {
      expect(may, `${name} is gone`).toContain(undefined);
      continue;
    }
    const bytes = [...(await disk.readFile(`/${name}`))];
    const file = may.find((one) => one !== undefined && mayBe(one, bytes));
    expect(file, `${name} is ${JSON.stringify(bytes)}`).toBeDefined();
    const next = new ReferenceFile();
    next.now = bytes;
    next.sync();
    after.name(name, next);
  }
  after.syncNames();
  return after;
}

function mayBe(file: ReferenceFile, bytes: readonly number[]): boolean {
  return (
    file.lengths.has(bytes.length) && bytes.every((byte, place) => file.may[place]?.has(byte) ?? byte === 0)
  );
}

async function opened(
  files: Files,
  path: string,
  flags: OpenFlags,
  use: (file: OpenFile) => Promise<void>,
): Promise<void> {
  const file = await files.open(path, flags);
  await use(file);
  await file.close();
}

/** A log of records, each a length, its letters and a checksum; and what may be wrong with it. */
type Planted = 'nothing' | 'no sync before the acknowledgement' | 'no checksum';

class WriteAheadLog {
  readonly #files: Files;
  readonly #planted: Planted;
  #file: OpenFile | undefined;

  constructor(files: Files, planted: Planted) {
    this.#files = files;
    this.#planted = planted;
  }

  async open(): Promise<void> {
    this.#file = await this.#files.open('/log', 'a');
    await opened(this.#files, '/', 'r', (directory) => directory.sync());
  }

  async append(record: string): Promise<void> {
    const body = [...new TextEncoder().encode(record)];
    const bytes = Uint8Array.from([body.length, ...body, body.reduce((sum, byte) => (sum + byte) % 256, 7)]);
    await this.#file!.write(bytes, 0, bytes.length, null);
    if (this.#planted !== 'no sync before the acknowledgement') {
      await this.#file!.datasync();
    }
  }

  /** What is in it, up to the first record that is not whole. */
  async records(): Promise<string[]> {
    const records: string[] = [];
    const bytes = (await this.#files.readdir('/')).includes('log')
      ? await this.#files.readFile('/log')
      : new Uint8Array();
    for (let place = 0; place < bytes.length; ) {
      const length = bytes[place]!;
      const body = bytes.subarray(place + 1, place + 1 + length);
      const sum = body.reduce((so, byte) => (so + byte) % 256, 7);
      const whole = length > 0 && bytes[place + 1 + length] === sum;
      if (!whole && (this.#planted !== 'no checksum' || place + 1 + length >= bytes.length)) break;
      records.push(new TextDecoder().decode(body));
      place += length + 2;
    }
    return records;
  }
}

const words = ['apple', 'pear', 'a much longer plum', 'fig'];

const logging = (planted: Planted) => async (_: unknown, world: World) => {
  const disk = new SimulatedDisk(world, { pageBytes: 16, sectorBytes: 4 });
  const acknowledged: string[] = [];
  await disk.crashDuring(async (files) => {
    const log = new WriteAheadLog(files, planted);
    await log.open();
    for (const word of words) {
      await log.append(word);
      acknowledged.push(word);
    }
  }, 16);
  const recovered = await new WriteAheadLog(disk, planted).records();

  expect(recovered.slice(0, acknowledged.length), disk.history.join('\n')).toEqual(acknowledged);
  expect(words.slice(0, recovered.length), disk.history.join('\n')).toEqual(recovered);
};

/** A value in a file that is replaced whole: written beside it, and moved. */
type Replacing = 'nothing' | 'no sync of the directory' | 'no sync of the file';

const replacing = (planted: Replacing) => async (_: unknown, world: World) => {
  const disk = new SimulatedDisk(world, { pageBytes: 16, sectorBytes: 4 });
  let acknowledged = '';
  await disk.crashDuring(async (files) => {
    for (const word of words) {
      await opened(files, '/next', 'w', async (file) => {
        await file.write(new TextEncoder().encode(word), 0, word.length, 0);
        if (planted !== 'no sync of the file') await file.sync();
      });
      await files.rename('/next', '/value');
      if (planted !== 'no sync of the directory') {
        await opened(files, '/', 'r', (directory) => directory.sync());
      }
      acknowledged = word;
    }
  }, 32);
  const there = (await disk.readdir('/')).includes('value');
  const value = there ? new TextDecoder().decode(await disk.readFile('/value')) : '';

  // What was under way may have happened.
  const next = words[words.indexOf(acknowledged) + 1];
  expect([acknowledged, next], disk.history.join('\n')).toContain(value);
};

describe('exploring what stands on a simulated disk', () => {
  it.each([
    ['a log', logging('nothing')],
    ['a file that is replaced', replacing('nothing')],
  ])(
    'finds nothing wrong with %s that syncs what it should',
    async (_, setup) => {
      await explore(setup, lawExploration, () => {});
    },
    lawTimeoutMs,
  );

  it.each([
    ['a log that acknowledges before it syncs', logging('no sync before the acknowledgement')],
    ['a log that believes a record that is not whole', logging('no checksum')],
    ['a file that is replaced without a sync of its directory', replacing('no sync of the directory')],
    ['a file that is replaced by one that was not synced', replacing('no sync of the file')],
  ])(
    'finds %s',
    async (_, setup) => {
      const found = await explore(setup, { runs: 2_000, seed: 1 }, () => {}).then(
        () => expect.unreachable('it was to be found'),
        (failure: Error) => failure,
      );

      expect(found.name).toBe('CounterexampleFound');
      expect(found.message).toContain('the power fails');
    },
    lawTimeoutMs,
  );
});
