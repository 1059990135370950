/**
 * Values of a stream that were there lately are dropped.
 *
 *     --1-2-1-3-------1-->      dedupe({ key: (n) => n, withinMs: 70, max: 100, overflow: 'forget-oldest' }).operator()
 *     --1-2---3-------1-->
 */
import type { OperatorFunction } from 'rxjs';
import { operator } from '../actors/operator.ts';
import type { DedupePolicy } from './deduping.ts';
import { QueueFull } from './queue-full.ts';

export function dedupeStream<T>(
  { withinMs, max, forgets }: DedupePolicy,
  keyOf: (value: T) => string,
): OperatorFunction<T, T> {
  return operator<T, T>(
    (behind) => behind,
    (subscriber, host) => {
      /** Until when a key counts as seen, in that order. */
      const seen = new Map<string, number>();
      return {
        next: (value) => {
          const nowMs = host.host('dedupe').environment.nowMs();
          for (const [key, endsAtMs] of seen) {
            if (nowMs < endsAtMs) {
              break;
            }
            seen.delete(key);
          }
          const key = keyOf(value);
          if (seen.has(key)) {
            return;
          }
          if (seen.size >= max) {
            if (!forgets) {
              throw new QueueFull({ primitive: 'dedupe', option: 'max', limit: max });
            }
            const [oldest] = seen.keys();
            seen.delete(oldest!);
          }
          seen.set(key, nowMs + withinMs);
          subscriber.next(value);
        },
        complete: () => subscriber.complete(),
        end: () => seen.clear(),
      };
    },
  );
}
