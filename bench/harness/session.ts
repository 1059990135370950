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

/** Runs before the first that counts, at least, and how long they take together: the code is compiled by then. */
const warmup = { runsMin: 2, runsMax: 16, ms: 1_500 };

/** A round is as many runs as take so long, of which there are at most so many: what the collection before it costs counts in no run. */
const timed = { ms: 250, runsMax: 16 };

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
const runs = await warmUp();
process.on('disconnect', () => process.exit(0));
process.on('message', () => void once(runs).then(say));
say({ said: 'ready' });

/** Runs it until it is compiled, and says how many runs make a round. */
async function warmUp(): Promise<number> {
  let wholeMs = 0;
  let lastMs = 0;
  const enough = how === 'weigh' ? 0 : warmup.ms;
  for (let run = 0; run < warmup.runsMin || (wholeMs < enough && run < warmup.runsMax); run += 1) {
    const { reading } = await once(1);
    lastMs = 'wallNs' in reading ? (reading.wallNs * units) / 1e6 : Number.POSITIVE_INFINITY;
    wholeMs += lastMs;
  }
  return Math.min(timed.runsMax, Math.max(1, Math.ceil(timed.ms / lastMs)));
}

/** One round, after all that the one before left behind has come to its end. */
async function once(count: number): Promise<Said & { said: 'round' }> {
  const gauge = gaugeOf();
  let checksum = Number.NaN;
  const bench = new Bench({ iterations: 1, time: 0, warmup: false, throws: true });
  const work = async () => {
    ({ checksum } = await variant({ size: units, measure: gauge.measure }));
  };
  bench.add(name!, work, { async: true, beforeEach: quiet });
  for (let run = 0; run < count; run += 1) {
    bench.reset(); // A task that has run does not run again.
    await bench.run();
  }
  return { said: 'round', reading: gauge.reading(units * count), checksum };
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
