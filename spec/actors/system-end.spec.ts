import * as Effect from 'effect/Effect';
import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { createSystem } from '../../src/actors/system.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld } from '../support/a-world.ts';

const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });

const never = () => new Promise<never>(() => {});

describe('the end of a system', () => {
  it('comes to whoever drains it, also when somebody stops it meanwhile', async () => {
    const system = createSystem({
      agents: [defineAgent({ name: 'thinker', subscribe: [Question], receive: never })],
    });
    void system.publish(Question, 'why?');

    const drained = system.drain();
    await system.stop();

    await expect(drained).resolves.toBeUndefined();
  });

  it('waits for what interrupted Effects still have to do', async () => {
    const world = aWorld();
    const done: number[] = [];
    const tidy = Effect.never.pipe(
      Effect.ensuring(
        Effect.sleep(100).pipe(Effect.andThen(Effect.sync(() => done.push(world.environment.nowMs())))),
      ),
    );
    world.system.spawn(defineAgent({ name: 'a', subscribe: [Question], receive: () => tidy as never }));
    world.system.publish(Question, 'why?');
    await world.runUntilQuiet();

    await world.run(() => world.system.stop());

    expect(done).toEqual([100]);
  });

  it('leaves Effects behind that do not end, and says how many', async () => {
    const world = aWorld();
    const told: unknown[] = [];
    world.system.listen({
      next: (event) => event._tag === 'Failed' && told.push(String(event.report.failure)),
    });
    const stubborn = Effect.never.pipe(Effect.ensuring(Effect.sleep('1 day')));
    world.system.spawn(defineAgent({ name: 'a', subscribe: [Question], receive: () => stubborn as never }));
    world.system.publish(Question, 'why?');
    await world.runUntilQuiet();

    await world.run(() => world.system.stop());

    expect(world.environment.nowMs()).toBe(5_000);
    expect(told).toEqual([
      'Error: 1 interrupted Effects had not ended after 5000 ms; their finalizers are left behind',
    ]);
  });

  it('comes at once to a listener of events that comes after it', async () => {
    const system = createSystem();
    const heard: string[] = [];
    await system.stop();

    const forget = system.listen({ next: () => heard.push('event'), complete: () => heard.push('end') });
    forget();

    expect(heard).toEqual(['end']);
  });

  it('reaches observers, readers of streams and the code of agents inside a simulation too', async () => {
    const world = aWorld();
    const { system } = world;
    const heard: string[] = [];
    const thinker = system.spawn(defineAgent({ name: 'thinker', subscribe: [Question], receive: never }));
    system.spawn(
      defineAgent({
        name: 'asker',
        subscribe: [defineTopic('go', { schema: type<string>() })],
        receive: async (question, context) => {
          await context.request(thinker, question, { timeoutMs: Infinity }).catch(() => heard.push('agent'));
        },
      }),
    );
    system
      .observe(Question, { overflow: 'drop-oldest' })
      .subscribe({ complete: () => heard.push('observer') });
    system.stream(thinker, 'why?', { timeoutMs: Infinity }).subscribe({ error: () => heard.push('reader') });
    void system.publish(defineTopic('go', { schema: type<string>() }), 'what?');
    await world.runUntilQuiet();

    await world.run(() => system.stop());

    expect(heard.toSorted()).toEqual(['agent', 'observer', 'reader']);
  });
});
