import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aFolder } from '../support/a-folder.ts';
import { troupe } from '../support/troupe-command.ts';

const folder = aFolder({
  'enum.ts': 'export const a: number = 1;\nenum Color { Red }\nexport default Color;\n',
  'cut-off.ts': 'const a: number = 1;\nconst b = ;\n',
  'twice.ts': 'const a = 1;\nconst b: number = 2;\nlet a = 3;\n',
  'cut-off.mjs': 'const a = 1;\n\nconst b = ;\n',
  'imports-broken.ts': "import './cut-off.ts';\n",
  'no-package.ts': "import { join } from 'node:path';\nimport nothing from 'no-such-package';\n",
  'no-file.ts': "import './no-such-file.ts';\n",
  'no-name.ts': "import { nothing } from 'troupe';\nexport default nothing;\n",
  'throws.ts': 'const f = () => {\n  throw new RangeError("too far");\n};\nf();\n',
  'waits.ts': 'await new Promise(() => {});\nexport default 1;\n',
  'nothing.ts': 'export const run = 1;\n',
  'number.ts': 'export default 42;\n',
  'function.ts': 'export default () => "text";\n',
  'object.ts': 'export default { go: true };\n',
  'taken.ts': "export default { options: { json: { type: 'boolean', description: 'x' } }, run: () => '' };\n",
  'typed.ts': "export default { options: { n: { type: 'number', description: 'x' } }, run: () => '' };\n",
  'bare.ts': "export default { options: { n: { type: 'string' } }, run: () => '' };\n",
  'spaced.ts':
    "export default { options: { 'a b': { type: 'string', description: 'x' } }, run: () => '' };\n",
  'data.json': '{}',
  'text.txt': 'text',
  'plain.mjs': "export default { run: () => 'plain JavaScript' };\n",
  'shared.ts':
    "import { defineAgent } from 'troupe';\nimport { program } from 'troupe/cli';\n\nexport default program({\n  run: ({ system }) => system.spawn(defineAgent({ name: 'a', on: [] })).path,\n});\n",
});

describe.concurrent('a program that cannot be loaded', () => {
  it.each([
    ['enum.ts', 'enum.ts:2 does not compile: TypeScript enum is not supported'],
    ['cut-off.ts', 'cut-off.ts:2 does not compile: '],
    ['twice.ts', "twice.ts:3 does not compile: Identifier 'a' has already been declared"],
    [
      'cut-off.mjs',
      "cut-off.mjs:3 does not compile: Unexpected token ';'\n    const b = ;\n              ^\n",
    ],
    ['imports-broken.ts', 'cut-off.ts:2 does not compile: '],
    ['no-package.ts', "no-package.ts:2 imports the package 'no-such-package', which is not installed"],
    ['no-file.ts', "no-file.ts:1 imports 'no-such-file.ts', which does not exist"],
    ['no-name.ts', "no-name.ts:1 does not compile: The requested module 'troupe' does not provide"],
    ['throws.ts', 'throws.ts:2:9 threw while it was loaded: RangeError: too far'],
    ['waits.ts', 'waits.ts waits, while it is loaded, for something that can no longer come'],
    ['nothing.ts', 'and it has no default export, only run'],
    [
      'number.ts',
      "number.ts is no program: expected 'export default program({ run })', and its default export is a number",
    ],
    ['function.ts', 'and its default export is a function'],
    ['object.ts', "and its default export is an object without a function 'run'"],
    ['taken.ts', "has an option 'json' that cannot be: troupe run has one of that name"],
    ['typed.ts', "has an option 'n' that cannot be: expected type 'string' or 'boolean'; got number"],
    ['bare.ts', "has an option 'n' that cannot be: expected a description"],
    ['spaced.ts', "has an option 'a b' that cannot be: expected letters, digits and '-'"],
    ['data.json', 'data.json is no program: expected a file that ends in .ts, .mts, .js or .mjs'],
    ['text.txt', 'text.txt is no program: expected a file that ends in .ts, .mts, .js or .mjs'],
  ])('%s says where and why, without a stack', { timeout: 30_000 }, async (file, reason) => {
    const { code, stderr, stdout } = await troupe(['run', file], { cwd: folder });

    expect(stderr).toContain(reason);
    expect(stderr).not.toMatch(/\n\s+at |node:internal/);
    expect([code, stdout]).toEqual([1, '']);
  });

  it.each([
    ['no-such.ts', "there is no 'no-such.ts'"],
    ['.', "'.' is a folder (the file comes before its options)"],
  ])('%s is bad usage', { timeout: 30_000 }, async (file, reason) => {
    const { code, stderr } = await troupe(['run', file], { cwd: folder });

    expect(stderr).toContain(`troupe: expected the file of a program; ${reason}`);
    expect(code).toBe(2);
  });
});

describe.concurrent('a program that can be loaded', () => {
  it('may be plain JavaScript', { timeout: 30_000 }, async () => {
    expect(await troupe(['run', 'plain.mjs', '--quiet'], { cwd: folder })).toMatchObject({
      code: 0,
      stdout: 'plain JavaScript\n',
    });
  });

  it('shares the package of the command, wherever it lies', { timeout: 30_000 }, async () => {
    expect(await troupe(['run', join(folder, 'shared.ts'), '--quiet'], { cwd: resolve('/') })).toMatchObject({
      code: 0,
      stdout: '/a\n',
    });
  });
});
