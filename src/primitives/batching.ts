/**
 * Batching in one system: callers gather, and one call is made for all of them.
 *
 * Guarantees: a batch goes when it has `max` inputs, and at the latest `withinMs` after its
 * first caller came; who left before is not in it; each output goes to whoever gave the
 * input it is for.
 */
import type { Scope } from '../actors/context.ts';
import type { Kernel } from '../actors/kernel.ts';
import type { CallOutcome } from '../actors/pending-call.ts';
import { senderOf } from '../actors/sender-of.ts';
import type { Lease } from '../core/budget.ts';
import type { Timer } from '../core/environment.ts';
import { BatchMismatch } from './batch-mismatch.ts';
import type { Work } from './called.ts';
import { QueueFull } from './queue-full.ts';
import { SharedCall, type SharedCallOptions } from './shared-call.ts';

export interface BatchingPolicy {
  readonly max: number;
  readonly withinMs: number;
  readonly queueMax: number;
  readonly work: Work;
  readonly keyOf: ((input: unknown) => unknown) | undefined;
  readonly call: SharedCallOptions;
}

/** What batching has done. */
export interface BatchedStatistics {
  /** Calls that were made. */
  readonly batches: number;
  /** Inputs in all of them. */
  readonly inputs: number;
  /** Callers that left before their batch went. */
  readonly left: number;
  /** Refused, because `queueMax` were waiting. */
  readonly rejected: number;
  /** How many callers wait now, for their batch to go or for its answer. */
  readonly waiting: number;
  /** How many calls are under way now. */
  readonly inFlight: number;
}

/** One caller's part of a batch. */
interface Member {
  readonly input: unknown;
  readonly lease: Lease | undefined;
  /** Where it is among the inputs, once the batch has gone. */
  place: number;
}

class GatheringBatch {
  readonly members = new Set<Member>();
  readonly call: SharedCall;
  timer: Timer | undefined;
  gone = false;

  constructor(call: SharedCall) {
    this.call = call;
  }
}

export class Batching {
  readonly #policy: BatchingPolicy;
  readonly #kernel: Kernel;
  #gathering: GatheringBatch | undefined;
  #batches = 0;
  #inputs = 0;
  #left = 0;
  #rejected = 0;
  #waiting = 0;
  #inFlight = 0;

  constructor(policy: BatchingPolicy, kernel: Kernel) {
    this.#policy = policy;
    this.#kernel = kernel;
  }

  get statistics(): BatchedStatistics {
    return {
      batches: this.#batches,
      inputs: this.#inputs,
      left: this.#left,
      rejected: this.#rejected,
      waiting: this.#waiting,
      inFlight: this.#inFlight,
    };
  }

  call(input: unknown, scope: Scope): Promise<unknown> {
    const { queueMax, max } = this.#policy;
    if (this.#waiting >= queueMax) {
      this.#rejected += 1;
      throw new QueueFull({ primitive: 'batched', option: 'queueMax', limit: queueMax });
    }
    const batch = this.#gathering ?? this.#gather();
    const member: Member = { input, lease: senderOf(scope).lease, place: 0 };
    const answer = batch.call.join(
      scope,
      () => this.#leave(batch, member),
      (outcome) => this.#partOf(batch, member, outcome),
    );
    batch.members.add(member);
    if (batch.members.size === 1) {
      this.#gathering = batch;
      batch.timer = this.#kernel.environment.schedule(this.#policy.withinMs, () => this.#go(batch));
    }
    if (batch.members.size >= max) {
      this.#go(batch);
    }
    return answer;
  }

  #gather(): GatheringBatch {
    return new GatheringBatch(
      new SharedCall('batched', (by) => {
        this.#waiting += by;
      }),
    );
  }

  #leave(batch: GatheringBatch, member: Member): void {
    if (!batch.gone) {
      this.#left += 1;
      batch.members.delete(member);
      if (batch.members.size === 0) {
        batch.timer?.cancel();
        this.#gathering = undefined;
      }
    }
  }

  #go(batch: GatheringBatch): void {
    const inputs: unknown[] = [];
    for (const member of batch.members) {
      member.place = inputs.length;
      inputs.push(member.input);
      batch.call.payers.push(member.lease);
    }
    batch.timer?.cancel();
    batch.gone = true;
    this.#gathering = undefined;
    this.#batches += 1;
    this.#inputs += inputs.length;
    this.#inFlight += 1;
    const { work, call } = this.#policy;
    batch.call.begin(this.#kernel, work, inputs, call, () => {
      this.#inFlight -= 1;
    });
  }

  #partOf({ members }: GatheringBatch, { input, place }: Member, outcome: CallOutcome): CallOutcome {
    if ('failure' in outcome) {
      return outcome;
    }
    try {
      return outcomeOf(outcome.value, members.size, place, input, this.#policy.keyOf);
    } catch (thrown) {
      // What reads the outputs is the user's: a key, or a list that is not what it seems.
      return { failure: thrown };
    }
  }
}

/** One caller's output. An error in its place is that caller's failure. */
function outcomeOf(
  outputs: unknown,
  sent: number,
  place: number,
  input: unknown,
  keyOf: ((input: unknown) => unknown) | undefined,
): CallOutcome {
  if (Array.isArray(outputs)) {
    return outputs.length === sent
      ? asOutcome(outputs[place])
      : { failure: new BatchMismatch({ sent, received: outputs.length }) };
  }
  if (outputs instanceof Map && keyOf !== undefined) {
    const key = keyOf(input);
    return outputs.has(key)
      ? asOutcome(outputs.get(key))
      : { failure: new BatchMismatch({ sent, received: outputs.size }) };
  }
  return { failure: new BatchMismatch({ sent, received: undefined }) };
}

const asOutcome = (output: unknown): CallOutcome =>
  output instanceof Error ? { failure: output } : { value: output };
