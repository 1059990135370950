import { spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type FileFacts, type Files, nodeFiles } from '../../../src/adapters/node/files.ts';
import {
  type DocumentRead,
  PathNotFound,
  type ReadDocumentsOptions,
  readDocuments,
} from '../../../src/adapters/node/read-documents.ts';
import { aFolder } from '../../support/a-folder.ts';

describe('reading documents', () => {
  it('gives the Markdown and text files below a folder, by their names', async () => {
    const folder = aFolder({ 'b.md': 'b', 'a/z.txt': 'z', 'a/y.markdown': 'y', 'c.ts': 'no document' });

    const found = await all([folder]);

    expect(told(folder, found)).toEqual(['a/y.markdown: y', 'a/z.txt: z', 'b.md: b']);
  });

  it('gives what is in a folder in the same order on every disk', async () => {
    const folder = aFolder({ 'b.md': 'b', 'a.md': 'a', 'C.md': 'C' });
    const files: Files = { ...nodeFiles, names: async () => ['b.md', 'C.md', 'a.md'] };

    expect(told(folder, await all([folder], { files }))).toEqual(['C.md: C', 'a.md: a', 'b.md: b']);
  });

  it('gives paths in the order given', async () => {
    const folder = aFolder({ 'a.md': 'a', 'b.md': 'b' });

    const found = await all([join(folder, 'b.md'), join(folder, 'a.md')]);

    expect(told(folder, found)).toEqual(['b.md: b', 'a.md: a']);
  });

  it('reads a file that is given, whatever its name', async () => {
    const folder = aFolder({ LICENSE: 'free' });

    expect(told(folder, await all([join(folder, 'LICENSE')]))).toEqual(['LICENSE: free']);
  });

  it('looks into no hidden folder and no node_modules, unless it is given', async () => {
    const folder = aFolder({ '.git/a.md': 'a', 'node_modules/b.md': 'b', '.hidden.md': 'c' });

    expect(await all([folder])).toEqual([]);
    expect(told(folder, await all([join(folder, 'node_modules')]))).toEqual(['node_modules/b.md: b']);
  });

  it('takes a byte order mark off', async () => {
    const folder = aFolder({ 'a.md': '\uFEFFtext' });

    expect(told(folder, await all([folder]))).toEqual(['a.md: text']);
  });

  it('opens a file only when it is asked for', async () => {
    const folder = aFolder({ 'a.md': 'a', 'b.md': 'b' });
    const opened: string[] = [];
    const files: Files = {
      ...nodeFiles,
      read: (path, bytesMax) => {
        opened.push(relative(folder, path));
        return nodeFiles.read(path, bytesMax);
      },
    };

    const documents = readDocuments([folder], { files });
    await documents.next();

    expect(opened).toEqual(['a.md']);
  });

  it('reads each file once, though several paths lead to it', async () => {
    const folder = aFolder({ 'a.md': 'a' });
    symlinkSync(join(folder, 'a.md'), join(folder, 'link.md'));

    const found = await all([folder, join(folder, 'a.md')]);

    expect(told(folder, found)).toEqual(['a.md: a', 'link.md (seen before)', 'a.md (seen before)']);
  });

  it('ends in a loop of links', async () => {
    const folder = aFolder({ 'a/b/c.md': 'c' });
    symlinkSync(folder, join(folder, 'a/b/up'));

    const found = await all([folder]);

    expect(told(folder, found)).toEqual(['a/b/c.md: c', 'a/b/up (seen before)']);
  });
});

