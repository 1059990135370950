/**
 * Plants each bug, hunts it, and says what that took; then hunts the same in the correct code.
 *
 *     npm run bugs                     all of them, as a table
 *     npm run bugs -- lane             those whose names contain a word
 *     npm run bugs -- --smallest       by brute force, too: the quietest schedule of each
 *
 * A bug of the runtime is a patch; it is applied to a copy of the tree, and hunted
 * there by another process, so several run at once and the working tree is left alone. A bug that is not
 * found, one that is found in the correct code, a schedule with two deviations more than the
 * quietest has, or more than two minutes fail this script.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Bug } from './bug.ts';
import { type Catch, hunt, smallest } from './hunt.ts';
import { bugsOfProtocols } from './protocols/index.ts';
import { bugsOfTheRuntime } from './runtime/index.ts';

const root = resolve(import.meta.dirname, '../../..');
/** Most schedules in which a bug must be found, and in which the correct code must be right. */
const runs = 2_000;
const seed = 1;
const limitMs = 120_000;
const workers = 2;
/** More of them would take minutes. */
const bruteForce = { deviations: 4, runs: 30_000 };
/** More deviations than the quietest schedule has that a shrunk one may have. */
const deviationsOver = 1;

interface Row {
  readonly bug: Bug;
  readonly caught: Catch | undefined;
  readonly alarm: Catch | undefined;
  readonly quietest: readonly number[] | undefined;
  readonly ms: number;
}

const startedAtMs = performance.now();
const given = process.argv.slice(2);
const asksForSmallest = given.includes('--smallest');
const word = given.find((one) => !one.startsWith('--')) ?? '';
const isWanted = ({ name }: Bug): boolean => name.includes(word);

const ofRuntime = Object.entries(bugsOfTheRuntime).filter(([, bug]) => isWanted(bug));
const waiting = [...ofRuntime];
const rows: Row[] = [];
await Promise.all([
  huntProtocols(),
  ...Array.from({ length: waiting.length === 0 ? 0 : workers - 1 }, () => huntInCopies()),
]);
await huntInCopies();
report();

async function huntProtocols(): Promise<void> {
  for (const bug of bugsOfProtocols.filter(isWanted)) {
    const fromMs = performance.now();
    const caught = await hunt(bug.scenario(true), { runs, seed });
    const alarm = await hunt(bug.scenario(false), { runs, seed });
    const ms = performance.now() - fromMs;
    const quietest = asksForSmallest ? await smallest(bug.scenario(true), bruteForce) : undefined;
    rows.push({ bug, caught, alarm, quietest, ms });
  }
}

async function huntInCopies(): Promise<void> {
  if (waiting.length === 0) {
    return;
  }
  const tree = mkdtempSync(join(tmpdir(), 'troupe-bug-'));
  try {
    for (const name of ['src', 'spec/testing/bugs', 'package.json']) {
      cpSync(join(root, name), join(tree, name), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [name, bug] = next;
      const fromMs = performance.now();
      const correct = await huntInTree(tree, name, false);
      await patch(tree, name);
      const broken = await huntInTree(tree, name, asksForSmallest);
      await patch(tree, name, '--reverse');
      const ms = performance.now() - fromMs;
      rows.push({ bug, caught: broken.caught, alarm: correct.caught, quietest: broken.quietest, ms });
    }
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

function patch(tree: string, name: string, ...how: string[]): Promise<string> {
  const file = join(import.meta.dirname, 'runtime', `${name}.patch`);
  return run('git', ['apply', '-C1', ...how, '--unsafe-paths', `--directory=${tree}`, file], tree);
}

async function huntInTree(
  tree: string,
  name: string,
  alsoSmallest: boolean,
): Promise<{ caught?: Catch; quietest?: readonly number[] }> {
  const file = join(tree, 'spec/testing/bugs/one.ts');
  const how = alsoSmallest ? ['smallest'] : [];
  return JSON.parse(
    await run(
      process.execPath,
      [
        '--conditions=troupe-source',
        '--disable-warning=ExperimentalWarning',
        file,
        name,
        String(runs),
        ...how,
      ],
      tree,
    ),
  );
}

function run(command: string, given: readonly string[], cwd: string): Promise<string> {
  return new Promise((done, failed) => {
    execFile(command, given, { cwd, maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      if (error === null) {
        done(stdout);
      } else {
        failed(new Error(`${command} ${given.join(' ')}: ${stderr}`));
      }
    });
  });
}

function deviations(tape: readonly number[]): number {
  return tape.filter((answer) => answer !== 0).length;
}

function trouble({ bug, caught, alarm }: Row): string | undefined {
  if (caught === undefined) {
    return `not found in ${runs} schedules`;
  }
  if (alarm !== undefined) {
    return `a false alarm: ${alarm.by} (${JSON.stringify(alarm.tape)})`;
  }
  const over = deviations(caught.tape) - deviations(bug.quietest);
  return over > deviationsOver ? `its schedule has ${over} deviations too many` : undefined;
}

function report(): void {
  const all = [...Object.values(bugsOfTheRuntime), ...bugsOfProtocols];
  const table = rows.toSorted((a, b) => all.indexOf(a.bug) - all.indexOf(b.bug));
  console.log(
    '| bug | found by | runs to find | deviations | by brute force | minimal schedule | correct code | ms |',
  );
  console.log('|---|---|--:|--:|--:|---|---|--:|');
  for (const { bug, caught, alarm, quietest, ms } of table) {
    const least = quietest ?? bug.quietest;
    const cells = [
      bug.name,
      caught?.by.split('\n')[0]?.slice(0, 110) ?? 'nobody',
      caught?.runs ?? '-',
      caught === undefined ? '-' : deviations(caught.tape),
      asksForSmallest ? JSON.stringify(least) : deviations(least),
      caught === undefined ? '-' : bug.hasOneSchedule ? 'it has only one' : JSON.stringify(caught.tape),
      alarm === undefined ? `none in ${runs}` : 'ALARM',
      Math.round(ms),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
  const troubles = table.flatMap((row) => {
    const what = trouble(row);
    return what === undefined ? [] : [`${row.bug.name}: ${what}`];
  });
  const tookMs = performance.now() - startedAtMs;
  if (tookMs > limitMs && !asksForSmallest) {
    troubles.push(`it took ${Math.round(tookMs / 1_000)} s, and ${limitMs / 1_000} s are allowed`);
  }
  for (const one of troubles) {
    console.error(one);
  }
  console.log(
    `bugs: ${table.length - troubles.length} found, ${troubles.length} troubles, ${Math.round(tookMs / 1_000)} s`,
  );
  process.exitCode = troubles.length > 0 || table.length === 0 ? 1 : 0;
}
