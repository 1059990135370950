/**
 * Explores the laws for a long time: 20 000 new schedules each, or as many as TROUPE_RUNS says,
 * from TROUPE_SEED on when it is given. CI explores the same 1 000 each time.
 *
 *     npm run explore                  all laws
 *     npm run explore -- L02 L09       some of them
 */
import { spawnSync } from 'node:child_process';

const runs = process.env['TROUPE_RUNS'] ?? '20000';
const seed = process.env['TROUPE_SEED'] ?? 'random';
const named = process.argv.slice(2).map((law) => `spec/laws/${law}`);

const { status } = spawnSync('vitest', ['run', ...(named.length === 0 ? ['spec/laws'] : named)], {
  env: { ...process.env, TROUPE_RUNS: runs, TROUPE_SEED: seed },
  stdio: 'inherit',
});
process.exit(status ?? 1);
