import { Schema } from 'effect';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { InvalidParams, type StandardSchema, type } from '../../src/core/schema.ts';
import { defineTopic, type Validation } from '../../src/core/topic.ts';
import { InvalidTopicName } from '../../src/core/topic-name.ts';
import { aWorld } from '../support/a-world.ts';

interface Order {
  readonly id: string;
}

const schemas: Readonly<Record<string, StandardSchema<Order>>> = {
  Zod: z.object({ id: z.string() }),
  Valibot: v.object({ id: v.string() }),
  'Effect Schema': Schema.toStandardSchemaV1(Schema.Struct({ id: Schema.String })),
};
const { Zod: zod } = schemas as { Zod: StandardSchema<Order> };
const libraries = Object.entries(schemas);

const wrong = { id: 7 } as unknown as Order;

describe('a topic', () => {
  it('is a definition that nobody can change', () => {
    const schema = type<Order>();
    const key = ({ id }: Order) => id;

    const topic = defineTopic('orders.placed', { schema, key, reply: type<number>(), validate: 'always' });

    expect(topic).toMatchObject({
      name: 'orders.placed',
      schema,
      keyOf: key,
      validate: 'always',
      isPattern: false,
    });
    expect(topic.reply).toBeDefined();
    expect(Object.isFrozen(topic)).toBe(true);
  });

  it('has nothing that it was not given', () => {
    const topic = defineTopic('orders', { schema: type<Order>() });

    expect(topic).toMatchObject({ reply: undefined, keyOf: undefined, validate: undefined });
  });

  it.each(['orders.*', 'orders.>'])('is a pattern when it stands for many names, as %s', (name) => {
    expect(defineTopic(name, { schema: type<Order>() }).isPattern).toBe(true);
  });

  it.each(['', 'orders..placed', 'orders placed', '>.orders'])(
    "is refused when it is called '%s'",
    (name) => {
      expect(() => defineTopic(name, { schema: type<Order>() })).toThrow(InvalidTopicName);
    },
  );
});

describe('the schema of a topic', () => {
  it.each(libraries)('of %s lets in what is valid', async (_, schema) => {
    const { world, topic, heard } = aShop({ schema });

    void world.system.publish(topic, { id: 'a' });
    await world.runUntilQuiet();

    expect(heard).toEqual([{ id: 'a' }]);
  });

  it.each(libraries)('of %s keeps out what is not, and names it', async (_, schema) => {
    const { world, topic, heard } = aShop({ schema });

    const publish = () => world.system.publish(topic, wrong);

    expect(publish).toThrow(InvalidParams);
    expect(publish).toThrow(/^invalid payload of 'orders': id: .*; got \{"id":7\}$/);
    expect(heard).toEqual([]);
  });

  it.each(libraries)('of %s answers a request of something invalid', async (_, schema) => {
    const { world, topic } = aShop({ schema });

    const request = world.system.request(topic, wrong);

    await expect(request).rejects.toMatchObject({ _tag: 'InvalidParams', value: wrong });
  });

  it('gives what it makes of a message to whoever hears it', async () => {
    const { world, topic, heard } = aShop({ schema: z.object({ id: z.string().default('new') }) });

    void world.system.publish(topic, {} as Order);
    await world.runUntilQuiet();

    expect(heard).toEqual([{ id: 'new' }]);
  });

  it('is asked at the edge of the system, and not about what agents say', async () => {
    const { world, relay, heard } = aShop({ schema: zod });

    void world.system.tell(relay, wrong);
    await world.runUntilQuiet();

    expect(heard).toEqual([wrong]);
  });

  it("is asked everywhere with validate: 'always'", async () => {
    const { world, relay, heard } = aShop({ schema: zod, validate: 'always' });

    void world.system.tell(relay, wrong);
    await world.runUntilQuiet();

    expect(heard).toEqual([expect.objectContaining({ _tag: 'InvalidParams', value: wrong })]);
  });

  it("is asked nowhere with validate: 'never'", async () => {
    const { world, topic, heard } = aShop({ schema: zod, validate: 'never' });

    void world.system.publish(topic, wrong);
    await world.runUntilQuiet();

    expect(heard).toEqual([wrong]);
  });

  it("is asked as the topic says, whatever the system's rule", async () => {
    const { world, topic, heard } = aShop({ schema: zod, validate: 'always', ofTopic: 'never' });

    void world.system.publish(topic, wrong);
    await world.runUntilQuiet();

    expect(heard).toEqual([wrong]);
  });
});

/** A shop that hears orders, and a relay in the same system that publishes whatever it is told as an order. */
function aShop(facts: { schema: StandardSchema<Order>; validate?: Validation; ofTopic?: Validation }) {
  const heard: unknown[] = [];
  const topic = defineTopic('orders', {
    schema: facts.schema,
    ...(facts.ofTopic === undefined ? {} : { validate: facts.ofTopic }),
  });
  const Told = defineTopic('told', { schema: type<Order>() });
  const shop = defineAgent({ name: 'shop', subscribe: [topic], receive: (order) => void heard.push(order) });
  const relay = defineAgent({
    name: 'relay',
    subscribe: [Told],
    receive: (order, context) => {
      try {
        void context.publish(topic, order);
      } catch (failure) {
        heard.push(failure);
      }
    },
  });
  const world = aWorld({ system: facts.validate === undefined ? {} : { validate: facts.validate } });
  world.system.spawn(shop);
  return { world, topic, heard, relay: world.system.spawn(relay) };
}
