/**
 * The report: what stands below an answer, and the same for machines.
 */
import type { AgentStatistics, SystemStatistics } from '../actors/statistics.ts';
import type { Findings, Source } from './program.ts';
import { milliseconds, tableOf } from './table.ts';

export interface Facts {
  /** The file that was run. */
  readonly program: string;
  readonly elapsedMs: number;
  readonly statistics: SystemStatistics;
  readonly trace: string | undefined;
}

/** Enough to see a team; a swarm is for the trace. */
const rowsMax = 20;

/** The sources and notes of an answer. */
export function findingsText({ sources = [], notes = [] }: Findings): string {
  const listed = sources.map((source, at) => `  [${at + 1}] ${placeOf(source)}`);
  return [
    ...(sources.length === 0 ? [] : [`\nSources\n${listed.join('\n')}\n`]),
    ...(notes.length === 0 ? [] : [`\nNotes\n${notes.map((note) => `  ${note}`).join('\n')}\n`]),
  ].join('');
}

const placeOf = ({ path, line, title }: Source): string =>
  `${path}${line === undefined ? '' : `:${line}`}${title === undefined || title === '' ? '' : `  ${title}`}`;

/** What the agents did, and where the trace is. */
export function figuresText({ elapsedMs, statistics, trace }: Facts): string {
  const { agents } = statistics;
  const shown = busiest(agents, rowsMax);
  const rest = agents.length - shown.length;
  const messages = agents.reduce((sum, { accepted }) => sum + accepted, 0);
  const letters = Object.values(statistics.deadLetters).reduce((sum, count) => sum + count, 0);
  const heading = ['Agents', 'accepted', 'handled', 'failed', 'dropped', 'restarts', 'p50 ms', 'p99 ms'];

  return [
    `\n${tableOf(heading, shown.map(rowOf))}\n`,
    ...(rest === 0 ? [] : [`and ${rest} more, less busy\n`]),
    `\n${counted(agents.length, 'agent')}, ${counted(messages, 'message')}, ${counted(letters, 'dead letter')}, ${(elapsedMs / 1_000).toFixed(2)} s\n`,
    ...(trace === undefined ? [] : [`Trace: ${trace} (opens in ui.perfetto.dev)\n`]),
  ].join('');
}

/** All of them in their order, or, of too many, those with the most messages. */
const busiest = (agents: readonly AgentStatistics[], countMax: number): readonly AgentStatistics[] =>
  agents.length <= countMax
    ? agents
    : agents.toSorted((a, b) => b.accepted - a.accepted || (a.path < b.path ? -1 : 1)).slice(0, countMax);

/**
 * A count with its noun.
 *
 * @example
 * counted(1, 'agent') // => '1 agent'
 * counted(0, 'dead letter') // => '0 dead letters'
 */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

function rowOf(agent: AgentStatistics): string[] {
  const { accepted, handled, failed, restarts, handlingMs } = agent;
  const dropped = agent.refused + agent.displaced + agent.conflated + agent.expired;
  const counts = [accepted, handled, failed, dropped, restarts].map(String);
  return [agent.path, ...counts, milliseconds(handlingMs.p50), milliseconds(handlingMs.p99)];
}

/** Agents that are told of one by one to a machine. */
const agentsToldMax = 1_000;

/** One JSON object on one line. */
export function jsonText(
  facts: Facts,
  outcome: { readonly answer: string; readonly findings: Findings } | { readonly failure: unknown },
): string {
  const { program, elapsedMs, statistics, trace = null } = facts;
  const own = 'findings' in outcome ? outcome.findings : {};
  const what =
    'answer' in outcome
      ? { answer: outcome.answer, sources: own.sources ?? [], notes: own.notes ?? [] }
      : { error: errorOf(outcome.failure) };
  const agents = busiest(statistics.agents, agentsToldMax);
  const figures = { ...own.figures, elapsedMs: Math.round(elapsedMs), ...statistics, agents };
  return `${JSON.stringify({ program, ...what, figures, trace })}\n`;
}

function errorOf(failure: unknown): object {
  const { _tag, code, message } = (failure ?? {}) as { _tag?: unknown; code?: unknown; message?: unknown };
  return { tag: _tag, code, message: message ?? String(failure) };
}
