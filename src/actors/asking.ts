/**
 * Asking: how a request is made and leaves, whatever waits for its answer.
 *
 * Cost: beside the request itself and its envelope nothing is made for it; the time is
 * read once, since that is a good part of what a request costs.
 */
import type { Lease } from '../core/budget.ts';
import type { Envelope } from '../core/envelope.ts';
import type { Failure } from '../core/failure.ts';
import { InvalidParams } from '../core/schema.ts';
import type { AnyTopic } from '../core/topic.ts';
import type { TopicEntry } from '../core/topic-board.ts';
import type { RequestTrace, Verb } from '../core/tracing.ts';
import { isCapability } from './capability.ts';
import { Cell } from './cell.ts';
import type { RequestOptions } from './context.ts';
import { LocalRef } from './local-ref.ts';
import type { PendingReply, Requester } from './pending-reply.ts';
import { Interrupted } from './request-failures.ts';
import {
  cellOf,
  checked,
  entryOf,
  inquiry,
  leaseFor,
  type Origin,
  saying,
  timeoutOf,
  toldTopic,
} from './sending.ts';

/** Who asks. */
export interface Asking extends Origin {
  /** Why nothing can be sent any more, if so. */
  readonly revoked: Failure | undefined;
  /** The side that waits for replies. */
  readonly requester: Requester;
  /** The handling that asks, when one does. */
  readonly handling: object | undefined;
  /** Whether what is asked here is waited for, where the request does not say otherwise. */
  readonly awaits: boolean;
  sendRequest(target: Cell | TopicEntry, envelope: Envelope, request: PendingReply): void;
}

/**
 * Asks a ref, a topic or a capability.
 *
 * @param request What waits for the answer; it has not begun.
 * @param ofCall How the call is followed that this request is part of, if it is.
 *
 * Errors: as for `request`; then it was not asked, and has not begun.
 */
export function ask(
  asking: Asking,
  request: PendingReply,
  target: object,
  payload: unknown,
  options: RequestOptions | undefined,
  verb: Verb,
  ofCall?: RequestTrace,
): void {
  const { revoked } = asking;
  if (revoked !== undefined) {
    throw revoked;
  }
  checkSignal(options?.signal);
  const cell = LocalRef.cellOf(target);
  if (cell !== undefined) {
    const timeoutMs = timeoutOf(options, asking.requestTimeoutMs);
    const to = cell.kernel === asking.kernel ? cell : cellOf(asking.kernel, target);
    const topic = toldTopic(to.definition, payload, options);
    const content = checked(asking, topic, payload);
    askAt(asking, request, to, to.path, topic, content, timeoutMs, options, verb, ofCall);
    return;
  }
  if (typeof target !== 'object' || target === null) {
    throw new InvalidParams({
      what: 'target',
      value: target,
      issues: [{ path: '', message: 'expected the ref of an agent, a topic, a capability or a procedure' }],
    });
  }
  if (isCapability(target)) {
    const { name, topic } = target;
    const timeoutMs = timeoutOf(options, target.timeoutMs ?? asking.requestTimeoutMs);
    // What a schema made of it, when the broker checked it, need not pass again.
    const content = verb === 'tool' ? payload : checked(asking, topic, payload);
    const to = asking.capabilities.provider(name);
    askAt(asking, request, to, name, topic, content, timeoutMs, options, verb, ofCall);
    return;
  }
  const topic = target as AnyTopic;
  const timeoutMs = timeoutOf(options, asking.requestTimeoutMs);
  const to = entryOf(asking.kernel, topic);
  const content = checked(asking, topic, payload);
  askAt(asking, request, to, topic.name, topic, content, timeoutMs, options, verb, ofCall);
}

/** @param to The agent, or the entry of the topic; `undefined` when nobody offers the capability. */
function askAt(
  asking: Asking,
  request: PendingReply,
  to: Cell | TopicEntry | undefined,
  name: string,
  topic: AnyTopic,
  payload: unknown,
  timeoutMs: number,
  options: RequestOptions | undefined,
  verb: Verb,
  ofCall: RequestTrace | undefined,
): void {
  const { kernel } = asking;
  const budget = options?.budget;
  const lease = budget === undefined ? undefined : leaseFor(asking, budget);
  if (lease !== undefined) {
    kernel.witness?.leased(lease, `a request to ${name}`);
  }
  const deadlineMs = begin(asking, request, name, topic.name, timeoutMs, lease, options);
  let trace = ofCall;
  if (kernel.tracing !== undefined && ofCall === undefined) {
    const one = to instanceof Cell ? name : undefined;
    trace = kernel.tracing.asked(saying(asking, verb, topic.name, one, request.id, options));
    request.trace = trace;
  }
  if (options?.signal?.aborted === true) {
    request.interrupt(new Interrupted({ agent: name, reason: 'its signal had aborted already' }));
  } else if (to === undefined) {
    request.asked(0);
  } else {
    if (to instanceof Cell) {
      request.asked(1);
      request.askedAlone = to;
    }
    request.madeBy = asking.handling;
    request.awaited = options?.awaited !== false && asking.awaits;
    try {
      const path = to instanceof Cell ? to.path : undefined;
      const envelope = inquiry(asking, path, topic.name, payload, request, deadlineMs, lease, options, trace);
      asking.sendRequest(to, envelope, request);
    } catch (failure) {
      // It has not left and never will.
      request.interrupt(failure);
    }
  }
}

/**
 * A request begins: from now on it ends at its own deadline, or at that of its cause if that is earlier.
 *
 * @returns its deadline.
 */
export function begin(
  asking: Asking,
  request: PendingReply,
  name: string,
  topic: string,
  timeoutMs: number,
  lease: Lease | undefined,
  options: RequestOptions | undefined,
): number {
  const { environment } = asking.kernel;
  // Not the time of the turn: it would be over too early.
  const nowMs = environment.nowMs();
  const latestMs = asking.deadlineMs;
  const ownMs = nowMs + timeoutMs;
  const id = environment.nextId();
  const signal = options?.signal;
  if (ownMs <= latestMs) {
    request.begin(name, topic, id, ownMs, timeoutMs, lease, signal);
    return ownMs;
  }
  request.begin(name, topic, id, latestMs, latestMs - nowMs, lease, signal);
  return latestMs;
}

/** Errors: `InvalidParams` for what is no AbortSignal. */
export function checkSignal(signal: unknown): void {
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new InvalidParams({
      what: 'signal',
      value: signal,
      issues: [{ path: '', message: 'expected an AbortSignal' }],
    });
  }
}
