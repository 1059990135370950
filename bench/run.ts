/**
 * Runs benchmarks. Without names it runs all of them and prints one table; those that are
 * named print a table each, with all of their variants.
 *
 *     npm run bench                              one table, of everything that has a goal
 *     npm run bench -- tell ring                 these two, each by itself
 *     npm run bench -- tell ring --table         these two, as rows of the one table
 *     npm run bench -- tell --rounds 15 --size 100000 --json tell.json
 *     npm run bench -- --write-baselines         renews the figures of bench/BASELINES.md
 *     taskset -c 1 npm run bench                 on one core, on a machine with neighbours
 *
 * Read the ratios: they were measured round by round, and hold from one machine to the next
 * better than nanoseconds do. `cpu ns` is the time of all threads of the process, those of
 * the garbage collector included; `alloc B` is what was allocated on the heap, `kept B` what
 * was still held of it when the work was done.
 *
 * Ends with exit code 1, and without a table, when the machine was too noisy for what the
 * table would say. `--noisy` prints it all the same, and marks what is not known.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { withFigures } from './harness/baselines.ts';
import type { Benchmark } from './harness/benchmark.ts';
import { machineIn, thisMachine } from './harness/machine.ts';
import { measure } from './harness/measuring.ts';
import { printed, type Report, reportOf, unknownOf } from './harness/report.ts';
import { complaintOf, tableOf } from './harness/table.ts';
import { missing } from './peers/installed.ts';

const baselinesFile = 'bench/BASELINES.md';
const defaultRounds = 9;
/** So many times as many rounds as usual are made before a figure is given up. */
const patience = 4;

const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    size: { type: 'string' },
    rounds: { type: 'string' },
    json: { type: 'string' },
    table: { type: 'boolean', default: false },
    noisy: { type: 'boolean', default: false },
    'write-baselines': { type: 'boolean', default: false },
  },
});
const inOne = options.table || wanted.length === 0;
const machine = thisMachine();
const reports: Report[] = [];
for (const file of chosen(wanted)) {
  const { benchmark } = (await import(pathToFileURL(resolve(file)).href)) as { benchmark: Benchmark };
  if (inOne && benchmark.goals.length === 0 && benchmark.rows === undefined) {
    continue;
  }
  const report = await reportFrom(file, benchmark);
  reports.push(report);
  if (inOne) {
    console.error(`${report.name}: ${report.rounds} rounds of ${report.size}`);
  } else if (options.noisy || report.unknown.length === 0) {
    console.log(printed(report, benchmark.baseline));
  }
}
if (missing.size > 0) {
  console.error(
    `not installed, so their rows are left out (npm run bench:setup): ${[...missing].join(', ')}`,
  );
}
const complaint = complaintOf(reports);
if (inOne && (options.noisy || complaint === undefined)) {
  console.log(`${tableOf(reports)}\n\n${machineIn(machine)}`);
}
if (complaint !== undefined) {
  console.error(complaint);
  process.exitCode = 1;
}
if (options.json !== undefined) {
  writeFileSync(
    options.json,
    `${JSON.stringify({ machine, noisy: complaint !== undefined, reports }, undefined, 2)}\n`,
  );
}
if (options['write-baselines'] && (options.noisy || complaint === undefined)) {
  writeFileSync(baselinesFile, withFigures(readFileSync(baselinesFile, 'utf8'), reports, machine));
}

async function reportFrom(file: string, benchmark: Benchmark): Promise<Report> {
  const name = nameOf(file);
  const size = options.size === undefined ? benchmark.size : wholeNumber('size', options.size);
  const rounds =
    options.rounds === undefined
      ? (benchmark.rounds ?? defaultRounds)
      : wholeNumber('rounds', options.rounds);
  const measured = await measure(benchmark, {
    file,
    size,
    rounds,
    roundsMax: options.noisy ? rounds : rounds * patience,
    isKnown: (took) => unknownOf(name, benchmark, took).length === 0,
  });
  return reportOf(name, benchmark, { size, measured });
}

function chosen(names: readonly string[]): string[] {
  const files = globSync('bench/*.bench.ts').toSorted();
  const unknown = names.filter((name) => !files.some((file) => nameOf(file) === name));
  if (unknown.length > 0) {
    throw new RangeError(`no benchmark ${unknown.join(', ')}; there are ${files.map(nameOf).join(', ')}`);
  }
  return names.length === 0 ? files : files.filter((file) => names.includes(nameOf(file)));
}

function nameOf(file: string): string {
  return basename(file, '.bench.ts');
}

function wholeNumber(name: string, given: string): number {
  const value = Number(given.replaceAll('_', ''));
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`--${name} is a whole number, at least 1; got '${given}'`);
  }
  return value;
}
