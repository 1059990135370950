/**
 * Types say what they mean: `any` and silenced type errors have no place in `src/`.
 *
 * A wildcard over an invariant type cannot be written otherwise, so a type alias or interface whose name begins
 * with `Any` (`AnyTopic`) may hold `any`; everybody else uses that name.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { filesAt, lineAt, type Node, parse, placesIn } from './source.ts';

describe('public types', () => {
  it('src/ contains no any and silences no type error', () => {
    const holes = filesAt('src/**/*.ts').flatMap((path) =>
      holesIn(readFileSync(path, 'utf8')).map((line) => `${path}:${line}`),
    );

    expect(holes).toEqual([]);
  });

  it.each([
    'let a: any',
    'f(a as any)',
    'new Map<string, any>()',
    'type Topics = any[]',
    '// @ts-ignore',
    '// @ts-expect-error',
  ])('%s is a hole', (code) => {
    expect(holesIn(code)).toEqual([1]);
  });

  it.each([
    "const policy = 'any'",
    'export type AnyTopic = Topic<any, any>',
    '// takes any topic',
    'any(topics)',
  ])('%s is no hole', (code) => {
    expect(holesIn(code)).toEqual([]);
  });
});

/** The lines of this code where a type is given up. */
function holesIn(code: string): number[] {
  const places = [...placesIn(parse(code))];
  const wildcards = places.map(({ node }) => node).filter(isWildcard);
  const anys = places.filter(
    ({ node }) => node.type === 'TSAnyKeyword' && !wildcards.some((owner) => holds(owner, node)),
  );
  const silenced = [...code.matchAll(/@ts-(ignore|nocheck|expect-error)/g)];

  return [...anys.map(({ node }) => node.start), ...silenced.map(({ index }) => index)].map((at) =>
    lineAt(code, at),
  );
}

const isWildcard = ({ type, id }: Node): boolean =>
  /^TS(TypeAlias|Interface)Declaration$/.test(type) && /^Any[A-Z]/.test(String((id as Node).name));

const holds = (outer: Node, inner: Node): boolean => outer.start <= inner.start && inner.end <= outer.end;
