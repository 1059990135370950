/** The `troupe` command as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';

const main = resolve('src/cli/main.ts');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartedCommand {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when this has been printed, on stdout or on stderr. */
  printed(text: string): Promise<void>;
}

export interface CommandOptions {
  readonly cwd?: string;
  /** Words for Node, before ours. */
  readonly nodeArgs?: readonly string[];
}

export function startTroupe(args: readonly string[], options: CommandOptions = {}): StartedCommand {
  const child = spawn(process.execPath, [...(options.nodeArgs ?? []), main, ...args], {
    cwd: options.cwd ?? process.cwd(),
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));

  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return {
    process: child,
    ended,
    printed: (text) =>
      new Promise((resolve, reject) => {
        const look = () => (stdout + stderr).includes(text) && resolve();
        child.stdout.on('data', look);
        child.stderr.on('data', look);
        child.on('close', () => reject(new Error(`never printed '${text}'; stderr: ${stderr}`)));
        look();
      }),
  };
}

export const troupe = (args: readonly string[], options?: CommandOptions): Promise<Ended> =>
  startTroupe(args, options).ended;
