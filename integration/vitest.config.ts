import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['troupe-source'] },
  ssr: { resolve: { conditions: ['troupe-source'] } },
  test: {
    root: import.meta.dirname,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    include: ['**/*.spec.ts'],
    maxWorkers: 2,
    reporters: ['minimal'],
  },
});
