/**
 * Watches which specs notice mutants, and which tests are slow.
 *
 * Those specs run first that have noticed most mutants lately, so that a mutant is
 * mostly noticed by the first spec it meets. Tests that took long without any mutant
 * are left out when there is one (`slowTests`): thousands of mutants would meet them.
 * They are kept in a file, because a mutant that runs for ever takes this process along.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BaseSequencer,
  type Reporter,
  type TestCase,
  type TestSpecification,
  type Vitest,
} from 'vitest/node';

const slowMs = Number(process.env['MUTATION_SLOW_MS'] ?? 200);
/** Far longer than a test takes that is not slow, and soon over where a mutant lets it wait for ever. */
const waitedForMs = Number(process.env['MUTATION_WAIT_MS'] ?? 4_000);
const slowFile = join(import.meta.dirname, '.slow-tests.json');
const slow = new Set<string>(existsSync(slowFile) ? JSON.parse(readFileSync(slowFile, 'utf8')) : []);
const noticed = new Map<string, number>();
let vitest: Vitest | undefined;

const isWithoutMutant = (): boolean =>
  (vitest?.getRootProject().getProvidedContext() as { mode?: string } | undefined)?.mode === 'dry-run';

export class LikelyFirst extends BaseSequencer {
  override async sort(specs: TestSpecification[]): Promise<TestSpecification[]> {
    for (const [spec, count] of noticed) {
      noticed.set(spec, count * 0.9);
    }
    vitest?.provide('slowTests', [...slow]);
    for (const { project } of specs) {
      project.config.testTimeout = isWithoutMutant() ? 60_000 : waitedForMs;
    }
    return specs.toSorted((a, b) => (noticed.get(b.moduleId) ?? 0) - (noticed.get(a.moduleId) ?? 0));
  }
}

export const noticing: Reporter = {
  onInit(started: Vitest): void {
    vitest = started;
  },

  onTestCaseResult(test: TestCase): void {
    const spec = test.module.moduleId;
    if (test.result().state === 'failed') {
      noticed.set(spec, (noticed.get(spec) ?? 0) + 1);
    } else if (isWithoutMutant() && (test.diagnostic()?.duration ?? 0) > slowMs) {
      slow.add(test.id);
    }
  },

  onTestRunEnd(): void {
    if (isWithoutMutant()) {
      writeFileSync(slowFile, JSON.stringify([...slow]));
    }
  },
};

declare module 'vitest' {
  interface ProvidedContext {
    /** Identities of tests. */
    slowTests: readonly string[];
  }
}
