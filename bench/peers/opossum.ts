/**
 * opossum 10 (Apache-2.0): a circuit breaker with a timeout and a limit of calls at once.
 *
 * Without percentiles and snapshots, which its documentation says to switch off where nobody reads them.
 */
import { installed } from './installed.ts';

interface CircuitBreaker<I, O> {
  fire(input: I): Promise<O>;
  shutdown(): void;
}

interface Opossum {
  readonly default: new <I, O>(
    action: (input: I) => Promise<O>,
    options: {
      /** In milliseconds; `false` for none. */
      readonly timeout: number | false;
      readonly capacity?: number;
      readonly rollingPercentilesEnabled: false;
      readonly enableSnapshots: false;
    },
  ) => CircuitBreaker<I, O>;
}

export const opossum = await installed<Opossum>('opossum');
