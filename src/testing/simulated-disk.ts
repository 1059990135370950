/**
 * A simulated disk: files, directories, and a loss of power at any moment.
 *
 * It is used through the same calls as the machine's (`Files`, a part of
 * `node:fs/promises`). Each operation happens at once, in a step of its world that comes
 * some time after it was called; operations that are under way together happen in any
 * order. What is written is in the cache, where readers see it, and is lost at
 * `crash` as far as it was not synced: a file by `sync` of the file, a name by `sync` of
 * its directory.
 *
 * Guarantees: with no faults but `lose` and `tear`, what a resolved `sync` has covered
 * survives every crash, byte for byte; nothing appears that was never written, but
 * zeros. A rename is whole or did not happen. A handle from before a crash is dead.
 *
 * Source: as for `disk-file`; Alagappan and others, "Correlated Crash Vulnerabilities"
 * (OSDI 2016), for exploring crashes together with messages.
 */
import type { Environment } from '../core/environment.ts';
import { describeThrown } from '../core/failure.ts';
import type { FileStatus, Files, OpenFile, OpenFlags } from '../core/files.ts';
import type { Choose } from '../core/simulated-environment.ts';
import type { Chance } from './chance.ts';
import { DiskChance, type DiskFault } from './disk-chance.ts';
import type { DiskNode } from './disk-directory.ts';
import { DiskError } from './disk-error.ts';
import { DiskFile, type FailedSync } from './disk-file.ts';
import { DiskHandle, statusOf } from './disk-handle.ts';
import { DiskLife } from './disk-life.ts';
import { DiskTree } from './disk-tree.ts';

/** Whose time and choices a disk has: a `World` is one. */
export interface DiskWorld {
  readonly environment: Environment;
  readonly choose: Choose;
  /** Choices for which the disk says in words what came of them, so that a story tells it. */
  readonly chance?: Chance;
}

export interface DiskOptions {
  /** What it may do; `lose` and `tear` when not given, which every disk does. */
  readonly faults?: readonly DiskFault[];
  /** Most faults in one run, those of a crash together being one; 8 when not given. */
  readonly faultsMax?: number;
  /** What is written at a time; 512 bytes when not given, so that small files have pages. A multiple of `sectorBytes`. */
  readonly pageBytes?: number;
  /** What is never torn; an eighth of a page when not given. */
  readonly sectorBytes?: number;
  /** How much fits on it; everything when not given. */
  readonly capacityBytes?: number;
  /** How long an operation takes, in milliseconds; 0 when not given: then it takes a turn of its world. */
  readonly latencyMs?: number;
}

/** How a piece of work ended whose power may have failed. */
export interface Cut {
  /** Whether it had come to its end before. */
  readonly ended: boolean;
  /** After how many of its operations the power failed. */
  readonly operations: number;
  /** What it threw, if it had come to its end by that. */
  readonly failure?: unknown;
}

/** Operations and crashes that are remembered for a story. */
const historyMax = 1_000;

export class SimulatedDisk implements Files {
  readonly #world: DiskWorld;
  readonly #chance: DiskChance;
  readonly #pageBytes: number;
  readonly #sectorBytes: number;
  readonly #capacityBytes: number;
  readonly #latencyMs: number;
  readonly #tree = new DiskTree(() => new DiskFile(this.#pageBytes, this.#sectorBytes));
  readonly #underWay = new Set<Operation>();
  readonly #history: string[] = [];
  #isFull = false;
  #at = 0;
  #life = 0;
  #done = 0;
  #startedAt = 0;
  #powerFailsAt = Number.POSITIVE_INFINITY;
  /** Those who wait for the power to fail. */
  readonly #onPowerFailure: (() => void)[] = [];

  constructor(world: DiskWorld, options: DiskOptions = {}) {
    const { faults = ['lose', 'tear'], faultsMax = 8, pageBytes = 512, latencyMs = 0 } = options;
    const { sectorBytes = pageBytes / 8, capacityBytes = Number.POSITIVE_INFINITY } = options;
    if (!(Number.isInteger(sectorBytes) && sectorBytes >= 1 && Number.isInteger(pageBytes / sectorBytes))) {
      throw new RangeError(
        `pageBytes is a multiple of sectorBytes, both whole numbers; got ${pageBytes} and ${sectorBytes}`,
      );
    }
    this.#world = world;
    const { chance = (count, what) => world.choose(count, what) } = world;
    this.#chance = new DiskChance(chance, faults, faultsMax);
    this.#pageBytes = pageBytes;
    this.#sectorBytes = sectorBytes;
    this.#capacityBytes = capacityBytes;
    this.#latencyMs = latencyMs;
  }

