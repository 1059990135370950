/**
 * Compares what our variants allocate for each unit with bench/allocations.json.
 *
 *     npm run bench:allocations                     everything that is kept there
 *     npm run bench:allocations -- tell ring        some of it
 *     npm run bench:allocations -- --write          renews everything that is kept there
 *     npm run bench:allocations -- --write codec    keeps what this one allocates as well
 *
 * Ends with exit code 1 when something allocates more or less than is kept for it.
 */
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { type Allocations, deviationsOf, type KeptAllocations, told } from './harness/allocations.ts';
import type { Benchmark } from './harness/benchmark.ts';
import { estimateOf } from './harness/order-statistics.ts';
import { oursOf } from './harness/rows.ts';
import { weighing } from './harness/variant-process.ts';

const keptIn = 'bench/allocations.json';
/** Large enough that what is allocated once does not count. */
const sizeMax = 100_000;
const rounds = 5;
const node = process.versions.node.split('.')[0]!;

const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false } },
});
const kept: KeptAllocations = existsSync(keptIn)
  ? (JSON.parse(readFileSync(keptIn, 'utf8')) as KeptAllocations)
  : { node, bytes: {} };

if (!options.write && kept.node !== node) {
  console.log(`${keptIn} speaks of Node ${kept.node}, and this is Node ${node}: nothing is compared`);
} else {
  await lookAt(chosen());
}

async function lookAt(files: ReadonlyMap<string, string>): Promise<void> {
  const is: Record<string, Record<string, number>> = {};
  for (const [name, file] of files) {
    is[name] = await allocatedBy(file);
  }
  const before = Object.fromEntries(Object.entries(kept.bytes).filter(([name]) => files.has(name)));
  const deviations = deviationsOf(before, is);
  for (const deviation of deviations) {
    console.log(told(deviation));
  }
  if (options.write) {
    const bytes = inOrder({ ...kept.bytes, ...is });
    writeFileSync(keptIn, `${JSON.stringify({ node, bytes }, undefined, 2)}\n`);
    return;
  }
  const count = Object.values(is).reduce((sum, variants) => sum + Object.keys(variants).length, 0);
  if (deviations.length === 0) {
    console.log(`${count} variants allocate what is kept for them`);
    return;
  }
  console.log(`Where that is meant, npm run bench:allocations -- --write keeps it.`);
  process.exitCode = 1;
}

async function allocatedBy(file: string): Promise<Record<string, number>> {
  const { benchmark } = (await import(pathToFileURL(resolve(file)).href)) as { benchmark: Benchmark };
  const size = Math.min(benchmark.size, sizeMax);
  const bytes: Record<string, number> = {};
  for (const variant of oursOf(benchmark)) {
    await using session = await weighing({ file, variant, size });
    const readings: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      readings.push((await session.round()).reading.allocatedBytes);
    }
    bytes[variant] = Math.round(estimateOf(readings).median * 10) / 10;
  }
  return bytes;
}

/** The files of benchmarks by their names: those that were asked for, or those of which something is kept. */
function chosen(): Map<string, string> {
  const files = new Map(
    globSync('bench/*.bench.ts')
      .toSorted()
      .map((file) => [basename(file, '.bench.ts'), file]),
  );
  const names = wanted.length === 0 ? Object.keys(kept.bytes) : wanted;
  const unknown = names.filter((name) => !files.has(name));
  if (unknown.length > 0) {
    throw new RangeError(`no benchmark ${unknown.join(', ')}; there are ${[...files.keys()].join(', ')}`);
  }
  return new Map([...files].filter(([name]) => names.includes(name)));
}

function inOrder(bytes: Allocations): Allocations {
  return Object.fromEntries(Object.entries(bytes).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
