/**
 * An inspector: who is told of every actor, event, snapshot and microstep of a
 * machine. XState's and Stately's inspectors are such.
 */
import type { InspectionEvent } from 'xstate';

/** Is told of everything a machine does. */
export type Inspector =
  | ((event: InspectionEvent) => void)
  | { readonly next?: (event: InspectionEvent) => void };
