/**
 * Plants bugs and sees the laws turn red.
 *
 *     npm run plants             every plant
 *     npm run plants -- L03      those of one law
 *
 * Each `L03-….patch` beside this file breaks the runtime in one way that law 3
 * must notice. A plant is applied to a copy of the tree, its law is run there, and
 * the law must fail by what it asserts. A plant that does not apply, that does
 * not run, or that nobody notices, fails this script.
 */
import { type ExecFileException, execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');
const copied = ['src', 'spec', 'package.json', 'tsconfig.json', 'vitest.config.ts', '.npmrc'];
/** Schedules per planted bug: a law that is any good finds it among these. */
const runs = 1_000;
/** How long one law may take, in milliseconds. */
const limitMs = 120_000;
/** How many at a time. */
const workers = 2;

interface Outcome {
  readonly plant: string;
  /** Why this plant is not good, if it is not. */
  readonly trouble: string | undefined;
}

const plantsFolder = import.meta.dirname;
const wanted = process.argv[2] ?? '';
const plants = readdirSync(plantsFolder)
  .filter((file) => file.endsWith('.patch') && file.startsWith(wanted))
  .toSorted();
const laws = readdirSync(join(root, 'spec/laws')).filter((file) => file.endsWith('.spec.ts'));
const unplanted = laws.filter((law) => !plants.some((plant) => lawOf(plant) === lawOf(law)));

const waiting = [...plants];
const outcomes: Outcome[] = [];
await Promise.all(Array.from({ length: workers }, work));

const troubles = outcomes.filter(({ trouble }) => trouble !== undefined);
for (const { plant, trouble } of troubles) {
  console.error(`${plant}: ${trouble}`);
}
if (wanted === '' && unplanted.length > 0) {
  console.error(`no bug is planted for ${unplanted.join(', ')}`);
}
console.log(`plants: ${outcomes.length - troubles.length} noticed, ${troubles.length} not`);
process.exitCode =
  troubles.length > 0 || plants.length === 0 || (wanted === '' && unplanted.length > 0) ? 1 : 0;

async function work(): Promise<void> {
  const tree = mkdtempSync(join(tmpdir(), 'troupe-plant-'));
  try {
    for (let plant = waiting.shift(); plant !== undefined; plant = waiting.shift()) {
      copyTree(tree);
      outcomes.push({ plant, trouble: await plantIn(tree, plant) });
    }
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

function copyTree(tree: string): void {
  for (const name of copied) {
    rmSync(join(tree, name), { recursive: true, force: true });
    cpSync(join(root, name), join(tree, name), { recursive: true });
  }
  rmSync(join(tree, 'node_modules'), { force: true });
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
}

async function plantIn(tree: string, plant: string): Promise<string | undefined> {
  const patch = join(plantsFolder, plant);
  const applied = await run('git', ['apply', '-C1', '--unsafe-paths', `--directory=${tree}`, patch], tree);
  if (applied.code !== 0) {
    return `does not apply: ${applied.text.trim()}`;
  }
  const files = laws.filter((law) => lawOf(law) === lawOf(plant)).map((law) => `spec/laws/${law}`);
  if (files.length === 0) {
    return 'there is no law of that number';
  }
  const report = join(tree, 'report.json');
  rmSync(report, { force: true });
  const law = await run(
    process.execPath,
    [
      join(tree, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--reporter=json',
      `--outputFile=${report}`,
      ...files,
    ],
    tree,
  );
  return law.code === 0 ? 'nobody noticed it' : asserted(report);
}

/** A law is red when one of its tests failed; a file that could not be run says nothing. */
function asserted(report: string): string | undefined {
  try {
    const { numFailedTests } = JSON.parse(readFileSync(report, 'utf8')) as { numFailedTests: number };
    return numFailedTests > 0 ? undefined : 'its law could not be run';
  } catch {
    return 'its law could not be run, or took too long';
  }
}

function run(
  command: string,
  given: readonly string[],
  cwd: string,
): Promise<{ code: number; text: string }> {
  const env = { ...process.env, TROUPE_RUNS: String(runs), NO_COLOR: '1' };
  return new Promise((done) => {
    execFile(command, given, { cwd, env, timeout: limitMs, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      done({ code: exitCode(error), text: `${stdout}${stderr}` });
    });
  });
}

function exitCode(error: ExecFileException | null): number {
  return error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
}

function lawOf(file: string): string {
  return file.slice(0, 3);
}
