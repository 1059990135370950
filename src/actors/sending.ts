/**
 * Sending: how a message becomes an envelope, and what it inherits.
 *
 * Thread, cause and headers are always inherited from the envelope being
 * handled. A request also inherits deadline and budget, a tell the budget, a
 * publish neither: a fact does not expire because its author was in a hurry.
 */
import { Lease, type Limits } from '../core/budget.ts';
import { type Envelope, type Headers, makeEnvelope, noHeaders, type ReplyPort } from '../core/envelope.ts';
import { describeThrown } from '../core/failure.ts';
import { MailboxFull } from '../core/mailbox.ts';
import { check, InvalidParams, unchecked } from '../core/schema.ts';
import type { AnyTopic } from '../core/topic.ts';
import type { TopicEntry } from '../core/topic-board.ts';
import type { HandlingTrace, RequestTrace, Saying, Verb } from '../core/tracing.ts';
import type { CapabilityDirectory } from './capability-directory.ts';
import type { Cell } from './cell.ts';
import type { RequestOptions, SendOptions } from './context.ts';
import type { Definition } from './define-agent.ts';
import { handlerForTold } from './handlers.ts';
import type { Kernel } from './kernel.ts';
import { LocalRef } from './local-ref.ts';
import { closesCycle, fullAt, onlyResponder, responders } from './outbox.ts';
import type { PendingReply } from './pending-reply.ts';

/** Who sends, and because of what. */
export interface Origin {
  readonly kernel: Kernel;
  readonly capabilities: CapabilityDirectory;
  /** The agent that sends; `undefined` from outside. */
  readonly cell: Cell | undefined;
  /** The envelope being handled, from which is inherited. */
  readonly cause: Envelope | undefined;
  /** What it spends from. */
  readonly lease: Lease | undefined;
  /** When nobody wants what is asked for any more; `Infinity` for never. */
  readonly deadlineMs: number;
  /** How long a request waits that does not say. */
  readonly requestTimeoutMs: number;
  /** The handling in which it is said, if that is followed. */
  readonly trace: HandlingTrace | undefined;
}

/**
 * The envelope of what is published.
 *
 * Errors: `InvalidParams` for a payload its schema refuses.
 */
export function envelopeOn(
  origin: Origin,
  topic: AnyTopic,
  payload: unknown,
  options: SendOptions | undefined,
): Envelope {
  return envelopeFrom(
    origin,
    undefined,
    topic.name,
    checked(origin, topic, payload),
    undefined,
    undefined,
    Number.POSITIVE_INFINITY,
    undefined,
    options,
  );
}

/**
 * The envelope of what an agent is told.
 *
 * Errors: `InvalidParams` for a payload that is checked and refused, or that none of several handlers accepts.
 */
export function envelopeTo(
  origin: Origin,
  target: Cell,
  payload: unknown,
  options: SendOptions | undefined,
): Envelope {
  const topic = toldTopic(target.definition, payload, options);
  return envelopeFrom(
    origin,
    target.path,
    topic.name,
    checked(origin, topic, payload),
    undefined,
    undefined,
    Number.POSITIVE_INFINITY,
    origin.lease,
    options,
  );
}

/** A lease of its own for a request that names a budget: reserved from the cause's, if it has one. */
export function leaseFor(origin: Origin, budget: Limits): Lease {
  const lease = origin.lease === undefined ? Lease.root(budget) : origin.lease.child(budget);
  if (budget.timeMs !== undefined) {
    lease.startTime(origin.kernel.environment);
  }
  return lease;
}

/** The envelope of a request. `to` is the path of the agent that is asked, where it is one. */
export function inquiry(
  origin: Origin,
  to: string | undefined,
  topic: string,
  payload: unknown,
  request: PendingReply,
  deadlineMs: number,
  lease: Lease | undefined,
  options: SendOptions | undefined,
  trace: RequestTrace | undefined,
): Envelope {
  const { id } = request;
  const budget = lease ?? origin.lease;
  return envelopeFrom(origin, to, topic, payload, request, id, deadlineMs, budget, options, trace);
}

/** What is about to be said, for whoever follows it. */
export function saying(
  origin: Origin,
  verb: Verb,
  topic: string,
  to: string | undefined,
  id: number,
  options: SendOptions | undefined,
): Saying {
  const { cause, cell } = origin;
  return {
    verb,
    topic,
    to,
    sender: cell?.path,
    id,
    threadId: options?.threadId ?? cause?.threadId,
    by: origin.trace,
    detached: cell !== undefined && cause === undefined,
    inherited: cause?.headers ?? noHeaders,
    given: options?.headers,
  };
}

/**
 * Delivers at once: for those who are not in a step.
 *
 * Errors: `MailboxFull` when the receiver refuses it; then it was not sent.
 */
export function tellNow(target: Cell, envelope: Envelope): Promise<void> | undefined {
  target.kernel.sent(envelope);
  const receiver = target.receiverFor(envelope);
  const reception = receiver.saturated ? 'rejected' : target.kernel.offer(receiver, envelope);
  if (reception === 'rejected') {
    throw fullAt(receiver, envelope);
  }
  return reception === 'waiting' ? receiver.room() : undefined;
}

/**
 * Delivers at once to all who hear a topic.
 *
 * Errors: `MailboxFull`, before anybody got it, when one of them has too many
 * standing in line already.
 */
