/** The arrows of docs/ARCHITECTURE.md: which folder may import which, and that no import leads back to its start. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { filesAt, importsOf, resolveImport } from './source.ts';

const mayImport: Record<string, readonly string[]> = {
  core: [],
  actors: ['core'],
  primitives: ['core', 'actors'],
  durability: ['core', 'actors', 'primitives'],
  models: ['core', 'actors', 'primitives', 'durability'],
  testing: ['core', 'actors', 'primitives', 'durability', 'models'],
  adapters: ['core', 'actors', 'primitives', 'durability', 'models', 'testing'],
  cli: ['core', 'actors', 'primitives', 'durability', 'models', 'testing', 'adapters'],
  'index.ts': ['core', 'actors', 'primitives'],
};

const files = filesAt('src/**/*.ts');
const arrows = files.flatMap((from) =>
  importsOf(readFileSync(from, 'utf8')).map((name) => ({ from, name, to: resolveImport(from, name) })),
);
const inside = arrows.filter(({ to }) => to.startsWith('src/'));
const folderOf = (path: string) => path.split('/')[1]!;
const drawn = (wrong: typeof arrows) => wrong.map(({ from, to }) => `${from} -> ${to}`);

describe('layers', () => {
  it('every file is in a folder that has an arrow', () => {
    expect(files).not.toEqual([]);
    expect(files.filter((path) => !Object.hasOwn(mayImport, folderOf(path)))).toEqual([]);
  });

  it.each(Object.keys(mayImport))('%s imports only what its arrow allows', (folder) => {
    const allowed = [folder, ...mayImport[folder]!];

    const strangers = inside.filter(
      ({ from, to }) => folderOf(from) === folder && !allowed.includes(folderOf(to)),
    );

    expect(drawn(strangers)).toEqual([]);
  });

  it('imports inside the package are relative and name an existing .ts file of src', () => {
    const own = arrows.filter(({ name }) => /^(\.|troupe($|\/))/.test(name));

    expect(drawn(own.filter(({ to }) => !files.includes(to)))).toEqual([]);
  });

  it('a file in an internal folder is imported only by its neighbours', () => {
    const trespassers = inside.filter(({ from, to }) => {
      const room = /^(.*\/)internal\//.exec(to)?.[1];
      return room !== undefined && !from.startsWith(room);
    });

    expect(drawn(trespassers)).toEqual([]);
  });

  it('no import leads back to the file it starts from, type imports included', () => {
    const imports = new Map(
      files.map((path) => [path, inside.filter(({ from }) => from === path).map(({ to }) => to)]),
    );

    expect(cycleIn(imports)).toBeUndefined();
  });

  it('a cycle is found and told from end to end', () => {
    const ring = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['b']],
    ]);

    expect(cycleIn(ring)).toBe('b -> c -> b');
  });
});

/** The first cycle among these imports, written as a path, or `undefined`. */
function cycleIn(graph: ReadonlyMap<string, readonly string[]>): string | undefined {
  const finished = new Set<string>();

  const visit = (path: string, trail: readonly string[]): string | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path].join(' -> ');
    if (finished.has(path)) return undefined;
    for (const next of graph.get(path) ?? []) {
      const cycle = visit(next, [...trail, path]);
      if (cycle !== undefined) return cycle;
    }
    finished.add(path);
    return undefined;
  };

  return [...graph.keys()].map((path) => visit(path, [])).find((cycle) => cycle !== undefined);
}
