/**
 * Coverage: what the runs of an exploration have seen, so that a green one says
 * how much it means.
 *
 * Schedules are counted in all runs; everything else in those that were looked at,
 * because looking takes time: all of them with `coverage: 'all'`, otherwise the first
 * 64 and then one in 32. So a kind of thing that is said to have been seen was seen,
 * and one that is said never to have happened did not happen where it was looked.
 *
 * Agents are told of by the names of their definitions.
 */
import type { DeadLetterCause } from '../core/dead-letter.ts';
import type { DirectiveTag } from '../core/system-event.ts';

/** How often something happened, by its kind. */
export type CountsOf<Kind extends string> = Readonly<Partial<Record<Kind, number>>>;

export interface AgentCoverage {
  readonly definition: string;
  readonly started: number;
  readonly restarted: number;
  readonly stopped: number;
  readonly finished: number;
  /** Failures of it, whatever was decided. */
  readonly failed: number;
  /** Topics it has handlers for, none of whose messages it handled. */
  readonly neverHandled: readonly string[];
}

export interface MessageCoverage {
  readonly topic: string;
  /** Definition of the receiver. */
  readonly receiver: string;
  readonly handled: number;
  readonly failed: number;
  readonly interrupted: number;
}

export interface MachineCoverage {
  readonly definition: string;
  /** Id of the machine: that of the agent, or of one it invoked or spawned. */
  readonly machine: string;
  /** States it was in, as paths with dots. */
  readonly states: readonly string[];
  /** States that are declared and were never reached. */
  readonly neverReached: readonly string[];
  /** Transitions it took, as `state on event`. */
  readonly transitions: readonly string[];
  /** Transitions that are declared and were never taken. */
  readonly neverTaken: readonly string[];
}

export interface ChoiceCoverage {
  /** Name of the question. */
  readonly what: string;
  readonly asked: number;
  /** How often the answer was not the quiet one. */
  readonly otherwise: number;
}

export interface Coverage {
  /** Schedules that were run. */
  readonly runs: number;
  /** How many of them were looked at. */
  readonly lookedAt: number;
  /** How many asked for more choices than their tape could have (`tapeMax`): nothing went wrong in the rest of them, and turns were first come, first served. */
  readonly longerThanTape: number;
  /** How many were different from each other; counted up to a million. */
  readonly schedules: number;
  /** Of the last so many runs, how many had a schedule that was new: 0 says that more runs would hardly show more. */
  readonly saturation: { readonly last: number; readonly fresh: number };
  readonly agents: readonly AgentCoverage[];
  readonly messages: readonly MessageCoverage[];
  readonly machines: readonly MachineCoverage[];
  readonly deadLetters: CountsOf<DeadLetterCause>;
  readonly directives: CountsOf<DirectiveTag>;
  /** Faults of the world, by kind. */
  readonly faults: Readonly<Record<string, number>>;
  readonly choices: readonly ChoiceCoverage[];
  /** The same in words, a line each. */
  report(): string;
}

/** Says what was seen, and what was not. */
export function coverageReport(coverage: Omit<Coverage, 'report'>): string {
  const { runs, lookedAt, longerThanTape, schedules, saturation, agents, messages, machines } = coverage;
  const neverFailed = agents.filter(({ failed }) => failed === 0).map(({ definition }) => definition);
  return [
    `${runs} runs, ${schedules} different schedules; ${saturation.fresh} of the last ${saturation.last} were new`,
    ...(longerThanTape === 0
      ? []
      : [
          `${longerThanTape} of ${runs} runs were longer than their tape (tapeMax): the rest of them was quiet`,
        ]),
    ...(lookedAt === runs ? [] : [`what follows was seen in the ${lookedAt} runs that were looked at`]),
    ...agents.map(agentLine),
    ...messages.map(messageLine),
    ...listed('dead letters', counted(coverage.deadLetters)),
    ...listed('supervisors decided', counted(coverage.directives)),
    ...listed('faults', counted(coverage.faults)),
    ...listed(
      'choices',
      coverage.choices.map(
        ({ what, asked, otherwise }) =>
          `${what} ${asked} times, ${otherwise === 0 ? 'never' : otherwise} other than quietly`,
      ),
    ),
    ...machines.map(
      ({ states, transitions, ...one }) =>
        `${nameOf(one)} was in ${states.length} states, took ${transitions.length} transitions`,
    ),
    ...agents.flatMap(({ definition, neverHandled }) =>
      listed(`never handled by ${definition}`, neverHandled),
    ),
    ...listed('never failed', neverFailed),
    ...machines.flatMap((one) => [
      ...listed(`never reached in ${nameOf(one)}`, one.neverReached),
      ...listed(`never taken in ${nameOf(one)}`, one.neverTaken),
    ]),
  ].join('\n');
}

function agentLine({ definition, ...counts }: AgentCoverage): string {
  const { neverHandled: _, ...numbers } = counts;
  return `agent ${definition}: ${counted(numbers).join(', ') || 'never started'}`;
}

function messageLine({ topic, receiver, ...outcomes }: MessageCoverage): string {
  return `${topic} to ${receiver}: ${counted(outcomes).join(', ')}`;
}

const nameOf = ({ definition, machine }: Pick<MachineCoverage, 'definition' | 'machine'>): string =>
  `machine ${machine} of ${definition}`;

/** The kinds that happened, each with how often. */
const counted = (counts: Readonly<Partial<Record<string, number>>>): readonly string[] =>
  Object.entries(counts).flatMap(([kind, count]) => (count ? [`${kind} ${count}`] : []));

const listed = (what: string, items: readonly string[]): readonly string[] =>
  items.length === 0 ? [] : [`${what}: ${items.join(', ')}`];
