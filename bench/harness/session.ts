/**
 * A session: one variant of a benchmark in a process of its own, which does a round whenever it is told to.
 *
 *     node bench/harness/session.ts time|weigh FILE VARIANT SIZE
 *
 * Each variant has its own process, because V8 compiles a function for all that it has
 * seen: what one library does with promises, maps or a callback would make the same
 * lines slower for its neighbour, as they are not where only one of them is used
 * (D-230). It says `ready` once it is warm, and then answers every `go` with what it read.
 */
import { resolve } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Bench } from 'tinybench';
import type { Benchmark, Measure, Variant } from './benchmark.ts';
import { clock, scales, type Took, type Weighed } from './gauge.ts';

/** What a session says to whoever started it. */
export type Said =
  | { readonly said: 'ready' }
  | { readonly said: 'round'; readonly reading: Took | Weighed; readonly checksum: number };

/** Rounds before the first that counts: the code is compiled by then. */
const warmups = 2;

/**
 * One small run stays set up for ever. When the collector takes the last object of a
 * class, V8 forgets what it has learnt about that class; the code is then compiled anew in
 * each round, and looks three times as slow as in a process that lives.
 */
const standing: unknown[] = [];
const standingSize = 100;

const [how, file, name, size] = process.argv.slice(2);
const { benchmark } = (await import(pathToFileURL(resolve(file!)).href)) as { benchmark: Benchmark };
const variant = benchmark.variants[name!]!;
const units = Number(size);
const gaugeOf = how === 'weigh' ? scales : clock;

await leaveStanding(variant);
for (let round = 0; round < warmups; round += 1) {
  await once();
}
process.on('disconnect', () => process.exit(0));
process.on('message', () => void once().then(say));
say({ said: 'ready' });

/** One round, after all that the one before left behind has come to its end. */
async function once(): Promise<Said> {
  const gauge = gaugeOf();
  let checksum = Number.NaN;
  const bench = new Bench({ iterations: 1, time: 0, warmup: false, throws: true });
  const work = async () => {
    ({ checksum } = await variant({ size: units, measure: gauge.measure }));
  };
  bench.add(name!, work, { async: true, beforeEach: quiet });
  await bench.run();
  return { said: 'round', reading: gauge.reading(units), checksum };
}

function say(what: Said): void {
  process.send!(what);
}

/** Sets a variant up and lets it do a little work; it never comes to clearing away. */
function leaveStanding(one: Variant): Promise<void> {
  return new Promise((stands, failed) => {
    const measure: Measure = async (work) => {
      await work();
      stands();
      await new Promise((resolve) => standing.push(resolve));
    };
    one({ size: standingSize, measure }).catch(failed);
  });
}

/** Lets what a run left behind come to its end: its timers would count for the next one. */
async function quiet(): Promise<void> {
  await setTimeout(1);
  await setImmediate();
}
