/** Runs the numbered examples in order, those of agents that work together, and those that are tests for node:test; each asserts its own outcome, and the first that fails ends the run. */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

const timeoutMs = 60_000;

const numbered = globSync('examples/[0-9]*.ts').toSorted();
if (numbered.length === 0) throw new Error('examples/ holds no numbered example');
const examples = [
  ...numbered,
  ...globSync('examples/collaboration/*.ts').toSorted(),
  ...globSync('examples/testing/*.test.ts'),
];

for (const example of examples) {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=troupe-source', example],
    {
      encoding: 'utf8',
      timeout: timeoutMs,
    },
  );
  if (status !== 0) {
    console.error(`${stdout}${stderr}${example} failed: ${signal ?? `exit code ${status}`}`);
    process.exit(1);
  }
}
console.log(`${examples.length} examples ran`);
