/**
 * The dead letter box: what a system could not deliver, for whoever wants to look
 * at it or deliver it again.
 */
import type { DeadLetter } from '../core/dead-letter.ts';
import type { Envelope } from '../core/envelope.ts';
import type { AgentDirectory } from './agent-directory.ts';
import type { Kernel } from './kernel.ts';

/** What could not be delivered, as far as it is still kept. */
export interface DeadLetterBox {
  readonly size: number;
  /** How many there have ever been. */
  readonly total: number;
  /** How many were pushed out by newer ones. */
  readonly dropped: number;
  list(): readonly DeadLetter[];
  countByCause(): Readonly<Partial<Record<DeadLetter['cause'], number>>>;
  /**
   * Delivers those that `where` chooses to whom they were meant for, once more;
   * requests among them are told, since nobody waits for their replies.
   */
  replay(where?: (letter: DeadLetter) => boolean): { readonly replayed: number; readonly kept: number };
}

export function deadLetterBox(kernel: Kernel, agents: AgentDirectory): DeadLetterBox {
  const { deadLetters } = kernel;
  const again = (letter: DeadLetter): boolean => redeliver(kernel, agents, letter);
  return {
    get size() {
      return deadLetters.size;
    },
    get total() {
      return deadLetters.total;
    },
    get dropped() {
      return deadLetters.dropped;
    },
    list: () => deadLetters.list(),
    countByCause: () => deadLetters.countByCause(),
    replay: (where) => deadLetters.replay(again, where),
  };
}

/** Whether the one it was meant for took it. */
function redeliver(kernel: Kernel, agents: AgentDirectory, letter: DeadLetter): boolean {
  const { envelope, to } = letter;
  const cell = to === undefined ? undefined : agents.receiverAt(to);
  if (cell === undefined || envelope.topic === undefined || cell.ending) {
    return false;
  }
  const again: Envelope = {
    ...envelope,
    replyTo: undefined,
    deadlineMs: Number.POSITIVE_INFINITY,
    hops: 0,
    budget: undefined,
  };
  kernel.attemptsBefore.set(again, letter.attempts);
  const receiver = cell.receiverFor(again);
  return !receiver.mustWait && receiver.receive(again) === 'taken';
}
