import { describe, expect, it } from 'vitest';
import { BadUsage, commandOf, type RunArguments, runArgumentsOf } from '../../src/cli/command-line.ts';
import type { ProgramOptions } from '../../src/cli/program.ts';

const options = {
  docs: { type: 'string', multiple: true, description: 'where to look' },
  tags: { type: 'string', multiple: true, default: ['a'], description: 'which' },
  ask: { type: 'string', default: 'why?', description: 'what to answer' },
  name: { type: 'string', description: 'who asks' },
  loud: { type: 'boolean', description: 'in capital letters' },
  polite: { type: 'boolean', default: true, description: 'say please' },
} as const satisfies ProgramOptions;

describe('the words of the command line', () => {
  it.each([
    [['--help'], { _tag: 'Help' }],
    [['-h'], { _tag: 'Help' }],
    [['help'], { _tag: 'Help' }],
    [['run', '--help'], { _tag: 'Help' }],
    [['--version'], { _tag: 'Version' }],
    [['-v'], { _tag: 'Version' }],
    [['run', 'a.ts'], { _tag: 'Run', file: 'a.ts', args: [] }],
    [['run', 'a.ts', '--ask', 'x'], { _tag: 'Run', file: 'a.ts', args: ['--ask', 'x'] }],
    [['run', '--trace', 't.json', 'a.ts'], { _tag: 'Run', file: 'a.ts', args: ['--trace', 't.json'] }],
    [['run', '--json', 'a.ts', '--loud'], { _tag: 'Run', file: 'a.ts', args: ['--json', '--loud'] }],
    [['run', 'a.ts', '--help'], { _tag: 'Run', file: 'a.ts', args: ['--help'] }],
  ] as const)('%j is understood', (args, command) => {
    expect(commandOf(args)).toEqual(command);
  });

  it.each([
    [[], 'expected a command: run'],
    [['walk'], "expected the command run; got 'walk'"],
    [['run'], 'run expects the file of a program'],
    [['run', '--json'], 'run expects the file of a program'],
    [['run', '--trace', 't.json'], 'run expects the file of a program'],
  ] as const)('%j is refused', (args, reason) => {
    expect(() => commandOf(args)).toThrow(reason);
    expect(() => commandOf(args)).toThrow(BadUsage);
  });
});

describe('the options of a run', () => {
  it('have their defaults when none is given', () => {
    expect(read([])).toEqual({
      _tag: 'Run',
      run: { json: false, quiet: false, verbose: false, trace: undefined },
      program: { docs: [], tags: ['a'], ask: 'why?', name: undefined, loud: false, polite: true },
    });
  });

  it('are those of the command and those of the program', () => {
    const args = ['--docs', 'a', '--docs=b', '--ask', 'how?', '--loud', '--quiet', '--trace', 't.json'];

    expect(read(args)).toMatchObject({
      run: { quiet: true, trace: 't.json' },
      program: { docs: ['a', 'b'], ask: 'how?', loud: true },
    });
  });

  it('may ask for no trace', () => {
    expect(read(['--no-trace'])).toMatchObject({ run: { trace: false } });
  });

  it.each([['--help'], ['-h']])('%s asks for help, whatever else is there', (arg) => {
    expect(read(['--loud', arg])).toEqual({ _tag: 'Help' });
  });

  it.each([
    [['--nope'], "unknown option '--nope'"],
    [['-x'], "unknown option '-x'"],
    [['--ask'], '--ask expects a value; got nothing'],
    [['--ask', '--loud'], "--ask expects a value; one that begins with '-' is written --ask=VALUE"],
    [['--loud=very'], '--loud takes no value'],
    [['--json=no'], '--json takes no value'],
    [['more'], "unexpected argument 'more': after the file come only options"],
    [['--trace='], '--trace expects a file; got nothing'],
    [['--trace', 'a', '--no-trace'], '--trace and --no-trace exclude each other'],
  ] as const)('%j is refused', (args, reason) => {
    expect(() => read(args)).toThrow(new BadUsage(reason));
  });
});

const read = (args: readonly string[]): RunArguments => runArgumentsOf(args, options);
