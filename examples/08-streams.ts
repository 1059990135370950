/**
 * Agents that are streams: readings are checked, gathered and written down, and nobody is ever ahead of the slowest.
 *
 * `meter` is a chain of synchronous operators. `recorder` gathers readings and writes each batch, two batches at a
 * time; a reading counts as handled when its batch is written. `screen` shows the latest and skips what it missed.
 * `mean` answers requests. `counter` is a generator.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { filter, map, scan } from 'rxjs';
import {
  batch,
  boundedFrom,
  conflate,
  createSystem,
  defineTopic,
  mapAsync,
  streamAgent,
  systemFailures,
  toReadableStream,
  type,
} from 'troupe';

// #region meter
type Reading = { readonly sensor: string; readonly celsius: number };
const Measured = defineTopic('measured', { schema: type<Reading>() });
const Checked = defineTopic('checked', { schema: type<Reading>() });

const meter = streamAgent({
  name: 'meter',
  subscribe: [Measured],
  publishes: Checked,
  stream: (inbox) => inbox.pipe(filter(({ celsius }) => celsius > -90 && celsius < 60)),
});
// #endregion

const written: (readonly Reading[])[] = [];
let writing = 0;
let mostWriting = 0;
const writeDown = async (readings: readonly Reading[]): Promise<void> => {
  writing += 1;
  mostWriting = Math.max(mostWriting, writing);
  await sleep(5);
  written.push(readings);
  writing -= 1;
};

// #region recorder
const recorder = streamAgent({
  name: 'recorder',
  subscribe: [Checked],
  capacity: 64,
  stream: (inbox) => inbox.pipe(batch({ count: 10, withinMs: 50 }), mapAsync(2, writeDown)),
});
// #endregion

const shown: number[] = [];
let skipped = 0;

// #region screen
const screen = streamAgent({
  name: 'screen',
  subscribe: [Checked],
  stream: (inbox) =>
    inbox.pipe(
      conflate({ key: ({ sensor }) => sensor, keysMax: 8, onDropped: () => (skipped += 1) }),
      mapAsync(1, async ({ celsius }) => {
        await sleep(3);
        shown.push(celsius);
      }),
    ),
});
// #endregion

// #region mean
const Sample = defineTopic('sample', { schema: type<number>(), reply: type<number>() });

const mean = streamAgent({
  name: 'mean',
  subscribe: [Sample],
  stream: (inbox) =>
    inbox.pipe(
      scan(({ sum, count }, sample) => ({ sum: sum + sample, count: count + 1 }), { sum: 0, count: 0 }),
      map(({ sum, count }) => sum / count), // What comes out is the reply.
    ),
});
// #endregion

// #region generator
const Word = defineTopic('word', { schema: type<string>(), reply: type<string>() });

const counter = streamAgent({
  name: 'counter',
  subscribe: [Word],
  stream: async function* (inbox) {
    let count = 0;
    for await (const word of inbox) {
      count += 1;
      yield `${count}. ${word}`; // When it asks for the next word, it is done with this one.
    }
  },
});
// #endregion

await using system = createSystem({ agents: [meter, recorder, screen, mean, counter] });
system
  .observe(systemFailures, { overflow: 'drop-newest' })
  .subscribe(({ failure }) => console.error(failure));

// #region publish
for (let n = 0; n < 205; n += 1) {
  await system.publish(Measured, { sensor: `roof-${n % 2}`, celsius: n === 100 ? 1_000 : n / 10 });
}
// #endregion
await system.quiet();

const readings = written.flat();
console.log(`${readings.length} readings in ${written.length} batches, ${mostWriting} written at a time`);
console.log(`${shown.length} shown, ${skipped} skipped`);
assert.equal(readings.length, 204);
assert.ok(written.every(({ length }) => length <= 10));
assert.equal(mostWriting, 2);
assert.equal(shown.length + skipped, 204);
assert.ok(shown.includes(20.4) && shown.includes(20.3)); // The last of each sensor is always shown.

assert.equal(await system.request(Sample, 4), 4);
assert.equal(await system.request(Sample, 8), 6);
assert.equal(await system.request(Word, 'actor'), '1. actor');
assert.equal(await system.request(Word, 'stream'), '2. stream');

// #region bridges
async function* lines() {
  for (let n = 1; n <= 5; n += 1) yield `line ${n}`;
}

const numbered = boundedFrom(lines()).pipe(mapAsync(2, (line) => system.request(Word, line)));
// #endregion
const seen: string[] = [];
await numbered.forEach((line) => void seen.push(line));
assert.equal(seen.at(-1), '7. line 5');

const collected: string[] = [];

// #region web
await toReadableStream(lines()).pipeTo(
  new WritableStream({
    write: async (line) => void collected.push(await system.request(Word, line)),
  }),
);
// #endregion
assert.equal(collected.length, 5);
