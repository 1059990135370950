/** The programs of docs/guides/messages-as-bytes.md. */
import {
  codec,
  createSystem,
  defineAgent,
  defineTopic,
  type EnvelopeFacts,
  type NotPackable,
  type,
} from 'troupe';
import { expect, it } from 'vitest';
import { thrownBy } from '../support/thrown-by.ts';

interface Order {
  readonly id: string;
  readonly placedAt: Date;
}

const OrderPlaced = defineTopic('orders.placed', { schema: type<Order>() });

it('an envelope goes out of the process and comes into another', async () => {
  const wire: Uint8Array[] = [];
  const send = (bytes: Uint8Array) => void wire.push(bytes);
  const booked: Order[] = [];
  const book = (order: Order) => void booked.push(order);
  // #region envelope
  const { pack, unpack } = codec();

  const outbox = defineAgent({
    name: 'outbox',
    subscribe: [OrderPlaced],
    receive: (_, context) => send(pack(context.envelope)),
  });

  const elsewhere = createSystem({
    agents: [defineAgent({ name: 'books', subscribe: [OrderPlaced], receive: book })],
  });
  const arrived = async (bytes: Uint8Array) => {
    const { topic, payload }: EnvelopeFacts = unpack(bytes); // NotUnpackable, whatever the bytes are
    if (topic === OrderPlaced.name) {
      await elsewhere.publish(OrderPlaced, payload as Order); // and here the schema looks at it
    }
  };
  // #endregion

  await using system = createSystem({ agents: [outbox] });
  await system.publish(OrderPlaced, { id: 'o-1', placedAt: new Date(0) });
  await system.drain({ withinMs: 1_000 });
  for (const bytes of wire) {
    await arrived(bytes);
  }
  await elsewhere.drain({ withinMs: 1_000 });

  expect(booked).toEqual([{ id: 'o-1', placedAt: new Date(0) }]);
});

it('what does not travel is refused at its place', () => {
  // #region value
  const wire = codec({ bytesMax: 1_048_576, depthMax: 32, objectsMax: 10_000 });

  const bytes = wire.packValue({ total: 12n, rates: new Map([['eur', 1.07]]), scan: new Uint8Array(3) });
  const value = wire.unpackValue(bytes); // equal in depth: the bigint, the map and the bytes, too

  const bad = () => wire.packValue({ items: [{ price: 1 }, { price: () => 2 }] });
  // NotPackable: items[1].price cannot be packed: a function does not travel; it is [Function]
  // #endregion

  expect(value).toEqual({ total: 12n, rates: new Map([['eur', 1.07]]), scan: new Uint8Array(3) });
  expect(String(thrownBy(bad) as NotPackable)).toBe(
    'NotPackable: items[1].price cannot be packed: a function does not travel; it is [Function]',
  );
});
