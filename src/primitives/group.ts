/**
 * A group: those who are asked the same question, and what becomes of each.
 *
 *              ┌─ a ──●                 Replied
 *     question ├─ b ──────●             Failed
 *              └─ c ───────────╳        Interrupted: nobody wants the rest
 */
import type { Observable } from 'rxjs';
import type { Agent } from '../actors/agent.ts';
import type { Responder } from '../actors/context.ts';
import type { Limits } from '../core/budget.ts';
import type { Outcome } from './outcome.ts';

/**
 * Whoever can be asked together with others: an agent, a topic (whose first reply counts),
 * a capability, a procedure; or the definition of an agent, of which one is spawned for the
 * question and stopped after it.
 */
export type GroupMember<Q, A> = Responder<Q, A> | Agent<Q, A>;

export interface GroupOptions {
  /** How many are asked at once, a whole number from 1 up; all of them when not given. The others wait for their turn. */
  readonly concurrency?: number;
  /** How long those who were asked may take, in milliseconds from when the first was asked; never longer than whoever asks may. */
  readonly timeoutMs?: number;
  /** What all of them together may spend. `{}` limits nothing and has it counted. */
  readonly budget?: Limits;
}

/** One question, those who are asked, and what becomes of each. */
export interface Group<out Q, out A> {
  readonly question: Q;
  /** How many are asked. */
  readonly size: number;
  /**
   * The outcomes as they arrive, `size` of them; then it completes. Nobody is asked before this is
   * first read. Whoever comes later gets all of them, too. When nobody reads
   * any more, what is left is interrupted. When the question is given up, because nobody waits for
   * its message any more, it completes without those that are left.
   */
  readonly outcomes: Observable<Outcome<A>>;
  /** Ends what is left: nobody else is asked, work is interrupted, and the outcomes complete. */
  interrupt(reason?: string): void;
}
