// Exploring interleavings and faults.
export { CounterexampleFound } from './counterexample.ts';
export { type Explored, type ExploreOptions, explore } from './explore.ts';
// Laws: what holds whatever the agents do.
export { type Law, LawBroken, type LawCheck } from './law.ts';
export { budgetKept } from './laws/budget-kept.ts';
export { type LawPackOptions, lawPack } from './laws/law-pack.ts';
export { noLeak } from './laws/no-leak.ts';
export { nothingIsLost, type Unfinished } from './laws/nothing-is-lost.ts';
export { oneAtATime } from './laws/one-at-a-time.ts';
export { type QuietOptions, quietAfterInterrupt } from './laws/quiet-after-interrupt.ts';
export { settlesOnce } from './laws/settles-once.ts';
export { toolCallsAnswered } from './laws/tool-calls-answered.ts';
export { readTape } from './tape.ts';
export { type Fault, SimulatedCrash, World, type WorldOptions } from './world.ts';
