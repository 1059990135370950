/**
 * Plants a regression of 10 % in a copy of the runtime, and sees whether comparing finds it;
 * then compares the runtime with itself, where it must find nothing.
 *
 *     npm run bench:planted                        each once, with the benchmark `tell`
 *     npm run bench:planted -- --times 5 --only ring --size 200000
 *
 * The plant is busy work before each call of a handler, as much as makes a message take 10 % longer:
 * how much that is, is measured first. Ends with exit code 1 when a planted run was not
 * flagged, or an unchanged one was.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compareTrees } from './harness/comparing.ts';
import { comparisonTable, verdictOn } from './harness/comparison-table.ts';
import { estimateOf } from './harness/order-statistics.ts';
import { askTheSame, type Tree, treeAsItStands } from './harness/tree.ts';
import { timing } from './harness/variant-process.ts';

const planted = 0.1;
const room = 'src/actors/define-agent.ts';
const place = 'handle: options.receive';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: 'tell' },
    variant: { type: 'string', default: 'troupe, from outside' },
    size: { type: 'string', default: '500000' },
    times: { type: 'string', default: '1' },
  },
});
const { only, variant } = options;
const size = Number(options.size);
const turns = await turnsThatTake(planted);
let wrong = 0;
for (let time = 0; time < Number(options.times); time += 1) {
  wrong += (await exitCodeWith(turns)) === 1 ? 0 : 1;
  wrong += (await exitCodeWith(0)) === 1 ? 1 : 0;
}
console.log(wrong === 0 ? 'the plant was flagged, and nothing else was' : `${wrong} runs were wrong`);
process.exitCode = wrong === 0 ? 0 : 1;

async function exitCodeWith(busy: number): Promise<number> {
  using base = treeAsItStands(process.cwd());
  using head = treeAsItStands(process.cwd());
  plant(head, busy);
  askTheSame(base, head);
  const comparison = await compareTrees(base, head, {
    only: [only],
    variant,
    size,
    progress: (line) => console.error(line),
  });
  const { words, exitCode } = verdictOn(comparison);
  console.log(
    `${busy === 0 ? 'unchanged' : `planted ${busy} turns`}\n${comparisonTable(comparison)}\n${words}`,
  );
  return exitCode;
}

/** How often a loop must turn to take so large a part of a message. */
async function turnsThatTake(part: number): Promise<number> {
  const many = 1_000;
  using plain = treeAsItStands(process.cwd());
  using busy = treeAsItStands(process.cwd());
  plant(busy, many);
  const without = await nsOf(plain);
  const turnNs = ((await nsOf(busy)) - without) / many;
  const turns = Math.max(1, Math.round((part * without) / turnNs));
  console.log(
    `a message takes ${without.toFixed(0)} ns and a turn ${turnNs.toFixed(2)} ns: ${turns} turns are planted`,
  );
  return turns;
}

/** The median of some processes. */
async function nsOf({ folder }: Tree): Promise<number> {
  const file = join(folder, `bench/${only}.bench.ts`);
  const readings: number[] = [];
  for (let nth = 0; nth < 5; nth += 1) {
    await using session = await timing({ file, variant, size });
    for (let round = 0; round < 3; round += 1) {
      readings.push((await session.round()).reading.cpuNs);
    }
  }
  return estimateOf(readings).median;
}

/** Work that no compiler can leave out, before each call of a handler. */
function plant({ folder }: Tree, busy: number): void {
  if (busy === 0) {
    return;
  }
  const file = join(folder, room);
  const source = readFileSync(file, 'utf8');
  if (source.split(place).length !== 2) {
    throw new Error(`${room} no longer says '${place}' once: say where else to plant`);
  }
  writeFileSync(
    file,
    `${source.replace(place, 'handle: busy(options.receive)')}
let planted = 0;
function busy(handle: unknown): unknown {
  return typeof handle !== 'function'
    ? handle
    : (message: unknown, context: unknown) => {
        let turned = planted;
        for (let turn = 0; turn < ${busy}; turn += 1) {
          turned = (Math.imul(turned, 31) + turn) | 0;
        }
        planted = turned;
        return handle(message, context);
      };
}
`,
  );
}
