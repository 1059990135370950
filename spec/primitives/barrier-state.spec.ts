import { describe, expect, it } from 'vitest';
import { BarrierBook } from '../../src/primitives/barrier-book.ts';
import {
  type BarrierEvent,
  type BarrierState,
  firstGeneration,
  nextBarrier,
  valuesOf,
} from '../../src/primitives/barrier-state.ts';

const arrive = (id: number, party: unknown = id): BarrierEvent<string> => ({
  _tag: 'Arrive',
  arrival: { id, party, value: `${party}/${id}` },
});

/** What is decided of each event in turn. */
function decisions(parties: number, cyclic: boolean, events: readonly BarrierEvent<string>[]): string[] {
  let state: BarrierState<string> = firstGeneration();
  return events.map((event) => {
    const step = nextBarrier(parties, cyclic, state, event);
    state = step.state;
    return step.arrived.length === 0 ? step.decision : `${step.decision}: ${valuesOf(step.arrived).join()}`;
  });
}

describe('what a barrier does', () => {
  it('opens when as many are there as it takes, and lets nobody in after that', () => {
    expect(decisions(2, false, [arrive(1), arrive(2), arrive(3), { _tag: 'Leave', id: 1 }])).toEqual([
      'waits',
      'opens: 1/1,2/2',
      'late',
      'nothing',
    ]);
  });

  it('gives the place back of who leaves, and counts a party once', () => {
    const events = [
      arrive(1),
      { _tag: 'Leave', id: 1 } as const,
      arrive(2, 'a'),
      arrive(3, 'a'),
      arrive(4, 'b'),
    ];

    expect(decisions(2, false, events)).toEqual(['waits', 'nothing', 'waits', 'waits', 'opens: a/2,b/4']);
  });

  it('expires once, in the generation whose time is up, when somebody waits', () => {
    const expire = (generation: number) => ({ _tag: 'Expire', generation }) as const;

    expect(
      decisions(2, true, [expire(0), arrive(1), expire(1), expire(0), expire(0), arrive(2), expire(1)]),
    ).toEqual(['nothing', 'waits', 'nothing', 'expires: 1/1', 'nothing', 'waits', 'expires: 2/2']);
    expect(decisions(2, false, [arrive(1), expire(0), expire(0), arrive(2)])).toEqual([
      'waits',
      'expires: 1/1',
      'nothing',
      'late',
    ]);
  });
});

describe('a barrier book', () => {
  it('holds nothing of a key at which nobody waits, and knows who does', () => {
    const book = new BarrierBook<string>({ parties: 2, cyclic: false, keysMax: 1, primitive: 'gate' });
    const of = (id: number) => ({ id, party: id, value: '' });

    book.arrive('a', of(1));
    expect([book.size, book.waiting('a'), book.isThere('a', 1), book.isThere('a', 2)]).toEqual([
      1,
      1,
      true,
      false,
    ]);
    book.leave('a', 1);
    book.leave('a', 1);
    expect([book.size, book.waiting('a'), book.isThere('a', 1)]).toEqual([0, 0, false]);
    expect(book.expire('a')).toBe(undefined);
  });

  it('takes the time of an earlier generation for nothing', () => {
    const book = new BarrierBook<string>({ parties: 2, cyclic: true, keysMax: 1, primitive: 'gate' });
    const arrival = (id: number) => ({ id, party: id, value: '' });

    const { generation } = book.arrive('a', arrival(1)).state;
    book.leave('a', 1);
    book.arrive('a', arrival(2));

    expect(book.expire('a', generation)?.decision).toBe('nothing');
    expect(book.expire('a')?.decision).toBe('expires');
  });
});
