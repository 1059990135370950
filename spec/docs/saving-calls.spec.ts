import { map } from 'rxjs';
import { dedupe, defineTopic, rateLimit, streamAgent, type } from 'troupe';
import { describe, expect, it } from 'vitest';
import { aWorld } from '../support/a-world.ts';

const Event = defineTopic('event', { schema: type<{ id: string; text: string }>() });
const Notice = defineTopic('notice', { schema: type<string>() });

describe('the guide to saving calls', () => {
  it('limits and dedupes a stream', async () => {
    const world = aWorld();
    const { system } = world;
    const sentAtMs: number[] = [];
    system.observe(Notice, { overflow: 'suspend' }).subscribe(() => sentAtMs.push(world.nowMs));
    // #region stream
    const seen = dedupe<{ id: string }>({
      key: ({ id }) => id,
      withinMs: 60_000,
      max: 1_000,
      overflow: 'forget-oldest',
    });
    const pace = rateLimit({ perSecond: 10, overflow: 'wait' });

    const notifier = streamAgent({
      name: 'notifier',
      subscribe: [Event],
      publishes: Notice,
      stream: (inbox) =>
        inbox.pipe(
          seen.operator(),
          pace.operator(),
          map(({ text }) => text),
        ),
    });
    // #endregion
    system.spawn(notifier);
    for (const id of ['a', 'b', 'a', 'c']) void system.publish(Event, { id, text: `event ${id}` });
    await world.runUntilQuiet();

    expect(sentAtMs).toEqual([0, 100, 200]);
  });
});
