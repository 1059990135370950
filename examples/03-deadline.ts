/**
 * A request with a deadline: what happens to the work when nobody waits for it any more.
 *
 *   1. Two clerks hear the same question. The first reply counts; the other is a dead letter.
 *   2. The slow clerk is asked alone, for less time than it needs: the request fails at its deadline, and
 *      `context.signal` tells the work, which stops at once.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSystem, defineAgent, defineTopic, RequestTimeout, type } from 'troupe';

const Price = defineTopic('price', { schema: type<string>(), reply: type<number>() });

// #region clerks
const quick = defineAgent({ name: 'quick', subscribe: [Price], receive: () => 12 });

let stoppedBecause: unknown;
const slow = defineAgent({
  name: 'slow',
  subscribe: [Price],
  receive: async (_article, context) => {
    context.signal.addEventListener('abort', () => {
      stoppedBecause = context.signal.reason;
    });
    await sleep(100, undefined, { signal: context.signal });
    return 11;
  },
});
// #endregion

await using system = createSystem();
const clerk = system.spawn(slow); // The first to hear of the question, so that it has begun when the other replies.
system.spawn(quick);

// #region first-reply
const price = await system.request(Price, 'tea');
console.log(`the first reply is ${price}`);
// #endregion

await system.quiet(); // By now the slow clerk has replied too.
const [late] = system.deadLetters.list();
console.log(`${late?.envelope.sender} replied ${late?.envelope.payload} too late: ${late?.cause}`);

// #region deadline
const beganMs = performance.now();
const failure = await system.request(clerk, 'tea', { timeoutMs: 30 }).catch((thrown: unknown) => thrown);
const tookMs = performance.now() - beganMs;
// #endregion

await system.quiet(); // The agent acts on the interrupt in its next turn.
const { interrupted } = system.statistics().agents.find(({ path }) => path === clerk.path) ?? {};
console.log(`after ${Math.round(tookMs)} ms: ${failure}`);
console.log(`the work was told: ${stoppedBecause}; interrupted handlings: ${interrupted}`);

assert.equal(price, 12);
assert.equal(late?.cause, 'LateReply');
assert.equal(late.envelope.sender, '/slow');
assert.ok(failure instanceof RequestTimeout);
assert.ok(tookMs >= 29, `it took ${tookMs} ms`);
assert.equal(stoppedBecause, failure);
assert.equal(interrupted, 1);
