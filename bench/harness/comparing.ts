/**
 * Compares two trees: each of our variants of each benchmark, in pairs of processes.
 *
 * Both trees are asked by the benchmarks of the second one, where these run in the first;
 * otherwise each is asked by its own. All variants are told of after every look, and those
 * of which enough is known are not measured further.
 */
import { existsSync, globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Benchmark } from './benchmark.ts';
import { estimateOf } from './order-statistics.ts';
import { type Change, changeOf, differenceOf, type PairedRound, pairsAt } from './paired-change.ts';
import { oursOf } from './rows.ts';
import { ownBench, type Tree } from './tree.ts';
import { timing } from './variant-process.ts';

/** One variant that both trees can run. */
interface Question {
  readonly benchmark: string;
  readonly variant: string;
  readonly size: number;
  /** The files that ask, in the one tree and in the other. */
  readonly baseFile: string;
  readonly headFile: string;
}

export interface Compared extends Change {
  readonly benchmark: string;
  readonly variant: string;
  /** Medians of all rounds, in nanoseconds of CPU for each unit. */
  readonly baseNs: number;
  readonly headNs: number;
  /** Whether each tree was asked by its own benchmark, because the newer one does not run in the older tree. */
  readonly ownQuestions: boolean;
}

export interface Comparison {
  readonly compared: readonly Compared[];
  /** What only the second tree has, or what runs in only one of them, and why. */
  readonly leftOut: readonly string[];
}

export interface ComparingOptions {
  /** Names of benchmarks; all of them, where there are none. */
  readonly only: readonly string[];
  /** Only this one of their variants. */
  readonly variant?: string;
  /** Instead of the full size of each. */
  readonly size?: number;
  /** Told now and then how far it is. */
  readonly progress: (line: string) => void;
}

/** Size at which it is tried whether a variant runs at all. */
const smokeSize = 100;
/** Rounds of a pair, each a turn of both. */
const roundsPerPair = 3;

export async function compareTrees(base: Tree, head: Tree, options: ComparingOptions): Promise<Comparison> {
  const leftOut: string[] = [];
  const questions = await questionsOf(base, head, options, leftOut);
  const rounds = new Map<Question, PairedRound[][]>(questions.map((question) => [question, []]));
  const changes = new Map<Question, Change>();

  for (const pairs of pairsAt(Math.max(1, questions.length))) {
    const open = questions.filter((question) => (changes.get(question)?.outcome ?? 'noisy') === 'noisy');
    for (const question of open) {
      const done = rounds.get(question)!;
      while (done.length < pairs) {
        done.push(await pairOf(question, done.length));
      }
      const change = changeOf(done.map(differenceOf), questions.length);
      changes.set(question, change);
      options.progress(`${question.benchmark}, ${question.variant}: ${change.outcome} after ${pairs} pairs`);
    }
  }
  const compared = questions.map((question) => {
    const all = rounds.get(question)!.flat();
    return {
      benchmark: question.benchmark,
      variant: question.variant,
      baseNs: estimateOf(all.map(({ baseNs }) => baseNs)).median,
      headNs: estimateOf(all.map(({ headNs }) => headNs)).median,
      ownQuestions: question.baseFile.includes(ownBench),
      ...changes.get(question)!,
    };
  });
  return { compared, leftOut };
}

/** Two new processes, whose rounds take turns; each begins as often as the other. */
async function pairOf(question: Question, nth: number): Promise<PairedRound[]> {
  const { variant, size, baseFile, headFile } = question;
  await using processes = new AsyncDisposableStack();
  const start = async (file: string) => processes.use(await timing({ file, variant, size }));
  const baseFirst = nth % 2 === 0;
  const first = await start(baseFirst ? baseFile : headFile);
  const second = await start(baseFirst ? headFile : baseFile);
  const [base, head] = baseFirst ? [first, second] : [second, first];

  const rounds: PairedRound[] = [];
  for (let round = 0; round < roundsPerPair; round += 1) {
    const order = round % 2 === 0 ? [first, second] : [second, first];
    const readings = new Map<unknown, number>();
    const checksums = new Set<number>();
    for (const side of order) {
      const { reading, checksum } = await side.round();
      readings.set(side, reading.cpuNs);
      checksums.add(checksum);
    }
    if (checksums.size > 1 && !baseFile.includes(ownBench)) {
      throw new Error(
        `${question.benchmark}, ${variant}: the trees did different work: ${[...checksums].join(' and ')}`,
      );
    }
    rounds.push({ baseNs: readings.get(base)!, headNs: readings.get(head)! });
  }
  return rounds;
}

async function questionsOf(
  base: Tree,
  head: Tree,
  { only, variant: theOnly, size }: ComparingOptions,
  leftOut: string[],
): Promise<Question[]> {
  const files = globSync('bench/*.bench.ts', { cwd: head.folder }).toSorted();
  const names = files.map((file) => basename(file, '.bench.ts'));
  const unknown = only.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new RangeError(`no benchmark ${unknown.join(', ')}; there are ${names.join(', ')}`);
  }
  const questions: Question[] = [];
  for (const name of names.filter((one) => only.length === 0 || only.includes(one))) {
    const file = `${name}.bench.ts`;
    const headFile = join(head.folder, 'bench', file);
    const { benchmark } = (await import(pathToFileURL(headFile).href)) as { benchmark: Benchmark };
    for (const variant of oursOf(benchmark).filter((one) => theOnly === undefined || one === theOnly)) {
      const asked = [join(base.folder, 'bench', file), join(base.folder, ownBench, file)].filter(existsSync);
      const baseFile = await firstThatRuns(asked, variant);
      if (baseFile === undefined) {
        leftOut.push(`${name}, ${variant}: it does not run in ${base.name}`);
      } else {
        questions.push({ benchmark: name, variant, size: size ?? benchmark.size, baseFile, headFile });
      }
    }
  }
  return questions;
}

async function firstThatRuns(files: readonly string[], variant: string): Promise<string | undefined> {
  for (const file of files) {
    try {
      await using session = await timing({ file, variant, size: smokeSize, quietly: true });
      await session.round();
      return file;
    } catch {
      // The next one is tried; what nobody can run is told of by name.
    }
  }
  return undefined;
}
