/**
 * Inspection: what XState's inspector is told about a hosted machine and its
 * children (`@xstate.actor`, `@xstate.event`, `@xstate.snapshot`, `@xstate.microstep`,
 * `@xstate.action`), with paths for session ids.
 *
 * Nobody pays for it who does not ask. An inspector that throws is reported, once,
 * and dropped.
 */
import type { InspectionEvent } from 'xstate';
import type { Cell } from './cell.ts';
import type { Inspector } from './inspector.ts';
import { heed } from './thenable.ts';

/** Tells whoever inspects. */
export type Inspect = (event: object) => void;

/** Tells these inspectors of one agent. */
export function inspection(cell: Cell, inspectors: readonly Inspector[]): Inspect {
  const left = new Set(inspectors);
  return (event) => {
    for (const inspector of left) {
      const drop = (thrown: unknown): void => {
        if (left.delete(inspector)) {
          cell.reportStray(thrown);
        }
      };
      try {
        const told = { ...event, rootId: cell.path } as unknown as InspectionEvent;
        heed(typeof inspector === 'function' ? inspector(told) : inspector.next?.(told), drop);
      } catch (thrown) {
        drop(thrown);
      }
    }
  };
}
