/**
 * Mutation testing: breaks the core and the agents in thousands of small ways, one at a
 * time, and says which of them no spec notices.
 *
 *     npm run mutation                                      every room, for hours
 *     npm run mutation -- src/core                          those of a folder
 *     npm run mutation -- src/core/ring.ts src/core/credit.ts
 *
 * Installs what it needs first, once for each lock. Writes the rows of these rooms into
 * mutation/RESULTS.md. A mutant that survives and has a line in mutation/SURVIVORS.md is
 * explained; the others are printed in the form that file wants. Fails when a score is
 * below 90 % and the difference is not explained.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type MutationReport, type RoomResult, resultsOf, withRows } from './mutation-results.ts';

const root = resolve(import.meta.dirname, '..');
const folder = join(root, 'mutation');
const scoreMin = 90;

install();
const asked = process.argv.slice(2);
const rooms = globSync(['src/core/*.ts', 'src/actors/*.ts'], { cwd: root })
  .map((room) => room.replaceAll('\\', '/'))
  .filter((room) => asked.length === 0 || asked.some((one) => room === one || room.startsWith(`${one}/`)));
if (rooms.length === 0) {
  console.error(`No room of src/core or src/actors is called ${asked.join(' or ')}.`);
  process.exit(1);
}
const began = performance.now();
const table = join(folder, 'RESULTS.md');
const results = ['core', 'actors'].flatMap((area) =>
  look(
    area,
    rooms.filter((room) => room.startsWith(`src/${area}/`)),
  ),
);
const minutes = Math.ceil((performance.now() - began) / 60_000);
for (const { room, unexplained } of results) {
  for (const survivor of unexplained) {
    console.log(`${room}\n- ${survivor}: `);
  }
}
for (const { room, score, unexplained } of results) {
  console.log(`${room}: ${score.toFixed(1)} %, ${unexplained.length} not explained`);
}
console.log(`${rooms.length} rooms in ${minutes} minutes`);
process.exitCode = results.some(isTooLow) ? 1 : 0;

/** The specs that mirror these rooms meet their mutants; `MUTATION_SPECS` names others. */
function look(area: string, of: readonly string[]): readonly RoomResult[] {
  if (of.length === 0) {
    return [];
  }
  const stryker = join(folder, 'node_modules/@stryker-mutator/core/bin/stryker.js');
  run(process.execPath, [stryker, 'run', 'mutation/stryker.config.json', '--mutate', of.join(',')], root, {
    MUTATION_SPECS: process.env['MUTATION_SPECS'] ?? `spec/${area}/**/*.spec.ts`,
  });
  const report = JSON.parse(readFileSync(join(folder, 'report/last.json'), 'utf8')) as MutationReport;
  const found = resultsOf(report, readFileSync(join(folder, 'SURVIVORS.md'), 'utf8'));
  writeFileSync(table, withRows(readFileSync(table, 'utf8'), found, commit()));
  return found;
}

function isTooLow({ score, unexplained }: RoomResult): boolean {
  return score < scoreMin && unexplained.length > 0;
}

function install(): void {
  const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8');
  const installed = join(folder, 'node_modules/.installed-lock.json');
  if (!existsSync(installed) || readFileSync(installed, 'utf8') !== lock) {
    run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], folder);
    // Two copies of vitest would not know each other's tests, so the root's serves here too.
    symlinkSync(join(root, 'node_modules/vitest'), join(folder, 'node_modules/vitest'), 'junction');
    writeFileSync(installed, lock);
  }
}

function commit(): string {
  return spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout.trim();
}

function run(command: string, args: readonly string[], cwd: string, more: NodeJS.ProcessEnv = {}): void {
  const env = { ...process.env, ...more };
  // A script of npm on Windows is no program.
  const shell = process.platform === 'win32' && command !== process.execPath;
  const { status } = spawnSync(command, args, { cwd, env, stdio: 'inherit', shell });
  if (status !== 0) {
    process.exit(status ?? 1);
  }
}
