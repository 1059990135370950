/** Jest itself, run on a test that explores: with its globals and its own module loader. */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it('explores from Jest, with its globals', () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--no-warnings',
      createRequire(import.meta.url).resolve('jest/bin/jest'),
      '--config',
      join(import.meta.dirname, 'jest.config.js'),
      '--cacheDirectory',
      join(import.meta.dirname, '../node_modules/.cache/jest'),
    ],
    { encoding: 'utf8' },
  );

  expect(stderr).toContain('2 passed, 2 total');
  expect(status).toBe(0);
});
