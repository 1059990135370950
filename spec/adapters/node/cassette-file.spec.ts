import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CassetteLocked, cassetteFile } from '../../../src/adapters/node/cassette-file.ts';
import { openCassette } from '../../../src/testing/cassette.ts';
import { scriptedModel } from '../../../src/testing/scripted-model.ts';
import { aFolder } from '../../support/a-folder.ts';
import { childProgram } from '../../support/child-program.ts';
import { asking } from '../../support/model-calls.ts';

describe('a cassette file', () => {
  it('is not there before something is written, and is made with its folders', async () => {
    const path = join(aFolder(), 'cassettes', 'weather.json');
    const storage = cassetteFile(path);

    expect(await storage.read()).toBeUndefined();
    await storage.update((text) => `${text ?? 'first'}\n`);

    expect(await storage.read()).toBe('first\n');
    expect(readdirSync(join(path, '..'))).toEqual(['weather.json']);
  });

  it('stays as it was when the change throws', async () => {
    const folder = aFolder({ 'a.json': 'before' });
    const storage = cassetteFile(join(folder, 'a.json'));

    const changing = storage.update(() => {
      throw new RangeError('no');
    });

    await expect(changing).rejects.toThrow(new RangeError('no'));
    expect(await storage.read()).toBe('before');
    expect(readdirSync(folder)).toEqual(['a.json']);
  });

  it('waits for whoever holds the lock, but not for ever', async () => {
    const folder = aFolder({ 'a.json.lock': String(process.pid) });
    const storage = cassetteFile(join(folder, 'a.json'), { waitMs: 10 });

    const failure: unknown = await storage.update(() => '').catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(CassetteLocked);
    expect(String(failure)).toContain(`is held by process ${process.pid} for more than 10 ms`);
  });

  it('takes a lock for held when it does not say by whom', async () => {
    const folder = aFolder({ 'a.json.lock': '' });

    const changing = cassetteFile(join(folder, 'a.json'), { waitMs: 0 }).update(() => '');

    await expect(changing).rejects.toThrow('held by process unknown');
  });

  it('takes away the lock of a process that is gone', async () => {
    const folder = aFolder({ 'a.json.lock': '4194305' }); // No process can have this number on Linux.

    await cassetteFile(join(folder, 'a.json')).update(() => 'written');

    expect(readdirSync(folder)).toEqual(['a.json']);
  });

  it('tells of what it cannot read or write', async () => {
    const folder = aFolder({ 'a.json/inside': '' });

    await expect(cassetteFile(join(folder, 'a.json')).read()).rejects.toThrow('EISDIR');
    await expect(cassetteFile(join(folder, 'a.json/inside/b')).update(() => '')).rejects.toThrow();
    await expect(cassetteFile(join(folder, 'a.json')).update(() => '')).rejects.toThrow('EISDIR');
    await expect(cassetteFile(join(folder, 'b'.repeat(255))).update(() => '')).rejects.toThrow(
      'ENAMETOOLONG',
    );
  });

  it('loses nothing when several write at once, in this process and others', async () => {
    const path = join(aFolder(), 'shared.json');
    const children = ['a', 'b'].map((who) => childProgram('records-answers.ts', path, who, '10'));
    const here = ['c', 'd'].map(async (who) => {
      const model = (await openCassette(cassetteFile(path))).record(scriptedModel((_, n) => `${who} ${n}`));
      for (let n = 0; n < 10; n += 1) await model.doGenerate(asking(`${who} ${n}`));
    });

    expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0]);
    await Promise.all(here);

    const replayed = (await openCassette(cassetteFile(path))).replay();
    for (const who of ['a', 'b', 'c', 'd']) {
      for (let n = 0; n < 10; n += 1) {
        const { content } = await replayed.doGenerate(asking(`${who} ${n}`));
        expect(content).toEqual([{ type: 'text', text: `${who} ${n}` }]);
      }
    }
    replayed.assertComplete();
  });

  it('that is torn is named, and not written over', async () => {
    const path = join(aFolder(), 'torn.json');
    await (await openCassette(cassetteFile(path))).record(scriptedModel(['a'])).doGenerate(asking('a'));
    const torn = readFileSync(path, 'utf8').slice(0, -20);
    writeFileSync(path, torn);

    await expect(openCassette(cassetteFile(path))).rejects.toMatchObject({ code: 'CORRUPT_CASSETTE' });
    expect(readFileSync(path, 'utf8')).toBe(torn);
  });
});
