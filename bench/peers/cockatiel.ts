/**
 * cockatiel, where it is installed: `npm run bench:setup`. Without it its rows are left out.
 */

/** A policy of cockatiel: as much of it as is measured. */
interface Policy {
  execute<T>(work: () => T | PromiseLike<T>): Promise<T>;
}

/** What is measured of cockatiel 4. */
interface Cockatiel {
  readonly handleAll: unknown;
  readonly TimeoutStrategy: { readonly Aggressive: unknown };
  readonly ConsecutiveBreaker: new (failures: number) => unknown;
  readonly ExponentialBackoff: new () => unknown;
  retry(policy: unknown, options: { maxAttempts: number; backoff: unknown }): Policy;
  circuitBreaker(policy: unknown, options: { halfOpenAfter: number; breaker: unknown }): Policy;
  bulkhead(limit: number, queue: number): Policy;
  timeout(durationMs: number, strategy: unknown): Policy;
  wrap(...policies: readonly Policy[]): Policy;
}

// Not written where it is imported: whoever has not installed it can still check types.
const name: string = 'cockatiel';

export const cockatiel: Cockatiel | undefined = await (import(name) as Promise<Cockatiel>).catch(
  () => undefined,
);
