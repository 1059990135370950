// Exploring interleavings and faults.
export { CounterexampleFound } from './counterexample.ts';
export { type Explored, type ExploreOptions, explore } from './explore.ts';
export { readTape } from './tape.ts';
export { type Fault, SimulatedCrash, World, type WorldOptions } from './world.ts';
