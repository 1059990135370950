/**
 * The rows of a benchmark in the table of all: those it names, and one for each other variant
 * that has a goal; and which variants are ours.
 */
import type { Benchmark, Goal, Row } from './benchmark.ts';

type Asked = Pick<Benchmark, 'goals' | 'rows' | 'variants' | 'ours'>;

const besideOf = (goal: Goal): readonly string[] => ('beside' in goal ? [goal.beside] : []);

export function rowsOf(name: string, { goals, rows = [] }: Asked): Row[] {
  const left = goals.filter(
    (goal) =>
      !rows.some(
        ({ variant, beside }) =>
          variant === goal.variant && besideOf(goal).every((other) => beside.includes(other)),
      ),
  );
  const others = [...new Set(left.map(({ variant }) => variant))].map((variant) => ({
    name: `${name}: ${variant}`,
    variant,
    beside: [...new Set(left.filter((goal) => goal.variant === variant).flatMap(besideOf))],
  }));
  return [...rows, ...others];
}

/** The variants that are made of Troupe. */
export function oursOf({ variants, ours }: Asked): readonly string[] {
  const names = Object.keys(variants);
  const named = names.filter((name) => /troupe/i.test(name));
  return ours ?? (named.length === 0 ? names : named);
}
