/**
 * Runs the soaks at full size, each in a process of its own, and says what was seen.
 *
 *     npm run soak                              all of them
 *     npm run soak -- many-requests             some of them
 *     npm run soak -- many-requests --scale 0.1
 *     npm run soak -- steady --minutes 5        the one that takes an hour, for less
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Soak } from './soak.ts';

const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    scale: { type: 'string', default: '1' },
    minutes: { type: 'string' },
    here: { type: 'string' },
  },
});
/** Full size is an hour, where a soak is measured by time. */
const scale =
  values.minutes === undefined ? positive('scale', values.scale) : positive('minutes', values.minutes) / 60;

if (values.here === undefined) {
  process.exitCode = runAll(chosen(wanted)) ? 0 : 1;
} else {
  await runHere(values.here);
}

function chosen(names: readonly string[]): string[] {
  const files = globSync('bench/soak/*.soak.ts').toSorted();
  const unknown = names.filter((name) => !files.some((file) => nameOf(file) === name));
  if (unknown.length > 0) {
    throw new RangeError(`no soak ${unknown.join(', ')}; there are ${files.map(nameOf).join(', ')}`);
  }
  return names.length === 0 ? files : files.filter((file) => names.includes(nameOf(file)));
}

/** Says whether every claim held. */
function runAll(files: readonly string[]): boolean {
  const broken = files.filter((file) => {
    const beganMs = performance.now();
    console.log(nameOf(file));
    const { status } = spawnSync(
      process.execPath,
      [...process.execArgv, fileURLToPath(import.meta.url), '--scale', String(scale), '--here', file],
      { stdio: 'inherit' },
    );
    console.log(`  ${((performance.now() - beganMs) / 1_000).toFixed(1)} s\n`);
    return status !== 0;
  });
  console.log(broken.length === 0 ? 'all claims hold' : `broken: ${broken.map(nameOf).join(', ')}`);
  return broken.length === 0;
}

async function runHere(file: string): Promise<void> {
  const { soak } = (await import(pathToFileURL(resolve(file)).href)) as { soak: Soak };
  console.log(`  ${soak.claim}`);
  for (const [name, figure] of Object.entries(await soak.run({ scale }))) {
    console.log(`    ${name}: ${figure}`);
  }
}

function positive(name: string, given: string): number {
  const value = Number(given);
  if (!(value > 0)) {
    throw new RangeError(`--${name} is a number above 0; got '${given}'`);
  }
  return value;
}

function nameOf(file: string): string {
  return basename(file, '.soak.ts');
}
