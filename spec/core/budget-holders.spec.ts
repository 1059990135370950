import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BudgetHolders } from '../../src/core/budget-holders.ts';

describe('BudgetHolders', () => {
  it('tells those here and under here, and not those above or beside', () => {
    const root = holdersUnder(undefined);
    const here = holdersUnder(root);
    const beside = holdersUnder(root);
    const under = holdersUnder(here);
    root.add('above');
    here.add('here');
    beside.add('beside');
    under.add('under');

    expect(toldBy(here)).toEqual(['here', 'under']);
    expect(toldBy(root)).toEqual(['above', 'here', 'beside', 'under']);
  });

  it('tells a holder once, however many of them it holds', () => {
    const root = holdersUnder(undefined);
    const under = holdersUnder(root);
    root.add('a');
    root.add('a');
    under.add('a');

    expect(toldBy(root)).toEqual(['a']);
  });

  it('goes on telling a holder that let go of one of two', () => {
    const holders = holdersUnder(undefined);
    const release = holders.add('a');
    holders.add('a');

    release();
    release();

    expect(toldBy(holders)).toEqual(['a']);
  });

  it('goes on telling those here and under here when another one lets go', () => {
    const root = holdersUnder(undefined);
    const here = holdersUnder(root);
    const under = holdersUnder(here);
    here.add('here');
    under.add('under');
    const release = here.add('another');

    release();

    expect(toldBy(root)).toEqual(['here', 'under']);
  });

  it('does not tell a holder that another one made let go', () => {
    const holders = holdersUnder(undefined);
    const told: string[] = [];
    holders.add('first');
    const release = holders.add('second');

    holders.tell((holder) => {
      told.push(holder);
      release();
    });

    expect(told).toEqual(['first']);
  });

  it('does not tell a holder that came while others were told', () => {
    const holders = holdersUnder(undefined);
    const told: string[] = [];
    holders.add('first');

    holders.tell((holder) => {
      told.push(holder);
      holders.add('late');
    });

    expect(told).toEqual(['first']);
  });

  it('tells the others when one throws, and says what was thrown', () => {
    const thrown: unknown[] = [];
    const holders = new BudgetHolders<string>((what) => thrown.push(what), undefined);
    const told: string[] = [];
    holders.add('bad');
    holders.add('good');

    holders.tell((holder) => {
      if (holder === 'bad') throw new Error('bad');
      told.push(holder);
    });

    expect(told).toEqual(['good']);
    expect(thrown).toEqual([new Error('bad')]);
  });

  it('swallows what a holder throws when nobody wants to know', () => {
    const holders = holdersUnder(undefined);
    holders.add('bad');

    expect(() =>
      holders.tell(() => {
        throw new Error('bad');
      }),
    ).not.toThrow();
  });

  it('tells 10 000 generations without running out of stack', () => {
    const root = holdersUnder(undefined);
    let youngest = root;
    for (let n = 0; n < 10_000; n += 1) youngest = holdersUnder(youngest);

    const release = youngest.add('a');
    const told = toldBy(root);
    release();

    expect(told).toEqual(['a']);
    expect(root.isEmpty).toBe(true);
  });

  it('law: exactly those that hold are told, and when all have let go nothing is left', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 20 }), { maxLength: 20 }),
        fc.array(addsAndReleases),
        (parents, steps) => {
          const tree = treeOf(parents);
          const held: { at: number; holder: string; release: () => void }[] = [];
          for (const { add, at, pick } of steps) {
            const place = at % tree.length;
            if (add) {
              const holder = `holder ${pick % 5}`;
              held.push({ at: place, holder, release: tree[place]!.holders.add(holder) });
            } else {
              held.splice(pick % Math.max(1, held.length), 1)[0]?.release();
            }
          }

          for (const [place, { holders }] of tree.entries()) {
            const expected = held
              .filter(({ at }) => pathOf(tree, at).includes(place))
              .map(({ holder }) => holder);
            expect(toldBy(holders).toSorted()).toEqual([...new Set(expected)].toSorted());
          }
          for (const { release } of held) release();
          expect(tree.filter(({ holders }) => !holders.isEmpty)).toEqual([]);
        },
      ),
    );
  });
});

const addsAndReleases = fc.record({ add: fc.boolean(), at: fc.nat({ max: 20 }), pick: fc.nat() });

const holdersUnder = (above: BudgetHolders<string> | undefined) =>
  new BudgetHolders<string>(undefined, above);

function toldBy(holders: BudgetHolders<string>): string[] {
  const told: string[] = [];
  holders.tell((holder) => told.push(holder));
  return told;
}

interface Place {
  readonly parent: number | undefined;
  readonly holders: BudgetHolders<string>;
}

function treeOf(parents: readonly number[]): Place[] {
  const tree: Place[] = [{ parent: undefined, holders: holdersUnder(undefined) }];
  for (const pick of parents) {
    const parent = pick % tree.length;
    tree.push({ parent, holders: holdersUnder(tree[parent]!.holders) });
  }
  return tree;
}

function pathOf(tree: readonly Place[], from: number): number[] {
  const path: number[] = [];
  for (let at: number | undefined = from; at !== undefined; at = tree[at]!.parent) path.push(at);
  return path;
}
