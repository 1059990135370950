/** Benchmarks stay alive: each runs at smoke size, does the same work twice, and sees only what a user sees. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Benchmark } from '../../bench/harness/benchmark.ts';
import { filesAt, importsOf, resolveImport } from './source.ts';

const size = 100;
const files = filesAt('bench/**/*.ts').filter((path) => !path.includes('node_modules')); // Those of the peers.
const benches = filesAt('bench/*.bench.ts');

describe('benchmarks', () => {
  it.each(benches)('%s does the same work in all its variants, twice', { timeout: 60_000 }, async (path) => {
    const { benchmark } = (await import(resolve(path))) as { benchmark: Benchmark };

    const first = await checksumsOf(benchmark);
    const second = await checksumsOf(benchmark);

    expect(first).not.toEqual([]);
    expect(first.filter(([, checksum]) => !Number.isFinite(checksum))).toEqual([]);
    expect(new Set(first.map(([, checksum]) => checksum)).size).toBe(1);
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

async function checksumsOf({ variants }: Benchmark): Promise<[string, number][]> {
  const checksums: [string, number][] = [];
  for (const [name, variant] of Object.entries(variants)) {
    checksums.push([name, (await variant({ size })).checksum]);
  }
  return checksums;
}
