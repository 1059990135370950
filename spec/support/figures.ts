/** Figures of agents and systems, all 0 but those that a test speaks of. */
import type { AgentStatistics, SystemStatistics } from '../../src/actors/statistics.ts';

export const agentFigures = (path: string, figures: Partial<AgentStatistics> = {}): AgentStatistics => ({
  path,
  offered: 0,
  accepted: 0,
  refused: 0,
  handled: 0,
  failed: 0,
  interrupted: 0,
  expired: 0,
  displaced: 0,
  conflated: 0,
  unhandledAtStop: 0,
  inFlight: 0,
  stashed: 0,
  waiting: 0,
  restarts: 0,
  redelivered: 0,
  handlingMs: { count: 0, p50: 0, p99: 0, max: 0 },
  ...figures,
});

export const systemFigures = (agents: readonly AgentStatistics[]): SystemStatistics => ({
  agents,
  topics: [],
  deadLetters: {},
  unheard: 0,
});
