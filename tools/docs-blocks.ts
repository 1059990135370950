/**
 * Code blocks of the documentation, and the regions of running files that they repeat.
 *
 *     <!-- region: examples/01-two-agents.ts#hello -->
 *     ```ts
 *     the lines between `// #region hello` and `// #endregion`, to the letter, without their common indentation
 *     ```
 */
import { existsSync, globSync, readFileSync } from 'node:fs';

/** Languages that may stand in a fence; only `ts` is code that a reader would copy into a program. */
export const languages: readonly string[] = ['ts', 'sh', 'text', 'json', 'mermaid'];

export interface Block {
  readonly language: string;
  /** `path#name`, from the comment above the block. */
  readonly region: string | undefined;
  readonly code: string;
  /** Line of the fence that opens the block, counted from 1. */
  readonly line: number;
}

const fenced =
  /(?:<!-- region: (?<region>\S+) -->\s*)?^(?<indent>[ \t]*)(?<fence>`{3,}|~{3,})(?<language>\S*).*\n(?<body>(?:.*\n)*?)\k<indent>\k<fence>[ \t]*$/gm;

export const pages = (): string[] =>
  ['README.md', ...globSync('docs/**/*.md').toSorted()].filter((path) => existsSync(path));

export function blocksIn(markdown: string): Block[] {
  return [...markdown.matchAll(fenced)].map((match) => {
    const { region, indent = '', language = '', body = '' } = match.groups!;
    const opening = match[0].split('\n').findIndex((line) => /^[ \t]*(`{3,}|~{3,})/.test(line));

    return {
      language,
      region,
      code: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      line: markdown.slice(0, match.index).split('\n').length + opening,
    };
  });
}

/** The page with every `ts` block rewritten from its region. */
export function synced(markdown: string): string {
  return markdown.replaceAll(fenced, (block: string, ...rest: unknown[]) => {
    const { region, indent, language, body } = rest.at(-1) as Record<string, string>;
    if (language !== 'ts') return block;
    const code = regionOf(region).replaceAll(/^(?=.)/gm, indent!);
    const bodyAt = block.length - body!.length - block.slice(block.lastIndexOf('\n') + 1).length;
    return block.slice(0, bodyAt) + code + block.slice(bodyAt + body!.length);
  });
}

/** The text of a region; throws what is wrong when there is none. */
export function regionOf(reference: string | undefined): string {
  const [path, name] = reference?.split('#') ?? [];
  if (path === undefined || name === undefined) {
    throw new Error(`a ts block needs <!-- region: file#name --> above it; got ${reference}`);
  }
  if (!/^examples\/.+\.ts$|^integration\/.+\.ts$|^spec\/docs\/.+\.spec(-d)?\.ts$/.test(path)) {
    throw new Error(
      `a region is taken from examples/, integration/ or spec/docs/*.spec.ts, which are run; got ${path}`,
    );
  }
  const lines = readFileSync(path, 'utf8').split('\n');
  const start = lines.findIndex((line) => line.trim() === `// #region ${name}`);
  const end = lines.findIndex((line, at) => at > start && line.trim() === '// #endregion');
  if (start === -1 || end === -1) throw new Error(`${path} has no region ${name}`);

  return dedented(lines.slice(start + 1, end));
}

function dedented(lines: readonly string[]): string {
  const depths = lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/));
  return lines.map((line) => `${line.slice(Math.min(...depths)).trimEnd()}\n`).join('');
}
