import { batch, defineAgent, defineTopic, mapAsync, mapRequest, streamAgent, type } from 'troupe';
import { describe, expect, it } from 'vitest';
import { aStreamScene, Number_ } from '../support/a-stream-scene.ts';

const Sum = defineTopic('sum', { schema: type<readonly number[]>(), reply: type<number>() });

describe('a request for several messages together', () => {
  it('goes on for the others when one of them is wanted no more', async () => {
    const { system, world, failures, asks, seen, answers } = aStreamOfPairs();

    asks(1, { timeoutMs: 5_000, threadId: 'a' });
    asks(2, { timeoutMs: 60, threadId: 'b' });
    await world.runUntilQuiet();

    expect(answers).toEqual(['TIMEOUT', 3]);
    expect(seen).toEqual([['b', 5_000]]);
    expect(failures).toEqual([]);
    expect(system.statistics().agents.find(({ path }) => path === '/pairs')).toMatchObject({ restarts: 0 });
  });

  it('is interrupted when none of them is', async () => {
    const { world, failures, asks, seen, answers } = aStreamOfPairs();

    asks(1, { timeoutMs: 40 });
    asks(2, { timeoutMs: 60 });
    await world.runUntilQuiet();

    expect(answers).toEqual(['TIMEOUT', 'TIMEOUT']);
    expect(seen).toEqual([[undefined, 60], 'interrupted']);
    expect(failures).toEqual([]);
  });

  it('is that of the one that is left when it is made', async () => {
    const { world, asks, seen, answers } = aStreamOfPairs(50);

    asks(1, { timeoutMs: 5_000, threadId: 'a' });
    asks(2, { timeoutMs: 20, threadId: 'b' });
    await world.runUntilQuiet();

    expect(answers).toEqual(['TIMEOUT', 3]);
    expect(seen).toEqual([['a', 5_000]]);
  });
});

describe('a procedure for several messages together', () => {
  it('passes on what the latest of them carries', async () => {
    const { system, world } = aStreamScene();
    const carried: unknown[] = [];
    system.spawn(
      streamAgent({
        name: 'pairs',
        subscribe: [Number_],
        stream: (inbox) =>
          inbox.pipe(
            batch({ count: 2, withinMs: 1_000 }),
            mapRequest(1, (pair: readonly number[], scope) => {
              carried.push(scope.headers);
              return pair.length;
            }),
          ),
      }),
    );
    for (const tenant of ['a', 'b']) {
      void system.request(Number_, 1, { headers: { tenant } });
    }
    await world.runUntilQuiet();

    expect(carried).toEqual([{ tenant: 'b' }]);
  });
});

/** A stream agent that gathers two messages, perhaps waits, and has them added by somebody who takes 100 ms. */
function aStreamOfPairs(waitMs = 0) {
  const scene = aStreamScene();
  const { system, world } = scene;
  const seen: unknown[] = [];
  const answers: unknown[] = [];
  system.spawn(
    defineAgent({
      name: 'adder',
      subscribe: [Sum],
      receive: (numbers, { envelope, signal }) => {
        seen.push([envelope.threadId, envelope.deadlineMs]);
        signal.addEventListener('abort', () => seen.push('interrupted'));
        return new Promise<number>((resolve) => {
          world.environment.schedule(100, () => resolve(numbers.reduce((sum, n) => sum + n)));
        });
      },
    }),
  );
  system.spawn(
    streamAgent({
      name: 'pairs',
      subscribe: [Number_],
      stream: (inbox) =>
        inbox.pipe(
          batch({ count: 2, withinMs: 1_000 }),
          mapAsync(1, (pair) =>
            waitMs === 0
              ? pair
              : new Promise<readonly number[]>((resolve) => {
                  world.environment.schedule(waitMs, () => resolve(pair));
                }),
          ),
          mapRequest(1, Sum),
        ),
    }),
  );
  const asks = (n: number, options: { readonly timeoutMs: number; readonly threadId?: string }): void => {
    void system.request(Number_, n, options).then(
      (sum) => answers.push(sum),
      ({ code }) => answers.push(code),
    );
  };
  return { ...scene, seen, answers, asks };
}
