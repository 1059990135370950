import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OrderedFold, type Stretch } from '../../src/primitives/ordered-fold.ts';

describe('an ordered fold', () => {
  it('puts together all items in their order, whatever order they are done in, and holds at most twice those at work', () => {
    fc.assert(
      fc.property(
        fc.nat(12),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.nat()),
        (items, concurrency, choices) => {
          const fold = new OrderedFold<string>();
          const atWork: { readonly stretch: Stretch<string>; readonly value: string }[] = [];
          let begun = 0;
          for (;;) {
            while (atWork.length < concurrency) {
              const pair = fold.nextPair();
              if (pair !== undefined) {
                atWork.push({ stretch: pair.stretch, value: pair.left + pair.right });
              } else if (begun < items) {
                atWork.push({ stretch: fold.begin(), value: `${begun}.` });
                begun += 1;
              } else {
                break;
              }
              expect(fold.size).toBeLessThanOrEqual(2 * concurrency);
            }
            if (atWork.length === 0) {
              break;
            }
            const [done] = atWork.splice((choices.shift() ?? 0) % atWork.length, 1);
            done!.stretch.outcome = { value: done!.value };
          }

          const all = Array.from({ length: items }, (_, n) => `${n}.`).join('');
          expect(fold.whole?.value ?? '').toBe(all);
        },
      ),
    );
  });

  it('knows which items a stretch is of, and is no whole before it is one', () => {
    const fold = new OrderedFold<string>();
    const [a, b, c] = [fold.begin(), fold.begin(), fold.begin()];

    expect(fold.whole).toBe(undefined);
    a!.outcome = { value: 'a' };
    expect(fold.nextPair()).toBe(undefined);
    c!.outcome = { value: 'c' };
    b!.outcome = { value: 'b' };
    const pair = fold.nextPair();

    expect(pair).toMatchObject({ left: 'a', right: 'b', stretch: { first: 0, last: 1, outcome: undefined } });
    expect(fold.size).toBe(2);
  });
});
