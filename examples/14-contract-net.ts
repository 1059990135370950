/**
 * Contract net: a task goes to whoever bids best for it, and to the next best when that one fails.
 *
 *     dispatch ── calls for proposals ──> /ada 7 €, /bob 5 €, /cleo "too far", /dan 9 €
 *     dispatch ── accepts ─────────────> /bob, whose tyre bursts
 *     dispatch ── accepts ─────────────> /ada, who delivers
 *
 * Then the dispatcher itself crashes, before it has answered. It begins anew with the same order, finds in its store
 * what became of the award, and gives it to nobody else.
 */
import assert from 'node:assert/strict';
import {
  contractNet,
  contractor,
  createSystem,
  defineAgent,
  defineContract,
  defineTopic,
  memoryAwards,
  refuse,
  type,
} from 'troupe';

// #region contract
type Parcel = { readonly id: string; readonly to: string };

const Delivery = defineContract('delivery', {
  task: type<Parcel>(),
  bid: type<{ readonly priceEur: number }>(),
  result: type<string>(),
});
// #endregion

const told: string[] = [];
let tyres = 1;

// #region rider
const rider = (name: string, priceEur: number) =>
  defineAgent({
    name,
    on: contractor(Delivery, {
      bid: (parcel) => (name === 'cleo' ? refuse(`${parcel.to} is too far`) : { priceEur }),
      perform: (parcel) => {
        if (name === 'bob' && tyres-- > 0) throw new Error('a tyre burst');
        return `${parcel.id} brought to ${parcel.to} by ${name}`;
      },
      lost: (parcel, reason) => told.push(`${name} loses ${parcel.id}: ${reason}`),
    }),
  });
// #endregion

await using system = createSystem({
  agents: [rider('ada', 7), rider('bob', 5), rider('cleo', 1), rider('dan', 9)],
});

// #region net
const deliver = contractNet(Delivery, {
  score: ({ priceEur }) => priceEur, // The lowest wins.
  bidWithinMs: 200,
  workWithinMs: 5_000,
});

const { result, by, awards, contractors } = await system.request(deliver, { id: 'p1', to: 'Utrecht' });
// #endregion

assert.equal(result, 'p1 brought to Utrecht by ada');
assert.deepEqual([by, awards], ['/ada', 2]);
assert.deepEqual(
  contractors.map(({ agent, fate }) => `${agent} ${fate}`),
  ['/ada fulfilled', '/bob failed', '/cleo refused', '/dan rejected'],
);
await system.quiet();
assert.deepEqual(told, ['dan loses p1: outbid']);

// #region manager
const Order = defineTopic('order', { schema: type<Parcel>(), reply: type<string>() });
const awardsOnRecord = memoryAwards();
let crashes = 1;

const deliverOnce = contractNet(Delivery, {
  score: ({ priceEur }) => priceEur,
  bidWithinMs: 200,
  workWithinMs: 5_000,
  contractId: ({ id }) => id, // The same parcel is the same contract, whoever asks, and however often.
  awards: awardsOnRecord,
});

const dispatcher = defineAgent({
  name: 'dispatcher',
  subscribe: [Order],
  redeliver: { attemptsMax: 2 },
  supervision: { backoffMs: 1 },
  receive: async (parcel, context) => {
    const done = await context.request(deliverOnce, parcel);
    if (crashes-- > 0) throw new Error('the dispatcher crashes before it answers');
    return done.result;
  },
});
// #endregion

system.spawn(dispatcher);
assert.equal(await system.request(Order, { id: 'p2', to: 'Lisbon' }), 'p2 brought to Lisbon by bob');
assert.deepEqual(
  [awardsOnRecord.read('p2').version, awardsOnRecord.read('p2').last?._tag],
  [2, 'Fulfilled'], // One award and one result, although the order was handled twice.
);
console.log(`${result}; ${told.length} bidders were told that they lost`);
