/** What a stream leaves behind: found by somebody who tried to break it. */
import { batch, type Inbox, mapAsync, streamAgent } from 'troupe';
import { expect, it } from 'vitest';
import { aStreamScene, Out, Word } from '../support/a-stream-scene.ts';

it('a generator that leaves its inbox and reads on gets the next message', async () => {
  const { system, turns } = aStreamScene();
  system.spawn(
    streamAgent({
      name: 'picky',
      subscribe: [Word],
      stream: async function* (inbox: Inbox<string>) {
        for (;;) {
          for await (const word of inbox) {
            if (word === 'skip') break;
            yield word;
          }
        }
      },
    }),
  );
  await turns();

  const replies = Promise.allSettled(['a', 'skip', 'b'].map((word) => system.request(Word, word)));
  await turns();

  expect((await replies).map((one) => (one.status === 'fulfilled' ? one.value : one.reason.code))).toEqual([
    'a',
    'NO_RESPONDER',
    'b',
  ]);
});

it('a generator keeps the messages at which it left as long as there is room for others', async () => {
  const { system, turns } = aStreamScene();
  system.spawn(
    streamAgent({
      name: 'pairs',
      subscribe: [Word],
      concurrency: 3,
      stream: async function* (inbox: Inbox<string>) {
        for (;;) {
          let pair = '';
          for await (const word of inbox) {
            pair += word;
            break;
          }
          for await (const word of inbox) {
            pair += word;
            break;
          }
          yield pair;
        }
      },
    }),
  );
  await turns();

  const replies = Promise.all(['a', 'b'].map((word) => system.request(Word, word).catch(({ code }) => code)));
  await turns();

  expect(await replies).toContain('ab');
});

it('what was made of several messages goes out when one of them is interrupted meanwhile', async () => {
  const scene = aStreamScene();
  const { system, turns, gate, open, heard, letters } = scene;
  const left = new AbortController();
  system.spawn(
    streamAgent({
      name: 'pairs',
      subscribe: [Word],
      publishes: Out,
      stream: (inbox) =>
        inbox.pipe(
          batch({ count: 2, withinMs: 1_000 }),
          mapAsync(1, (pair) => gate(pair.join('+'))),
        ),
    }),
  );
  await turns();
  void system.tell(system.agents.find('/pairs')!.ref as never, 'a' as never);
  system.request(Word, 'b', { signal: left.signal }).catch(() => {});
  await turns();

  left.abort();
  await turns();
  await open('a+b');

  expect(heard).toEqual(['a+b']);
  expect(letters()).toEqual([]);
});

it('work of an earlier life, or of an agent that has ended, changes no state', async () => {
  const { system, turns, settle, gate, open } = aStreamScene();
  const ref = system.spawn(
    streamAgent({
      name: 'counter',
      subscribe: [Word],
      state: 0,
      concurrency: 2,
      stream: (inbox, context) =>
        inbox.pipe(
          mapAsync(
            2,
            async (word) => {
              if (word === 'fail') throw new Error('fails');
              await gate(word);
              context.update((n) => n + 1);
              return word;
            },
            { ordered: false },
          ),
        ),
    }),
  );
  await turns();
  system.publish(Word, 'first');
  system.publish(Word, 'fail');
  await turns();

  await open('first');
  expect(ref.getSnapshot().context).toBe(0);

  system.publish(Word, 'second');
  await settle();
  void system.stop(ref);
  await turns();
  await open('second');
  expect(ref.getSnapshot().context).toBe(0);
});
