// Topics: what can be said, and how it is checked.

export { InvalidParams, type SchemaIssue, type StandardSchema, type, type Validated } from './core/schema.ts';
export {
  defineTopic,
  type MessageOf,
  type ReplyOf,
  type Topic,
  type TopicOptions,
  type Validation,
} from './core/topic.ts';
export { InvalidTopicName } from './core/topic-name.ts';

// Systems: where agents live.

export type { AgentChange, AgentEntry } from './actors/agent-directory.ts';
export type { DeadLetterBox } from './actors/dead-letter-box.ts';
export type { Health } from './actors/health.ts';
export type { AgentStatistics, SystemStatistics, TopicStatistics } from './actors/statistics.ts';
export { createSystem, type StopOptions, type System, type SystemOptions } from './actors/system.ts';

// Agents: their definitions, refs and contexts.

export type { Agent, MachineAgent } from './actors/agent.ts';
export type { AgentRef, AgentSnapshot, MachineRef } from './actors/agent-ref.ts';
export type {
  Context,
  Log,
  Procedure,
  RequestOptions,
  Responder,
  Scope,
  SendOptions,
  SpawnOptions,
  StreamOptions,
  Target,
  Terminated,
  Verbs,
} from './actors/context.ts';
export {
  type AgentOptions,
  defineAgent,
  type Handler,
  type OnFor,
  on,
  type Redelivery,
} from './actors/define-agent.ts';
export { CoolingDown, NoKey } from './actors/key.ts';
export { type Key, type KeyedAgentOptions, keyedAgent } from './actors/keyed-agent.ts';
export type { Result } from './actors/result.ts';

// Machines: XState actor logic as agents, and what their actions can say to others.

export type { Inspector } from './actors/inspector.ts';
export { perform, publish, type RequestEvents, reply, request } from './actors/machine-actions.ts';
export { type MachineAgentOptions, machineAgent } from './actors/machine-agent.ts';

// Stream agents, operators that keep credit, and bridges.

export { type BatchOptions, batch } from './actors/batch.ts';
export { Bounded } from './actors/bounded.ts';
export { type BoundedFromOptions, boundedFrom } from './actors/bounded-from.ts';
export { type BoundedOptions, bounded } from './actors/bounded-observable.ts';
export { type ConflateOptions, conflate } from './actors/conflate.ts';
export { CreditLost } from './actors/credit-lost.ts';
export type { Inbox } from './actors/inbox.ts';
export { type AsyncWork, type MapAsyncOptions, mapAsync } from './actors/map-async.ts';
export type { ObserveOptions } from './actors/observe.ts';
export { toReadableStream } from './actors/readable-stream.ts';
export { type Outbox, type StreamAgentOptions, streamAgent } from './actors/stream-agent.ts';
export type { StreamContext } from './actors/stream-context.ts';
export { type ThrottleOptions, throttle } from './actors/throttle.ts';

// Capabilities: what agents do for others, by name.

export { type Capability, CapabilityError } from './actors/capability.ts';
export type { CapabilityChange, CapabilityEntry, Permit } from './actors/capability-directory.ts';
export { type CapabilityOptions, capability } from './actors/define-capability.ts';

// Supervision: what happens when an agent fails.

export type {
  AutoShutdown,
  ChildKind,
  ChooseDirective,
  FailureInfo,
  Strategy,
  SupervisionOptions,
} from './actors/supervision.ts';

// Asking and gathering: how several are asked, and when their answers are enough.

export type { Ballot, BallotKey, Party, Votes } from './primitives/ballot.ts';
export { both, either } from './primitives/combined-policies.ts';
export { all, any, firstK, quorum } from './primitives/counting-policies.ts';
export { type FaninOptions, fanin } from './primitives/fanin.ts';
export { fanout } from './primitives/fanout.ts';
export { gather } from './primitives/gather.ts';
export type { Gathered } from './primitives/gathered.ts';
export type { Group, GroupMember, GroupOptions } from './primitives/group.ts';
export { type HedgeOptions, hedge } from './primitives/hedge.ts';
export { type MapRequestOptions, mapRequest } from './primitives/map-request.ts';
export { NotGathered } from './primitives/not-gathered.ts';
export type { Attribution, Outcome } from './primitives/outcome.ts';
export type { OnFailure } from './primitives/partial-failure.ts';
export type { Policy, Verdict } from './primitives/policy.ts';
export { race } from './primitives/race.ts';
export type { Spent } from './primitives/spent.ts';
export { type Within, withinMs } from './primitives/time-limit.ts';
export { majority, plurality } from './primitives/voting-policies.ts';

// Composing: how one piece of work is made of others.

export type { Acted, SagaStep, Uncompensated } from './primitives/compensating.ts';
export {
  FallbackFailed,
  type FallbackOptions,
  fallback,
  mayFallBack,
  type Tried,
} from './primitives/fallback.ts';
export { type InOrderOptions, inOrder } from './primitives/in-order.ts';
export { type LoopOptions, LoopUnfinished, loopUntil } from './primitives/loop-until.ts';
export { type MapReduceOptions, mapReduce } from './primitives/map-reduce.ts';
export { type ParallelOptions, parallel } from './primitives/parallel.ts';
export { type Part, PartFailed } from './primitives/part-failed.ts';
export { pipeline } from './primitives/pipeline.ts';
export { route, UnknownRoute } from './primitives/route.ts';
export { SagaFailed, type SagaOptions, saga } from './primitives/saga.ts';

// Waiting for each other, and talking in threads.

