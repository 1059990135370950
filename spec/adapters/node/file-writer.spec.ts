import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { FileBehind, type FileWriterOptions, fileWriter } from '../../../src/adapters/node/file-writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'troupe-file-writer-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const aPath = () => join(folder, `${++files}.log`);

function aWriter(path: string, options: FileWriterOptions = {}) {
  const errors: Error[] = [];
  const writer = fileWriter(path, { onError: (error) => errors.push(error), ...options });
  return { writer, errors };
}

describe('fileWriter', () => {
  it('writes texts in their order', async () => {
    const path = aPath();
    const { writer, errors } = aWriter(path);
    const texts = Array.from({ length: 1_000 }, (_, index) => `line ${index} é\n`);

    texts.forEach(writer.write);
    await writer.close();

    expect(readFileSync(path, 'utf8')).toBe(texts.join(''));
    expect([writer.dropped, errors]).toEqual([0, []]);
  });

  it('replaces what the file held, or adds to it when asked to', async () => {
    const [replaced, added] = [aPath(), aPath()];
    [replaced, added].forEach((path) => {
      writeFileSync(path, 'before ');
    });

    const writers = [fileWriter(replaced), fileWriter(added, { append: true })];
    writers.forEach((writer) => {
      writer.write('after');
    });
    await Promise.all(writers.map((writer) => writer.close()));

    expect([replaced, added].map((path) => readFileSync(path, 'utf8'))).toEqual(['after', 'before after']);
  });

  it('drops whole texts past its bound and tells once', async () => {
    const path = aPath();
    const { writer, errors } = aWriter(path, { bytesMax: 5 });

    ['abc', 'é', 'x', 'y'].forEach(writer.write);
    await writer.close();

    expect(readFileSync(path, 'utf8')).toBe('abcé');
    expect(writer.dropped).toBe(2);
    expect(errors).toEqual([expect.any(FileBehind)]);
    expect(errors[0]).toMatchObject({ _tag: 'FileBehind', path, bytesMax: 5 });
    expect(errors[0]!.message).toBe(`text for '${path}' is dropped: 5 bytes at most may wait for the disk`);
  });

  it('has room again when the disk has caught up', async () => {
    const path = aPath();
    const { writer } = aWriter(path, { bytesMax: 3 });

    writer.write('abc');
    await vi.waitUntil(() => existsSync(path) && readFileSync(path, 'utf8') === 'abc');
    writer.write('def');
    await writer.close();

    expect(readFileSync(path, 'utf8')).toBe('abcdef');
  });

  it('tells once of a file that cannot be opened, and drops everything', async () => {
    const { writer, errors } = aWriter(join(folder, 'no such folder', 'file'), { bytesMax: 2 });

    writer.write('a');
    writer.write('b');
    await vi.waitUntil(() => errors.length > 0);
    writer.write('too long, but nobody waits for this disk');
    await writer.close();

    expect(errors).toMatchObject([{ code: 'ENOENT' }]);
    expect(writer.dropped).toBe(3);
  });

  it.runIf(existsSync('/dev/full'))('tells once of a full disk, and drops what comes after', async () => {
    const { writer, errors } = aWriter('/dev/full');

    writer.write('a');
    await vi.waitUntil(() => errors.length > 0);
    writer.write('b');
    await writer.close();

    expect(errors).toMatchObject([{ code: 'ENOSPC' }]);
    expect(writer.dropped).toBe(2);
  });

  it('drops what is written after it was closed', async () => {
    const path = aPath();
    const { writer, errors } = aWriter(path);

    const closed = writer.close();
    writer.write('late');
    await Promise.all([closed, writer.close()]);

    expect(readFileSync(path, 'utf8')).toBe('');
    expect([writer.dropped, errors]).toEqual([1, []]);
  });

  it('warns the process of trouble when nobody else listens', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue();
    const writer = fileWriter(join(folder, 'no such folder', 'file'));

    await writer.close();
    await vi.waitUntil(() => warn.mock.calls.length > 0);

    expect(warn.mock.calls).toMatchObject([[{ code: 'ENOENT' }]]);
    warn.mockRestore();
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses a bound of %d bytes', (bytesMax) => {
    expect(() => fileWriter(aPath(), { bytesMax })).toThrow(
      new RangeError(`bytesMax of a file writer is a whole number, at least 1; got ${bytesMax}`),
    );
  });
});
