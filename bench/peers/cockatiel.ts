/** cockatiel 4 (MIT): policies around a call, which nest. */
import { installed } from './installed.ts';

/** A policy of cockatiel: as much of it as is measured. */
interface Policy {
  execute<T>(work: () => T | PromiseLike<T>): Promise<T>;
}

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

export const cockatiel = await installed<Cockatiel>('cockatiel');
