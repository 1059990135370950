/**
 * Sees that simulated runs are the same whenever and wherever they are run: 10 000 seeds twice
 * each, the same in other processes, and 40 of them among other specs, in two orders.
 *
 *     npm run determinism
 *     npm run determinism -- 500          so many seeds
 *
 * CI looks at 200 of them each time, as part of law 11.
 */
import { spawnSync } from 'node:child_process';

const seeds = Number(process.argv[2] ?? 10_000);
if (!Number.isInteger(seeds) || seeds < 1) {
  throw new RangeError(`the number of seeds is a whole number, at least 1; got '${process.argv[2]}'`);
}
const law = 'spec/laws/L11-same-trace.spec.ts';
/** Law 11 takes one seed for five runs. */
const perSeed = 5;

const among = [
  'spec/laws/L02-order.spec.ts',
  'spec/laws/L09-requests.spec.ts',
  'spec/testing/explore.spec.ts',
  law,
];
const inOrder = (order: number): readonly string[] => [
  ...among,
  '--no-isolate',
  '--maxWorkers=1',
  '--sequence.shuffle.files',
  `--sequence.seed=${order}`,
];

const steps: readonly { readonly what: string; readonly args: readonly string[]; readonly seeds: number }[] =
  [
    { what: `${seeds} seeds, twice each and in other processes`, args: [law], seeds },
    { what: 'among other specs, in one process', args: inOrder(1), seeds: Math.min(seeds, 40) },
    { what: 'among other specs, in another order', args: inOrder(2), seeds: Math.min(seeds, 40) },
  ];

for (const { what, args, seeds } of steps) {
  const { status } = spawnSync('vitest', ['run', ...args], {
    env: { ...process.env, TROUPE_RUNS: String(seeds * perSeed), TROUPE_ELSEWHERE: String(perSeed) },
    stdio: 'inherit',
  });
  if (status !== 0) {
    console.error(`not the same: ${what}`);
    process.exit(status ?? 1);
  }
  console.log(`the same: ${what}`);
}
