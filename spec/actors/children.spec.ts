import { describe, expect, it } from 'vitest';
import { Children, idOfCounted, type Sibling } from '../../src/actors/children.ts';

class Child implements Sibling<Child> {
  readonly calledAfter: string;
  readonly count: number;
  elder: Child | undefined = undefined;
  younger: Child | undefined = undefined;
  readonly #chosen: string | undefined;

  constructor(calledAfter: string, count: number, chosen?: string) {
    this.calledAfter = calledAfter;
    this.count = count;
    this.#chosen = chosen;
  }

  get id(): string {
    return this.#chosen ?? idOfCounted(this.calledAfter, this.count);
  }
}

function aFamily() {
  const children = new Children<Child>();
  return {
    children,
    counted: (name: string) => {
      const before = children.countOf(name);
      const child = new Child(name, children.count(name));
      children.add(child, before);
      return child;
    },
    called: (id: string, name = 'worker') => {
      const child = new Child(name, 0, id);
      children.add(child);
      return child;
    },
  };
}

describe('children', () => {
  it('are called after their definition, and counted from the second', () => {
    const { children, counted } = aFamily();
    expect(children.counts.size).toBe(0);
    counted('worker');
    counted('worker');
    counted('clerk');

    expect(children.keys()).toEqual(['worker', 'worker-2', 'clerk']);
    expect([...children.counts]).toEqual([
      ['clerk', 1],
      ['worker', 2],
    ]);
  });

  it('are found by their ids, those who came later, too', () => {
    const { children, counted } = aFamily();
    const first = counted('worker');

    expect([children.get('worker'), children.get('worker-2')]).toEqual([first, undefined]);
    expect(children.get('worker-2')).toBe(undefined);
    const second = counted('worker');
    expect(children.get('worker-2')).toBe(second);
  });

  it('stand in the order in which they came, whoever of them leaves', () => {
    const { children, counted } = aFamily();
    const [first, second, third, fourth] = ['a', 'b', 'c', 'd'].map(counted) as Child[];

    children.delete(second!);
    expect(children.values()).toEqual([first, third, fourth]);
    children.delete(first!);
    children.delete(fourth!);
    expect(children.values()).toEqual([third]);
    children.delete(third!);
    expect([children.size, children.values(), children.youngest]).toEqual([0, [], undefined]);
  });

  it('leave once', () => {
    const { children, counted } = aFamily();
    const child = counted('worker');
    counted('worker');
    children.delete(child);
    children.delete(child);

    expect([children.size, children.keys()]).toEqual([1, ['worker-2']]);
  });

  it('are counted past ids that were chosen', () => {
    const { children, counted, called } = aFamily();
    called('worker');
    called('worker-2');

    expect(counted('worker').id).toBe('worker-3');
    expect(children.keys()).toEqual(['worker', 'worker-2', 'worker-3']);
  });

  it('are counted past those of a definition whose name looks like a count', () => {
    const { counted } = aFamily();
    counted('worker-2');

    expect(['worker', 'worker', 'worker-2'].map((name) => counted(name).id)).toEqual([
      'worker',
      'worker-3',
      'worker-2-2',
    ]);
  });

  it('give their names back when they are taken back', () => {
    const { children, counted } = aFamily();
    counted('worker');
    const [second, third] = [counted('worker'), counted('worker')];
    children.takeBack(third);
    children.takeBack(second);

    expect(children.countOf('worker')).toBe(1);
    expect(counted('worker').id).toBe('worker-2');
  });

  it('give back the names that they were counted past, too', () => {
    const { children, counted, called } = aFamily();
    counted('worker');
    const chosen = called('worker-2');
    const third = counted('worker');
    children.takeBack(third);
    children.delete(chosen);

    expect(third.id).toBe('worker-3');
    expect(counted('worker').id).toBe('worker-2');
  });

  it('are not called as one is that was counted after one that was taken back', () => {
    const { children, counted } = aFamily();
    const first = counted('worker');
    counted('worker');
    children.takeBack(first);

    expect([counted('worker').id, counted('worker').id]).toEqual(['worker', 'worker-3']);
  });

  it('change no count when one is taken back whose id was chosen, or before which the count went back', () => {
    const { children, counted, called } = aFamily();
    const [first, second] = [counted('worker'), counted('worker')];
    const chosen = called('chosen');
    children.takeBack(chosen);
    expect(children.countOf('worker')).toBe(2);

    children.takeBack(first);
    children.takeBack(second);
    expect(children.countOf('worker')).toBe(0);
  });

  it('have the old names anew when all have ended', () => {
    const { children, counted } = aFamily();
    const all = [counted('worker'), counted('worker'), counted('clerk')];
    for (const child of all) {
      children.delete(child);
    }
    children.forgetNames();

    expect([counted('clerk').id, counted('worker').id, counted('worker').id]).toEqual([
      'clerk',
      'worker',
      'worker-2',
    ]);
  });
});
