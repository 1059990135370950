/**
 * Watches which specs notice mutants, and which tests are slow.
 *
 * Those specs run first that have noticed most mutants lately, so that a mutant is
 * mostly noticed by the first spec it meets. Tests that took long without any mutant
 * are left out when there is one (`slowTests`): thousands of mutants would meet them.
 */
import {
  BaseSequencer,
  type Reporter,
  type TestCase,
  type TestSpecification,
  type Vitest,
} from 'vitest/node';

const slowMs = Number(process.env['MUTATION_SLOW_MS'] ?? 200);
const noticed = new Map<string, number>();
const slow = new Set<string>();
let vitest: Vitest | undefined;
let runs = 0;

export class LikelyFirst extends BaseSequencer {
  override async sort(specs: TestSpecification[]): Promise<TestSpecification[]> {
    for (const [spec, count] of noticed) {
      noticed.set(spec, count * 0.9);
    }
    vitest?.provide('slowTests', [...slow]);
    runs += 1;
    return specs.toSorted((a, b) => (noticed.get(b.moduleId) ?? 0) - (noticed.get(a.moduleId) ?? 0));
  }
}

export const noticing: Reporter = {
  onInit(started: Vitest): void {
    vitest = started;
  },

  onTestCaseResult(test: TestCase): void {
    const spec = test.module.moduleId;
    // The first run is without a mutant.
    if (runs === 1) {
      if ((test.diagnostic()?.duration ?? 0) > slowMs) {
        slow.add(test.id);
      }
    } else if (test.result().state === 'failed') {
      noticed.set(spec, (noticed.get(spec) ?? 0) + 1);
    }
  },
};

declare module 'vitest' {
  interface ProvidedContext {
    /** Identities of tests. */
    slowTests: readonly string[];
  }
}
