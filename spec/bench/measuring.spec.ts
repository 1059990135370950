import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Benchmark } from '../../bench/harness/benchmark.ts';
import { measure } from '../../bench/harness/measuring.ts';
import { timing, weighing } from '../../bench/harness/variant-process.ts';

let folder: string;
let file: string;

beforeAll(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'troupe-bench-'));
  file = join(folder, 'boxes.bench.ts');
  writeFileSync(
    file,
    `const boxes = async ({ size, measure = (work) => work() }) => {
       let all = [];
       await measure(() => { all = Array.from({ length: size }, (_, n) => ({ n })); });
       return { checksum: all.length };
     };
     const half = async (options) => ({ checksum: (await boxes(options)).checksum / 2 });
     const failing = async () => { throw new Error('it breaks'); };
     const leaving = async () => { process.exit(3); };
     export const benchmark = { variants: { boxes, again: boxes, half, failing, leaving } };`,
  );
});

afterAll(() => rmSync(folder, { recursive: true }));

const benchmarkOf = (...names: string[]): Benchmark => ({
  question: 'What does a box cost?',
  unit: 'box',
  size: 1_000,
  variants: Object.fromEntries(names.map((name) => [name, async () => ({ checksum: 0 })])),
  baseline: names[0]!,
  goals: [],
});
const options = () => ({ file, size: 1_000, rounds: 3, roundsMax: 6 });

// Each of these starts processes, which takes its time on a machine that is busy.
const timeout = 300_000;

describe('the process of a variant', { timeout }, () => {
  it('does a round whenever it is told to, and says what it took', async () => {
    await using session = await timing({ file, variant: 'boxes', size: 1_000 });

    const rounds = [await session.round(), await session.round()];

    expect(rounds.map(({ checksum }) => checksum)).toEqual([1_000, 1_000]);
    expect(rounds.every(({ reading }) => reading.wallNs > 0)).toBe(true);
  });

  it('weighs what is allocated for each unit, and what of it is kept', async () => {
    await using session = await weighing({ file, variant: 'boxes', size: 10_000 });

    const { reading } = await session.round();

    expect(reading.allocatedBytes).toBeGreaterThanOrEqual(reading.keptBytes);
    expect(reading.keptBytes).toBeGreaterThan(20);
  });

  it.each(['failing', 'leaving'])('that is %s says who it was', async (variant) => {
    const started = timing({ file, variant, size: 10, quietly: true });

    await expect(started).rejects.toThrow(`${variant} of ${file} ended with exit code`);
  });
});

describe('measuring', { timeout }, () => {
  it('has as many rounds as it takes to know, and no more than its patience', async () => {
    const known = await measure(benchmarkOf('boxes', 'again'), { ...options(), isKnown: () => true });
    const unknown = await measure(benchmarkOf('boxes'), { ...options(), isKnown: () => false });

    expect([known.rounds, known.checksum, unknown.rounds]).toEqual([3, 1_000, 6]);
    expect(known.took.again).toHaveLength(3);
  });

  it('refuses variants that did different work', async () => {
    const measured = measure(benchmarkOf('boxes', 'half'), { ...options(), isKnown: () => true });

    await expect(measured).rejects.toThrow('{"boxes":1000,"half":500}');
  });
});
