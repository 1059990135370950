/** The specs that the mutants meet: `MUTATION_SPECS`, patterns with spaces between. */
import { defineConfig } from 'vitest/config';
import { keptThread } from './kept-thread.ts';
import { LikelyFirst, noticing } from './noticing.ts';

export default defineConfig({
  plugins: [keptThread()],
  resolve: { conditions: ['troupe-source'] },
  ssr: { resolve: { conditions: ['troupe-source'] } },
  test: {
    include: (process.env['MUTATION_SPECS'] ?? 'spec/core/**/*.spec.ts').split(' '),
    setupFiles: ['mutation/each-file.ts'],
    isolate: false,
    sequence: { sequencer: LikelyFirst },
    reporters: [noticing],
    env: { TROUPE_RUNS: '50' },
  },
});
