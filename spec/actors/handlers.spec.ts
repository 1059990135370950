import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineAgent, on } from '../../src/actors/define-agent.ts';
import { capability } from '../../src/actors/define-capability.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld } from '../support/a-world.ts';
import { boom } from '../support/boom.ts';

const Text = defineTopic('text', { schema: z.string() });
const Count = defineTopic('count', { schema: z.number() });
const News = defineTopic('news.*', { schema: z.string() });
const Local = defineTopic('news.local', { schema: z.string() });
const Stranger = defineTopic('stranger', { schema: type<unknown>() });

describe('a message that is published', () => {
  it('is handled by what was set for its topic', async () => {
    const { system, settle, heard } = anAgent();

    void system.publish(Text, 'a');
    void system.publish(Count, 1);
    await settle();

    expect(heard).toEqual(['text a', 'count 1']);
  });

  it('is handled by the first that matches it, and only once', async () => {
    const { system, settle, heard } = anAgent();

    void system.publish(Local, 'rain');
    await settle();

    expect(heard).toEqual(['news rain']);
  });
});

describe('a message that is told', () => {
  it('is of the topic that the sender names', async () => {
    const { system, settle, heard, ref } = anAgent();

    void system.tell(ref, 'a', { topic: News });
    await settle();

    expect(heard).toEqual(['news a']);
  });

  it('is of the first topic whose schema accepts it, when none is named', async () => {
    const { system, settle, heard, ref } = anAgent();

    void system.tell(ref, 7);
    await settle();

    expect(heard).toEqual(['count 7']);
  });

  it('is of the only topic there is, whatever it says', () => {
    const { system } = anAgent();
    const only = system.spawn(defineAgent({ name: 'only', subscribe: [Count], receive: () => {} }));

    expect(() => system.tell(only, 'a' as never)).toThrow("invalid payload of 'count'");
  });

  it('is refused when nothing accepts it', () => {
    const { system, ref } = anAgent();

    expect(() => system.tell(ref, true as never)).toThrow(
      "invalid message to 'a': agent 'a' accepts text, count, news.*, news.local; got true",
    );
  });

  it('is refused when the agent does not have the topic that is named', () => {
    const { system, ref } = anAgent();

    expect(() => system.tell(ref, 'a', { topic: Stranger })).toThrow(
      `invalid topic 'stranger': agent 'a' accepts text, count, news.*, news.local; got "stranger"`,
    );
  });

  it('is refused by an agent that accepts none', () => {
    const { system } = anAgent();
    const mute = system.spawn(defineAgent({ name: 'mute', on: [] }));

    expect(() => system.tell(mute as never, 'a' as never)).toThrow("agent 'mute' accepts no messages");
  });

  it('is not accepted by a schema that throws, or that does not answer at once', async () => {
    const { system, settle, heard } = anAgent();
    const Throwing = defineTopic('throwing', { schema: z.string().transform((): string => boom()) });
    const Slow = defineTopic('slow', { schema: z.string().refine(async () => true) });
    const careful = system.spawn(
      defineAgent({
        name: 'careful',
        on: [
          on(Throwing, () => {}),
          on(Slow, () => {}),
          on(Text, (text) => void heard.push(`careful ${text}`)),
        ],
      }),
    );

    void system.tell(careful, 'a' as never);
    await settle();

    expect(heard).toEqual(['careful a']);
  });
});

describe('a call of a capability', () => {
  it('is handled by what the capability runs', async () => {
    const { system, settle } = anAgent();

    const reply = system.tool('double', 4);
    await settle();

    await expect(reply).resolves.toBe(8);
  });
});

/** An agent with three handlers and a capability, and what its handlers heard. */
function anAgent() {
  const heard: string[] = [];
  const note = (topic: string) => (message: unknown) => void heard.push(`${topic} ${message}`);
  const Double = capability('double', { input: z.number(), output: z.number(), run: (n) => n * 2 });
  const world = aWorld();
  const ref = world.system.spawn(
    defineAgent({
      name: 'a',
      on: [
        on(Text, note('text')),
        on(Count, note('count')),
        on(News, note('news')),
        on(Local, note('local')),
      ],
      capabilities: [Double],
    }),
  );
  return { system: world.system, settle: () => world.runUntilQuiet(), heard, ref };
}
