import { type AgentRef, defineAgent, defineTopic, type } from 'troupe';
import { describe, expect, it } from 'vitest';
import { aWorld } from '../support/a-world.ts';

const Ask = defineTopic('ask', { schema: type<number>(), reply: type<string>() });

const never = () => new Promise<never>(() => {});

describe('a request that stands in line at a full mailbox', () => {
  it('holds its sender up no longer than until it is settled', async () => {
    const { world, asker, busy } = aCrowd();
    const answers: unknown[] = [];

    for (const n of [1, 2]) {
      void world.system.request(asker, n).then((answer) => answers.push([answer, world.nowMs]));
    }
    await world.run(() => world.environment.schedule(1_000, () => {}));

    expect(answers).toEqual([
      ['TIMEOUT', 100],
      ['TIMEOUT', 200],
    ]);
    expect(world.system.statistics().agents.find(({ path }) => path === busy.path)).toMatchObject({
      offered: 2,
    });
  });

  it('is forgotten with everything else when its sender stops meanwhile', async () => {
    const { world, asker } = aCrowd();
    void world.system.request(asker, 1).catch(() => {});
    await world.step();
    await world.step();
    await world.step();

    await world.run(() => world.system.stop(asker));
    await world.runUntilQuiet();

    expect(world.system.agents.find(asker.path)).toBeUndefined();
    expect(world.system.health().inFlight).toBe(2);
  });
});

/** An agent that asks somebody who never answers and has no room, and waits for that for 100 ms. */
function aCrowd() {
  const world = aWorld();
  const busy = world.system.spawn(
    defineAgent({ name: 'busy', subscribe: [Ask], capacity: 1, receive: never }),
    { subscribe: false },
  ) as AgentRef<number, string>;
  const asker = world.system.spawn(
    defineAgent({
      name: 'asker',
      subscribe: [Ask],
      receive: (n, context) =>
        context.request(busy, n, { timeoutMs: 100 }).catch(({ code }: { code: string }) => code),
    }),
  );
  world.system.tell(busy, 1);
  world.system.tell(busy, 2);
  return { world, asker, busy };
}
