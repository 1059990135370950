/** Nothing that user code throws ends the process, and all of it is told of: seen in a process of its own. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { places } from '../support/throws-anywhere.ts';

interface Told {
  readonly name: string;
  /** Who failed, and to whom it was told. */
  readonly toldOf: readonly string[];
  readonly expected: number;
}

describe('a throw anywhere in user code', () => {
  it('never ends the process and reaches exactly one supervisor', { timeout: 60_000 }, async () => {
    const told = await run('../support/throws-anywhere.ts');

    expect(told.map(({ name }) => name)).toEqual(Object.keys(places));
    expect(told.filter(({ toldOf, expected }) => toldOf.length !== expected)).toEqual([]);
  });
});

/** What a program prints, in a process where a rejection that nobody handles is an error. */
async function run(program: string): Promise<readonly Told[]> {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const strict = ['--conditions=troupe-source', '--unhandled-rejections=strict'];
  const { stdout } = await promisify(execFile)(process.execPath, [...strict, path, 'run']);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Told);
}
