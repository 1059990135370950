/**
 * The system's own topics: what it says about itself. They can be subscribed to
 * and observed like any other, and only the system publishes to them.
 *
 * The system cannot wait: a subscriber that is full misses what is said, and the
 * statistics count it as `unheard`.
 */
import type { DeadLetter } from './dead-letter.ts';
import { type } from './schema.ts';
import type { FailureReport, SystemEvent } from './system-event.ts';
import { defineTopic } from './topic.ts';

/** Every failure, once, with what its supervisor decided. */
export const systemFailures = defineTopic('system.failures', { schema: type<FailureReport>() });

/** Every message that could not be delivered. */
export const systemDeadLetters = defineTopic('system.dead-letters', { schema: type<DeadLetter>() });

/** Everything that happens. An agent that hears it is not told of what it does itself. */
export const systemEvents = defineTopic('system.events', { schema: type<SystemEvent>() });
