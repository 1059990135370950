/**
 * L22, its second half: looking changes nothing. A system that nobody witnesses goes shorter ways
 * through a step and out of it; it does just what a witnessed one does, choice by choice.
 */
import { expect, it } from 'vitest';
import type { Cell } from '../../src/actors/cell.ts';
import { readTape } from '../../src/testing/tape.ts';
import { World } from '../../src/testing/world.ts';
import { kernelOf } from '../support/inside.ts';
import { everyFault, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';
import { anyManners, Troupe } from '../support/unruly-troupe.ts';

const runs = Math.ceil(lawRuns / 2);

/** More than are timed one by one, which is a longer way, too. */
const handledBefore = 17;

it(
  'law: who is not witnessed does what it would do witnessed',
  async () => {
    let turns = 0;
    for (let seed = 1; seed <= runs; seed += 1) {
      const witnessed = await storyOf(seed, true);
      const alone = await storyOf(seed, false);

      expect(alone, `seed ${seed}`).toEqual(witnessed);
      turns += alone.length;
    }
    expect(turns).toBeGreaterThan(10 * runs);
  },
  lawTimeoutMs,
);

/** Every turn of every agent, and what became of all messages. */
async function storyOf(seed: number, witnessed: boolean): Promise<readonly string[]> {
  const world = new World({ choose: readTape(tapeOf(seed)), seed, faults: everyFault, faultsMax: 8 });
  const troupe = new Troupe(world, anyManners);
  const { cells } = troupe;
  const add = cells.add.bind(cells);
  cells.add = (cell: Cell) => {
    cell.handled = handledBefore;
    return add(cell);
  };
  if (!witnessed) {
    kernelOf(world.system).witness = undefined;
  }
  try {
    await world.run(() => troupe.perform());
    const turns = troupe.turns.map(
      ({ cell, life, word, topic }) => `${cell.path} ${life} ${topic} ${word?.author?.path} ${word?.place}`,
    );
    const counts = [...cells].map((cell) => `${cell.path} ${JSON.stringify(cell.counts())}`);
    return [...turns, ...counts, JSON.stringify(world.system.deadLetters.countByCause())];
  } finally {
    world.close();
  }
}

/** Choices that do not depend on what is chosen from. */
function tapeOf(seed: number): readonly number[] {
  let state = seed * 2_654_435_761;
  return Array.from({ length: 1_500 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 20;
  });
}
