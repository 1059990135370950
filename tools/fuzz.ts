/**
 * Fuzzes what reads bytes of others: a million hostile inputs, and not one that hangs, balloons or throws what has no type.
 *
 *     npm run fuzz -- codec                          1 000 000 runs, another seed each time
 *     npm run fuzz -- codec --runs 20000 --seed 7    as many as wanted, the same each time
 *
 * Prints what came of them. Fails on anything untyped, on a value that changes when it is packed again, on an outcome that
 * depends on what was read before, when one run
 * takes longer than a second of CPU, and when the process comes to hold more than 256 MiB more than it did.
 */
import { parseArgs } from 'node:util';
import { fuzzCodec } from '../spec/support/codec-fuzz.ts';

const slowestMsMax = 1_000;
const grownBytesMax = 256 * 2 ** 20;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
});
if (positionals.length !== 1 || positionals[0] !== 'codec') {
  throw new RangeError(`there is a fuzzer for codec; got '${positionals.join(' ')}'`);
}
const [runs, seed] = [wholeNumber('runs', values.runs), wholeNumber('seed', values.seed)];
const rss = process.memoryUsage.rss();
let rssMax = rss;
const { counts, untyped, changed, remembered, slowestMs } = fuzzCodec({
  runs,
  seed,
  onProgress: () => {
    rssMax = Math.max(rssMax, process.memoryUsage.rss());
  },
});
const grown = Math.max(rssMax, process.memoryUsage.rss()) - rss;

console.log(`codec: ${runs} runs, seed ${seed}`);
for (const [outcome, count] of Object.entries(counts).toSorted(([, one], [, other]) => other - one)) {
  console.log(`  ${outcome.padEnd(20)} ${count}`);
}
console.log(
  `  slowest run ${slowestMs.toFixed(1)} ms of CPU, memory grown by ${Math.round(grown / 2 ** 20)} MiB`,
);
const troubles = [
  ...untyped.map((one) => `untyped: ${one}`),
  ...changed.map((one) => `changed: ${one}`),
  ...remembered.map((one) => `another outcome in a new codec: ${one}`),
  ...(slowestMs > slowestMsMax ? [`one run took ${slowestMs} ms`] : []),
  ...(grown > grownBytesMax ? [`memory has grown by ${grown} bytes`] : []),
];
for (const trouble of troubles) {
  console.error(trouble);
}
process.exitCode = troubles.length > 0 ? 1 : 0;

function wholeNumber(name: string, given: string): number {
  const value = Number(given);
  if (!Number.isInteger(value) || value < 0) {
    throw new RangeError(`--${name} is a whole number; got '${given}'`);
  }
  return value;
}
