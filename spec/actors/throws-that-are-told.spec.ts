import * as Effect from 'effect/Effect';
import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import type { Result } from '../../src/actors/result.ts';
import { type } from '../../src/core/schema.ts';
import type { FailureReport } from '../../src/core/system-event.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld } from '../support/a-world.ts';

const Work = defineTopic('work', { schema: type<string>(), reply: type<string>() });

describe('what user code throws when its work is ended from outside', () => {
  it('is told of once when a generator throws in its finally', async () => {
    async function* chunks() {
      try {
        yield 'one';
        await new Promise(() => {});
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: just what this is about.
        throw new Error('in finally');
      }
    }

    expect(await toldAfterInterrupt(() => chunks())).toEqual(['in finally']);
  });

  it('is told of once when the return of a stream throws', async () => {
    const stream = (end: () => never) => ({
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}), return: end }),
    });

    const told = await toldAfterInterrupt(() =>
      stream(() => {
        throw new Error('in return');
      }),
    );

    expect(told).toEqual(['in return']);
  });

  it('is told of once when a finalizer of an Effect dies', async () => {
    const told = await toldAfterInterrupt(() =>
      Effect.never.pipe(
        Effect.ensuring(
          Effect.sync(() => {
            throw new Error('in a finalizer');
          }),
        ),
      ),
    );

    expect(told).toEqual(['in a finalizer']);
  });

  it('is told of once when an observer throws at the end of the agent', async () => {
    const { world, failures, worker } = aWorker(() => 'done');
    await world.runUntilQuiet();
    worker.subscribe({
      next: () => {
        throw new Error('next');
      },
      complete: () => {
        throw new Error('complete');
      },
    });

    await world.run(() => world.system.stop(worker));

    expect(failures).toEqual(['next']);
  });
});

describe('stashing', () => {
  it('is refused where there is no message in hand', async () => {
    const { world, failures, worker } = aWorker(() => 'done', { stashesAtStart: true });

    await world.runUntilQuiet();

    expect(failures[0]).toContain(`'${worker.path}' has no message in hand`);
  });
});

function aWorker(
  receive: () => Result<string>,
  { stashesAtStart = false }: { readonly stashesAtStart?: boolean } = {},
) {
  const failures: string[] = [];
  const world = aWorld({
    system: {
      events: [
        {
          next: (event) => event._tag === 'Failed' && failures.push((event.report.failure as Error).message),
        },
      ],
    },
  });
  const worker = world.system.spawn(
    defineAgent({
      name: 'worker',
      subscribe: [Work],
      receive,
      onStart: (context) => (stashesAtStart ? context.stash() : undefined),
    }),
  );
  return { world, failures, worker };
}

async function toldAfterInterrupt(receive: () => unknown): Promise<readonly FailureReport['failure'][]> {
  const { world, failures, worker } = aWorker(receive as () => Result<string>);
  void world.system.request(worker, 'go', { timeoutMs: Number.POSITIVE_INFINITY }).catch(() => {});
  await world.runUntilQuiet();

  world.system.interrupt(worker);
  await world.runUntilQuiet();

  return failures;
}