export { type BarrierStreamOptions, barrier } from './primitives/barrier.ts';
export { BarrierClosed, BarrierTimeout } from './primitives/barrier-failures.ts';
export type { BarrierOptions } from './primitives/barrier-options.ts';
export { type GateOptions, gate } from './primitives/gate.ts';
export {
  type JoinThreadOptions,
  joinThread,
  type Thread,
  type ThreadSchemas,
  type ThreadTopics,
  threadTopics,
} from './primitives/thread.ts';

// Bargaining: whoever bids best does it.

export {
  type AwardEntry,
  type AwardRecord,
  type AwardStore,
  AwardsFull,
  type MemoryAwards,
  type MemoryAwardsOptions,
  memoryAwards,
  type Offer,
} from './primitives/award-store.ts';
export {
  type AcceptProposal,
  type CallForProposals,
  type CancelAward,
  type Cancellation,
  type Contract,
  type ContractOptions,
  defineContract,
  type Performance,
  type Proposal,
  type RejectProposal,
  type RejectReason,
} from './primitives/contract.ts';
export { AwardDeclined, ContractFailed, NoProposals } from './primitives/contract-failures.ts';
export type { ContractorRef } from './primitives/contract-manager.ts';
export { type ContractNetOptions, contractNet } from './primitives/contract-net.ts';
export type { ContractorReport, Fulfilled } from './primitives/contract-report.ts';
export {
  type ContractorHandlers,
  type ContractorOptions,
  contractor,
  type Refusal,
  refuse,
} from './primitives/contractor.ts';
export type { Fate } from './primitives/negotiation.ts';

// Resilience: what is put around one call.

export { type Attempts, attemptsOf } from './primitives/attempts.ts';
export { AwardedElsewhere, AwardNotWritten } from './primitives/award-log.ts';
export type { Backoff } from './primitives/backoff.ts';
export { BatchMismatch } from './primitives/batch-mismatch.ts';
export { type Batched, type BatchedOptions, type BatchOutputs, batched } from './primitives/batched.ts';
export type { BatchedStatistics } from './primitives/batching.ts';
export {
  type Bulkhead,
  BulkheadFull,
  type BulkheadOptions,
  type BulkheadStatistics,
  bulkhead,
} from './primitives/bulkhead.ts';
export {
  type Cache,
  type CacheOptions,
  cache,
  type NegativeTtl,
  type SharingWrapper,
} from './primitives/cache.ts';
export type { CacheStatistics } from './primitives/caching.ts';
export {
  type CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitBreakerStatistics,
  CircuitOpen,
  type CircuitState,
  circuitBreaker,
} from './primitives/circuit-breaker.ts';
export { type Dedupe, type DedupeOptions, dedupe } from './primitives/dedupe.ts';
export type { DedupeStatistics } from './primitives/deduping.ts';
export { mayHaveActed } from './primitives/may-have-acted.ts';
export { QueueFull } from './primitives/queue-full.ts';
export {
  type RateLimiter,
  type RateLimitOptions,
  type RateOptions,
  rateLimit,
} from './primitives/rate-limit.ts';
export { RateLimited, type RateLimitedReason } from './primitives/rate-limited.ts';
export type { RateLimitStatistics } from './primitives/rate-limiting.ts';
export { type ResilientOptions, type ResilientWithFallback, resilient } from './primitives/resilient.ts';
export type { AnswerOf, AnyResponder, InputOf } from './primitives/responder.ts';
export {
  type Retry,
  type RetryOptions,
  type RetrySchedule,
  type RetryStatistics,
  type RetryTimes,
  retry,
} from './primitives/retry.ts';
export type { SharedCallOptions } from './primitives/shared-call.ts';
export type { WindowSize } from './primitives/sliding-window.ts';
export { TimedOut, type Timeout, type TimeoutStatistics, timeout } from './primitives/timeout.ts';
export type { Wrapper } from './primitives/wrapper.ts';

// Budgets.

export { BudgetExceeded, type BudgetLow, Lease, type Limits, type Resource } from './core/budget.ts';

// Failures.

export { HopLimit } from './actors/kernel.ts';
export {
  AgentDefect,
  HandlingOver,
  Interrupted,
  NoResponder,
  RequestTimeout,
} from './actors/request-failures.ts';
export { WaitCycle } from './actors/wait-cycle.ts';
export { Failure, type FailureClass, type FailureCode, failureClass } from './core/failure.ts';
export { MailboxFull, type Overflow } from './core/mailbox.ts';

// Listening: events of a system, and who writes them down.

export { chromeTraceWriter } from './core/chrome-trace-writer.ts';
export { consoleWriter } from './core/console-writer.ts';
export { jsonlWriter } from './core/jsonl-writer.ts';
export { memoryWriter } from './core/memory-writer.ts';
export type { DirectiveTag, EventListener, FailureReport, SystemEvent } from './core/system-event.ts';
export { systemDeadLetters, systemEvents, systemFailures } from './core/system-topics.ts';
export {
  childOf,
  formatTraceparent,
  newTraceContext,
  parseTraceparent,
  type TraceContext,
} from './core/trace-context.ts';
export type { Instrumentation } from './core/tracing.ts';

// Envelopes and environments: what a system is made of.

export type { DeadLetter, DeadLetterCause } from './core/dead-letter.ts';
export type { Envelope, Headers } from './core/envelope.ts';
export type { Alarm, Alarms } from './core/alarm.ts';
export type { Environment, Timer } from './core/environment.ts';
export { liveEnvironment } from './core/live-environment.ts';
