/**
 * A policy: when enough is known of those who were asked together, and what that comes to.
 *
 *     outcomes so far ──► undecided │ decided(value) │ impossible(what is missing)
 *
 * It is a pure function of the outcomes so far. Whoever asks looks again after each
 * outcome, and takes the first decision.
 */
import type { Ballot } from './ballot.ts';

/** What a policy says of the outcomes so far. */
export type Verdict<V> =
  | { readonly _tag: 'Undecided' }
  | { readonly _tag: 'Decided'; readonly value: V }
  /** Whatever comes, it will not be decided any more; `missing` says in words what it lacks. */
  | { readonly _tag: 'Impossible'; readonly missing: string };

/**
 * Decides when enough is known. The policies of ours are made by `all`, `any`, `firstK`,
 * `quorum`, `majority`, `plurality` and `withinMs`, and combined by `either` and `both`.
 */
export interface Policy<in A, out V> {
  /** For messages: `quorum(3)`. */
  readonly name: string;
  /** Pure: the same ballot gives the same verdict. What is decided stays decided, whatever comes after. */
  decide(ballot: Ballot<A>): Verdict<V>;
  /** Refuses a group of such a size, by throwing: it could never decide. */
  checkSize?(size: number): void;
  /** After how many milliseconds it is to be asked again even if nothing came. */
  readonly limitsMs?: readonly number[];
  /** Whether whoever asks waits for each of so many, however long that takes: then a wait cycle with one of them is told at once. */
  readonly needsEach?: boolean | ((size: number) => boolean);
}

/** Whether each of a group of that size is waited for. */
export function waitsForEach({ needsEach = false }: Policy<never, unknown>, size: number): boolean {
  return typeof needsEach === 'function' ? needsEach(size) : needsEach;
}

export const undecided = { _tag: 'Undecided' } as const;

export function decided<V>(value: V): Verdict<V> {
  return { _tag: 'Decided', value };
}

export function impossible(missing: string): Verdict<never> {
  return { _tag: 'Impossible', missing };
}

/** Errors: `RangeError` for what is no whole number from 1 up. */
export function checkCount(what: string, count: number): void {
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`${what} takes a whole number, at least 1; got ${String(count)}`);
  }
}

/** Errors: `RangeError` for a group in which there are not so many. */
export function checkFits(policy: string, needed: number, size: number): void {
  if (size < needed) {
    throw new RangeError(`${policy} needs at least ${needed} to ask; got a group of ${size}`);
  }
}
