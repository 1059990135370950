/**
 * A step an agent takes on its own, without a message: its first and its last.
 */
import { ownEnvelope } from '../core/envelope.ts';
import { startNotice } from '../core/notice.ts';
import type { Cell } from './cell.ts';
import { Handling } from './handling.ts';
import type { Works } from './works.ts';

export function ownStep(cell: Cell, works: Works): Handling {
  const id = cell.kernel.environment.nextId();
  return new Handling(cell, ownEnvelope(id, cell.path, undefined, startNotice, undefined), works, false);
}
