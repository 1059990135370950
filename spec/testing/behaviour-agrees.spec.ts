/** What `behaviour` says of an agent is what the same agent does among others. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Context } from '../../src/actors/context.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { behaviour } from '../../src/testing/behaviour.ts';
import type { StepEffect } from '../../src/testing/step-effect.ts';
import { readTape } from '../../src/testing/tape.ts';
import { World } from '../../src/testing/world.ts';
import { lawParameters, lawTimeoutMs } from '../support/law-runs.ts';

type Verb = 'publish' | 'reply' | 'count' | 'ring' | 'throw';
const Orders = defineTopic('orders', { schema: type<readonly Verb[]>(), reply: type<number>() });
const Said = defineTopic('said', { schema: type<number>() });

/** Does one verb after the other; what it says is the number it has counted to. */
const obey = (verbs: readonly Verb[], context: Context<number, number>): void => {
  for (const verb of verbs) {
    if (verb === 'publish') context.publish(Said, context.state);
    if (verb === 'reply') context.reply(context.state);
    if (verb === 'count') context.update((count) => count + 1);
    if (verb === 'ring') context.schedule(10, (own) => obey(['count', 'publish'], own));
    if (verb === 'throw') throw new Error('told to');
  }
};
const obedient = defineAgent({ name: 'obedient', subscribe: [Orders], state: 0, receive: obey });

const someOrders = fc.array(
  fc.array(fc.constantFrom<Verb>('publish', 'reply', 'count', 'ring', 'throw'), { maxLength: 6 }),
  { maxLength: 6 },
);

it(
  'law: an agent by itself says the same, in the same order, and has the same state as among others',
  async () => {
    await fc.assert(
      fc.asyncProperty(someOrders, async (orders) => {
        expect(aloneIn(orders)).toEqual(await amongOthers(orders));
      }),
      lawParameters,
    );
  },
  lawTimeoutMs,
);

function aloneIn(orders: readonly (readonly Verb[])[]): unknown {
  const tried = behaviour(obedient);
  const effects: StepEffect[] = orders.flatMap((verbs) => tried.receive(Orders, verbs).effects);
  const later = tried.advance(10);
  const said = [...effects, ...later.effects];
  return {
    published: said.flatMap((effect) => ('publish' in effect ? [effect.payload] : [])),
    replied: said.flatMap((effect) => ('reply' in effect && effect.late !== true ? [effect.reply] : [])),
    timers: said.filter((effect) => 'schedule' in effect).length,
    state: later.state,
  };
}

async function amongOthers(orders: readonly (readonly Verb[])[]): Promise<unknown> {
  const published: number[] = [];
  const replied: number[] = [];
  const world = new World({
    choose: readTape([]),
    system: { supervision: { directives: () => 'resume' } },
  });
  const { system, environment } = world;
  const ref = system.spawn(obedient);
  system.spawn(
    defineAgent({ name: 'listener', subscribe: [Said], receive: (count) => void published.push(count) }),
  );
  for (const verbs of orders) {
    system.request(ref, verbs).then(
      (reply) => void replied.push(reply),
      () => {},
    );
    while (environment.readyCount > 0) environment.step();
  }
  const timers = environment.timerCount;
  await world.runUntilQuiet();
  const { context } = ref.getSnapshot();
  world.close();
  return { published, replied, timers, state: context };
}
