/**
 * A pool of one thread that outlives a run.
 *
 * A mutant is met by a few tests that take a millisecond each, while a new thread
 * that loads the sources, Effect, XState and RxJS takes most of a second. So the
 * thread and its modules are kept from mutant to mutant. It is given up after
 * `runsMax` runs, and when a run left an error that no test caught, so that what
 * one mutant breaks for good is not blamed on those after it.
 */
import type { Plugin } from 'vitest/config';
import {
  type PoolOptions,
  type PoolWorker,
  ThreadsPoolWorker,
  type Vitest,
  type WorkerRequest,
} from 'vitest/node';

type Listener = Parameters<PoolWorker['on']>[1];

const name = 'kept-thread';
const runsMax = Number(process.env['MUTATION_RUNS_A_THREAD'] ?? 50);

export function keptThread(): Plugin {
  return {
    name,
    configureVitest({ vitest, project }) {
      const kept = new Kept();
      project.config.pool = name;
      project.config.poolRunner = {
        name,
        createPoolWorker: (options) => new KeptThread(options, kept, vitest),
      };
      vitest.onClose(() => kept.giveUp());
    },
  };
}

class Kept {
  thread: ThreadsPoolWorker | undefined;
  runs = 0;

  async giveUp(): Promise<void> {
    const { thread } = this;
    this.thread = undefined;
    await thread?.stop();
  }
}

class KeptThread implements PoolWorker {
  readonly name = name;
  readonly #options: PoolOptions;
  readonly #kept: Kept;
  readonly #vitest: Vitest;
  readonly #listeners: { readonly event: string; readonly listener: Listener }[] = [];
  #askedToStop = false;

  constructor(options: PoolOptions, kept: Kept, vitest: Vitest) {
    this.#options = options;
    this.#kept = kept;
    this.#vitest = vitest;
  }

  async start(): Promise<void> {
    if (this.#kept.thread === undefined) {
      const thread = new ThreadsPoolWorker(this.#options);
      await thread.start();
      thread.on('exit', () => {
        this.#kept.thread = undefined;
      });
      this.#kept.thread = thread;
      this.#kept.runs = 0;
    }
  }

  /**
   * A thread that may stay is not asked to stop: it would hear nothing any more. Nor is it told to cancel after
   * a failure: it has done so itself, and the word would reach it in the midst of the next run.
   */
  send(message: WorkerRequest): void {
    if ((message as { m?: unknown }).m === 'onCancel') {
      return;
    }
    if ('type' in message && message.type === 'stop') {
      this.#askedToStop = true;
      for (const { event, listener } of [...this.#listeners]) {
        if (event === 'message') {
          listener({ type: 'stopped', __vitest_worker_response__: true });
        }
      }
    } else {
      this.#kept.thread?.send(message);
    }
  }

  async stop(): Promise<void> {
    for (const { event, listener } of this.#listeners) {
      this.#kept.thread?.off(event, listener);
    }
    this.#kept.runs += 1;
    if (!this.#askedToStop || this.#kept.runs >= runsMax || this.#vitest.state.errorsSet.size > 0) {
      await this.#kept.giveUp();
    }
  }

  on(event: string, listener: Listener): void {
    this.#listeners.push({ event, listener });
    this.#kept.thread?.on(event, listener);
  }

  off(event: string, listener: Listener): void {
    const index = this.#listeners.findIndex((one) => one.event === event && one.listener === listener);
    if (index >= 0) {
      this.#listeners.splice(index, 1);
    }
    this.#kept.thread?.off(event, listener);
  }

  deserialize(data: unknown): unknown {
    return data;
  }
}
