import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openTraceFile } from '../../src/cli/trace-file.ts';
import { aFolder } from '../support/a-folder.ts';

const folder = aFolder({ 'notes.md': 'precious' });
afterEach(() => vi.unstubAllEnvs());

describe('the trace file', () => {
  it('holds the events as one JSON array', async () => {
    const path = join(folder, 'trace.json');
    const trace = openTraceFile(path, 'a.ts');

    trace.listener.next({ _tag: 'AgentRestarted', atMs: 1, agent: '/a', restarts: 1 });
    trace.listener.complete?.();

    expect(await trace.close()).toBeUndefined();
    expect(JSON.parse(readFileSync(path, 'utf8'))).toContainEqual(
      expect.objectContaining({ name: 'restarted' }),
    );
  });

  it('is a new file in the temporary folder when no path is given', async () => {
    const trace = openTraceFile(undefined, 'a.ts');
    await trace.close();

    expect(trace.path.startsWith(tmpdir())).toBe(true);
    expect(existsSync(trace.path)).toBe(true);

    rmSync(dirname(trace.path), { recursive: true });
  });

  it('replaces an earlier trace', async () => {
    const path = join(folder, 'again.json');
    writeFileSync(path, '[\n"an earlier trace"');

    await openTraceFile(path, 'a.ts').close();

    expect(readFileSync(path, 'utf8')).not.toContain('earlier');
  });

  it('does not replace what is no trace', () => {
    expect(() => openTraceFile(join(folder, 'notes.md'), 'a.ts')).toThrow('a new file or an earlier trace');
    expect(readFileSync(join(folder, 'notes.md'), 'utf8')).toBe('precious');
  });

  it.each([
    [join(folder, 'missing', 'trace.json'), 'its folder does not exist'],
    [folder, 'it is a folder'],
    [join(folder, 'notes.md', 'trace.json'), 'its folder is a file'],
  ])('is refused at %s', (path, reason) => {
    expect(() => openTraceFile(path, 'a.ts')).toThrow(
      `--trace expects a file that can be written (${reason}); got '${path.slice(0, 79)}`,
    );
  });

  it('is refused when the temporary folder cannot be written', () => {
    vi.stubEnv('TMPDIR', join(folder, 'missing'));

    expect(() => openTraceFile(undefined, 'a.ts')).toThrow('--trace expects a file that can be written');
  });

  it.skipIf(!existsSync('/dev/full'))('says at the end that it is not complete', async () => {
    const trace = openTraceFile('/dev/full', 'a.ts');

    expect(await trace.close()).toContain('the trace is not complete: ENOSPC');
  });
});
