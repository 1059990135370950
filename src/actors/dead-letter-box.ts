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

/** A class, because an object that is made with getters gets a shape of its own each time, and systems are made by the thousand in tests. */
class KernelsDeadLetterBox implements DeadLetterBox {
  readonly #kernel: Kernel;
  readonly #agents: AgentDirectory;

  constructor(kernel: Kernel, agents: AgentDirectory) {
    this.#kernel = kernel;
    this.#agents = agents;
  }

  get size(): number {
    return this.#kernel.deadLetters.size;
  }

  get total(): number {
    return this.#kernel.deadLetters.total;
  }

  get dropped(): number {
    return this.#kernel.deadLetters.dropped;
  }

  list(): readonly DeadLetter[] {
    return this.#kernel.deadLetters.list();
  }

  countByCause(): Readonly<Partial<Record<DeadLetter['cause'], number>>> {
    return this.#kernel.deadLetters.countByCause();
  }

  replay(where?: (letter: DeadLetter) => boolean): { readonly replayed: number; readonly kept: number } {
    const again = (letter: DeadLetter): boolean => redeliver(this.#kernel, this.#agents, letter);
    return this.#kernel.deadLetters.replay(again, where);
  }
}

export function deadLetterBox(kernel: Kernel, agents: AgentDirectory): DeadLetterBox {
  return new KernelsDeadLetterBox(kernel, agents);
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
  kernel.attemptsBefore ??= new WeakMap();
  kernel.attemptsBefore.set(again, letter.attempts);
  const receiver = cell.receiverFor(again);
  return !receiver.mustWait && receiver.receive(again) === 'taken';
}
