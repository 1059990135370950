/**
 * A memory writer: keeps the last events of a system, for a test or a debugger to look at.
 *
 * Guarantees: at most `capacity` events; when there are more, the oldest go and
 * are counted. What an event refers to (a payload, a failure) is kept as long as
 * the event is.
 */
import { Ring } from './ring.ts';
import type { EventListener, SystemEvent } from './system-event.ts';

export interface MemoryWriter extends EventListener {
  /** What is kept, oldest first: a copy. */
  readonly events: readonly SystemEvent[];
  /** Events that gave way to newer ones. */
  readonly dropped: number;
  /** Forgets all events, and that any were dropped. */
  clear(): void;
}

/** @param options.capacity Most events kept at once; a whole number, at least 1. */
export function memoryWriter({ capacity }: { readonly capacity: number }): MemoryWriter {
  if (!Number.isInteger(capacity) || capacity < 1) {
    throw new RangeError(`memory writer capacity is a whole number, at least 1; got ${capacity}`);
  }
  const kept = new Ring<SystemEvent>();
  let dropped = 0;

  return {
    get events() {
      return Array.from({ length: kept.size }, (_, index) => kept.at(kept.first + index));
    },
    get dropped() {
      return dropped;
    },
    next(event) {
      kept.push(event);
      if (kept.size > capacity) {
        kept.shift();
        dropped += 1;
      }
    },
    clear() {
      kept.clear();
      dropped = 0;
    },
  };
}
