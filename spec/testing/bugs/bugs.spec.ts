/**
 * Bugs of protocols are found, their schedules are shrunk to nearly the smallest, and
 * the mended agents are right under the same schedules. Bugs of the runtime are hunted
 * in copies, by `npm run bugs`.
 */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { deviationsOf } from '../../../src/testing/tape.ts';
import { hunt, quietly, smallest } from './hunt.ts';
import { bugsOfProtocols } from './protocols/index.ts';
import { bugsOfTheRuntime } from './runtime/index.ts';

const runs = 1_000;
const seed = 1;
/** Those whose quietest schedule is found among a few hundred. */
const quick = bugsOfProtocols.filter(({ quietest }) => deviationsOf(quietest) <= 2);

describe('planted bugs', () => {
  it.each(bugsOfProtocols.map((bug) => [bug.name, bug] as const))('found: %s', async (_, bug) => {
    const caught = await hunt(bug.scenario(true), { runs, seed });

    expect(caught).toBeDefined();
    expect(deviationsOf(caught!.tape) - deviationsOf(bug.quietest)).toBeLessThanOrEqual(1);
  });

  it.each(bugsOfProtocols.map((bug) => [bug.name, bug] as const))('not there: %s, mended', async (_, bug) => {
    expect(await hunt(bug.scenario(false), { runs, seed })).toBeUndefined();
  });

  it.each(Object.entries(bugsOfTheRuntime))('not there: %s, in the correct runtime', async (_, bug) => {
    expect(await hunt(bug.scenario(false), { runs: 200, seed })).toBeUndefined();
  });

  it.each([...bugsOfProtocols, ...Object.values(bugsOfTheRuntime)].map((bug) => [bug.name, bug] as const))(
    'not for want of anything to happen: %s',
    async (_, bug) => {
      const { choices, ...quiet } = await quietly(bug.scenario(false));

      expect(quiet).toEqual({ broken: false, before: false, after: true });
      expect(choices === 0).toBe(bug.hasOneSchedule === true);
    },
  );

  it('are ten or more for which brute force finds the quietest schedule in no time', () => {
    expect(quick.length).toBeGreaterThanOrEqual(10);
  });

  it.each(quick.map((bug) => [bug.name, bug] as const))('has no quieter schedule: %s', async (_, bug) => {
    expect(await smallest(bug.scenario(true), { deviations: 2, runs: 10_000 })).toEqual(bug.quietest);
  });

  it('of the runtime are each a patch and a scenario', () => {
    const patches = readdirSync(`${import.meta.dirname}/runtime`).filter((file) => file.endsWith('.patch'));

    expect(patches.map((file) => file.slice(0, -'.patch'.length))).toEqual(
      Object.keys(bugsOfTheRuntime).toSorted(),
    );
  });
});
