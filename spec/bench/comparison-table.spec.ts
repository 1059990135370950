import { describe, expect, it } from 'vitest';
import type { Compared } from '../../bench/harness/comparing.ts';
import { comparisonTable, verdictOn } from '../../bench/harness/comparison-table.ts';

const compared = (outcome: Compared['outcome'], change: number): Compared => ({
  benchmark: 'tell',
  variant: outcome,
  baseNs: 100,
  headNs: 100 * (1 + change),
  ownQuestions: outcome === 'same',
  outcome,
  pairs: 12,
  change,
  interval: [change - 0.02, change + 0.02],
});
const same = compared('same', 0);
const slower = compared('slower', 0.1);
const faster = compared('faster', -0.25);
const noisy = compared('noisy', 0.04);

describe('a comparison', () => {
  it('is a line for each variant, with its change, where that lies, and what was left out', () => {
    const table = comparisonTable({
      compared: [slower, same],
      leftOut: ['topic, troupe: it does not run in v1'],
    });

    expect(table.split('\n')).toEqual([
      '              before ns  after ns   change                99 %  pairs',
      'tell: slower        100       110  +10.0 %  (+8.0 % – +12.0 %)     12  slower',
      'tell: same          100       100   +0.0 %   (−2.0 % – +2.0 %)     12  same    each asked by its own benchmark',
      'left out: topic, troupe: it does not run in v1',
    ]);
  });

  it.each([
    [[same, faster], 0, 'nothing got slower'],
    [[same, slower, noisy], 1, 'slower: tell, slower'],
    [[same, noisy], 2, 'too noisy: a change of +10.0 % could hide in tell, noisy.'],
    [[], 2, 'nothing was compared'],
  ])('%# ends with the exit code that says what came of it', (all, exitCode, words) => {
    const verdict = verdictOn({ compared: all });

    expect(verdict.exitCode).toBe(exitCode);
    expect(verdict.words).toContain(words);
  });
});
