/**
 * Resilience: calls of a service that fails, hangs and recovers, guarded in four ways.
 *
 *     traveller ──> timetable ──> retry ─> bulkhead ─> circuit breaker ─> timeout ──> railway
 *
 * At first the railway fails twice and then answers: nobody notices. Then it hangs: each try is given up in time, the
 * circuit opens, and the timetable answers from memory, at once. When the railway is back, one probe finds out.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  bulkhead,
  circuitBreaker,
  createSystem,
  defineAgent,
  defineTopic,
  Failure,
  resilient,
  retry,
  timeout,
  type,
} from 'troupe';

const Train = defineTopic('train', { schema: type<string>(), reply: type<string>() });
const Timetable = defineTopic('timetable', { schema: type<string>(), reply: type<string>() });

class LineBusy extends Failure {
  readonly _tag = 'LineBusy';
  readonly code = 'LINE_BUSY';
  readonly class = 'transient'; // Worth another try.
}

let mood: 'busy twice' | 'hanging' | 'well' = 'busy twice';
let calls = 0;

const railway = defineAgent({
  name: 'railway',
  subscribe: [Train],
  concurrency: 8,
  receive: (to) => {
    calls += 1;
    if (mood === 'busy twice' && calls <= 2) throw new LineBusy();
    return mood === 'hanging' ? new Promise<string>(() => {}) : `${to} at 10:04`;
  },
});

// #region guards
const breaker = circuitBreaker({ failuresInARow: 3, openForMs: 500 });
const guarded = resilient<string, string>({
  // An open circuit asks for more patience than that: then it is not tried again, and memory answers at once.
  retry: retry({ times: 2, backoffMs: 5, retryAfterMsMax: 50 }),
  bulkhead: bulkhead({ concurrency: 4, queueMax: 100 }),
  circuitBreaker: breaker,
  timeout: timeout(50),
  fallback: (to) => `${to} at 10:04, as far as I remember`,
});

const timetable = defineAgent({
  name: 'timetable',
  subscribe: [Timetable],
  receive: guarded(Train),
});
// #endregion

await using system = createSystem({ agents: [railway, timetable] });
const ask = () => system.request(Timetable, 'Oslo');

// #region calls
assert.equal(await ask(), 'Oslo at 10:04');
assert.equal(calls, 3); // The traveller asked once.

mood = 'hanging';
assert.equal(await ask(), 'Oslo at 10:04, as far as I remember');
assert.equal(breaker.statistics(system).state, 'open'); // Three tries in a row took longer than 50 ms.

const callsBefore = calls;
assert.equal(await ask(), 'Oslo at 10:04, as far as I remember');
assert.equal(calls, callsBefore); // It was left alone.

mood = 'well';
await sleep(600);
assert.equal(await ask(), 'Oslo at 10:04');
assert.equal(breaker.statistics(system).state, 'closed');
// #endregion

console.log(
  `the railway was called ${calls} times, and was spared ${breaker.statistics(system).refused} times`,
);
