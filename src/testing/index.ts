// Exploring interleavings and faults.
export { CounterexampleFound } from './counterexample.ts';
export { type Explored, type ExploreOptions, explore } from './explore.ts';
export { readTape } from './tape.ts';

// Strategies: which schedules are looked at.
export { type DelayBoundedOptions, delayBounded } from './delay-bounded.ts';
export { mixed } from './mixed.ts';
export { type PctOptions, pct } from './pct.ts';
export { random } from './random.ts';
export type { Course, Plan, RunSeen, Strategy } from './strategy.ts';

// The world.
export { type Fault, SimulatedCrash, World, type WorldOptions } from './world.ts';
