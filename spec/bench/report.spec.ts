import { describe, expect, it } from 'vitest';
import { withFigures } from '../../bench/harness/baselines.ts';
import type { Benchmark } from '../../bench/harness/benchmark.ts';
import { printed, reportOf } from '../../bench/harness/report.ts';
import { oursOf, rowsOf } from '../../bench/harness/rows.ts';
import { complaintOf, tableOf } from '../../bench/harness/table.ts';
import { turnsOf } from '../../bench/harness/turns.ts';

const variant = async () => ({ checksum: 1 });
const benchmark: Benchmark = {
  question: 'What does a message cost?',
  unit: 'message',
  size: 1_000,
  variants: { troupe: variant, bare: variant },
  baseline: 'bare',
  goals: [
    { variant: 'troupe', beside: 'bare', timesMax: 3 },
    { variant: 'troupe', cpuNsMax: 150 },
    { variant: 'troupe', keptBytesMax: 1_200 },
    { variant: 'troupe', beside: 'nact', timesFasterMin: 20 },
  ],
  rows: [{ name: 'tell 1→1', variant: 'troupe', beside: ['bare', 'nact'] }],
};

const rounds = (...cpuNs: number[]) => cpuNs.map((ns) => ({ cpuNs: ns, wallNs: ns + 1 }));
const weights = [{ allocatedBytes: 2_400, keptBytes: 1_300 }];
const reported = (troupe: number[]) =>
  reportOf('tell', benchmark, {
    size: 1_000,
    measured: {
      rounds: troupe.length,
      took: { troupe: rounds(...troupe), bare: rounds(...troupe.map(() => 50)) },
      weighed: { troupe: weights, bare: weights },
      checksum: 42,
    },
  });
const calm = reported([100, 101, 99, 100, 100, 100]);
const restless = reported([100, 180, 60, 100, 140, 90]);

const machine = {
  cpu: 'A processor',
  cores: 2,
  memoryGb: 8,
  platform: 'linux x64',
  node: 'v24.0.0',
  commit: 'abc1234',
};

describe('the table of all benchmarks', () => {
  it('has for each row what stands beside it, the ratio of rounds, and each goal with what came of it', () => {
    expect(tableOf([calm]).split('\n')).toEqual(
      [
        'row       cpu ns  beside  cpu ns  ÷                   goal                  is                    ',
        'tell 1→1     100  bare      50.0  2.00 (2.00 – 2.00)  ≤ 3.00 ×              2.00 (2.00 – 2.00)  met',
        '                  nact            –                   ≥ 20.00 × as fast as  –                   not measured',
        '                                                      ≤ 150 ns              100 (100 – 100)     met',
        '                                                      keeps ≤ 1 200 B       1 300               missed',
      ].map((line) => line.trimEnd()),
    );
  });

  it('is refused with what is not known and what to do, when rounds disagreed', () => {
    expect(complaintOf([calm])).toBeUndefined();
    expect(complaintOf([calm, restless])).toContain(
      'tell: troupe ≤ 3.00 × bare is 2.00 (1.85 – 2.60), wrong by up to 80 % after 6 rounds',
    );
    expect(complaintOf([restless])).toMatch(/too noisy[\s\S]*taskset[\s\S]*--rounds[\s\S]*--noisy/);
  });

  it('marks what it was too noisy for, when it is printed all the same', () => {
    expect(tableOf([restless])).toMatch(/≤ 3\.00 × .* met\?/);
  });
});

describe('the table of one benchmark', () => {
  it('has all variants, with what they allocate, and the goals in words', () => {
    const table = printed(calm, 'bare');

    expect(table).toMatch(/troupe +100 +±0 % +101 +2 400 +1 300 +2\.00 ×/);
    expect(table).toContain('met          troupe ≤ 3.00 × bare: 2.00 (2.00 – 2.00)');
    expect(table).toContain('not measured troupe ≥ 20.00 × as fast as nact: –');
  });
});

describe('the rows of a benchmark', () => {
  it('are those it names, and those that its other goals speak of', () => {
    const goals = [...benchmark.goals, { variant: 'other', beside: 'bare', timesMax: 1 }];

    expect(rowsOf('tell', { ...benchmark, goals }).map(({ name }) => name)).toEqual([
      'tell 1→1',
      'tell: other',
    ]);
    expect(rowsOf('tell', { goals: benchmark.goals, variants: benchmark.variants })).toEqual([
      { name: 'tell: troupe', variant: 'troupe', beside: ['bare', 'nact'] },
    ]);
  });

  it('are ours where the name says so; where none does, all are; or those that it lists', () => {
    const { variants } = benchmark;

    expect(oursOf({ goals: [], variants })).toEqual(['troupe']);
    expect(oursOf({ goals: [], variants: { gathered: variant, byHand: variant } })).toEqual([
      'gathered',
      'byHand',
    ]);
    expect(oursOf({ goals: [], variants, ours: ['bare'] })).toEqual(['bare']);
  });
});

describe('turns', () => {
  it('let another variant begin in each round', () => {
    expect([0, 1, 2, 3].map((round) => turnsOf(['A', 'B', 'C'], round).join(''))).toEqual([
      'ABC',
      'BCA',
      'CAB',
      'ABC',
    ]);
  });
});

describe('the page of baselines', () => {
  const page =
    'How.\n<!-- figures: npm run bench -- --write-baselines -->\nold\n<!-- end of figures -->\nRead.\n';

  it('gets the machine and the table, between its marks and nowhere else', () => {
    const written = withFigures(page, [calm], machine);

    expect(written).toMatch(/^How\.\n<!--/);
    expect(written).toMatch(/<!-- end of figures -->\nRead\.\n$/);
    expect(written).toContain('A processor, 2 cores, 8 GB, linux x64, Node v24.0.0, commit abc1234');
    expect(written).toContain('tell 1→1');
    expect(written).not.toContain('old');
    expect(withFigures(written, [calm], machine)).toBe(written);
  });

  it('is refused when it has lost a mark', () => {
    expect(() => withFigures('nothing', [calm], machine)).toThrow('no region');
  });
});
