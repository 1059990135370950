import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ring } from '../../src/core/ring.ts';

describe('Ring', () => {
  it('gives back first what was added first', () => {
    const ring = ringOf('a', 'b');

    expect([ring.shift(), ring.shift(), ring.shift()]).toEqual(['a', 'b', undefined]);
  });

  it('has nothing to give before anything was added', () => {
    const ring = new Ring<string>();

    expect(ring.shift()).toBeUndefined();
    expect(ring.size).toBe(0);
  });

  it('can be added to at the front', () => {
    const ring = ringOf('b');

    const position = ring.unshift('a');

    expect(position).toBe(ring.first);
    expect(inOrder(ring)).toEqual(['a', 'b']);
  });

  it('keeps the position of an element while others leave and many more come', () => {
    const ring = ringOf('first');
    const position = ring.push('kept');

    ring.shift();
    Array.from({ length: 100 }, (_, n) => ring.push(`later ${n}`));

    expect(ring.at(position)).toBe('kept');
  });

  it('keeps its order while it grows, wherever in its array it begins', () => {
    const ring = ringOf('left', 'left', 'left');
    const elements = Array.from({ length: 40 }, (_, n) => `${n}`);

    Array.from({ length: 3 }, () => ring.shift());
    elements.forEach((element) => {
      ring.push(element);
    });

    expect(inOrder(ring)).toEqual(elements);
  });

  it('puts one element in the place of another', () => {
    const ring = ringOf('a', 'b', 'c');

    const before = ring.replace(ring.first + 1, 'B');

    expect(before).toBe('b');
    expect(inOrder(ring)).toEqual(['a', 'B', 'c']);
  });

  it('takes one out of the middle', () => {
    const ring = ringOf('a', 'b', 'c');

    const removed = ring.removeAt(ring.first + 1);

    expect(removed).toBe('b');
    expect(inOrder(ring)).toEqual(['a', 'c']);
  });

  it('takes out the first that is the element itself, and says whether there was one', () => {
    const ring = ringOf('a', 'b', 'a');

    expect([ring.remove('a'), ring.remove('c')]).toEqual([true, false]);
    expect(inOrder(ring)).toEqual(['b', 'a']);
  });

  it('forgets everything, and can be used again', () => {
    const ring = ringOf('a', 'b');

    ring.clear();
    ring.push('c');

    expect(inOrder(ring)).toEqual(['c']);
  });

  it('law: agrees with an array under any operations', () => {
    fc.assert(
      fc.property(fc.array(anOperation), (operations) => {
        const { ring, model } = played(operations);

        expect(inOrder(ring)).toEqual(model);
      }),
    );
  });
});

type Operation =
  | ['push' | 'unshift' | 'replace', number]
  | ['shift' | 'removeAt' | 'remove' | 'clear', number];

const anOperation: fc.Arbitrary<Operation> = fc.tuple(
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('push' as const, 'unshift' as const) },
    { weight: 6, arbitrary: fc.constantFrom('shift' as const, 'replace' as const) },
    { weight: 3, arbitrary: fc.constantFrom('removeAt' as const, 'remove' as const) },
    { weight: 1, arbitrary: fc.constant('clear' as const) },
  ),
  fc.nat({ max: 50 }),
) as fc.Arbitrary<Operation>;

function ringOf(...elements: string[]): Ring<string> {
  const ring = new Ring<string>();
  elements.forEach((element) => {
    ring.push(element);
  });
  return ring;
}

const inOrder = <T>(ring: Ring<T>): T[] =>
  Array.from({ length: ring.size }, (_, offset) => ring.at(ring.first + offset));

/** Does the same to a ring and to an array; what they answer must agree on the way. */
function played(operations: readonly Operation[]): { ring: Ring<number>; model: number[] } {
  const ring = new Ring<number>();
  let model: number[] = [];
  const place = (n: number) => n % model.length;
  const acts: Record<Operation[0], (n: number) => readonly [unknown, unknown]> = {
    push: (n) => [ring.at(ring.push(n)), model[model.push(n) - 1]],
    unshift: (n) => [ring.at(ring.unshift(n)), model[model.unshift(n) * 0]],
    shift: () => [ring.shift(), model.shift()],
    replace: (n) =>
      model.length === 0 ? [0, 0] : [ring.replace(ring.first + place(n), n), model.splice(place(n), 1, n)[0]],
    removeAt: (n) =>
      model.length === 0 ? [0, 0] : [ring.removeAt(ring.first + place(n)), model.splice(place(n), 1)[0]],
    remove: (n) => {
      const at = model.indexOf(n);
      return [ring.remove(n), at >= 0 && model.splice(at, 1).length === 1];
    },
    clear: () => {
      model = [];
      return [ring.clear(), undefined];
    },
  };

  for (const [act, n] of operations) {
    const [answer, expected] = acts[act](n);
    expect(answer).toEqual(expected);
    expect(ring.size).toBe(model.length);
  }
  return { ring, model };
}
