/**
 * How a barrier is: the same for the gate and the operator.
 */

export interface BarrierOptions<T> {
  /** How many it takes to open it; a whole number, at least 1. */
  readonly parties: number;
  /** How long the first who came waits for the others, in milliseconds, above 0. `Infinity` must be written. */
  readonly withinMs: number;
  /**
   * What happens when the time is up. `fail`, when not given: those who came get
   * `BarrierTimeout`. `partial`: they go on with what there is.
   */
  readonly onTimeout?: 'fail' | 'partial';
  /** Whether it begins anew when it has opened or expired. Otherwise who comes then is refused; `false` when not given. */
  readonly cyclic?: boolean;
  /** Makes it many barriers, one for each key: any value, compared as a `Map` does. */
  readonly key?: (value: T) => unknown;
  /**
   * Most keys that are held, those that have closed included; 64 when not given. A closed key is
   * forgotten when its room is needed, and then it begins anew.
   */
  readonly keysMax?: number;
  /** Who brings a value: a party that comes twice counts once. Without it, each arrival is a party. */
  readonly party?: (value: T) => unknown;
}

/** The options with every value. */
export interface BarrierPlan<T> {
  readonly parties: number;
  readonly withinMs: number;
  readonly partial: boolean;
  readonly cyclic: boolean;
  readonly key: (value: T) => unknown;
  readonly keysMax: number;
  readonly party: ((value: T) => unknown) | undefined;
}

const onlyKey = (): undefined => undefined;

/** Errors: `RangeError` for what cannot be. */
export function barrierPlan<T>(primitive: string, options: BarrierOptions<T>): BarrierPlan<T> {
  const { parties, withinMs, onTimeout = 'fail', cyclic = false, key, keysMax = 64, party } = options;
  for (const [name, value] of [
    ['parties', parties],
    ['keysMax', keysMax],
  ] as const) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`${name} of ${primitive} is a whole number, at least 1; got ${String(value)}`);
    }
  }
  if (typeof withinMs !== 'number' || !(withinMs > 0)) {
    throw new RangeError(
      `withinMs of ${primitive} is a number of milliseconds above 0, or Infinity; got ${String(withinMs)}`,
    );
  }
  if (onTimeout !== 'fail' && onTimeout !== 'partial') {
    throw new RangeError(`onTimeout of ${primitive} is 'fail' or 'partial'; got ${String(onTimeout)}`);
  }
  return {
    parties,
    withinMs,
    partial: onTimeout === 'partial',
    cyclic,
    key: key ?? onlyKey,
    keysMax: key === undefined ? 1 : keysMax,
    party,
  };
}
