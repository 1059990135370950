/**
 * Handling times: measured for every asynchronous handling and for some of the
 * synchronous ones, because a clock reading costs more than a step.
 */
import { Histogram } from '../core/histogram.ts';
import type { HandlingOutcome } from '../core/system-event.ts';
import type { Handling } from './handling.ts';

/** Handlings timed one by one, before only every 64th synchronous one is. */
const timedMax = 16;
const timedEachMask = 64 - 1;

/** Times the first handlings of an agent, and then one in 64: a clock reading costs more than a step. */
export function beginTiming(handling: Handling): void {
  const { cell } = handling;
  const { kernel } = cell;
  if (cell.handled < timedMax || (cell.handled & timedEachMask) === 0 || kernel.listening) {
    handling.startedAtMs = kernel.environment.nowMs();
  }
}

/** Puts the time a handling took into its agent's histogram, and tells whoever listens. */
export function endTiming(handling: Handling, outcome: HandlingOutcome): void {
  const { cell, envelope, startedAtMs } = handling;
  const { kernel } = cell;
  if (startedAtMs === undefined) {
    return;
  }
  const atMs = kernel.environment.nowMs();
  cell.histogram ??= new Histogram();
  cell.histogram.record(atMs - startedAtMs);
  if (kernel.listening && envelope.topic?.startsWith('system.') !== true) {
    kernel.emit({
      _tag: 'HandlingEnded',
      atMs,
      startedAtMs,
      agent: cell.path,
      envelopeId: envelope.id,
      topic: envelope.topic,
      outcome,
      depth: cell.mailbox.waiting,
      traceparent: handling.headers['traceparent'],
    });
  }
}
