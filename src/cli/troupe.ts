/**
 * The `troupe` command, from its words to its exit code.
 */
import { BadUsage, type Command, commandOf, runArgumentsOf } from './command-line.ts';
import { helpText, programHelpText } from './help.ts';
import { loadProgram } from './load-program.ts';
import { Output } from './output.ts';
import { shareOwnPackage, versionOfPackage } from './own-package.ts';
import { exitCodeOf, failureText } from './say-failure.ts';

/** Does what the words say and ends the process. */
export async function troupe(args: readonly string[]): Promise<void> {
  const stdout = new Output(process.stdout);
  const stderr = new Output(process.stderr);
  const code = await obey(args, stdout, stderr);
  await stdout.flush();
  await stderr.flush();
  // What a program left running has nothing to wait for any more.
  process.exit(code);
}

async function obey(args: readonly string[], stdout: Output, stderr: Output): Promise<number> {
  try {
    return await carryOut(commandOf(args), stdout, stderr);
  } catch (failure) {
    const hint = failure instanceof BadUsage ? "'troupe --help' says how it is used.\n" : '';
    await stderr.write(`${failureText('troupe', failure, args.includes('--verbose'))}${hint}`);
    return exitCodeOf(failure);
  }
}

async function carryOut(command: Command, stdout: Output, stderr: Output): Promise<number> {
  switch (command._tag) {
    case 'Help':
      await stdout.write(helpText());
      return 0;
    case 'Version':
      await stdout.write(`${versionOfPackage()}\n`);
      return 0;
    case 'Run': {
      const { file } = command;
      shareOwnPackage();
      const program = await loadProgram(file);
      const wanted = runArgumentsOf(command.args, program.options ?? {});
      if (wanted._tag === 'Help') {
        await stdout.write(programHelpText(file, program));
        return 0;
      }
      const { runProgram } = await import('./run-program.ts');
      return runProgram({ file, program, values: wanted.program, options: wanted.run, stdout, stderr });
    }
  }
}
