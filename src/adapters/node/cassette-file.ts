/**
 * A cassette file: where the cassettes of `troupe/testing` are kept on a disk.
 *
 * The text is written beside the file, synced, and renamed over it: a process that
 * dies leaves the text before or the text after. Whoever changes it holds a lock, a
 * file beside it, so several processes may record on one cassette.
 */
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '../../core/failure.ts';
import type { CassetteStorage } from '../../testing/cassette-storage.ts';

export interface CassetteFileOptions {
  /** How long a change waits for others that are at it, in milliseconds; 10 000 when not given. */
  readonly waitMs?: number;
}

/** Somebody else has kept the lock of a cassette for too long. */
export class CassetteLocked extends Failure {
  readonly _tag = 'CassetteLocked';
  readonly code = 'CASSETTE_LOCKED';
  readonly class = 'overload';
  /** The lock. */
  readonly path: string;
  /** The process that holds it, as far as it says. */
  readonly holder: string;
  readonly waitMs: number;

  constructor(facts: { path: string; holder: string; waitMs: number }) {
    super();
    this.path = facts.path;
    this.holder = facts.holder;
    this.waitMs = facts.waitMs;
  }

  override get message(): string {
    return `'${this.path}' is held by process ${this.holder || 'unknown'} for more than ${this.waitMs} ms: if nobody records, delete it`;
  }
}

/** Between two looks at a lock, in milliseconds. */
const lookAgainMs = 5;

/**
 * A cassette's storage in a file, made with its folders when something is first written.
 *
 * Errors, of its calls: `CassetteLocked`; those of the file system, itself.
 */
export function cassetteFile(path: string, { waitMs = 10_000 }: CassetteFileOptions = {}): CassetteStorage {
  const lock = `${path}.lock`;
  const read = async (): Promise<string | undefined> => {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        return undefined;
      }
      throw error;
    }
  };
  return {
    name: path,
    read,
    update: async (change) => {
      await mkdir(dirname(path), { recursive: true });
      await take(lock, waitMs);
      try {
        await replace(path, change(await read()));
      } finally {
        await rm(lock, { force: true });
      }
    },
  };
}

async function take(lock: string, waitMs: number): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += lookAgainMs) {
    try {
      await writeFile(lock, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw error;
      }
    }
    const holder = await readFile(lock, 'utf8').catch(() => '');
    if (isGone(holder)) {
      await takeAway(lock, holder);
    } else if (waitedMs >= waitMs) {
      throw new CassetteLocked({ path: lock, holder, waitMs });
    } else {
      await pause(lookAgainMs);
    }
  }
}

/** Whether the process that held a lock has ended without giving it back. */
function isGone(holder: string): boolean {
  const pid = Number(holder);
  if (!Number.isInteger(pid) || pid < 1) {
    return false;
  }
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Takes away a lock that was left; when it is another one meanwhile, it is put back. */
async function takeAway(lock: string, holder: string): Promise<void> {
  const aside = `${lock}.${process.pid}`;
  try {
    await rename(lock, aside);
    if ((await readFile(aside, 'utf8')) === holder) {
      await rm(aside);
    } else {
      await rename(aside, lock);
    }
  } catch {
    // Somebody else was quicker.
  }
}

async function replace(path: string, text: string): Promise<void> {
  const beside = `${path}.${process.pid}.tmp`;
  const file = await open(beside, 'w');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
}
