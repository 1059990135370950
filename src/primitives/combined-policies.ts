/**
 * Policies made of two: `either` and `both`. They nest.
 *
 *     either(majority(by), withinMs(500))    what most say, or after 500 ms what there is
 *     both(quorum(3), withinMs(200))         three answers at least, and whoever comes within 200 ms
 */
import { decided, impossible, type Policy, undecided, waitsForEach } from './policy.ts';

/** Takes what the first of two decides; where both do at once, what the one named first does. It is over when both are. */
export function either<A, V, W>(one: Policy<A, V>, other: Policy<A, W>): Policy<A, V | W> {
  return {
    ...shared('either', one, other),
    needsEach: (size) => waitsForEach(one, size) && waitsForEach(other, size),
    decide: (ballot) => {
      const first = one.decide(ballot);
      if (first._tag === 'Decided') {
        return first;
      }
      const second = other.decide(ballot);
      return first._tag === 'Impossible' && second._tag === 'Impossible'
        ? impossible(`${first.missing}; and ${second.missing}`)
        : second._tag === 'Decided'
          ? second
          : undecided;
    },
  };
}

/** Waits until both are decided; its value is the pair. It is over when one of them is. */
export function both<A, V, W>(one: Policy<A, V>, other: Policy<A, W>): Policy<A, readonly [V, W]> {
  return {
    ...shared('both', one, other),
    needsEach: (size) => waitsForEach(one, size) || waitsForEach(other, size),
    decide: (ballot) => {
      const first = one.decide(ballot);
      const second = other.decide(ballot);
      if (first._tag === 'Impossible') {
        return first;
      }
      if (second._tag === 'Impossible') {
        return second;
      }
      return first._tag === 'Decided' && second._tag === 'Decided'
        ? decided([first.value, second.value] as const)
        : undecided;
    },
  };
}

function shared(name: string, one: Policy<never, unknown>, other: Policy<never, unknown>) {
  return {
    name: `${name}(${one.name}, ${other.name})`,
    limitsMs: [...(one.limitsMs ?? []), ...(other.limitsMs ?? [])],
    checkSize: (size: number): void => {
      one.checkSize?.(size);
      other.checkSize?.(size);
    },
  };
}
