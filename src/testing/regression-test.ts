/**
 * A regression test: the source of a test that replays one schedule, made when it
 * was found, to be kept.
 *
 * The setup and the property stay where they are, in a module that the test
 * imports; so the test is red as long as the bug is there, and green when it is mended.
 */

import { oneLine } from '../core/one-line.ts';
import { shorten } from '../core/shorten.ts';

/** How the test is run. `jest` stands for every runner with a global `test`. */
export type TestRunner = 'vitest' | 'jest' | 'node:test';

export interface RegressionTestOptions {
  readonly runner: TestRunner;
  /** The module that exports setup and property, as the test imports it: `./auction.ts`. */
  readonly from: string;
  /** Under which name it exports the setup; `setup` when not given. */
  readonly setup?: string;
  /** Under which name it exports what holds at quiet; `atQuiet` when not given. */
  readonly atQuiet?: string;
  /** Under which name it exports the options of `explore`, if it does: `always`, `laws` and `system` can only come from there. */
  readonly options?: string;
  /** Title of the test; the beginning of what was broken when not given. */
  readonly name?: string;
}

/** What the test is made of. */
export interface Replayable {
  readonly tape: readonly number[];
  readonly why: string;
  /** What is told above the test, a line each. */
  readonly told: readonly string[];
  /** The options it was explored with, by name. */
  readonly options: Readonly<Record<string, unknown>>;
}

const titleCharsMax = 120;

/** What has no meaning for a single schedule. */
const ofExploring: ReadonlySet<string> = new Set([
  'coverage',
  'onCounterexample',
  'runs',
  'seed',
  'shrinkRunsMax',
  'signal',
  'strategy',
  'tape',
  'tapeMax',
  'timeLimitMs',
]);

/**
 * Writes the source of the test. It ends with a line break.
 *
 * Errors: `RangeError` for a name that cannot be imported.
 */
export function regressionTest(found: Replayable, options: RegressionTestOptions): string {
  const {
    runner,
    from,
    name = shorten(`keeps the property: ${firstLine(found.why)}`, titleCharsMax),
  } = options;
  const names = [
    imported('setup', options.setup ?? 'setup'),
    imported('atQuiet', options.atQuiet ?? 'atQuiet'),
    ...(options.options === undefined ? [] : [imported('options', options.options)]),
  ];
  const { inline, elsewhere } = sorted(found.options);
  const given = [
    ...(options.options === undefined ? [] : ['...options']),
    ...Object.entries(inline).map(([key, value]) => `${key}: ${JSON.stringify(value)}`),
    `tape: ${JSON.stringify(found.tape)}`,
  ];
  const missing = options.options === undefined ? elsewhere : [];
  return [
    ...comment(found.told),
    ...testImport(runner),
    `import { explore } from 'troupe/testing';`,
    `import { ${names.join(', ')} } from ${quoted(from)};`,
    '',
    `test(${quoted(oneLine(name))}, async () => {`,
    ...missing.map(
      (key) => `  // It was found with \`${key}\`, which is code: export the options and name them.`,
    ),
    `  await explore(setup, { ${given.join(', ')} }, atQuiet);`,
    '});',
    '',
  ].join('\n');
}

function imported(as: string, name: string): string {
  if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)) {
    throw new RangeError(`${as} is the name of an export, like '${as}'; got ${JSON.stringify(name)}`);
  }
  return name === as ? as : `${name} as ${as}`;
}

/** Options that can be written down, and those that cannot. */
function sorted(options: Readonly<Record<string, unknown>>): {
  readonly inline: Readonly<Record<string, unknown>>;
  readonly elsewhere: readonly string[];
} {
  const inline: Record<string, unknown> = {};
  const elsewhere: string[] = [];
  for (const [key, value] of Object.entries(options)) {
    if (value !== undefined && !ofExploring.has(key)) {
      if (isData(value)) {
        inline[key] = value;
      } else {
        elsewhere.push(key);
      }
    }
  }
  return { inline, elsewhere };
}

/** Whether JSON holds all of it. */
function isData(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) {
    return value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value);
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return (Array.isArray(value) || prototype === Object.prototype) && Object.values(value).every(isData);
}

function testImport(runner: TestRunner): readonly string[] {
  switch (runner) {
    case 'vitest':
      return [`import { test } from 'vitest';`];
    case 'node:test':
      return [`import { test } from 'node:test';`];
    case 'jest':
      return [];
  }
}

/** A comment that nothing in it can end. */
function comment(lines: readonly string[]): readonly string[] {
  const inside = lines.map((line) => ` * ${oneLine(line).replaceAll('*/', '* /')}`.trimEnd());
  return ['/**', ...inside, ' */'];
}

const firstLine = (text: string): string => text.split('\n', 1)[0]!;

/** A literal in single quotes. */
const quoted = (text: string): string =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
