import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { MailboxFull } from '../../src/core/mailbox.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld } from '../support/a-world.ts';

const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });

describe('a request for which a step has no room', () => {
  it('fails at once and leaves no timer', async () => {
    const world = aWorld();
    const failures: unknown[] = [];
    const answerer = world.system.spawn(
      defineAgent({ name: 'answerer', subscribe: [Question], receive: () => 'yes' }),
    );
    const asker = world.system.spawn(
      defineAgent({
        name: 'asker',
        subscribe: [defineTopic('go', { schema: type<string>() })],
        effectsMax: 1,
        receive: async (_, context) => {
          const asked = ['one', 'two'].map((text) => context.request(answerer, text));
          await Promise.all(asked.map((one) => one.catch((failure) => failures.push(failure))));
        },
      }),
    );

    world.system.tell(asker, 'go');
    await world.runUntilQuiet();

    expect(failures.map((failure) => failure instanceof MailboxFull)).toEqual([true]);
    expect(world.nowMs).toBe(0);
  });
});
