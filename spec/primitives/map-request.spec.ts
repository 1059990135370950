import { from, lastValueFrom, take, toArray } from 'rxjs';
import { defineAgent, defineTopic, mapRequest, streamAgent, type } from 'troupe';
import { describe, expect, it } from 'vitest';
import { aStreamScene, Number_, Word } from '../support/a-stream-scene.ts';

const Square = defineTopic('square', { schema: type<number>(), reply: type<number>() });
const forEver = { timeoutMs: Number.POSITIVE_INFINITY };

describe('mapRequest', () => {
  it('asks for each value, so many at once, and keeps their order', async () => {
    const { mapped, asked, open, turns } = aStreamOfQuestions(2);
    const answers = mapped([1, 2, 3]);
    await turns();

    expect(asked()).toEqual([1, 2]);
    await open(2, 4);
    expect(asked()).toEqual([1, 3]);
    await open(1, 1);
    await open(3, 9);

    expect(await answers).toEqual([1, 4, 9]);
  });

  it('lets answers out as they come where that is wanted', async () => {
    const { mapped, open, turns } = aStreamOfQuestions(2, { ordered: false });
    const answers = mapped([1, 2, 3]);
    await turns();

    await open(2, 4);
    await open(3, 9);
    await open(1, 1);

    expect(await answers).toEqual([4, 9, 1]);
  });

  it('asks in a stream agent in the name of the message: its thread, its deadline, its end', async () => {
    const { system, turns, world } = aStreamScene();
    const seen: unknown[] = [];
    system.spawn(
      defineAgent({
        name: 'squarer',
        subscribe: [Square],
        concurrency: 8,
        receive: (_, { envelope, signal }) => {
          seen.push([envelope.sender, envelope.threadId, envelope.deadlineMs]);
          signal.addEventListener('abort', () => seen.push('interrupted'));
          return new Promise<never>(() => {});
        },
      }),
    );
    system.spawn(
      streamAgent({
        name: 'stream',
        subscribe: [Number_],
        stream: (inbox) => inbox.pipe(mapRequest(2, Square, forEver)),
      }),
    );
    await turns();
    const failures: unknown[] = [];
    for (const timeoutMs of [50, 80]) {
      system
        .request(Number_, 1, { timeoutMs, threadId: `t${timeoutMs}` })
        .catch(({ code }) => failures.push(code));
    }
    await world.runUntilQuiet();

    expect(seen).toEqual([['/stream', 't50', 50], ['/stream', 't80', 80], 'interrupted', 'interrupted']);
    expect(failures).toEqual(['TIMEOUT', 'TIMEOUT']);
  });

  it('asks procedures, which ask on', async () => {
    const { system, settle } = aStreamScene();
    system.spawn(defineAgent({ name: 'squarer', subscribe: [Square], receive: (n) => n * n }));
    system.spawn(
      streamAgent({
        name: 'stream',
        subscribe: [Number_],
        stream: (inbox) =>
          inbox.pipe(
            mapRequest(2, async (n: number, scope) => scope.request(Square, await scope.request(Square, n))),
          ),
      }),
    );
    const answer = system.request(Number_, 3);
    await settle();

    expect(await answer).toBe(81);
  });

  it('interrupts its requests when its reader leaves', async () => {
    const { mapped, interrupted, turns } = aStreamOfQuestions(2);

    const answers = await mapped([1, 2, 3], 'leaves');
    await turns();

    expect(interrupted).toEqual([1, 2]);
    expect(answers).toEqual([]);
  });

  it('fails as the request does', async () => {
    const { mapped, refuse, turns } = aStreamOfQuestions(1);
    const answers = mapped([1, 2]);
    await turns();

    await refuse(1, { class: 'permanent' });

    await expect(answers).rejects.toMatchObject({ class: 'permanent' });
  });

  it('wants to know of which system it is', async () => {
    const asks = from(['Ada']).pipe(mapRequest(1, Word));

    await expect(lastValueFrom(asks)).rejects.toThrow('does not know of which system it is');
    expect(() => mapRequest(0, Word)).toThrow('concurrency');
  });

  it('is of the system that its source is of, also outside of agents', async () => {
    const { system, settle } = aStreamScene();
    system.spawn(defineAgent({ name: 'squarer', subscribe: [Square], receive: (n) => n * n }));
    const squares = lastValueFrom(
      system.observe(Number_, { overflow: 'suspend' }).pipe(mapRequest(2, Square), take(2), toArray()),
    );
    system.publish(Number_, 2);
    system.publish(Number_, 3);
    await settle();

    expect(await squares).toEqual([4, 9]);
  });
});

/** An agent that squares when the spec says so, asked for each of some values. */
function aStreamOfQuestions(concurrency: number, options: { readonly ordered?: boolean } = {}) {
  const scene = aStreamScene();
  const interrupted: number[] = [];
  const squarer = scene.system.spawn(
    defineAgent({
      name: 'squarer',
      subscribe: [Square],
      concurrency: 8,
      receive: (n, { signal }) => {
        signal.addEventListener('abort', () => interrupted.push(n));
        return scene.gate(n);
      },
    }),
  );
  const mapped = async (values: readonly number[], leaves?: 'leaves') => {
    const answers: number[] = [];
    const done = Promise.withResolvers<number[]>();
    const subscription = from(values)
      .pipe(mapRequest(concurrency, squarer, { ...forEver, ...options }))
      .subscribe({
        next: (answer) => answers.push(answer),
        error: done.reject,
        complete: () => done.resolve(answers),
      });
    done.promise.catch(() => {});
    if (leaves !== undefined) {
      await scene.turns();
      subscription.unsubscribe();
      done.resolve(answers);
    }
    return done.promise;
  };
  return { ...scene, interrupted, mapped, asked: () => [...scene.gates.keys()].sort() };
}
