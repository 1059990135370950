// Exploring interleavings and faults.
export { CounterexampleFound } from './counterexample.ts';
export { type Explored, type ExploreOptions, explore } from './explore.ts';
// Laws: what holds whatever the agents do.
export { type Law, LawBroken, type LawCheck } from './law.ts';
export { readTape } from './tape.ts';
export { type Fault, SimulatedCrash, World, type WorldOptions } from './world.ts';
