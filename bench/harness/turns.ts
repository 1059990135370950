/** Whose turn it is: in each round every variant has one, and another variant begins. */
export function turnsOf<T>(variants: readonly T[], round: number): T[] {
  const first = round % variants.length;
  return [...variants.slice(first), ...variants.slice(0, first)];
}
