/**
 * Measuring a benchmark: rounds in which every variant has its turn, until enough is known.
 *
 * After every third round all variants get new processes. A process can be unlucky for all of
 * its life, in where its memory lies or in what was compiled first; what is told of three is
 * told of more than one. Memory is weighed afterwards, in processes of their own, one at a time.
 */
import type { Benchmark } from './benchmark.ts';
import { goesOn, type Patience } from './certainty.ts';
import type { Took, Weighed } from './gauge.ts';
import { turnsOf } from './turns.ts';
import { type Round, timing, type VariantAsked, type VariantProcess, weighing } from './variant-process.ts';

/** All readings of each variant, by its name, in the order of the rounds. */
export type Readings<R> = Readonly<Record<string, readonly R[]>>;

export interface Measured {
  readonly rounds: number;
  readonly took: Readings<Took>;
  readonly weighed: Readings<Weighed>;
  /** What every variant returned, in every round. */
  readonly checksum: number;
}

export interface MeasuringOptions extends Patience {
  readonly file: string;
  readonly size: number;
  /** Whether all is known that is to be told. */
  readonly isKnown: (took: Readings<Took>) => boolean;
}

const roundsPerProcess = 3;
const weighings = 3;

export async function measure({ variants }: Benchmark, options: MeasuringOptions): Promise<Measured> {
  const names = Object.keys(variants);
  const askedOf = (variant: string): VariantAsked => ({ file: options.file, variant, size: options.size });
  const checksums = new Map<string, number>();
  const took: Record<string, Took[]> = Object.fromEntries(names.map((name) => [name, []]));
  const weighed: Record<string, Weighed[]> = Object.fromEntries(names.map((name) => [name, []]));

  let rounds = 0;
  while (goesOn(rounds, rounds > 0 && options.isKnown(took), options)) {
    await using processes = new AsyncDisposableStack();
    const sessions = new Map<string, VariantProcess<Took>>();
    for (const name of names) {
      sessions.set(name, processes.use(await timing(askedOf(name))));
    }
    for (let n = 0; n < roundsPerProcess; n += 1) {
      for (const name of turnsOf(names, rounds)) {
        took[name]!.push(noted(name, await sessions.get(name)!.round()));
      }
      rounds += 1;
    }
  }
  for (const name of names) {
    await using session = await weighing(askedOf(name));
    for (let n = 0; n < weighings; n += 1) {
      weighed[name]!.push(noted(name, await session.round()));
    }
  }
  return { rounds, took, weighed, checksum: theOnly(checksums) };

  function noted<R>(name: string, { reading, checksum }: Round<R>): R {
    if ((checksums.get(name) ?? checksum) !== checksum) {
      throw new Error(
        `${name} of ${options.file} did different work in another round: ${checksum}, not ${checksums.get(name)}`,
      );
    }
    checksums.set(name, checksum);
    return reading;
  }
}

function theOnly(checksums: ReadonlyMap<string, number>): number {
  const [checksum, ...others] = new Set(checksums.values());
  if (checksum === undefined || others.length > 0) {
    throw new Error(`variants did different work: ${JSON.stringify(Object.fromEntries(checksums))}`);
  }
  return checksum;
}