describe('skipping documents', () => {
  it('names a file with NUL bytes and one that is not UTF-8 as binary', async () => {
    const folder = aFolder({ 'nul.md': 'a\0b', 'latin.txt': new Uint8Array([0x63, 0x61, 0x66, 0xe9]) });

    const found = await all([folder]);

    expect(told(folder, found)).toEqual(['latin.txt (binary)', 'nul.md (binary)']);
    expect(found).toContainEqual(expect.objectContaining({ detail: 'it is not UTF-8' }));
  });

  it('names a file that is too large, with the limit, and does not read it', async () => {
    const folder = aFolder({ 'large.md': '12345', 'fits.md': '1234' });

    const found = await all([folder], { bytesMax: 4 });

    expect(told(folder, found)).toEqual(['fits.md: 1234', 'large.md (too large)']);
    expect(found.at(-1)).toMatchObject({ detail: '5 bytes, and 4 is the limit' });
  });

  it('names a file that grew past the limit after its size was asked for', async () => {
    const folder = aFolder({ 'grows.md': '12345' });
    const files: Files = { ...nodeFiles, facts: async (path) => smaller(await nodeFiles.facts(path)) };

    const found = await all([folder], { bytesMax: 4, files });

    expect(told(folder, found)).toEqual(['grows.md (too large)']);
  });

  it('names a file that may not be read, and goes on', async () => {
    const folder = aFolder({ 'a.md': 'a', 'secret.md': 's' });
    const files: Files = {
      ...nodeFiles,
      read: (path, bytesMax) => (path.endsWith('secret.md') ? refused() : nodeFiles.read(path, bytesMax)),
    };

    const found = await all([folder], { files });

    expect(told(folder, found)).toEqual(['a.md: a', 'secret.md (unreadable)']);
    expect(found.at(-1)).toMatchObject({ detail: 'no permission' });
  });

  it('names a folder that may not be looked into', async () => {
    const folder = aFolder({ 'secret/a.md': 'a' });
    const files: Files = {
      ...nodeFiles,
      names: (path) => (path.endsWith('secret') ? refused() : nodeFiles.names(path)),
    };

    expect(told(folder, await all([folder], { files }))).toEqual(['secret (unreadable)']);
  });

  it('names a link to nothing and a link to itself', async () => {
    const folder = aFolder();
    symlinkSync(join(folder, 'gone.md'), join(folder, 'a.md'));
    symlinkSync(join(folder, 'b.md'), join(folder, 'b.md'));

    const found = await all([folder]);

    expect(found).toEqual([
      { _tag: 'Skipped', path: join(folder, 'a.md'), reason: 'unreadable', detail: 'a link to nothing' },
      { _tag: 'Skipped', path: join(folder, 'b.md'), reason: 'unreadable', detail: 'a loop of links' },
    ]);
  });

  it.skipIf(process.platform === 'win32')('does not wait for a pipe', async () => {
    const folder = aFolder();
    spawnSync('mkfifo', [join(folder, 'pipe.md')]);

    expect(told(folder, await all([folder]))).toEqual(['pipe.md (not a file)']);
  });

  it('names the file at which it had enough, and ends', async () => {
    const folder = aFolder({ 'a.md': 'a', 'b.md': 'b', 'c.md': 'c' });

    const found = await all([folder], { filesMax: 1 });

    expect(told(folder, found)).toEqual(['a.md: a', 'b.md (too many)']);
  });
});

describe('refusing to read', () => {
  it('fails before anything is read when nothing is at one of the paths', async () => {
    const folder = aFolder({ 'a.md': 'a' });
    const missing = join(folder, 'missing');

    const reading = all([folder, missing]);

    await expect(reading).rejects.toThrow(PathNotFound);
    await expect(reading).rejects.toMatchObject({
      path: missing,
      code: 'INVALID_PARAMS',
      class: 'invalid',
      message: `expected a folder or a file at '${missing}', and nothing is there`,
    });
  });

  it.each(['', 'a\0b', join('package.json', 'below')])('fails for %j, where nothing can be', async (path) => {
    await expect(all([path])).rejects.toThrow(PathNotFound);
  });

  it.each([{ bytesMax: 0 }, { bytesMax: 1.5 }, { filesMax: Number.NaN }])('refuses %j at once', (options) => {
    expect(() => readDocuments([], options)).toThrow(RangeError);
  });
});

async function all(paths: readonly string[], options?: ReadDocumentsOptions): Promise<DocumentRead[]> {
  const found: DocumentRead[] = [];
  for await (const one of readDocuments(paths, options)) found.push(one);
  return found;
}

const told = (folder: string, found: readonly DocumentRead[]): string[] =>
  found.map((one) =>
    one._tag === 'Document'
      ? `${relative(folder, one.document.path)}: ${one.document.text}`
      : `${relative(folder, one.path)} (${one.reason})`,
  );

const smaller = (facts: FileFacts): FileFacts => ({ ...facts, bytes: Math.min(facts.bytes, 1) });

const refused = (): Promise<never> =>
  Promise.reject(Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES', syscall: 'open' }));
