import { defineAgent, defineTopic, on, type } from 'troupe';
import { describe, expect, it } from 'vitest';
import type { Envelope } from '../../../src/core/envelope.ts';
import { nothingIsLost } from '../../../src/testing/index.ts';
import { brokenBy } from '../../support/breaking-a-law.ts';
import { cellOf, kernelOf } from '../../support/inside.ts';

const Job = defineTopic('job', { schema: type<number>(), key: (n) => n % 2 });
const Other = defineTopic('other', { schema: type<number>() });

describe('nothing is lost', () => {
  it('holds of what is handled, has failed, gave way, or is a dead letter', async () => {
    const broken = await brokenBy([nothingIsLost()], async (system) => {
      system.spawn(
        defineAgent({
          name: 'worker',
          on: [
            on(Job, (n) => {
              if (n === 1) {
                throw new Error('not this one');
              }
            }),
            on(Other, () => {}),
          ],
          overflow: 'conflate',
          capacity: 2,
        }),
      );
      system.spawn(
        defineAgent({
          name: 'second',
          subscribe: [Job],
          capacity: 1,
          overflow: 'drop-oldest',
          receive: () => {},
        }),
      );
      system.spawn(defineAgent({ name: 'third', subscribe: [Job], receive: () => {} }));
      for (const n of [1, 2, 3, 4]) {
        system.publish(Job, n);
      }
    });

    expect(broken).toBeUndefined();
  });

  it('finds a message that is nowhere', async () => {
    const broken = await brokenBy([nothingIsLost()], (system) => {
      const ref = system.spawn(defineAgent({ name: 'worker', subscribe: [Job], receive: () => {} }));
      system.publish(Job, 1);
      system.publish(Job, 2);
      cellOf(ref as never).mailbox.take();
    });

    expect(broken).toBe(
      "nothing is lost: /worker accepted 'job' from outside, and it is nowhere: not handled, not failed, and no dead letter",
    );
  });

  it('finds one of several receivers of a publish that has lost it', async () => {
    const broken = await brokenBy([nothingIsLost()], (system) => {
      const workers = ['a', 'b', 'c'].map((name) =>
        system.spawn(defineAgent({ name, subscribe: [Job], receive: () => {} })),
      );
      system.publish(Job, 1);
      cellOf(workers[1] as never).mailbox.take();
    });

    expect(broken).toContain("/b accepted 'job' from outside, and it is nowhere");
  });

  it('finds a message that was handled twice, and one that was never accepted', async () => {
    let seen: Envelope | undefined;
    const broken = await brokenBy([nothingIsLost()], (system) => {
      const ref = system.spawn(
        defineAgent({
          name: 'worker',
          subscribe: [Job],
          receive: (_, context) => {
            seen ??= context.envelope;
          },
        }),
      );
      system.publish(Job, 1);
      const cell = cellOf(ref as never);
      cell.conduct.take(cell, 1);
      cell.conduct.take(cell, 1);
      cell.mailbox.putBack(seen!);
    });

    expect(broken).toBe(
      "nothing is lost: /worker has handled 'job' from outside, which it had not accepted or was done with",
    );
  });

  it.each([
    ['is still being handled', 'hangs'],
    ['is still laid aside', 'stashes'],
    ['still waits', 'is full'],
  ])('says that a message %s when nothing is left to do', async (where, how) => {
    const setup = (system: Parameters<Parameters<typeof brokenBy>[1]>[0]): void => {
      const ref = system.spawn(
        defineAgent({
          name: 'worker',
          subscribe: [Job],
          receive: (_, context) => {
            if (how === 'stashes') {
              context.stash();
              return undefined;
            }
            return new Promise<void>(() => {});
          },
        }),
      );
      if (how === 'is full') {
        cellOf(ref as never).window = 0;
      }
      system.publish(Job, 1);
    };

    expect(await brokenBy([nothingIsLost()], setup)).toBe(
      `nothing is lost: /worker accepted 'job' from outside, which ${where} although nothing is left to do`,
    );
    expect(await brokenBy([nothingIsLost({ unfinished: 'allow' })], setup)).toBeUndefined();
  });

  it('holds of a stream that completes: what comes after is a dead letter, and handled', async () => {
    const broken = await brokenBy([nothingIsLost()], (system) => {
      const { witness } = kernelOf(system);
      const envelope = { topic: 'job', sender: undefined } as unknown as Envelope;
      const agent = { path: '/worker' } as never;
      witness!.accepted(agent, envelope);
      witness!.lost(envelope, '/worker', 'Unhandled');
      witness!.ended(agent, envelope, 'handled');
    });

    expect(broken).toBeUndefined();
  });

  it('looks again when the system has stopped', async () => {
    const broken = await brokenBy([nothingIsLost({ unfinished: 'allow' })], (system) => {
      kernelOf(system).witness!.accepted(
        { path: '/worker' } as never,
        { topic: 'job', sender: undefined } as unknown as Envelope,
      );
      const ref = system.spawn(defineAgent({ name: 'worker', receive: () => {}, subscribe: [Job] }));
      cellOf(ref as never).messagesOpen = 1;
    });

    expect(broken).toBe(
      "nothing is lost: /worker accepted 'job' from outside, which still waits although nothing is left to do",
    );
  });

  it('says where one of several is open, and tells a message in hand from another', async () => {
    const hangs = () => new Promise<void>(() => {});
    const both = await brokenBy([nothingIsLost()], (system) => {
      for (const name of ['a', 'b']) {
        system.spawn(defineAgent({ name, concurrency: 2, on: [on(Other, hangs), on(Job, hangs)] }));
      }
      system.publish(Job, 1);
      system.publish(Other, 2);
    });
    const second = await brokenBy([nothingIsLost()], (system) => {
      const ref = system.spawn(
        defineAgent({
          name: 'a',
          concurrency: 2,
          subscribe: [Job],
          receive: () => new Promise<void>(() => {}),
        }),
      );
      cellOf(ref as never).messagesOpen = 1;
      kernelOf(system).witness!.accepted({ path: '/a' } as never, { topic: 'ghost', sender: '/b' } as never);
      system.publish(Job, 1);
    });

    expect(both).toContain("/a accepted 'job' from outside, which is still being handled");
    expect(second).toContain("/a accepted 'ghost' from /b, which still waits");
  });

  it('finds what was lost of an agent that nobody knows', async () => {
    const broken = await brokenBy([nothingIsLost()], (system) => {
      kernelOf(system).witness!.accepted(
        { path: '/ghost' } as never,
        { topic: 'job', sender: '/b' } as never,
      );
    });

    expect(broken).toContain("/ghost accepted 'job' from /b, and it is nowhere");
  });

  it('holds of what two heard and one lost more than it had', async () => {
    const broken = await brokenBy([nothingIsLost()], (system) => {
      const { witness } = kernelOf(system);
      const envelope = { topic: 'job', sender: undefined } as unknown as Envelope;
      witness!.accepted({ path: '/a' } as never, envelope);
      witness!.accepted({ path: '/b' } as never, envelope);
      witness!.lost(envelope, '/c', 'Stopped');
      witness!.lost(envelope, '/a', 'Stopped');
      witness!.gaveWay({ path: '/b' } as never, envelope);
    });

    expect(broken).toBeUndefined();
  });
});
