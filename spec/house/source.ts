/**
 * The sources as the house rules see them: paths, syntax trees and imports.
 *
 * The rules read syntax trees and not lines, so that a word in a comment or in a string is never mistaken for code.
 */
import { globSync } from 'node:fs';
import { posix } from 'node:path';
import { parseAst } from 'vitest/node';

export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** A node with the node that holds it and the field that holds it. */
export interface Place {
  readonly node: Node;
  readonly parent: Node;
  readonly field: string;
}

/** Paths that match, relative to the root of the repository, with forward slashes, in order. */
export const filesAt = (pattern: string): string[] =>
  globSync(pattern)
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted();

export const parse = (code: string): Node => parseAst(code, { lang: 'ts' }) as unknown as Node;

/** Every node below this one, outer nodes first. */
export function* placesIn(parent: Node): Generator<Place> {
  for (const [field, value] of Object.entries(parent)) {
    for (const node of [value].flat().filter(isNode)) {
      yield { node, parent, field };
      yield* placesIn(node);
    }
  }
}

/** The specifiers a module imports, re-exports or names in a type, however it does so. */
export const importsOf = (code: string): string[] =>
  [...placesIn(parse(code))]
    .filter(({ node, field }) => field === 'source' && node.type === 'Literal')
    .map(({ node }) => String(node.value));

/** The file that a relative specifier in `path` means; any other specifier stays as it is. */
export const resolveImport = (path: string, specifier: string): string =>
  specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier;

export const lineAt = (code: string, offset: number): number => code.slice(0, offset).split('\n').length;

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
