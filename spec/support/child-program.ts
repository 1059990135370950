/** A TypeScript program in a process of its own, whose lines can be awaited. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export interface ChildProgram {
  /** Everything it has printed, a line each. */
  readonly lines: readonly string[];
  /** Resolves when it prints a line. */
  said(line: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it has ended: with the signal that ended it, or its exit code. */
  readonly ended: Promise<NodeJS.Signals | number>;
}

/** @param program A file in `programs`. */
export function childProgram(program: string, ...args: string[]): ChildProgram {
  const path = fileURLToPath(new URL(`programs/${program}`, import.meta.url));
  const child = spawn(process.execPath, ['--conditions=troupe-source', path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));

  return {
    lines,
    said: async (line) => {
      while (!lines.includes(line)) {
        await once(reader, 'line');
      }
    },
    kill: (signal) => void child.kill(signal),
    ended: once(child, 'close').then(([code, signal]) => signal ?? code),
  };
}
