/**
 * Runs the tests that need libraries of their own: installs those first, once for each lock.
 *
 *     npm run integration                 all
 *     npm run integration -- otel         those whose path says so
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve(import.meta.dirname, '../integration');
const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8');
const installed = join(folder, 'node_modules/.installed-lock.json');

if (!existsSync(installed) || readFileSync(installed, 'utf8') !== lock) {
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], folder);
  // So that they import 'troupe' as its users do.
  symlinkSync(resolve(folder, '..'), join(folder, 'node_modules/troupe'), 'junction');
  writeFileSync(installed, lock);
}
run('tsc', ['--noEmit', '-p', folder]);
run('vitest', ['run', '--config', join(folder, 'vitest.config.ts'), ...process.argv.slice(2)]);

function run(command: string, args: readonly string[], cwd?: string): void {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) {
    process.exit(status ?? 1);
  }
}
