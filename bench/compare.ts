/**
 * Compares the speed of two commits, and says which variants got slower or faster beyond noise.
 *
 *     npm run bench:compare -- main                     main, and the working tree as it stands
 *     npm run bench:compare -- v0.1.0 HEAD              two commits
 *     npm run bench:compare -- main --only tell,ring    some of the benchmarks
 *     npm run bench:compare -- main --size 100000 --json change.json
 *
 * Ends with exit code 1 when something got slower, and with 2 when the machine was too
 * noisy to see a change of 10 %. Without any change, one run in a hundred calls something slower.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Comparison, compareTrees } from './harness/comparing.ts';
import { comparisonTable, verdictOn } from './harness/comparison-table.ts';
import { machineIn, thisMachine } from './harness/machine.ts';
import { askTheSame, type Tree, treeAsItStands, treeOfCommit } from './harness/tree.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string', default: '' }, size: { type: 'string' }, json: { type: 'string' } },
});
const [baseName, headName] = positionals;
if (baseName === undefined || positionals.length > 2) {
  throw new RangeError(`the commit to compare with, and perhaps another one; got '${positionals.join(' ')}'`);
}
const size = options.size === undefined ? undefined : Number(options.size.replaceAll('_', ''));
if (size !== undefined && !(Number.isInteger(size) && size >= 1)) {
  throw new RangeError(`--size is a whole number, at least 1; got '${options.size}'`);
}
const here = process.cwd();
const comparison = await compared(
  () => treeOfCommit(here, baseName),
  () => (headName === undefined ? treeAsItStands(here) : treeOfCommit(here, headName)),
);
const verdict = verdictOn(comparison);
console.log(comparisonTable(comparison));
console.log(`${machineIn(thisMachine())}\n${verdict.words}`);
process.exitCode = verdict.exitCode;
if (options.json !== undefined) {
  writeFileSync(options.json, `${JSON.stringify(comparison, undefined, 2)}\n`);
}

async function compared(baseOf: () => Tree, headOf: () => Tree): Promise<Comparison> {
  using base = baseOf();
  using head = headOf();
  askTheSame(base, head);
  return await compareTrees(base, head, {
    only: options.only.split(',').filter((name) => name !== ''),
    ...(size === undefined ? {} : { size }),
    progress: (line) => console.error(line),
  });
}
