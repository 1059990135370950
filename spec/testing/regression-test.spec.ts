import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { explore } from '../../src/testing/explore.ts';
import { type Replayable, regressionTest } from '../../src/testing/regression-test.ts';
import { aFolder } from '../support/a-folder.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

const found: Replayable = {
  tape: [0, 1],
  why: "it's 1\nnot 2",
  told: ["it's 1", 'a line that would end */ the comment', ''],
  options: {
    faults: ['crash'],
    runs: 7,
    always: () => {},
    system: { id: 'x' },
    laws: undefined,
    crashesMax: 2,
  },
};

describe('a regression test', () => {
  it('is written for the runner, with the options that are data', () => {
    expect(regressionTest(found, { runner: 'vitest', from: './race.ts' })).toBe(
      [
        '/**',
        " * it's 1",
        ' * a line that would end * / the comment',
        ' *',
        ' */',
        "import { test } from 'vitest';",
        "import { explore } from 'troupe/testing';",
        "import { setup, atQuiet } from './race.ts';",
        '',
        "test('keeps the property: it\\'s 1', async () => {",
        '  // It was found with `always`, which is code: export the options and name them.',
        '  await explore(setup, { faults: ["crash"], system: {"id":"x"}, crashesMax: 2, tape: [0,1] }, atQuiet);',
        '});',
        '',
      ].join('\n'),
    );
  });

  it('holds no control character, and no title without end', () => {
    const nasty = 'a\u001b[2J\u202e\r\u2028';
    const source = regressionTest(
      { ...found, why: `${nasty}${'y'.repeat(1e6)}`, told: [nasty] },
      { runner: 'vitest', from: './race.ts' },
    );
    const named = regressionTest({ ...found, told: [] }, { runner: 'jest', from: './race.ts', name: nasty });

    for (const text of [source, named]) {
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
    }
    expect(source.length).toBeLessThan(1_000);
  });

  it('imports what has another name, and the options, from where they are', () => {
    const source = regressionTest(found, {
      runner: 'jest',
      from: '../a "module".js',
      setup: 'default',
      atQuiet: 'isKept',
      options: 'how',
      name: 'stays mended',
    });

    expect(source).toContain(
      `import { default as setup, isKept as atQuiet, how as options } from '../a "module".js';`,
    );
    expect(source).toContain("test('stays mended', async");
    expect(source).toContain('{ ...options, faults:');
    expect(source).not.toContain('import { test }');
    expect(source).not.toContain('which is code');
  });

  it('refuses a name that cannot be imported', () => {
    expect(() => regressionTest(found, { runner: 'node:test', from: './a.ts', setup: 'a b' })).toThrow(
      `setup is the name of an export, like 'setup'; got "a b"`,
    );
  });

  it('is red while the bug is there, and green when it is mended', { timeout: 60_000 }, async () => {
    const folder = aFolder({ 'package.json': '{ "type": "module" }', 'race.ts': race('bid >= 500') });
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(repository, join(folder, 'node_modules/troupe'));
    const { setup, atQuiet } = (await import(join(folder, 'race.ts'))) as {
      setup: Parameters<typeof explore>[0];
      atQuiet: () => boolean;
    };

    await explore(
      setup,
      {
        runs: 500,
        seed: 1,
        onCounterexample: (counterexample) =>
          writeFileSync(
            join(folder, 'race.test.ts'),
            counterexample.regressionTest({ runner: 'node:test', from: './race.ts' }),
          ),
      },
      atQuiet,
    ).catch(() => {});
    const red = await nodeTest(folder);
    writeFileSync(join(folder, 'race.ts'), race('bid > 500'));
    const green = await nodeTest(folder);

    expect(red.code).toBe(1);
    expect(red.output).toContain('a schedule breaks the property: the property does not hold at quiet');
    expect(red.output).toContain('fail 1');
    expect(green).toMatchObject({ code: 0 });
    expect(green.output).toContain('pass 1');
  });
});

/** A module with a setup and a property: the last bid that fulfils the condition wins, and Ada should. */
const race = (wins: string) => `
import { defineAgent, defineTopic, type } from 'troupe';
const Bid = defineTopic('bid', { schema: type() });
let winner = '';
export const setup = (system) => {
  winner = 'ada';
  const bidder = (name) => defineAgent({ name, on: [], onStart: (context) => { context.publish(Bid, { name, bid: 500 }); } });
  system.spawn(defineAgent({ name: 'seller', subscribe: [Bid], receive: ({ name, bid }) => { if (${wins}) winner = name; } }));
  system.spawn(bidder('grace'));
  system.spawn(bidder('ada'));
};
export const atQuiet = () => winner === 'ada';
`;

/** Runs the tests of a folder as a user does. */
async function nodeTest(folder: string): Promise<{ readonly code: number; readonly output: string }> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=troupe-source', '--test', '--test-reporter=spec', 'race.test.ts'],
      { cwd: folder, env: { ...env, NODE_OPTIONS: '' } },
    );
    return { code: 0, output: stdout };
  } catch (failure) {
    const { code, stdout } = failure as { code: number; stdout: string };
    return { code, output: stdout };
  }
}
