import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Chain, type Link } from '../../src/core/chain.ts';

class Bead implements Link<Bead> {
  readonly name: number;
  before: Bead | undefined = undefined;
  after: Bead | undefined = undefined;
  chained = false;

  constructor(name: number) {
    this.name = name;
  }
}

describe('a chain', () => {
  it('is a queue in which those who stand leave from anywhere', () => {
    const move = fc.record({ name: fc.nat({ max: 5 }), appended: fc.boolean() });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
        const beads = Array.from({ length: 6 }, (_, name) => new Bead(name));
        const chain = new Chain<Bead>();
        let model: number[] = [];
        for (const { name, appended } of moves) {
          const stood = model.includes(name);
          model = model.filter((one) => one !== name);
          if (appended) {
            chain.append(beads[name]!);
            model.push(name);
          } else {
            expect(chain.remove(beads[name]!)).toBe(stood);
          }
          expect([...chain].map((bead) => bead.name)).toEqual(model);
          expect(chain.size).toBe(model.length);
          expect(chain.first?.name).toBe(model[0]);
        }
      }),
    );
  });

  it('may lose the one that is being looked at', () => {
    const chain = new Chain<Bead>();
    for (const name of [1, 2, 3]) {
      chain.append(new Bead(name));
    }
    const seen: number[] = [];
    for (const bead of chain) {
      seen.push(bead.name);
      chain.remove(bead);
    }

    expect(seen).toEqual([1, 2, 3]);
    expect(chain.size).toBe(0);
  });
});
