import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Context } from '../../src/actors/context.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic, type Topic } from '../../src/core/topic.ts';
import { joinThread, type Thread, threadTopics } from '../../src/primitives/thread.ts';
import { aWorld } from '../support/a-world.ts';

const said = { broadcast: type<string>(), reply: type<number>() };
const Do = defineTopic('do', { schema: type<unknown>() });

/** Agents that join when they start, unless they are told not to. */
function aTalk(names: readonly string[], rejoins = true) {
  const world = aWorld();
  const { system } = world;
  const heard: string[] = [];
  const threads = new Map<string, Thread<string, number>>();
  const join = (name: string, context: Context<unknown, never>) =>
    threads.set(
      name,
      joinThread(context, 't-1', {
        ...said,
        onBroadcast: (text, { envelope }, thread) => {
          heard.push(`${name} hears ${text} in ${envelope.threadId}`);
          expect(thread.id).toBe('t-1');
        },
        onReply: (n) => void heard.push(`${name} hears ${n}`),
      }),
    );
  let act: (context: Context<unknown, never>) => void = () => {};
  const agents = new Map(
    names.map((name, n) => {
      let starts = 0;
      const agent = defineAgent({
        name,
        on: [on_(name)],
        onStart: (context) => {
          starts += 1;
          if (rejoins || starts === 1) join(name, context as Context<unknown, never>);
        },
      });
      return [name, system.spawn(agent, { id: `${name}-${n}` })];
    }),
  );
  function on_(_: string) {
    return { topic: Do, handle: (__: unknown, context: Context<unknown, never>) => act(context) };
  }
  const has = (name: string, does: (context: Context<unknown, never>) => void) =>
    world.run(() => {
      act = does;
      system.tell(agents.get(name)! as never, 'go' as never);
    });
  return { world, system, heard, threads, agents, has };
}

describe('a thread', () => {
  it('has two topics, by its id', () => {
    const topics = threadTopics('trip-7', said);

    expectTypeOf(topics.broadcast).toEqualTypeOf<Topic<string>>();
    expectTypeOf(topics.reply).toEqualTypeOf<Topic<number>>();
    expect(topics.broadcast.name).toBe('thread.trip-7.broadcast');
    expect(threadTopics('*', said).reply).toMatchObject({ name: 'thread.*.reply', isPattern: true });
    expect(() => threadTopics('a b', said)).toThrow("'thread.a b.broadcast' is not a topic");
  });

  it('is heard by all who have joined but the one who speaks', async () => {
    const { heard, threads, has } = aTalk(['ada', 'bob', 'eve']);

    await has('ada', (context) => void threads.get('ada')!.say(context, 'hello'));
    expect(heard).toEqual(['bob hears hello in t-1', 'eve hears hello in t-1']);
    await has('bob', (context) => void threads.get('bob')!.answer(context, 7));
    expect(heard.slice(2)).toEqual(['ada hears 7', 'eve hears 7']);
  });

  it('does not tell a member what it says itself', async () => {
    const world = aWorld();
    const heard: string[] = [];
    const hear = (name: string) => ({
      ...said,
      onBroadcast: (text: string, context: Context<undefined, never>, thread: Thread<string, number>) => {
        heard.push(`${name} hears ${text}`);
        if (text === 'ping') void thread.say(context, `${name}'s pong`);
      },
    });
    const Ear = defineTopic('ear', { schema: type<string>() });
    await world.run(() => {
      joinThread(world.system, 't-1', hear('outer'));
      world.system.spawn(
        defineAgent({
          name: 'inner',
          subscribe: [Ear],
          receive: () => {},
          onStart: (c) => void joinThread(c, 't-1', hear('inner')),
        }),
      );
    });

    await world.run(() => void world.system.publish(threadTopics('t-1', said).broadcast, 'ping'));

    expect(heard.toSorted()).toEqual([
      "inner hears outer's pong",
      'inner hears ping',
      "outer hears inner's pong",
      'outer hears ping',
    ]);
  });

  it('is left on wish, by the end of the agent, and by a restart unless it joins again', async () => {
    const { world, system, heard, threads, agents, has } = aTalk(['ada', 'bob', 'eve', 'zoe'], false);
    await world.run(() => {});

    await has('bob', (context) => threads.get('bob')!.leave(context));
    await world.run(() => system.stop(agents.get('eve')!));
    world.crash('/zoe-3');
    await world.run(() => {});
    await has('ada', (context) => void threads.get('ada')!.say(context, 'hello'));

    expect(heard).toEqual([]);
    expect(system.agents.find('/bob-1/thread-t-1')).toBe(undefined);
  });

  it('is not joined by a step that throws, nor twice by one agent', async () => {
    const { system, has, world } = aTalk(['ada', 'bob'], false);
    await world.run(() => {});
    let refused: unknown;

    await has('ada', (context) => {
      joinThread(context, 't-2', { ...said, onReply: () => {} });
      throw { class: 'permanent' };
    });
    await has('bob', (context) => {
      try {
        joinThread(context, 't-1', { ...said, onReply: () => {}, capacity: 4, overflow: 'drop-oldest' });
      } catch (failure) {
        refused = failure;
      }
    });

    expect(system.agents.find('/ada-0/thread-t-2')).toBe(undefined);
    expect(refused).toBeInstanceOf(RangeError);
  });

  it('refuses to be joined by who hears nothing, or under a name that is none', () => {
    const { system } = aWorld();

    expect(() => joinThread(system, 't-1', said)).toThrow("joinThread('t-1') needs onBroadcast or onReply");
    expect(() => joinThread(system, 'a.b', { ...said, onReply: () => {} })).toThrow(RangeError);
  });
});
