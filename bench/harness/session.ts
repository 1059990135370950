/**
 * A session: one benchmark, measured in a process of its own, so that what one
 * leaves behind in heap and compiled code does not weigh on the next.
 *
 *     node bench/harness/session.ts time|weigh FILE SIZE ROUNDS
 *
 * Prints what it measured as one line of JSON. Variants are interleaved: each
 * round runs every one of them once, so that a neighbour on the machine disturbs all
 * alike.
 */
import { resolve } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Bench } from 'tinybench';
import type { Benchmark, Measure, Variant } from './benchmark.ts';
import { clock, type Gauge, scales, type Took, type Weighed } from './gauge.ts';

/** All readings of each variant, by its name, in the order of the rounds. */
export type Readings<R> = Readonly<Record<string, readonly R[]>>;

export interface Session<R> {
  readonly readings: Readings<R>;
  /** What every variant returned, in every round. */
  readonly checksum: number;
}

export type Timed = Session<Took>;
export type Weighing = Session<Weighed>;

/** Rounds before the first that counts: the code is compiled by then. */
const warmups = 2;

/**
 * Of each variant one small run stays set up for ever. When the collector takes the
 * last object of a class, V8 forgets what it has learnt about that class; the code is
 * then compiled anew in each round, and looks three times as slow as in a process
 * that lives.
 */
const standing: unknown[] = [];
const standingSize = 100;

const [how, file, size, rounds] = process.argv.slice(2);
const { benchmark } = (await import(pathToFileURL(resolve(file!)).href)) as { benchmark: Benchmark };
const makeGauge: () => Gauge<Took | Weighed> = how === 'weigh' ? scales : clock;
const session = await hold(benchmark, Number(size), Number(rounds), makeGauge);
process.stdout.write(`${JSON.stringify(session)}\n`);

async function hold<R>(
  { variants }: Benchmark,
  units: number,
  counted: number,
  gaugeOf: () => Gauge<R>,
): Promise<Session<R>> {
  const readings = new Map<string, R[]>();
  const checksums = new Map<string, number>();
  const bench = new Bench({ iterations: 1, time: 0, warmup: false, throws: true });
  for (const [name, variant] of Object.entries(variants)) {
    await leaveStanding(variant);
    readings.set(name, []);
    bench.add(name, () => once(name, variant), { async: true, beforeEach: quiet });
  }
  for (let round = 0; round < warmups + counted; round += 1) {
    bench.reset(); // A task that has run does not run again.
    await bench.run();
  }
  return {
    readings: Object.fromEntries([...readings].map(([name, all]) => [name, all.slice(warmups)])),
    checksum: theOnly(checksums),
  };

  async function once(name: string, variant: Variant): Promise<void> {
    const gauge = gaugeOf();
    const { checksum } = await variant({ size: units, measure: gauge.measure });
    readings.get(name)!.push(gauge.reading(units));
    checksums.set(name, checksum);
  }
}

/** Sets a variant up and lets it do a little work; it never comes to clearing away. */
function leaveStanding(variant: Variant): Promise<void> {
  return new Promise((stands, failed) => {
    const measure: Measure = async (work) => {
      await work();
      stands();
      await new Promise((resolve) => standing.push(resolve));
    };
    variant({ size: standingSize, measure }).catch(failed);
  });
}

/** Lets what a variant left behind come to its end: a neighbour's timers would count as one's own. */
async function quiet(): Promise<void> {
  await setTimeout(1);
  await setImmediate();
}

function theOnly(checksums: ReadonlyMap<string, number>): number {
  const [checksum, ...others] = new Set(checksums.values());
  if (checksum === undefined || others.length > 0) {
    throw new Error(`variants did different work: ${JSON.stringify(Object.fromEntries(checksums))}`);
  }
  return checksum;
}
