/**
 * Runs every `@example` in `src/` and checks what it states.
 *
 * An example is TypeScript. A statement followed by `// => value` on the line where it ends is checked against that
 * value; a declaration is checked by its variable, `console.log(x)` by `x`. The exports of the module and of
 * `src/index.ts` are in scope, as is `assert`; anything else is imported by the example itself.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { resolve } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { filesAt, lineAt, type Node, parse, placesIn } from './source.ts';

interface Example {
  readonly file: string;
  readonly line: number;
  readonly code: string;
}

const examples = filesAt('src/**/*.ts').flatMap((file) => examplesIn(file, readFileSync(file, 'utf8')));

describe('examples in docs', () => {
  it.each(examples)('$file:$line runs and gives the values it states', async ({ file, code }) => {
    await run(code, { ...(await exportsOf('src/index.ts')), ...(await exportsOf(file)) });
  });

  it('an example is read from the whole docstring, without its stars and fences', () => {
    const code =
      '\n/**\n * Doubles.\n *\n * @example\n * ```ts\n * double(\n *   1,\n * ) // => 2\n * ```\n * @returns A number.\n */';

    expect(examplesIn('double.ts', code)).toEqual([
      { file: 'double.ts', line: 5, code: 'double(\n  1,\n) // => 2' },
    ]);
  });

  it.each([
    'one // => 1',
    'const two: number = one + 1 // => 2',
    'console.log([\n  one,\n] as number[]); // => [1]',
    'await Promise.resolve(one) // => 1',
    'for (const n of [1, 1]) {\n  n // => one\n}',
    "import { identity as same } from 'rxjs'\nsame(one) // => 1",
    'const one = 2\none // => 2',
    'assert.equal(one, 1)',
  ])('%s holds when one is 1', async (code) => {
    await expect(run(code, { one: 1 })).resolves.toBeUndefined();
  });

  it.each([
    'one // => 2',
    'const two = one // => 2',
    'console.log(one) // => 2',
    'await Promise.resolve(one) // => 2',
    'for (const n of [1, 1]) {\n  n // => 2\n}',
    'nobody // => 1',
    'assert.equal(one, 2)',
    'one',
    '// => 1',
  ])('%s does not hold when one is 1', async (code) => {
    await expect(run(code, { one: 1 })).rejects.toThrow();
  });
});

function examplesIn(file: string, source: string): Example[] {
  return [...source.matchAll(/^[ \t]*\/\*\*[\s\S]*?\*\//gm)].flatMap((docstring) =>
    [...docstring[0].matchAll(/^[ \t]*\* @example\b.*\n((?:[ \t]*\*(?!\/| @).*\n)*)/gm)].map((match) => ({
      file,
      line: lineAt(source, docstring.index + match.index),
      code: match[1]!.replace(/^[ \t]*\* ?(```.*)?/gm, '').trim(),
    })),
  );
}

async function exportsOf(file: string): Promise<Record<string, unknown>> {
  return existsSync(file) ? ((await import(resolve(file))) as Record<string, unknown>) : {};
}

async function run(code: string, scope: Record<string, unknown>): Promise<void> {
  const known = { ...scope, expect, assert, importModule: (specifier: string) => import(specifier) };
  const AsyncFunction = (async () => {}).constructor as new (
    ...parts: string[]
  ) => (...values: unknown[]) => Promise<void>;

  await new AsyncFunction(...Object.keys(known), `{${withoutTypes(checked(code))}\n}`)(
    ...Object.values(known),
  );
}

/** The example with each stated value turned into an expectation, and each import into a dynamic one. */
function checked(code: string): string {
  const edits = [...placesIn(parse(code))].flatMap(({ node }) => {
    const stated = /^;?[ \t]*\/\/ => (.*)/.exec(code.slice(node.end))?.[1];
    const text = (part: unknown) => code.slice((part as Node).start, (part as Node).end);

    if (node.type === 'ImportDeclaration') return [{ node, becomes: dynamicImport(node) }];
    if (stated !== undefined && node.type === 'ExpressionStatement') {
      return [{ node, becomes: `expect(${text(shown(node.expression as Node))}).toEqual(${stated});` }];
    }
    if (stated !== undefined && node.type === 'VariableDeclaration') {
      const [{ id }] = node.declarations as [{ id: Node }];
      return [{ node, becomes: `${text(node)}; expect(${String(id.name)}).toEqual(${stated});` }];
    }
    return [];
  });

  const stated = edits.filter(({ becomes }) => becomes.includes('expect('));
  assert(
    stated.length > 0 || /\bassert\b/.test(code),
    'the example checks nothing: say `expression // => value`',
  );
  assert.equal(stated.length, code.split('// =>').length - 1, 'a `// =>` stands where no statement ends');

  return edits.reduceRight(
    (text, { node, becomes }) => text.slice(0, node.start) + becomes + text.slice(node.end),
    code,
  );
}

/** What a statement shows: the argument of a `console.log`, otherwise its own value. */
function shown(expression: Node): Node {
  const { callee, arguments: shownValues } = expression as Node & { callee?: Node; arguments?: Node[] };
  const isLog = callee?.type === 'MemberExpression' && (callee.object as Node).name === 'console';
  return (isLog ? shownValues?.[0] : undefined) ?? expression;
}

function dynamicImport({ specifiers, source, importKind }: Node): string {
  const names = (specifiers as Node[])
    .filter((specifier) => specifier.importKind !== 'type')
    .map(({ imported, local }) => `${nameOf(imported) ?? 'default'}: ${nameOf(local)}`);

  return importKind === 'type' ? '' : `const { ${names} } = await importModule(${(source as Node).raw});`;
}

const nameOf = (node: unknown): string | undefined => (node as { name?: string } | undefined)?.name;

/** Node's own type stripping, without its warning that it is experimental. */
function withoutTypes(code: string): string {
  const quiet = vi.spyOn(process, 'emitWarning').mockReturnValue();
  try {
    return stripTypeScriptTypes(code);
  } finally {
    quiet.mockRestore();
  }
}
