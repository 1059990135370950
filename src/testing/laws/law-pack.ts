/**
 * The law pack: what holds of every system of agents, whatever they do. For
 * `explore`, beside a property of one's own.
 */
import type { Law } from '../law.ts';
import { budgetKept } from './budget-kept.ts';
import { noLeak } from './no-leak.ts';
import { nothingIsLost, type Unfinished } from './nothing-is-lost.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { type QuietOptions, quietAfterInterrupt } from './quiet-after-interrupt.ts';
import { settlesOnce } from './settles-once.ts';
import { toolCallsAnswered } from './tool-calls-answered.ts';

export interface LawPackOptions extends Unfinished, QuietOptions {}

/**
 * All laws: nothing is lost, one at a time, settles once, quiet after interrupt,
 * every tool call answered, budget kept, no leak.
 *
 * They stop the system when the property has been checked, and look at what is left.
 *
 * @example
 * lawPack().map(({ name }) => name).slice(0, 3) // => ['nothing is lost', 'one at a time', 'settles once']
 */
export function lawPack(options: LawPackOptions = {}): readonly Law[] {
  return [
    nothingIsLost(options),
    oneAtATime(),
    settlesOnce(),
    quietAfterInterrupt(options),
    toolCallsAnswered(options),
    budgetKept(),
    noLeak(options),
  ];
}
