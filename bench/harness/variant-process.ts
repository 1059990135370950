/**
 * The other end of a session: starts one for a variant, and has it do a round at a time.
 *
 * Between its rounds a session waits for a message, and costs nothing. One that fails, ends by
 * itself or does not answer within the limit fails the round with what it was doing; what it
 * prints goes to the standard error of this process.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { roomyFlags, type Took, type Weighed } from './gauge.ts';
import type { Said } from './session.ts';

export interface Round<R> {
  readonly reading: R;
  readonly checksum: number;
}

export interface VariantProcess<R> extends AsyncDisposable {
  round(): Promise<Round<R>>;
}

export interface VariantAsked {
  /** The file of the benchmark, and which of its variants. */
  readonly file: string;
  readonly variant: string;
  readonly size: number;
  /** Whether it prints nothing, because it is only tried whether it runs. */
  readonly quietly?: boolean;
}

/** Longest that a session may take to get ready, or for one round. */
const limitMs = 10 * 60_000;

const program = fileURLToPath(new URL('session.ts', import.meta.url));

/** Starts a session that reads times, and waits until it is warm. */
export const timing = (asked: VariantAsked) => started<Took>('time', [], asked);

/** Starts a session that weighs what is allocated, and waits until it is warm. */
export const weighing = (asked: VariantAsked) => started<Weighed>('weigh', roomyFlags, asked);

async function started<R>(
  how: 'time' | 'weigh',
  flags: readonly string[],
  { file, variant, size, quietly = false }: VariantAsked,
): Promise<VariantProcess<R>> {
  const session = fork(program, [how, file, variant, String(size)], {
    execArgv: [...process.execArgv, ...flags],
    stdio: ['ignore', quietly ? 'ignore' : 2, quietly ? 'ignore' : 'inherit', 'ipc'],
  });
  const ended = once(session, 'exit');
  const who = `${variant} of ${file}`;

  const answer = async (): Promise<Said> => {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`${who} took more than ${limitMs} ms`)), limitMs);
    const gone = ended.then(([code, signal]): never => {
      throw new Error(`${who} ended with ${signal ?? `exit code ${code}`}`);
    });
    try {
      const [said] = (await Promise.race([once(session, 'message'), gone, late.promise])) as [Said];
      return said;
    } finally {
      clearTimeout(timer);
    }
  };
  const close = async (): Promise<void> => {
    session.kill('SIGKILL');
    await ended;
  };

  try {
    await answer();
  } catch (failure) {
    await close();
    throw failure;
  }
  return {
    round: async () => {
      const heard = answer();
      session.send('go');
      return (await heard) as unknown as Round<R>;
    },
    [Symbol.asyncDispose]: close,
  };
}
