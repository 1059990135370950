/**
 * Statistics: what was counted on the way, put together when somebody asks.
 */
import type { DeadLetterCause } from '../core/dead-letter.ts';
import type { AgentDirectory } from './agent-directory.ts';
import type { Cell } from './cell.ts';
import type { Kernel } from './kernel.ts';

/**
 * What became of the messages of one agent. Always:
 *
 *   offered  = accepted + refused
 *   accepted = handled + failed + interrupted + expired + displaced + conflated
 *              + unhandledAtStop + inFlight + stashed + waiting
 */
export interface AgentStatistics {
  readonly path: string;
  readonly offered: number;
  readonly accepted: number;
  readonly refused: number;
  readonly handled: number;
  readonly failed: number;
  readonly interrupted: number;
  /** Past their deadline, or without a requester or a budget, when their turn came. */
  readonly expired: number;
  readonly displaced: number;
  readonly conflated: number;
  readonly unhandledAtStop: number;
  /** Being handled now. */
  readonly inFlight: number;
  readonly stashed: number;
  /** In the mailbox, or in line outside of it. */
  readonly waiting: number;
  readonly restarts: number;
  readonly redelivered: number;
  /**
   * How long handlings took, in milliseconds: the first 16, every
   * asynchronous and one in 64 of the others.
   */
  readonly handlingMs: {
    readonly count: number;
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
  };
}

export interface TopicStatistics {
  readonly topic: string;
  readonly published: number;
  readonly delivered: number;
  readonly subscribers: number;
  /** Messages of it that became dead letters, by cause. */
  readonly dropped: Readonly<Partial<Record<DeadLetterCause, number>>>;
}

export interface SystemStatistics {
  readonly agents: readonly AgentStatistics[];
  readonly topics: readonly TopicStatistics[];
  /** Dead letters, by cause. */
  readonly deadLetters: Readonly<Partial<Record<DeadLetterCause, number>>>;
  /** What subscribers of the system's own topics missed, because they were full. */
  readonly unheard: number;
}

export function statisticsOf(kernel: Kernel, agents: AgentDirectory): SystemStatistics {
  return {
    agents: [...agents.cells()].map(statisticsOfCell),
    topics: [...kernel.board.entries()].map((entry) => ({
      topic: entry.name,
      published: entry.published,
      delivered: entry.delivered,
      subscribers: kernel.board.upToDate(entry).receivers.length,
      dropped: { ...entry.dropped },
    })),
    deadLetters: kernel.deadLetters.countByCause(),
    unheard: kernel.unheard,
  };
}

/** The figures of one agent. They may be asked for after it has ended, too. */
export function statisticsOfCell(cell: Cell): AgentStatistics {
  const { histogram } = cell;
  return {
    path: cell.path,
    ...cell.counts(),
    handlingMs: {
      count: histogram?.count ?? 0,
      p50: histogram?.percentile(50) ?? 0,
      p99: histogram?.percentile(99) ?? 0,
      max: histogram?.max ?? 0,
    },
  };
}
