import { describe, expect, it } from 'vitest';
import { helpText, programHelpText } from '../../src/cli/help.ts';
import { program } from '../../src/cli/program.ts';

describe('help', () => {
  it('tells the usage, the options and the exit codes, in lines that a terminal shows whole', () => {
    const text = helpText();

    expect(text).toContain('troupe run FILE [options]');
    expect(text).toContain('--trace FILE');
    expect(text).toContain('130   stopped by Ctrl-C');
    expect(text.split('\n').filter((line) => line.length > 110)).toEqual([]);
  });

  it('of a program lists its own options, with what they are when not given', () => {
    const greet = program({
      description: 'Greets.',
      options: {
        name: { type: 'string', default: 'Ada', value: 'NAME', description: 'whom to greet' },
        with: { type: 'string', multiple: true, description: 'who else' },
        loud: { type: 'boolean', description: 'in capital letters' },
      },
      run: () => '',
    });

    expect(programHelpText('greet.ts', greet)).toContain(`Greets.

Usage
  troupe run greet.ts [options]

Options of the program
  --name NAME   whom to greet (default: Ada)
  --with TEXT   who else (may be given several times)
  --loud        in capital letters

Options of run
`);
  });

  it('of a program without options has no empty heading', () => {
    expect(programHelpText('a.ts', program({ run: () => '' }))).not.toContain('Options of the program');
  });
});
