/**
 * What a barrier does when somebody arrives, leaves or is too late: a pure function, of
 * which the gate and the operator are only the hands.
 *
 *     Gathering ──the last party arrives──▶ opens ──▶ Closed, or Gathering of the next
 *         │ ▲                                         generation when it is cyclic
 *         │ └─ somebody leaves: the place is free again
 *         └──its time is up──▶ expires ──▶ the same
 *
 * Guarantees (L14): a generation opens once or expires once, never both; it opens when,
 * and only when, as many parties as it takes are there at once.
 *
 * Source: Hoare, "Monitors" (1974), and the cyclic barrier of Java, whose barrier
 * breaks for all when one leaves; ours gives the place back.
 */

/** Somebody who has arrived. */
export interface Arrival<T> {
  /** Tells arrivals apart. */
  readonly id: number;
  /** Who it is: one that arrives twice counts once. */
  readonly party: unknown;
  readonly value: T;
}

export type BarrierState<T> =
  | { readonly _tag: 'Gathering'; readonly generation: number; readonly arrived: readonly Arrival<T>[] }
  | { readonly _tag: 'Closed'; readonly generation: number; readonly by: 'opened' | 'expired' };

export type BarrierEvent<T> =
  | { readonly _tag: 'Arrive'; readonly arrival: Arrival<T> }
  | { readonly _tag: 'Leave'; readonly id: number }
  | { readonly _tag: 'Expire'; readonly generation: number };

/** What is to be done, and what the barrier is then. */
export interface BarrierStep<T> {
  readonly state: BarrierState<T>;
  /**
   *   waits    whoever arrived waits
   *   opens    those in `arrived` go on together
   *   expires  those in `arrived` are told that not all came
   *   late     whoever arrived is refused
   *   nothing  nobody is to be told anything
   */
  readonly decision: 'waits' | 'opens' | 'expires' | 'late' | 'nothing';
  readonly arrived: readonly Arrival<T>[];
}

/** Nobody is there yet. */
export function firstGeneration<T>(): BarrierState<T> {
  return { _tag: 'Gathering', generation: 0, arrived: [] };
}

/**
 * @param parties How many it takes.
 * @param cyclic Whether it begins anew when it has opened or expired.
 *
 * @example
 * const one = nextBarrier(2, false, firstGeneration(), { _tag: 'Arrive', arrival: { id: 1, party: 'ada', value: 7 } })
 * one.decision // => 'waits'
 * const two = nextBarrier(2, false, one.state, { _tag: 'Arrive', arrival: { id: 2, party: 'bob', value: 8 } })
 * two.decision // => 'opens'
 * two.state // => { _tag: 'Closed', generation: 0, by: 'opened' }
 */
export function nextBarrier<T>(
  parties: number,
  cyclic: boolean,
  state: BarrierState<T>,
  event: BarrierEvent<T>,
): BarrierStep<T> {
  if (state._tag === 'Closed') {
    return { state, decision: event._tag === 'Arrive' ? 'late' : 'nothing', arrived: [] };
  }
  switch (event._tag) {
    case 'Arrive': {
      const arrived = [...state.arrived, event.arrival];
      // Parties are told apart only when there may be enough of them: not for each that arrives.
      return arrived.length < parties || partiesOf(arrived) < parties
        ? { state: { ...state, arrived }, decision: 'waits', arrived: [] }
        : { state: after(state, cyclic, 'opened'), decision: 'opens', arrived };
    }
    case 'Leave': {
      const arrived = state.arrived.filter(({ id }) => id !== event.id);
      return { state: { ...state, arrived }, decision: 'nothing', arrived: [] };
    }
    case 'Expire':
      return event.generation === state.generation && state.arrived.length > 0
        ? { state: after(state, cyclic, 'expired'), decision: 'expires', arrived: state.arrived }
        : { state, decision: 'nothing', arrived: [] };
  }
}

/** The values of those who arrived, one for each party, in the order in which the parties came. */
export function valuesOf<T>(arrived: readonly Arrival<T>[]): readonly T[] {
  const byParty = new Map<unknown, T>();
  for (const { party, value } of arrived) {
    if (!byParty.has(party)) {
      byParty.set(party, value);
    }
  }
  return [...byParty.values()];
}

const partiesOf = (arrived: readonly Arrival<unknown>[]): number =>
  new Set(arrived.map(({ party }) => party)).size;

function after<T>(
  { generation }: BarrierState<T>,
  cyclic: boolean,
  by: 'opened' | 'expired',
): BarrierState<T> {
  return cyclic
    ? { _tag: 'Gathering', generation: generation + 1, arrived: [] }
    : { _tag: 'Closed', generation, by };
}
