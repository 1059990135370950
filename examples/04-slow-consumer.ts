/**
 * A slow consumer under three policies: who waits, and what is lost.
 *
 * The publisher is always the same, and says 300 prices of three shares. The reader is always the same, and needs
 * a millisecond for each. Its mailbox has room for 10. Only the policy named in `overflow` differs.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSystem, defineAgent, defineTopic, type Overflow, type } from 'troupe';

// #region topic
type Quote = { readonly share: string; readonly price: number };
const Quoted = defineTopic('quoted', { schema: type<Quote>(), key: ({ share }) => share });
// #endregion

async function publishUnder(overflow: Overflow) {
  // #region reader
  const known = new Map<string, number>();
  const reader = defineAgent({
    name: 'reader',
    subscribe: [Quoted],
    capacity: 10,
    overflow,
    receive: async ({ share, price }) => {
      await sleep(1);
      known.set(share, price);
    },
  });
  // #endregion

  await using system = createSystem({ agents: [reader] });
  const beganMs = performance.now();
  let waits = 0;

  // #region publish
  for (let price = 1; price <= 300; price += 1) {
    const room = system.publish(Quoted, { share: 'ABC'.charAt(price % 3), price });
    if (room !== undefined) {
      waits += 1;
      await room;
    }
  }
  // #endregion
  const publisherMs = performance.now() - beganMs;

  await system.quiet();

  const [figures] = system.statistics().agents;
  const { handled = 0, displaced = 0, conflated = 0 } = figures ?? {};
  const lost = system.statistics().deadLetters.Displaced ?? 0;
  console.log(
    `${overflow.padEnd(12)} the publisher waited ${waits} times and took ${Math.round(publisherMs)} ms; ` +
      `${handled} handled, ${displaced} displaced, ${conflated} conflated; ${lost} dead letters`,
  );
  return { waits, handled, displaced, conflated, lost, known: Object.fromEntries(known) };
}

const suspended = await publishUnder('suspend');
const dropped = await publishUnder('drop-oldest');
const conflated = await publishUnder('conflate');

assert.equal(suspended.handled, 300);
assert.ok(suspended.waits > 0);
assert.equal(dropped.waits, 0);
assert.equal(dropped.handled + dropped.displaced, 300);
assert.equal(dropped.lost, dropped.displaced);
assert.ok(dropped.handled < 300);
assert.equal(conflated.waits, 0);
assert.equal(conflated.handled + conflated.conflated, 300);
assert.deepEqual(conflated.known, { A: 300, B: 298, C: 299 });
