/** A type that cannot be read aloud is not finished: these are the types as an editor shows them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

describe('the hover text of a name', () => {
  it('can be read aloud', () => {
    const shown = declarationsOf('spec/types/hover.spec-d.ts');

    expect(shown).toEqual({
      Question: 'Topic<string, number>',
      Order: 'Topic<{ id: string; }, never>',
      counter: 'Agent<string, number>',
      clerk: 'Agent<string | { id: string; }, number>',
      Double: 'Capability<number, string>',
      system: 'System',
      ref: 'AgentRef<string, number>',
      reply: 'Promise<number>',
      replies: 'Bounded<number>',
      called: 'Promise<string>',
      room: 'Promise<void> | undefined',
      orders: 'Bounded<{ id: string; }>',
    });
  });
});

/** The types of the constants that a file exports, as the compiler writes them. */
function declarationsOf(path: string): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-hover-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const config = join(folder, 'tsconfig.json');
  const compilerOptions = { noEmit: false, declaration: true, emitDeclarationOnly: true, outDir: folder };
  writeFileSync(
    config,
    JSON.stringify({
      extends: resolve('tsconfig.json'),
      compilerOptions: {
        ...compilerOptions,
        rootDir: resolve('.'),
        typeRoots: [resolve('node_modules/@types')],
      },
      files: [resolve(path)],
      include: [],
    }),
  );
  execFileSync(resolve('node_modules/.bin/tsc'), ['-p', config], { stdio: 'pipe' });

  const text = readFileSync(join(folder, path.replace(/\.ts$/, '.d.ts')), 'utf8').replaceAll(/\s+/g, ' ');
  const declared = [...text.matchAll(/export declare const (\w+): (.*?); (?=export |$)/g)];
  return Object.fromEntries(
    declared.map(([, name, type]) => [name, type!.replaceAll(/import\("[^"]*"\)\./g, '')]),
  );
}
