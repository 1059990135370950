/**
 * A rate in whole numbers: 2.5 a second is 5 in two seconds, 100 / 3 is 100 in three.
 *
 * A bucket counts in whole numbers so that nothing drifts; so a rate has to be a fraction
 * of such numbers, small enough to be counted exactly.
 *
 * Guarantees: exact wherever a fraction that fits is that very number; otherwise rounded
 * down, never up.
 *
 * Source: best approximations by continued fractions, Khinchin, "Continued Fractions"
 * (1935), ch. 2.
 */

/** So many in so many milliseconds. */
export interface WholeRate {
  readonly count: number;
  readonly perMs: number;
}

/**
 * @param room How many beside `count` are counted with it, times `perMs`: burst and line.
 * @returns `undefined` where it is too slow to be counted.
 * @example
 * wholeRate(100 / 3, 1_025) // => { count: 100, perMs: 3_000 }
 * wholeRate(0.4, 1_025) // => { count: 2, perMs: 5_000 }
 */
export function wholeRate(perSecond: number, room: number): WholeRate | undefined {
  const fits = ({ count, perMs }: WholeRate): boolean =>
    count >= 1 && (count + room) * perMs <= Number.MAX_SAFE_INTEGER;
  let below: WholeRate | undefined;
  for (const { above, under } of approximations(perSecond)) {
    const rate = { count: above, perMs: 1_000 * under };
    if (above > 0 && !fits(rate)) {
      break;
    }
    const approximate = above / under;
    if (approximate === perSecond) {
      return rate;
    }
    if (above > 0 && approximate < perSecond) {
      below = rate;
    }
  }
  const eachMs = Math.min(Math.floor(perSecond / 1_000), Number.MAX_SAFE_INTEGER - room);
  const byOne: WholeRate =
    eachMs >= 1 ? { count: eachMs, perMs: 1 } : { count: 1, perMs: Math.ceil(1_000 / perSecond) };
  return below ?? (fits(byOne) ? byOne : undefined);
}

/** Fractions ever closer to it, in turn below and above. */
function* approximations(value: number): Generator<{ readonly above: number; readonly under: number }> {
  let before = { above: 1, under: 0 };
  let now = { above: Math.floor(value), under: 1 };
  let rest = value - now.above;
  yield now;
  while (rest > 0) {
    const whole = Math.floor(1 / rest);
    rest = 1 / rest - whole;
    const next = { above: whole * now.above + before.above, under: whole * now.under + before.under };
    before = now;
    now = next;
    yield now;
  }
}
