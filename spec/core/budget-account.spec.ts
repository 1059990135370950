import { describe, expect, it } from 'vitest';
import { BudgetAccount } from '../../src/core/budget-account.ts';

describe('BudgetAccount', () => {
  it('reserves its limit above, uses it up by what is charged, and returns the rest', () => {
    const root = account(10);
    const child = account(6, root);
    const opened = root.reserved(0);
    child.charge(0, 4);
    const charged = [root.spent(0), root.reserved(0)];
    child.settle();

    expect(opened).toBe(6);
    expect(charged).toEqual([4, 2]);
    expect([root.spent(0), root.reserved(0), root.remaining(0)]).toEqual([4, 0, 6]);
  });

  it('reserves from the nearest above that limits the same', () => {
    const root = account(10);
    const between = account(none, root);
    const child = account(6, between);

    child.charge(0, 1);

    expect([between.reserved(0), root.reserved(0)]).toEqual([0, 5]);
    expect([between.spent(0), root.spent(0)]).toEqual([1, 1]);
  });

  it('reserves nowhere when nobody above limits the same', () => {
    const root = account(none);
    const child = account(6, root);

    child.charge(0, 1);
    child.settle();

    expect([root.spent(0), root.reserved(0)]).toEqual([1, 0]);
  });

  it('does not count what was reserved for it above twice when it reserves for others', () => {
    const root = account(10);
    const child = account(6, root);

    account(4, child).charge(0, 1);

    expect([child.spent(0), child.reserved(0), child.remaining(0)]).toEqual([1, 3, 2]);
    expect([root.spent(0), root.reserved(0), root.remaining(0)]).toEqual([1, 5, 4]);
  });

  it('has what is held under it held above too when it settles first', () => {
    const root = account(10);
    const child = account(6, root);
    const grandchild = account(4, child);

    child.charge(0, 1);
    child.settle();
    child.settle();
    const settled = [child.reserved(0), root.reserved(0), root.spent(0)];
    grandchild.charge(0, 1);
    const charged = [child.reserved(0), root.reserved(0), root.spent(0)];
    grandchild.settle();

    expect(settled).toEqual([4, 4, 1]);
    expect(charged).toEqual([3, 3, 2]);
    expect([child.reserved(0), root.reserved(0), root.spent(0)]).toEqual([0, 0, 2]);
  });

  it('goes on to limit what may be charged beside what is held under it', () => {
    const root = account(10);
    const child = account(6, root);
    account(4, child);

    child.settle();

    expect([child.remaining(0), root.remaining(0)]).toEqual([2, 6]);
    expect(child.fullFor(0, 3)).toBe(child);
  });

  it('lets go of all it holds above when it settles closed, whatever is held under it', () => {
    const root = account(10);
    const child = account(6, root);
    const grandchild = account(4, child);

    child.charge(0, 3);
    child.close();
    child.settle();
    const settled = [child.reserved(0), root.reserved(0)];
    grandchild.settle();

    expect(settled).toEqual([4, 0]);
    expect(child.reserved(0)).toBe(0);
  });

  it('charges those above in full after it has settled', () => {
    const root = account(10);
    const child = account(6, root);

    child.settle();
    child.charge(0, 2);

    expect([root.spent(0), root.reserved(0), root.remaining(0)]).toEqual([2, 0, 8]);
    expect(child.remaining(0)).toBe(4);
  });

  it('has no more left than those above once it has settled', () => {
    const root = account(10);
    const child = account(6, root);

    child.settle();
    root.charge(0, 8);

    expect(child.remaining(0)).toBe(2);
    expect(child.fullFor(0, 3)).toBe(root);
    expect(child.fullFor(0, 2)).toBeUndefined();
  });

  it('says that there is an alarm when a charge makes it low, over, or meets a closed account', () => {
    const root = account(10);
    const child = account(none, root);

    const calm = child.charge(0, 7);
    const low = [child.charge(0, 1), root.becomesLow(0), root.becomesLow(0), child.charge(0, 1)];
    const over = [root.isOver(0), child.charge(0, 2), root.isOver(0), child.isOver(0)];
    root.close();

    expect(calm).toBe(false);
    expect(low).toEqual([true, true, false, false]);
    expect(over).toEqual([false, true, true, false]);
    expect(child.charge(0, 0)).toBe(true);
  });

  it('is over when what is spent reaches into what is held for others', () => {
    const root = account(10);
    account(8, root);

    const alarm = root.charge(0, 3);

    expect(alarm).toBe(true);
    expect(root.isOver(0)).toBe(true);
  });

  it('gives back no more than was spent on it, and holds it again', () => {
    const root = account(10);
    const child = account(6, root);
    root.charge(0, 2);
    child.charge(0, 3);

    child.refund(0, 5);
    child.refund(0, 5);

    expect([child.spent(0), root.spent(0), root.reserved(0)]).toEqual([0, 2, 6]);
  });

  it('counts 10 000 generations without running out of stack', () => {
    const root = account(10);
    let youngest = root;
    for (let n = 0; n < 10_000; n += 1) youngest = account(10, youngest);

    youngest.charge(0, 4);

    expect([root.spent(0), root.reserved(0), youngest.remaining(0)]).toEqual([4, 6, 6]);
  });
});

const none = Number.POSITIVE_INFINITY;
const account = (limit: number, above?: BudgetAccount) => new BudgetAccount([limit], 0.8, above);
