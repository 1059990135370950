/**
 * A machine as an agent: an order that is paid, packed and sent, with a promise, a delay, a child and a request.
 *
 *     npm exec node -- examples/07-machines.ts
 */
import assert from 'node:assert/strict';
import {
  createSystem,
  defineAgent,
  defineTopic,
  machineAgent,
  perform,
  publish,
  reply,
  request,
  type,
} from 'troupe';
import { assign, emit, fromPromise, fromTransition, sendParent, setup, toPromise, waitFor } from 'xstate';

// #region lamp
const Pressed = defineTopic('pressed', { schema: type<{ type: 'press' }>() });

const lamp = machineAgent({
  name: 'lamp',
  subscribe: [Pressed],
  machine: setup({ types: {} as { events: { type: 'press' } } }).createMachine({
    initial: 'off',
    states: {
      off: { on: { press: 'on' } },
      on: { on: { press: 'off' }, after: { 50: 'off' } },
    },
  }),
});
// #endregion

// #region use
await using system = createSystem();
const bedside = system.spawn(lamp);

await system.publish(Pressed, { type: 'press' });
await waitFor(bedside, (snapshot) => snapshot.matches('on'));
await waitFor(bedside, (snapshot) => snapshot.matches('off')); // By itself, after 50 ms.
// #endregion

// #region reply
const Quoted = defineTopic('quoted', { schema: type<{ item: string; price: number }>() });
const Price = defineTopic('price', { schema: type<{ item: string }>(), reply: type<number>() });

const seller = machineAgent({
  name: 'seller',
  subscribe: [Price],
  // The topic says what comes; the machine wants an event.
  toEvent: ({ item }) => ({ type: 'ask', item }) as const,
  machine: setup({
    types: {} as { context: { item: string }; events: { type: 'ask'; item: string } },
    actors: { look: fromPromise<number, { item: string }>(async ({ input }) => input.item.length) },
  }).createMachine({
    context: { item: '' },
    initial: 'idle',
    states: {
      idle: { on: { ask: { target: 'looking', actions: assign({ item: ({ event }) => event.item }) } } },
      looking: {
        invoke: {
          src: 'look',
          input: ({ context }) => ({ item: context.item }),
          onDone: {
            target: 'idle',
            actions: [
              reply(({ event }) => event.output),
              publish(Quoted, ({ context, event }) => ({ item: context.item, price: event.output })),
            ],
          },
        },
      },
    },
  }),
});
// #endregion
system.spawn(seller);
assert.equal(await system.request(Price, { item: 'lantern' }), 7);

// #region request
const buyer = machineAgent({
  name: 'buyer',
  machine: setup({
    types: {} as {
      context: { paid: number };
      events:
        | { type: 'buy'; item: string }
        | { type: 'priced'; output: number }
        | { type: 'unpriced'; error: unknown };
      emitted: { type: 'paid'; price: number };
    },
  }).createMachine({
    context: { paid: 0 },
    on: {
      buy: {
        actions: request(Price, ({ event }) => ({ item: event.item }), {
          onReply: 'priced',
          onFailure: 'unpriced',
        }),
      },
      priced: {
        actions: [
          assign({ paid: ({ context, event }) => context.paid + event.output }),
          emit(({ event }) => ({ type: 'paid', price: event.output })),
        ],
      },
    },
  }),
});
// #endregion

// #region observe
const customer = system.spawn(buyer);
const receipts: unknown[] = [];
customer.on('paid', (receipt) => receipts.push(receipt));
const paid = customer.select((snapshot) => snapshot.context.paid);

system.tell(customer, { type: 'buy', item: 'rope' });
await waitFor(customer, () => paid.get() === 4);
// #endregion
assert.deepEqual(receipts, [{ type: 'paid', price: 4 }]);

// #region reducer
const Total = defineTopic('total', { schema: type<number>() });
const till = machineAgent({
  name: 'till',
  machine: fromTransition((sum: number, event: { type: 'add'; amount: number }, scope) => {
    if (event.type !== 'add') {
      return sum; // XState also tells a reducer that it is stopped.
    }
    perform(scope, publish(Total, sum + event.amount));
    return sum + event.amount;
  }, 0),
});
// #endregion

// #region end
const courier = machineAgent({
  name: 'courier',
  machine: setup({ types: {} as { events: { type: 'delivered' } } }).createMachine({
    initial: 'riding',
    states: {
      riding: { on: { delivered: { target: 'home', actions: sendParent({ type: 'back' }) } } },
      home: { type: 'final' },
    },
    output: 'delivered in time',
  }),
});
const Sent = defineTopic('sent', { schema: type<unknown>() });
const office = defineAgent({
  name: 'office',
  subscribe: [Sent],
  receive: (message, context) => {
    if (message === 'send') {
      context.spawn(courier, { id: 'ada' });
    }
  },
});
// #endregion
const desk = system.spawn(office);
system.tell(desk, 'send');
await system.quiet();
const ada = system.agents.find('/office/ada')!.ref;
const output = toPromise(ada as never);
(ada as { send(event: object): void }).send({ type: 'delivered' });
assert.equal(await output, 'delivered in time');

const totals: number[] = [];
system.spawn(defineAgent({ name: 'book', subscribe: [Total], receive: (total) => void totals.push(total) }));
const drawer = system.spawn(till);
for (const amount of [3, 4]) {
  system.tell(drawer, { type: 'add', amount });
}
await system.quiet();
assert.deepEqual(totals, [3, 7]);
console.log(
  `the lamp is ${bedside.getSnapshot().value}, ${paid.get()} was paid, the till holds ${drawer.getSnapshot().context}`,
);