  /** What was done on it, and what was lost, a line each: the last 1 000. */
  get history(): readonly string[] {
    return this.#history;
  }

  /** How many operations have been done. */
  get operations(): number {
    return this.#done;
  }

  /** How many times the power has failed. */
  get crashes(): number {
    return this.#life;
  }

  async open(path: string, flags: OpenFlags = 'r'): Promise<OpenFile> {
    if (!flagsKnown.has(flags)) {
      throw new RangeError(`flags are one of ${[...flagsKnown].join(', ')}; got '${String(flags)}'`);
    }
    return await this.do('open', path, () => {
      const found = this.#tree.open(path, flags);
      const node = found ?? this.#tree.create(this.#now(), path);
      if (found instanceof DiskFile && flags.startsWith('w')) {
        this.truncate(found, 0);
      }
      return new DiskHandle(this, node, { path, flags, life: this.#life });
    });
  }

  async readFile(path: string): Promise<Uint8Array> {
    return await this.do('open', path, () => {
      const file = this.#tree.fileAt(path);
      this.mayFailToRead(path);
      return file.read(0, file.size);
    });
  }

  async readdir(path: string): Promise<string[]> {
    return await this.do('scandir', path, () => this.#tree.namesIn(path));
  }

  async stat(path: string): Promise<FileStatus> {
    return await this.do('stat', path, () => statusOf(this.#tree.nodeAt(path, 'stat')));
  }

  async rename(from: string, to: string): Promise<void> {
    await this.do('rename', `${from} → ${to}`, () => this.#tree.rename(this.#now(), from, to));
  }

  async unlink(path: string): Promise<void> {
    await this.do('unlink', path, () => {
      this.#tree.unlink(this.#now(), path);
      this.#isFull = false;
    });
  }

  async mkdir(path: string, options: { readonly recursive?: boolean } = {}): Promise<undefined> {
    await this.do('mkdir', path, () =>
      this.#tree.makeDirectory(this.#now(), path, options.recursive === true),
    );
  }

  /**
   * The power fails, and comes back at once: what was not synced is lost, as far as
   * the choices of the run say. Operations under way fail with `EIO`, done or not;
   * handles are dead.
   */
  crash(): void {
    const early =
      this.#done === this.#powerFailsAt
        ? `, after ${this.#done - this.#startedAt} operations of the work`
        : '';
    const lost: string[] = [];
    const happened = (line: string): void => {
      lost.push(line);
      this.#note(`  ${line}`);
    };
    this.#note('the power fails');
    const underWay = [...this.#underWay];
    this.#underWay.clear();
    for (const operation of underWay) {
      if (this.#chance.may('lose') && this.#chance.which(2, 'whether what was under way was done') === 1) {
        operation.attempt();
        lost.push(`${operation.syscall} ${operation.path}: was under way, and was done`);
      }
      operation.fail(new DiskError('EIO', operation.syscall, operation.path));
    }
    this.#life += 1;
    this.#isFull = false;
    this.#powerFailsAt = Number.POSITIVE_INFINITY;
    const survives = this.#whatSurvives();
    for (const change of this.#tree.crash(({ what }) => survives(2, what) === 0)) {
      happened(`${change.what}: did not happen`);
    }
    for (const { file, path } of this.#tree.files()) {
      for (const line of file.crash(
        (versions, part) => survives(versions, `${part} of ${path}`),
        this.#chance,
      )) {
        happened(`${path}: ${line}`);
      }
    }
    this.#mayFlip(happened);
    this.#tell(`loses power${early}${lost.length === 0 ? '' : `: ${listed(lost)}`}`);
    for (const heard of this.#onPowerFailure.splice(0)) {
      heard();
    }
  }

  /**
   * Does some work, during which the power fails: after an operation that the run
   * chooses, or when the work has ended.
   *
   * The work is given the files of this life of the disk. Once the power has failed
   * they answer no more, and nothing that is called on them is done: the work stands
   * still there, whatever it catches or tries again. What it does on the disk itself,
   * or elsewhere, goes on.
   *
   * Errors: none of the work's; what it threw by itself is in the result.
   *
   * @param operationsMax How many of its operations are among those to choose from.
   */
  async crashDuring(work: (files: Files) => unknown, operationsMax = 64): Promise<Cut> {
    const before = this.#done;
    const chosen = this.#chance.which(operationsMax + 1, 'after how many operations the power fails');
    const failed = Promise.withResolvers<{ readonly ended: false }>();
    // Also when the work lets it fail itself: nobody would hear of its end then.
    this.#onPowerFailure.push(() => failed.resolve({ ended: false }));
    if (chosen > 0) {
      this.#startedAt = before;
      this.#powerFailsAt = Math.min(this.#powerFailsAt, before + chosen);
    }
    const ended = Promise.resolve(new DiskLife(this))
      .then(work)
      .then(
        () => ({ ended: true as const }),
        (failure: unknown) => ({ ended: true as const, failure }),
      );
    const cut = await Promise.race([failed.promise, ended]);
    const operations = this.#done - before;
    if (cut.ended) {
      this.crash();
    }
    return { ...cut, operations };
  }

  /** An operation: it happens in a step of the world, at once, and fails when the power does before. */
  do<T>(syscall: string, path: string, act: () => T): Promise<T> {
    const { environment } = this.#world;
    const done = Promise.withResolvers<T>();
    // Whose power has failed may have nobody who looks any more.
    done.promise.catch(() => {});
    const operation: Operation = {
      syscall,
      path,
      attempt: () => {
        try {
          const result = act();
          this.#note(`${syscall} ${path}`);
          return { result };
        } catch (failure) {
          this.#note(`${syscall} ${path}: ${describeThrown(failure)}`);
          return { failure };
        }
      },
      fail: (failure) => done.reject(failure),
    };
    this.#underWay.add(operation);
    const happen = (): void => {
      if (!this.#underWay.delete(operation)) {
        return;
      }
      const outcome = operation.attempt();
      if ('failure' in outcome) {
        done.reject(outcome.failure);
      } else {
        done.resolve(outcome.result as T);
      }
      this.#done += 1;
      if (this.#done === this.#powerFailsAt) {
        // In a step of its own: whoever waits for this operation may go on before.
        const life = this.#life;
        environment.defer(() => life === this.#life && this.crash());
      }
    };
    if (this.#latencyMs > 0) {
      environment.schedule(this.#latencyMs, happen);
    } else {
      environment.defer(happen);
    }
    return done.promise;
  }

  /** How many times the power has failed: a handle is dead when it is of an earlier life. */
  get life(): number {
    return this.#life;
  }

  /** The count of the disk, by which a sync knows what was written before it was asked for. */
  get at(): number {
    return this.#at;
  }

  /** Errors: `EIO`. */
  mayFailToRead(path: string): void {
    if (this.#chance.strikes('read', 'fault: a read fails')) {
      this.#tell(`fails a read of ${path}`);
      throw new DiskError('EIO', 'read', path);
    }
  }

  /** How much of what was asked for is done. */
  mayBeShort(length: number): number {
    if (length <= 1 || !this.#chance.strikes('short', 'fault: less is done than was asked for')) {
      return length;
    }
    const done = 1 + this.#chance.which(length - 1, 'how much of it is done');
    this.#tell(`reads or writes ${done} of ${length} bytes`);
    return done;
  }

  /** Writes as much as there is room for. Errors: `ENOSPC` when that is nothing. */
  write(file: DiskFile, position: number, bytes: Uint8Array): number {
    const fits = this.#room(file, position, this.mayBeShort(bytes.length));
    file.write(this.#now(), position, bytes.subarray(0, fits));
    return fits;
  }

  truncate(file: DiskFile, length: number): void {
    if (length < file.size) {
      this.#isFull = false;
    } else if (this.#room(file, file.size, length - file.size) < length - file.size) {
      throw new DiskError('ENOSPC', 'ftruncate');
    }
    file.truncate(this.#now(), length);
  }

  /** What was written up to then is safe. Errors: `EIO`. */
  sync(node: DiskNode, upTo: number): void {
    if (this.#chance.strikes('sync', 'fault: a sync fails')) {
      const how = failedSyncs[this.#chance.which(failedSyncs.length, 'what a failed sync does')]!;
      this.#tell(`fails a sync: ${afterFailedSync[how]}`);
      if (node instanceof DiskFile) {
        node.failSync(upTo, how);
      }
      throw new DiskError('EIO', 'fsync');
    }
    node.sync(upTo);
  }

  /** How many of these bytes fit. Errors: `ENOSPC` when none does. */
  #room(file: DiskFile, position: number, length: number): number {
    const more = position + length - file.pages * this.#pageBytes;
    if (more <= 0 || length === 0) {
      return length;
    }
    let fits = Math.min(length, length - more + this.#freeBytes());
    if (!this.#isFull && this.#chance.strikes('full', 'fault: the disk is full')) {
      this.#isFull = true;
      fits = Math.min(fits, this.#chance.which(length, 'how much still fits'));
      this.#tell(`is full: of ${length} bytes ${Math.max(0, fits)} fit`);
    } else if (this.#isFull) {
      fits = Math.min(fits, Math.max(0, length - more));
    }
    if (fits <= 0) {
      throw new DiskError('ENOSPC', 'write');
    }
    return fits;
  }

  #freeBytes(): number {
    if (this.#capacityBytes === Number.POSITIVE_INFINITY) {
      return Number.POSITIVE_INFINITY;
    }
    let used = 0;
    for (const { file } of this.#tree.files()) {
      used += file.pages * this.#pageBytes;
    }
    return Math.max(0, Math.floor((this.#capacityBytes - used) / this.#pageBytes) * this.#pageBytes);
  }

  #now(): number {
    this.#at += 1;
    return this.#at;
  }

  #note(line: string): void {
    this.#history.push(line);
    if (this.#history.length > historyMax) {
      this.#history.shift();
    }
  }

  /** What is left of so many versions of something: 0 the newest. */
  #whatSurvives(): (versions: number, what: string) => number {
    if (!this.#chance.may('lose')) {
      return () => 0;
    }
    switch (this.#chance.which(3, 'what survives')) {
      case 0:
        return () => 0;
      case 1:
        this.#chance.charge();
        return (versions) => versions - 1;
      default:
        this.#chance.charge();
        return (versions, what) => this.#chance.which(versions, `how many writes of ${what} are lost`);
    }
  }

  #tell(words: string): void {
    this.#world.chance?.tell?.('the disk', words);
  }

  #mayFlip(happened: (line: string) => void): void {
    const files = [...this.#tree.files()].filter(({ file }) => file.size > 0);
    if (files.length > 0 && this.#chance.strikes('flip', 'fault: a bit flips')) {
      const { file, path } = files[this.#chance.which(files.length, 'in which file')]!;
      const byte = this.#chance.which(file.size, 'which byte');
      const bit = this.#chance.which(8, 'which bit');
      file.flip(byte, bit);
      happened(`${path}: bit ${bit} of byte ${byte} flipped`);
    }
  }
}

interface Operation {
  readonly syscall: string;
  readonly path: string;
  /** Does it, and says what came of it; nobody is told by that. */
  attempt(): { readonly result: unknown } | { readonly failure: unknown };
  fail(failure: unknown): void;
}

const flagsKnown: ReadonlySet<string> = new Set([
  'r',
  'r+',
  'w',
  'w+',
  'wx',
  'wx+',
  'a',
  'a+',
  'ax',
  'ax+',
] satisfies OpenFlags[]);

/** How much of what a crash did is told in a story; the history has all of it. */
const toldMax = 8;

const listed = (lines: readonly string[]): string =>
  [...lines.slice(0, toldMax), ...(lines.length > toldMax ? [`${lines.length - toldMax} more`] : [])].join(
    '; ',
  );

const afterFailedSync: Readonly<Record<FailedSync, string>> = {
  kept: 'it can be tried again',
  forgotten: 'what was to be synced is forgotten, though readers see it',
  reverted: 'what was to be synced is gone from the cache',
};

/** The quietest first: one that can be tried again. */
const failedSyncs: readonly FailedSync[] = ['kept', 'forgotten', 'reverted'];
