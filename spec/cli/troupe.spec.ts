import { spawn } from 'node:child_process';
import { existsSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { aFolder } from '../support/a-folder.ts';
import { startTroupe, troupe } from '../support/troupe-command.ts';

const programs = 'spec/cli/programs';
const timeout = 30_000;

describe.concurrent('troupe', () => {
  it('prints its help and its version', { timeout }, async () => {
    const [help, version] = await Promise.all([troupe(['--help']), troupe(['--version'])]);

    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('Usage');
    expect(version).toMatchObject({
      code: 0,
      stdout: `${JSON.parse(readFileSync('package.json', 'utf8')).version}\n`,
    });
  });

  it.each([[[]], [['walk']], [['run']], [['run', `${programs}/hello.ts`, '--nope']]])(
    '%j says what is wrong and where to read on',
    { timeout },
    async (args) => {
      const { code, stderr, stdout } = await troupe(args);

      expect(stderr).toMatch(/^troupe: .*\n'troupe --help' says how it is used.\n$/);
      expect([code, stdout]).toEqual([2, '']);
    },
  );
});

describe.concurrent('troupe run', () => {
  it('prints answer, table and trace on stdout, and progress on stderr', { timeout }, async () => {
    const { code, stderr, stdout } = await troupe(['run', `${programs}/hello.ts`, '--name', 'Grace']);
    const path = /^Trace: (\S+) /m.exec(stdout)?.[1] ?? '';

    expect(stdout).toMatch(/^Hello, Grace!\n\nAgents +accepted .*\n\/greeter +1 +1 +0 /);
    expect(stderr).toBe(`Running ${programs}/hello.ts\n`);
    expect(code).toBe(0);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toContainEqual(
      expect.objectContaining({ name: 'name', ph: 'X' }),
    );

    rmSync(join(path, '..'), { recursive: true });
  });

  it('prints the help of a program', { timeout }, async () => {
    const { code, stdout } = await troupe(['run', `${programs}/hello.ts`, '--help']);

    expect(stdout).toContain('--name TEXT   whom to greet (default: Ada)');
    expect(code).toBe(0);
  });

  it('prints only the answer with --quiet', { timeout }, async () => {
    const ended = await troupe(['run', `${programs}/hello.ts`, '--quiet', '--loud']);

    expect(ended).toMatchObject({ code: 0, stdout: 'HELLO, ADA!\n', stderr: '' });
  });

  it('prints nothing but one JSON object with --json', { timeout }, async () => {
    const { code, stdout } = await troupe(['run', `${programs}/hello.ts`, '--json', '--no-trace']);

    expect(JSON.parse(stdout)).toMatchObject({
      program: `${programs}/hello.ts`,
      answer: 'Hello, Ada!',
      sources: [],
      notes: [],
      figures: { agents: [{ path: '/greeter', handled: 1 }], deadLetters: {} },
      trace: null,
    });
    expect(code).toBe(0);
  });

  it('tells everything that happens with --verbose', { timeout }, async () => {
    const { stderr } = await troupe(['run', `${programs}/hello.ts`, '--verbose', '--no-trace']);

    expect(stderr).toMatch(/DEBUG \/greeter started as greeter/);
  });

  it('writes the trace where it is told to', { timeout }, async () => {
    const trace = join(aFolder(), 'trace.json');

    const { stdout } = await troupe(['run', `${programs}/hello.ts`, '--trace', trace]);

    expect(stdout).toContain(`Trace: ${trace} `);
    expect(JSON.parse(readFileSync(trace, 'utf8'))).toEqual(expect.any(Array));
  });

  it('refuses a trace that cannot be written before anything runs', { timeout }, async () => {
    const trace = join(aFolder(), 'missing', 'trace.json');

    const { code, stderr, stdout } = await troupe(['run', `${programs}/hello.ts`, '--trace', trace]);

    expect(stderr).toContain('--trace expects a file that can be written (its folder does not exist)');
    expect([code, stdout]).toEqual([2, '']);
  });

  it('leaves nothing in the folder it is called in', { timeout }, async () => {
    const folder = aFolder();
    const program = join(process.cwd(), programs, 'hello.ts');

    await troupe(['run', program], { cwd: folder });

    expect(readdirSync(folder)).toEqual([]);
  });
});

describe.concurrent('troupe run, when the program fails', () => {
  const failing = (way: string, ...more: string[]) =>
    troupe(['run', `${programs}/broken.ts`, '--way', way, '--no-trace', ...more]);

  it.each([
    [
      'agent',
      "troupe: agent '/worker' threw: the worker is broken\n    at spec/cli/programs/broken.ts:11:11\n",
    ],
    ['throws', 'broken.ts failed: RangeError: the program is broken\n    at spec/cli/programs/broken.ts:'],
    ['later', 'broken.ts failed: RangeError: nobody can catch this\n    at spec/cli/programs/broken.ts:'],
    ['rejects', 'broken.ts failed: RangeError: nobody looks at this\n    at spec/cli/programs/broken.ts:'],
    ['waits', 'broken.ts waits for something that can no longer come\n'],
    ['number', 'broken.ts failed: TypeError: expected a program to answer with text; got number\n'],
  ])('%s: says what and where, and exits with 1', { timeout }, async (way, reason) => {
    const { code, stderr, stdout } = await failing(way);

    expect(stderr).toContain(reason);
    expect(stderr).not.toContain('node:internal');
    expect([code, stdout]).toEqual([1, '']);
  });

  it('tells machines the failure', { timeout }, async () => {
    const { code, stdout } = await failing('agent', '--json');

    expect(JSON.parse(stdout)).toMatchObject({
      error: { tag: 'AgentDefect', code: 'DEFECT', message: "agent '/worker' threw: the worker is broken" },
      figures: { agents: [{ path: '/worker', failed: 1 }] },
    });
    expect(code).toBe(1);
  });

  it('prints the whole stack with --verbose', { timeout }, async () => {
    expect((await failing('throws', '--verbose')).stderr).toContain('at async');
  });
});

describe.concurrent('troupe run, when it is to stop', () => {
  it('finishes what was accepted, says so, and exits with 130', { timeout }, async () => {
    const command = startTroupe(['run', `${programs}/slow.ts`, '--no-trace']);

    await command.printed('working');
    command.process.kill('SIGINT');
    const { code, stderr, stdout } = await command.ended;

    expect(stderr).toMatch(
      /Stopping: \d+ messages to finish, for at most 5 s; Ctrl-C again ends at once\.\n/,
    );
    expect(stderr).toMatch(/Drained in \d\.\d+ s: \d+ messages finished, 0 left\.\n$/);
    expect(stdout).toBe('working\nasked to stop\n');
    expect(code).toBe(130);
  });

  it('waits five seconds and no longer, and counts what is left', { timeout }, async () => {
    const command = startTroupe(['run', `${programs}/slow.ts`, '--step', '60000', '--no-trace']);

    await command.printed('working');
    const askedAtMs = performance.now();
    command.process.kill('SIGTERM');
    const { code, stderr } = await command.ended;

    expect(performance.now() - askedAtMs).toBeLessThan(7_000);
    expect(stderr).toContain('0 messages finished, 20 left.');
    expect(code).toBe(143);
  });

  it('ends at once when it is asked again', { timeout }, async () => {
    const command = startTroupe(['run', `${programs}/slow.ts`, '--step', '60000', '--no-trace']);

    await command.printed('working');
    command.process.kill('SIGINT');
    await command.printed('asked to stop');
    const askedAtMs = performance.now();
    command.process.kill('SIGINT');
    const { code } = await command.ended;

    expect(performance.now() - askedAtMs).toBeLessThan(2_000);
    expect(code).toBe(130);
  });

  it('goes on until it is asked, where the program waits for that', { timeout }, async () => {
    const command = startTroupe(['run', `${programs}/slow.ts`, '--step', '0', '--no-trace']);

    await command.printed('working');
    await sleep(500);
    command.process.kill('SIGINT');

    expect(await command.ended).toMatchObject({ code: 130, stdout: 'working\nasked to stop\n' });
  });

  it('stops an answer that has no end', { timeout }, async () => {
    const command = startTroupe(['run', `${programs}/endless.ts`, '--json', '--no-trace']);

    await command.printed('Running');
    command.process.kill('SIGINT');
    const { code, stdout } = await command.ended;

    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'INTERRUPTED' } });
    expect(code).toBe(130);
  });
});

describe.concurrent('troupe run, when nobody reads on', () => {
  it.skipIf(process.platform === 'win32')('ends quietly', { timeout }, async () => {
    const line = `"$0" src/cli/main.ts run ${programs}/endless.ts --no-trace | head -1; echo "\${PIPESTATUS[0]}"`;
    const child = spawn('bash', ['-c', line, process.execPath], {
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    await new Promise((resolve) => child.on('close', resolve));

    expect([stdout, stderr]).toEqual(['line 1\n0\n', `Running ${programs}/endless.ts\n`]);
  });

  it.skipIf(!existsSync('/dev/full'))('says so when it is the disk that is full', { timeout }, async () => {
    const args = ['src/cli/main.ts', 'run', `${programs}/endless.ts`, '--no-trace'];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
    });
    let stderr = '';
    child.stderr!.on('data', (chunk) => (stderr += chunk));
    const code = await new Promise((resolve) => child.on('close', resolve));

    expect(stderr).toContain('ENOSPC');
    expect(code).toBe(1);
  });
});
