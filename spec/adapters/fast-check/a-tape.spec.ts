import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../../src/actors/define-agent.ts';
import type { System } from '../../../src/actors/system.ts';
import { aTape } from '../../../src/adapters/fast-check/a-tape.ts';
import { type } from '../../../src/core/schema.ts';
import { defineTopic } from '../../../src/core/topic.ts';
import { explore } from '../../../src/testing/explore.ts';

const Raise = defineTopic('raise', { schema: type<number>() });
const Read = defineTopic('read', { schema: type<undefined>(), reply: type<number>() });
const Write = defineTopic('write', { schema: type<number>() });

/** Clerks who read a sum and write what they make of it: what one adds may be lost. */
const clerks = (amounts: readonly number[]) => (system: System) => {
  system.spawn(
    defineAgent({
      name: 'account',
      state: 0,
      on: (on) => [
        on(Read, (_, context) => context.state),
        on(Write, (sum, context) => context.update(() => sum)),
      ],
    }),
  );
  for (const amount of amounts) {
    const clerk = system.spawn(
      defineAgent({
        name: 'clerk',
        on: (on) => [
          on(Raise, async (more, context) => {
            const sum = await context.request(Read, undefined);
            void context.publish(Write, sum + more);
          }),
        ],
      }),
    );
    void system.tell(clerk, amount);
  }
};

const sumIs = async (amounts: readonly number[], tape: readonly number[]): Promise<void> => {
  const sum = amounts.reduce((total, amount) => total + amount, 0);
  await explore(clerks(amounts), { tape }, ({ system }) => {
    const { context } = system.agents.find('/account')!.ref.getSnapshot();
    return context === sum;
  });
};

describe('an arbitrary tape', () => {
  it('shrinks beside the other inputs of a property', async () => {
    const checked = await fc.check(
      fc.asyncProperty(
        aTape(),
        fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 4 }),
        (tape, amounts) => sumIs(amounts, tape),
      ),
      { seed: 1, numRuns: 500 },
    );

    const [tape, amounts] = checked.counterexample!;

    expect(checked.failed).toBe(true);
    expect(amounts).toEqual([1, 1]);
    expect(tape.filter((answer) => answer !== 0).length).toBeLessThanOrEqual(2);
    expect(tape.every((answer) => answer <= 2)).toBe(true);
  });

  it('law: has only answers, and no more than it may', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.integer(), (tapeMax, seed) => {
        const tapes = fc.sample(aTape({ tapeMax }), { numRuns: 5, seed });

        expect(tapes.every((tape) => tape.length <= tapeMax)).toBe(true);
        expect(tapes.flat().every((answer) => Number.isInteger(answer) && answer >= 0 && answer < 256)).toBe(
          true,
        );
      }),
    );
  });

  it('is often nearly quiet, and often all chance', () => {
    const deviations = fc
      .sample(aTape({ tapeMax: 100 }), { numRuns: 200, seed: 1 })
      .map((tape) => tape.filter((answer) => answer !== 0).length);

    expect(deviations.filter((count) => count <= 3).length).toBeGreaterThan(60);
    expect(deviations.filter((count) => count > 10).length).toBeGreaterThan(60);
  });

  it('shrinks until nothing more can be left out', () => {
    const { counterexample } = fc.check(
      fc.property(aTape(), (tape) => !(tape.includes(7) && (tape[3] ?? 0) > 4)),
      { seed: 3, numRuns: 10_000 },
    );

    const [tape] = counterexample!;

    expect(tape.filter((answer) => answer !== 0).length).toBeLessThanOrEqual(2);
    expect(tape.length).toBeLessThanOrEqual(5);
  });

  it('shrinks also from an example', () => {
    const { counterexample } = fc.check(
      fc.property(aTape(), (tape) => !tape.includes(9)),
      { numRuns: 1, examples: [[[1, 9, 0, 0]]] },
    );

    expect(counterexample).toEqual([[9]]);
  });

  it('does not take for its own what is no tape', () => {
    const tapes = aTape({ tapeMax: 3 });

    expect(tapes.canShrinkWithoutContext([1, 2])).toBe(true);
    for (const value of ['x', [1, 2, 3, 4], [-1], [256], [0.5]]) {
      expect(tapes.canShrinkWithoutContext(value as number[])).toBe(false);
    }
  });

  it.each([-1, 0.5])('refuses a longest tape of %d', (tapeMax) => {
    expect(() => aTape({ tapeMax })).toThrow(`tapeMax is a whole number, at least 0; got ${tapeMax}`);
  });
});
