/**
 * Calls that are not made: kept to a rate, remembered, gathered, and done once.
 *
 * A shop asks three services that cost something for each call. Prices are remembered, embeddings are asked for
 * many at a time, each customer may ask so often, and a payment that is reported twice is booked once.
 */
import assert from 'node:assert/strict';
import {
  batched,
  cache,
  createSystem,
  dedupe,
  defineAgent,
  defineTopic,
  RateLimited,
  rateLimit,
  type Scope,
  type,
} from 'troupe';

const calls = { prices: 0, embeddings: [] as number[], booked: 0 };

// #region cache
const prices = cache({ ttlMs: 60_000, max: 10_000, negativeTtlMs: 1_000 });

const priceOf = prices(async (sku: string, _scope: Scope) => {
  calls.prices += 1; // One call of the service, whoever waits for it.
  return 100 * sku.length;
});
// #endregion

// #region batched
const embed = batched({
  max: 4,
  withinMs: 5,
  call: async (texts: readonly string[]) => {
    calls.embeddings.push(texts.length);
    // An error in the place of an output is the failure of that one caller.
    return texts.map((text) => (text === '' ? new RangeError('there is nothing to embed') : [text.length]));
  },
});
// #endregion

// #region rate
const perCustomer = rateLimit<{ customer: string }>({
  perSecond: 2,
  burst: 3,
  overflow: 'reject',
  key: ({ customer }) => customer,
});

const Ask = defineTopic('ask', { schema: type<{ customer: string; sku: string }>(), reply: type<number>() });

const desk = defineAgent({
  name: 'desk',
  subscribe: [Ask],
  concurrency: 8,
  receive: perCustomer(({ sku }: { customer: string; sku: string }, context) =>
    context.request(priceOf, sku),
  ),
});
// #endregion

// #region dedupe
const Paid = defineTopic('paid', { schema: type<{ id: string; cents: number }>(), reply: type<number>() });

const once = dedupe<{ id: string }>({
  key: ({ id }) => id, // The id that whoever reports it gave it.
  withinMs: 24 * 3_600_000,
  max: 100_000,
  overflow: 'reject', // Rather than book twice what was forgotten.
});

const till = defineAgent({
  name: 'till',
  subscribe: [Paid],
  receive: once(({ cents }: { id: string; cents: number }) => {
    calls.booked += cents;
    return calls.booked;
  }),
});
// #endregion

await using system = createSystem({ agents: [desk, till] });

// Three customers want the same price at once.
const asked = ['ann', 'bob', 'cyd'].map((customer) => system.request(Ask, { customer, sku: 'pen' }));
assert.deepEqual(await Promise.all(asked), [300, 300, 300]);
console.log(`a price, asked for by three: ${calls.prices} call`);

// #region invalidate
prices.invalidate('pen'); // The price has changed.
// #endregion
assert.equal(await system.request(Ask, { customer: 'ann', sku: 'pen' }), 300);
assert.equal(calls.prices, 2);

// Ann has asked twice; her burst is three.
await system.request(Ask, { customer: 'ann', sku: 'pen' });
const refused = await system
  .request(Ask, { customer: 'ann', sku: 'pen' })
  .catch((failure: unknown) => failure);
assert.ok(refused instanceof RateLimited);
assert.ok(refused.retryAfterMs > 0 && refused.retryAfterMs <= 501);
assert.equal(await system.request(Ask, { customer: 'bob', sku: 'pen' }), 300);
console.log(`one too many of ann: ${refused.code}, and bob is served`);

const embedded = await Promise.allSettled(
  ['a', 'bb', '', 'dddd', 'eeeee'].map((text) => system.request(embed, text)),
);
assert.deepEqual(
  embedded.map(({ status }) => status),
  ['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
);
assert.deepEqual(calls.embeddings, [4, 1]);
console.log(`five texts: ${calls.embeddings.length} calls, and one of them failed alone`);

const report = { id: 'payment-1', cents: 995 };
assert.deepEqual([await system.request(Paid, report), await system.request(Paid, report)], [995, 995]);
console.log(`one payment, reported twice: ${calls.booked} cents`);

// #region statistics
console.log(prices.statistics(system)); // { hits: …, misses: …, shared: …, … }
// #endregion
assert.deepEqual((({ hits, misses, shared }) => ({ hits, misses, shared }))(prices.statistics(system)), {
  hits: 2,
  misses: 2,
  shared: 2,
});
