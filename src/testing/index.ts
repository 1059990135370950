// Exploring interleavings and faults.
export type { Chance, TellingChance } from './chance.ts';
export { CounterexampleFound } from './counterexample.ts';
// Strategies: which schedules are looked at.
export { type DelayBoundedOptions, delayBounded } from './delay-bounded.ts';
export { type ExhaustiveOptions, exhaustive } from './exhaustive.ts';
export { type Explored, type ExploreOptions, explore } from './explore.ts';
// Faults.
export type { CountedFault, Fault, FaultEvent, FaultLimits, Only, OnTheWay } from './fault.ts';
// Hosts and links.
export type { Host, HostOptions, HostSetup } from './host.ts';
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
export type { LinkOptions } from './link.ts';
export { mixed } from './mixed.ts';
export { type PctOptions, pct } from './pct.ts';
export type { Ambient } from './presence.ts';
export { random } from './random.ts';
export { SimulatedCrash } from './simulated-crash.ts';
export type { Course, Plan, RunSeen, Strategy } from './strategy.ts';
export { readTape } from './tape.ts';
// Properties over time.
export { always, atQuiet, eventuallyWithin, type Holds, leadsTo } from './temporal.ts';
// The world.
export { UncontrolledAsync } from './uncontrolled-async.ts';
export { World, type WorldOptions } from './world.ts';

// One agent by itself, step by step.

export { type Behaviour, behaviour } from './behaviour.ts';
export type { MachineStep, Step, StepLog, StepOutcome } from './step.ts';
export type { StepEffect } from './step-effect.ts';
export type { AskedTarget, BehaviourOptions, ReceiveAs } from './tried-agent.ts';

// Probes.

export { ExpectationFailed, type Received, type WhyNot } from './expectation-failed.ts';
export { type Expecting, type Probe, type ProbeOptions, probe } from './probe.ts';

// A simulated disk.

export type { FileStatus, Files, OpenFile, OpenFlags } from '../core/files.ts';
export type { DiskFault } from './disk-chance.ts';
export { DiskError, type DiskErrorCode } from './disk-error.ts';
export { type Cut, type DiskOptions, type DiskWorld, SimulatedDisk } from './simulated-disk.ts';

// Models without a network.

export { type Faulty, type FaultyModelOptions, faultyModel, type HappenedFault } from './faulty-model.ts';
export { type ModelFault, modelFaults } from './model-fault.ts';
export type { Pace } from './pace.ts';
export { ProviderError, type ProviderErrorFacts, providerError } from './provider-error.ts';
export { ScriptExhausted, ScriptIncomplete, UnexpectedCall } from './script.ts';
export {
  type Scripted,
  type ScriptedCall,
  type ScriptedModel,
  type ScriptedModelOptions,
  type ScriptedModelV3,
  scriptedModel,
  type Turn,
  type TurnMaker,
} from './scripted-model.ts';
export {
  type ScriptedTool,
  type ScriptedToolOptions,
  scriptedTool,
  type ToolCaller,
  type ToolTurn,
} from './scripted-tool.ts';
export type { ScriptedToolCall, ScriptedTurn } from './scripted-turn.ts';

// Cassettes: what a model answered once, answered again without it.

export { type Cassette, openCassette } from './cassette.ts';
export { CorruptCassette, UnknownCassetteVersion } from './cassette-format.ts';
export { NotRecordable } from './cassette-json.ts';
export type { RedactionOptions } from './cassette-redaction.ts';
export { type CassetteStorage, memoryStorage } from './cassette-storage.ts';
export {
  NotRecorded,
  RecordingEnds,
  type Replayed,
  type ReplayedModel,
  type ReplayOptions,
} from './replayer.ts';

// What a language model is: the AI SDK's provider interface, written down once more.

export type {
  ContentV3,
  ContentV4,
  LanguageModel,
  LanguageModelV3,
  LanguageModelV4,
  ModelAnswer,
  ModelCall,
  ModelMessage,
  ModelStream,
  ModelUsage,
  SameVersion,
  StreamPartV3,
  StreamPartV4,
} from '../models/language-model.ts';

// Reading what was found, and what was seen.
export type {
  AgentCoverage,
  ChoiceCoverage,
  CountsOf,
  Coverage,
  MachineCoverage,
  MessageCoverage,
} from './coverage.ts';
export type { LookAt } from './coverage-collector.ts';
export type { RegressionTestOptions, TestRunner } from './regression-test.ts';
export type { Story } from './story.ts';
export type { Flight, Lane, Moment, MomentKind } from './story-moment.ts';
