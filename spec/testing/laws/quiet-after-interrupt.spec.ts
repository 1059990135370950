import { type AgentRef, defineAgent, defineTopic, type } from 'troupe';
import { describe, expect, it } from 'vitest';
import { quietAfterInterrupt } from '../../../src/testing/index.ts';
import type { World } from '../../../src/testing/world.ts';
import { brokenBy } from '../../support/breaking-a-law.ts';
import { cellOf } from '../../support/inside.ts';

const Write = defineTopic('write', { schema: type<string>(), reply: type<string>() });
const Page = defineTopic('page', { schema: type<string>() });

const nap = (world: World, ms: number) =>
  new Promise<void>((done) => {
    world.environment.schedule(ms, done);
  });

/** A writer that does something long after it was interrupted, as code that is broken would. */
const writer = (world: World, late: (context: Revocable) => unknown) =>
  defineAgent({
    name: 'writer',
    subscribe: [Write],
    receive: async (_, context) => {
      await nap(world, 50);
      late(context as unknown as Revocable);
      return 'done';
    },
  });

interface Revocable {
  over: boolean;
  publish(topic: typeof Page, page: string): unknown;
  reply(page: string): unknown;
}

const archive = defineAgent({ name: 'archive', subscribe: [Page], receive: () => {} });

describe('quiet after interrupt', () => {
  it('holds of old code whose context is revoked', async () => {
    const broken = await brokenBy([quietAfterInterrupt()], async (system, world) => {
      system.spawn(archive);
      system.spawn(writer(world, (context) => context.publish(Page, 'late')));
      await system.request(Write, 'a novel', { timeoutMs: 20 }).catch(() => {});
      await system.request(Write, 'a poem', { timeoutMs: 80 });
    });

    expect(broken).toBeUndefined();
  });

  it('may forbid that old code tries to say something at all', async () => {
    const broken = await brokenBy([quietAfterInterrupt({ deeds: 'forbid' })], async (system, world) => {
      system.spawn(writer(world, (context) => context.publish(Page, 'late')));
      await system.request(Write, 'a novel', { timeoutMs: 20 }).catch(() => {});
    });

    expect(broken).toBe(
      "quiet after interrupt: /writer went on after its handling was over, and tried to send 'page'",
    );
  });

  it('finds a message of work that was interrupted', async () => {
    const broken = await brokenBy([quietAfterInterrupt()], async (system, world) => {
      system.spawn(archive);
      system.spawn(
        writer(world, (context) => {
          context.over = false;
          context.publish(Page, 'late');
        }),
      );
      await system.request(Write, 'a novel', { timeoutMs: 20 }).catch(() => {});
    });

    expect(broken).toBe(
      "quiet after interrupt: /writer was interrupted while it handled 'write', and 'page' of that work reached /archive after that",
    );
  });

  it('finds a reply of work that was interrupted', async () => {
    const broken = await brokenBy([quietAfterInterrupt()], async (system, world) => {
      const ref = system.spawn(
        writer(world, (context) => {
          context.over = false;
          context.reply('late');
        }),
      );
      // Two are asked, so the request goes on when the work of one is interrupted.
      system.spawn(
        defineAgent({
          name: 'other',
          subscribe: [Write],
          receive: () => nap(world, 100).then(() => 'other'),
        }),
      );
      world.environment.schedule(10, () => system.interrupt(ref as AgentRef<never, unknown>));
      await system.request(Write, 'a novel');
    });

    expect(broken).toContain(
      "/writer was interrupted while it handled 'write', and a reply of that work was taken",
    );
  });

  it('lets the work on a copy go on, and the work on the same message when it comes again', async () => {
    const broken = await brokenBy([quietAfterInterrupt()], async (system, world) => {
      system.spawn(archive);
      const ref = system.spawn(
        defineAgent({
          name: 'writer',
          subscribe: [Write],
          receive: async (_, context) => {
            void context.publish(Page, 'first');
            await nap(world, 5);
            void context.publish(Page, 'second');
          },
        }),
      );
      system.publish(Write, 'a novel');
      const cell = cellOf(ref as never);
      const receive = cell.receive.bind(cell);
      await nap(world, 1);
      const { envelope } = [...cell.openHandlings!][0]!;
      receive({ ...envelope });
      system.interrupt(ref as AgentRef<never, unknown>);
      await nap(world, 20);
      receive({ ...envelope });
      await nap(world, 20);
    });

    expect(broken).toBeUndefined();
  });

  it('finds a message of an agent that has stopped', async () => {
    const broken = await brokenBy([quietAfterInterrupt()], async (system, world) => {
      system.spawn(archive);
      const ref = system.spawn(
        writer(world, (context) => {
          context.over = false;
          context.publish(Page, 'late');
        }),
      );
      system.publish(Write, 'a novel');
      await nap(world, 1);
      await system.stop(ref as AgentRef<never, unknown>);
      await nap(world, 100);
    });

    expect(broken).toContain("/writer has stopped, and 'page' of it reached /archive after that");
  });
});
