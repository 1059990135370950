/**
 * Follows a guide as its reader would: in an empty folder, with the package as it is published and nothing else.
 *
 *     npm run follow                                      docs/guides/find-a-race.md
 *     npm run follow -- docs/guides/another.md
 *
 * What it does is what the page says. A `ts` block under "Save this as `file`" is saved, an `sh` block is run, and each
 * line of a `text` block under it has to be in what it printed. `npm install troupe` installs the package of this folder.
 * A command that the page calls failing (`fails` in the fence) has to fail, and every other one has to succeed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { blocksIn } from './docs-blocks.ts';

const page = process.argv[2] ?? 'docs/guides/find-a-race.md';
const folder = mkdtempSync(join(tmpdir(), 'guide-'));
const environment = {
  ...process.env,
  NODE_OPTIONS: '',
  NO_COLOR: '1',
  // The Node of this repository, as if it were the reader's.
  PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
};

try {
  follow(readFileSync(page, 'utf8'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function follow(markdown: string): void {
  const lines = markdown.split('\n');
  const tarball = pack();
  let printed = '';
  let steps = 0;
  for (const { language, code, line } of blocksIn(markdown)) {
    const fence = lines[line - 1] ?? '';
    switch (language) {
      case 'ts': {
        const file = fileNamedAbove(lines, line);
        if (file !== undefined) {
          writeFileSync(join(folder, file), code);
          steps += 1;
        }
        break;
      }
      case 'sh':
        printed = run(
          code.replaceAll('npm install troupe', `npm install ${tarball}`),
          fence.includes('fails'),
          line,
        );
        steps += 1;
        break;
      case 'text':
        compare(printed, code, line);
        break;
    }
  }
  if (steps < 3) throw new Error(`${page} has ${steps} steps that could be followed`);
  console.log(`${page}: ${steps} steps followed in an empty folder`);
}

function pack(): string {
  const { status, stdout, stderr } = spawnSync('npm', ['pack', '--silent', '--pack-destination', folder], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`npm pack failed:\n${stderr}`);
  return resolve(folder, stdout.trim().split('\n').at(-1) ?? '');
}

/** The file a block is to be saved as, when the paragraph above it says so. */
function fileNamedAbove(lines: readonly string[], line: number): string | undefined {
  const above = lines.slice(Math.max(0, line - 5), line - 1).join(' ');
  return /[Ss]ave this as `([^`]+)`/.exec(above)?.[1];
}

function run(commands: string, fails: boolean, line: number): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-e', '-c', commands], {
    cwd: folder,
    encoding: 'utf8',
    env: environment,
    timeout: 120_000,
  });
  const printed = `${stdout}${stderr}`;
  if ((status !== 0) !== fails) {
    const expected = fails ? 'did not fail, although the page says so' : `failed with ${status}`;
    throw new Error(`${page}:${line} ${expected}:\n${commands}\n${printed}`);
  }
  return printed;
}

/** Each line has to be there, wherever it begins; `…` stands for what is left out. */
function compare(printed: string, expected: string, line: number): void {
  const missing = expected
    .split('\n')
    .map((one) => one.trim())
    .filter((one) => one !== '' && one !== '…' && !printed.includes(one));
  if (missing.length > 0) {
    throw new Error(
      `${page}:${line} shows what was not printed:\n${missing.join('\n')}\n--- printed\n${printed}`,
    );
  }
}