export function publishNow(kernel: Kernel, entry: TopicEntry, envelope: Envelope): Promise<void> | undefined {
  const { receivers } = entry;
  for (const one of receivers) {
    const receiver = one.receiverFor(envelope);
    if (receiver.saturated) {
      throw new MailboxFull({
        receiver: `${entry.name} → ${receiver.path}`,
        payload: envelope.payload,
        capacity: receiver.mailboxCapacity,
      });
    }
  }
  kernel.sent(envelope);
  entry.published += 1;
  entry.delivered += receivers.length;
  let rooms: Promise<void>[] | undefined;
  for (const one of receivers) {
    const receiver = one.receiverFor(envelope);
    const reception = kernel.offer(receiver, envelope);
    if (reception === 'waiting') {
      rooms ??= [];
      rooms.push(receiver.room());
    } else if (reception === 'rejected') {
      kernel.deadLetter(envelope, receiver.path, 'Rejected', fullAt(receiver, envelope));
    }
  }
  if (rooms === undefined) {
    return undefined;
  }
  return rooms.length === 1 ? rooms[0] : Promise.all(rooms).then(() => {});
}

/** Sends a request at once: whoever refuses it settles it. */
export function requestNow(target: Cell | TopicEntry, envelope: Envelope, request: PendingReply): void {
  if ('receivers' in target) {
    request.asked(responders(target.receivers));
    request.askedAlone = onlyResponder(target.receivers);
  }
  if (request.settled || closesCycle(request, envelope)) {
    return;
  }
  try {
    if ('receivers' in target) {
      publishNow(request.kernel, target, envelope);
    } else {
      tellNow(target, envelope);
    }
  } catch (failure) {
    request.interrupt(failure);
  }
}

/**
 * Which topic a message is of that is told: the one that is named, the only one there is, or the first that accepts it.
 *
 * Errors: `InvalidParams` where there is none.
 */
export function toldTopic(
  definition: Definition,
  payload: unknown,
  options: SendOptions | undefined,
): AnyTopic {
  const { onlyTopic } = definition;
  return onlyTopic !== undefined && options?.topic === undefined
    ? onlyTopic
    : handlerForTold(definition, payload, options?.topic);
}

function envelopeFrom(
  origin: Origin,
  to: string | undefined,
  topic: string,
  payload: unknown,
  replyTo: ReplyPort | undefined,
  correlationId: number | undefined,
  deadlineMs: number,
  budget: Lease | undefined,
  options: SendOptions | undefined,
  trace?: RequestTrace,
): Envelope {
  const { kernel, cause } = origin;
  const id = kernel.environment.nextId();
  const headers =
    kernel.tracing === undefined
      ? headersFrom(cause, options?.headers)
      : (trace?.headers ??
        kernel.tracing.said(saying(origin, to === undefined ? 'publish' : 'tell', topic, to, id, options)));
  return makeEnvelope(
    id,
    to,
    origin.cell?.path,
    topic,
    payload,
    replyTo,
    correlationId,
    cause?.id,
    options?.threadId ?? cause?.threadId,
    deadlineMs,
    cause === undefined ? 0 : cause.hops + 1,
    headers,
    budget,
  );
}

function headersFrom(cause: Envelope | undefined, headers: Headers | undefined): Headers {
  const inherited = cause?.headers ?? noHeaders;
  return headers === undefined ? inherited : Object.freeze({ ...inherited, ...headers });
}

/** Checks a payload where the topic, or else the system, says so. */
export function checked(origin: Origin, topic: AnyTopic, payload: unknown): unknown {
  if (topic.schema === unchecked) {
    return payload;
  }
  const validate = topic.validate ?? origin.kernel.validate;
  if (validate === 'never' || (validate === 'edge' && origin.cell !== undefined)) {
    return payload;
  }
  return check(topic.schema, payload, 'payload of', topic.name);
}

/** Errors: `InvalidParams` for what is no topic, a pattern, or a topic that is closed to others. */
export function entryOf(kernel: Kernel, topic: AnyTopic): TopicEntry {
  if (typeof topic?.name !== 'string') {
    throw new InvalidParams({
      what: 'topic',
      value: topic,
      issues: [{ path: '', message: 'expected what defineTopic returns' }],
    });
  }
  if (topic.isPattern || topic.name.startsWith('system.')) {
    throw new InvalidParams({
      what: 'topic',
      value: topic.name,
      issues: [
        {
          path: 'name',
          message: topic.isPattern
            ? 'a pattern can be subscribed to and observed, not published to'
            : "names that begin with 'system.' are the system's own",
        },
      ],
    });
  }
  return kernel.board.entry(topic.name);
}

/** Errors: `InvalidParams` for what is no ref, and for a ref of another system. */
export function cellOf(kernel: Kernel, ref: object): Cell {
  const cell = LocalRef.cellOf(ref);
  if (cell === undefined || cell.kernel !== kernel) {
    const message =
      cell === undefined
        ? `expected the ref of an agent, a topic or a capability; got ${describeThrown(ref)}`
        : `'${cell.path}' is an agent of system ${cell.kernel.id}, not of ${kernel.id}`;
    throw new InvalidParams({ what: 'target', value: cell?.path ?? ref, issues: [{ path: '', message }] });
  }
  return cell;
}

/** Errors: `RangeError` for a timeout that is no number from 0 up. */
export function timeoutOf(options: RequestOptions | undefined, otherwiseMs: number): number {
  const timeoutMs = options?.timeoutMs ?? otherwiseMs;
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0)) {
    throw new RangeError(`timeoutMs is a number of milliseconds, at least 0; got ${timeoutMs}`);
  }
  return timeoutMs;
}
