/** Benchmarks stay alive: each runs at smoke size, does the same work twice, and sees only what a user sees. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesAt, importsOf, resolveImport } from './source.ts';

type Benchmark = (options: { size: number }) => Promise<{ checksum: number }> | { checksum: number };

const size = 100;
const files = filesAt('bench/**/*.ts');
const benches = filesAt('bench/*.bench.ts');

describe('benchmarks', () => {
  it.each(benches)('%s gives the same finite checksum twice', { timeout: 60_000 }, async (path) => {
    const benchmarks = Object.entries((await import(resolve(path))) as Record<string, unknown>).filter(
      isBenchmark,
    );

    const first = await checksumsOf(benchmarks);
    const second = await checksumsOf(benchmarks);

    expect(first).not.toEqual([]);
    expect(first.filter(([, checksum]) => !Number.isFinite(checksum))).toEqual([]);
    expect(second).toEqual(first);
  });

  it('benches import only public entry points, packages and their neighbours', () => {
    const strangers = files.flatMap((path) =>
      importsOf(readFileSync(path, 'utf8'))
        .map((specifier) => resolveImport(path, specifier))
        .filter((to) => /^(\.\.?\/|\/|src\/|dist\/|spec\/|examples\/|tools\/)/.test(to))
        .map((to) => `${path} -> ${to}`),
    );

    expect(strangers).toEqual([]);
  });
});

const isBenchmark = (entry: [string, unknown]): entry is [string, Benchmark] =>
  typeof entry[1] === 'function';

async function checksumsOf(benchmarks: readonly [string, Benchmark][]): Promise<[string, number][]> {
  const checksums: [string, number][] = [];
  for (const [name, benchmark] of benchmarks) {
    checksums.push([name, (await benchmark({ size })).checksum]);
  }
  return checksums;
}
