import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['troupe-source'] },
  ssr: { resolve: { conditions: ['troupe-source'] } },
  test: {
    // Generous, because no test asserts a time and machines are busy.
    testTimeout: 60_000,
    include: ['spec/**/*.spec.ts', 'examples/testing/*.spec.ts'],
    maxWorkers: 2,
    reporters: ['minimal'],
    coverage: {
      provider: 'v8',
      include: ['src/core/**/*.ts', 'src/actors/**/*.ts'],
      reporter: [['text', { skipFull: true }], 'text-summary', 'html'],
      thresholds: { lines: 100, branches: 100, functions: 100, statements: 100 },
    },
  },
});
