/**
 * Fate: decides what becomes of something on its way: whether it arrives, twice,
 * late or never. The answers come from the tape of the run; 0 is that it arrives.
 *
 * Cost: one choice for each message while there may be a fault; after that, a branch.
 */
import type { Choose } from '../core/simulated-environment.ts';
import { type FaultEvent, mayBeHit, type Only, type OnTheWay } from './fault.ts';
import type { FaultBudget } from './fault-budget.ts';

export type MessageFault = 'drop' | 'duplicate' | 'delay';

/** How late something may be, in milliseconds. 0: in a turn of its own, among all that could happen now. */
export const latenessMs: readonly number[] = [0, 1, 10, 100, 1_000, 10_000, 60_000];

export interface FateOptions {
  readonly choose: Choose;
  readonly budget: FaultBudget;
  readonly only: Only | undefined;
  readonly nowMs: () => number;
  readonly tell: (event: FaultEvent) => void;
}

export class Fate {
  readonly #choose: Choose;
  readonly #budget: FaultBudget;
  readonly #mayBeHit: ((message: OnTheWay) => boolean) | undefined;
  readonly #nowMs: () => number;
  readonly #tell: (event: FaultEvent) => void;
  /** How late what was decided about last arrives, or its copy. */
  lateMs = 0;

  constructor({ choose, budget, only, nowMs, tell }: FateOptions) {
    this.#choose = choose;
    this.#budget = budget;
    this.#mayBeHit = mayBeHit(only);
    this.#nowMs = nowMs;
    this.#tell = tell;
  }

  /** Decides. `undefined`: it arrives, now and once. */
  of(
    kind: OnTheWay['kind'],
    topic: string | undefined,
    payload: unknown,
    sender: string | undefined,
    receiver: string | undefined,
    linked: boolean,
  ): MessageFault | undefined {
    const budget = this.#budget;
    const mayDrop = budget.allows('drop') ? 1 : 0;
    // Whoever hears twice that somebody is done knows it already.
    const mayDouble = kind !== 'end' && kind !== 'failure' && budget.allows('duplicate') ? 1 : 0;
    const mayDelay = budget.allows('delay') ? 1 : 0;
    const kinds = mayDrop + mayDouble + mayDelay;
    if (kinds === 0) {
      return undefined;
    }
    if (this.#mayBeHit !== undefined) {
      const message = { kind, topic, payload, sender, receiver, linked };
      if (!this.#mayBeHit(message)) {
        return undefined;
      }
    }
    const chosen = this.#choose(kinds + 1, 'fault: what becomes of a message');
    if (chosen === 0) {
      return undefined;
    }
    const fault =
      chosen <= mayDrop ? 'drop' : chosen <= mayDrop + mayDouble ? 'duplicate' : ('delay' as const);
    this.lateMs = fault === 'drop' ? 0 : latenessMs[this.#choose(latenessMs.length, 'how late')]!;
    budget.spend(fault);
    this.#tell({
      _tag: tags[fault],
      atMs: this.#nowMs(),
      message: { kind, topic, payload, sender, receiver, linked },
      lateMs: this.lateMs,
    });
    return fault;
  }
}

const tags = { drop: 'Dropped', duplicate: 'Duplicated', delay: 'Delayed' } as const;
