/**
 * What `--help` prints.
 */
import { runOptions } from './command-line.ts';
import type { Program, ProgramOption, ProgramOptions } from './program.ts';

export const helpText = (): string => `troupe runs programs of agents.

Usage
  troupe run FILE [options]   run the program that FILE exports as its default
  troupe run FILE --help      print the options of that program
  troupe --help               print this
  troupe --version            print the version

Options of run
${table(rowsOf(runOptions))}

Ctrl-C lets agents finish what they accepted, for at most 5 seconds; pressed again, it ends at once.

Exit codes
  0     done
  1     the program failed, or could not be loaded
  2     the command line cannot be understood
  130   stopped by Ctrl-C (143 by SIGTERM)
`;

export function programHelpText(file: string, { description, options = {} }: Program): string {
  const own = rowsOf(options);
  return [
    ...(description === undefined ? [] : [`${description}\n`]),
    `Usage\n  troupe run ${file} [options]\n`,
    ...(own.length === 0 ? [] : [`Options of the program\n${table(own)}\n`]),
    `Options of run\n${table(rowsOf(runOptions))}\n`,
  ].join('\n');
}

function rowsOf(options: ProgramOptions): [string, string][] {
  return Object.entries(options).map(([name, option]) => [
    option.type === 'boolean' ? `--${name}` : `--${name} ${option.value ?? 'TEXT'}`,
    `${option.description}${detailOf(option)}`,
  ]);
}

function detailOf(option: ProgramOption): string {
  if (option.type === 'boolean') return '';
  const often = option.multiple === true ? ['may be given several times'] : [];
  const { default: value } = option;
  const isShown = value !== undefined && value.length > 0;
  const otherwise = isShown ? [`default: ${typeof value === 'string' ? value : value.join(' ')}`] : [];
  const details = [...often, ...otherwise];
  return details.length === 0 ? '' : ` (${details.join('; ')})`;
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length)) + 3;
  return rows.map(([name, text]) => `  ${name.padEnd(width)}${text}`).join('\n');
}
