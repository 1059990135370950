/**
 * The spared: agents that belong to the test and not to what is tested. A
 * simulation does not make them fail.
 */
import type { AgentRef } from '../actors/agent-ref.ts';

const spared = new WeakSet<AgentRef<never, unknown>>();

export function spare(ref: AgentRef<never, unknown>): void {
  spared.add(ref);
}

export function isSpared(ref: AgentRef<never, unknown>): boolean {
  return spared.has(ref);
}
