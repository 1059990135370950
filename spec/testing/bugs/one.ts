/**
 * Hunts one bug of the runtime in the tree this file is in, and prints what was found.
 *
 *     node spec/testing/bugs/one.ts starved-lane 3000 [smallest]
 */
import { hunt, smallest } from './hunt.ts';
import { bugsOfTheRuntime } from './runtime/index.ts';

const [name = '', runs = '1000', how] = process.argv.slice(2);
const bug = bugsOfTheRuntime[name];
if (bug === undefined) {
  throw new RangeError(`no bug of the runtime is called '${name}'`);
}
const caught = await hunt(bug.scenario(true), { runs: Number(runs), seed: 1 });
const quietest =
  how === 'smallest' ? await smallest(bug.scenario(true), { deviations: 4, runs: 30_000 }) : undefined;
process.stdout.write(JSON.stringify({ caught, quietest }));
