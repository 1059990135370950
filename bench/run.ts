/**
 * Runs benchmarks and prints a table for each.
 *
 *     npm run bench                              all of them
 *     npm run bench -- tell ring                 some of them
 *     npm run bench -- tell --rounds 15 --size 100000 --json tell.json
 *     taskset -c 1 npm run bench                 on one core, on a machine with neighbours
 *
 * Read the ratios: they were measured in the same process, round by round, and
 * hold from one machine to the next better than nanoseconds do. `cpu ns` is the time
 * of all threads of the process, those of the garbage collector included;
 * `alloc B` is what was allocated on the heap, `kept B` what was still held of it
 * when the work was done.
 */
import { spawnSync } from 'node:child_process';
import { globSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Benchmark } from './harness/benchmark.ts';
import { roomyFlags } from './harness/gauge.ts';
import { printed, type Report, reportOf } from './harness/report.ts';
import type { Timed, Weighing } from './harness/session.ts';

const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    size: { type: 'string' },
    rounds: { type: 'string', default: '9' },
    json: { type: 'string' },
  },
});
const rounds = wholeNumber('rounds', options.rounds);
const reports: Report[] = [];
for (const file of chosen(wanted)) {
  const { benchmark } = (await import(pathToFileURL(resolve(file)).href)) as { benchmark: Benchmark };
  const size = options.size === undefined ? benchmark.size : wholeNumber('size', options.size);
  const timed = session<Timed>([], ['time', file, size, rounds]);
  const weighed = session<Weighing>(roomyFlags, ['weigh', file, size, 3]);
  const report = reportOf(nameOf(file), benchmark, { size, rounds, timed, weighed });
  reports.push(report);
  console.log(printed(report, benchmark.baseline));
}
if (options.json !== undefined) {
  writeFileSync(options.json, `${JSON.stringify(reports, undefined, 2)}\n`);
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

/** Measures in a process of its own. */
function session<S>(flags: readonly string[], args: readonly (string | number)[]): S {
  const program = fileURLToPath(new URL('harness/session.ts', import.meta.url));
  const { status, signal, stdout } = spawnSync(
    process.execPath,
    [...process.execArgv, ...flags, program, ...args.map(String)],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 26 },
  );
  if (status !== 0) {
    throw new Error(`${args.join(' ')} ended with ${signal ?? `exit code ${status}`}`);
  }
  return JSON.parse(stdout) as S;
}
