import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { PeerMissing, peerOf } from '../../src/adapters/optional-peer.ts';

describe('an optional peer', () => {
  it('is what its import gives', async () => {
    expect(await peerOf('troupe/some', 'some', Promise.resolve({ default: 1 }))).toEqual({ default: 1 });
  });

  it('that is not installed is named, with the command that installs it', async () => {
    const importing = peerOf('troupe/some', 'some', Promise.reject(notFound('some')));

    await expect(importing).rejects.toThrow(PeerMissing);
    await expect(importing).rejects.toThrow(
      "'troupe/some' needs the package 'some', which is not installed: npm install some",
    );
  });

  it.each([notFound('another'), new TypeError('broken inside')])(
    'that fails otherwise fails as it does: %s',
    async (error) => {
      await expect(peerOf('troupe/some', 'some', Promise.reject(error))).rejects.toBe(error);
    },
  );

  it('minisearch is one: troupe/minisearch says what to install', () => {
    const without = `
      import { registerHooks } from 'node:module';
      const missing = () => { throw Object.assign(new Error("Cannot find package 'minisearch'"), { code: 'ERR_MODULE_NOT_FOUND' }); };
      registerHooks({ resolve: (name, context, next) => (name === 'minisearch' ? missing() : next(name, context)) });
      await import('troupe/minisearch').catch((error) => console.log(error.message));`;

    const { stdout } = spawnSync(
      process.execPath,
      ['--conditions=troupe-source', '--input-type=module', '--eval', without],
      { encoding: 'utf8' },
    );

    expect(stdout).toContain('npm install minisearch');
  });
});

function notFound(name: string): Error {
  return Object.assign(new Error(`Cannot find package '${name}' imported from /app/a.js`), {
    code: 'ERR_MODULE_NOT_FOUND',
  });
}
