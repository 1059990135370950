/**
 * Health: what a readiness probe wants to know.
 */
import type { AgentDirectory } from './agent-directory.ts';
import type { Kernel } from './kernel.ts';

export interface Health {
  /** `degraded`: an agent at the top failed too often and was given up. */
  readonly status: 'up' | 'degraded' | 'draining' | 'stopping' | 'stopped';
  readonly agents: number;
  /** Paths of agents that failed and wait for their restart. */
  readonly suspended: readonly string[];
  /** Paths of agents at the top that were given up. */
  readonly givenUp: readonly string[];
  /** Messages accepted and not done with. */
  readonly inFlight: number;
  readonly deadLetters: number;
}

/** Paths kept of agents that were given up: enough to see which, and bounded. */
export const givenUpMax = 100;

export function healthOf(
  kernel: Kernel,
  agents: AgentDirectory,
  status: Exclude<Health['status'], 'degraded'>,
  givenUp: readonly string[],
): Health {
  const suspended: string[] = [];
  for (const cell of agents.cells()) {
    if (cell.phase === 'suspended') {
      suspended.push(cell.path);
    }
  }
  return {
    status: status === 'up' && givenUp.length > 0 ? 'degraded' : status,
    agents: agents.size,
    suspended,
    givenUp: [...givenUp],
    inFlight: kernel.inFlight,
    deadLetters: kernel.deadLetters.total,
  };
}
