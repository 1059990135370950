/**
 * Spans: one for each message that leaves, one for each handling, one for each
 * request, stream and call of a capability.
 *
 *     publish orders.placed      PRODUCER   a moment: when it left
 *       process orders.placed    CONSUMER   from the first step until its work is over; one for each receiver
 *         execute_tool tax       INTERNAL   from the call until its output, checks included
 *           process tax          CONSUMER
 *         timer                  INTERNAL   a step of a timer that this handling set
 *         child                  INTERNAL   what came of a child of a machine that began in it
 *     request price              CLIENT     from asking until it is settled
 *       process price            CONSUMER
 *
 * What begins a new chain (`detach()`, a timer that rings again and again) begins a
 * trace of its own, with a link to where that was asked for.
 *
 * While a handler runs, its span is the active one, so what other instrumentation
 * sees there (an HTTP client, a database) becomes its child.
 */
import {
  type Attributes,
  type Context,
  context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Lease } from '../../core/budget.ts';
import type { DeadLetterCause } from '../../core/dead-letter.ts';
import { describeValue } from '../../core/describe-value.ts';
import type { Envelope, Headers } from '../../core/envelope.ts';
import { failureClass } from '../../core/failure.ts';
import type { IsSecret } from '../../core/redact.ts';
import { shorten } from '../../core/shorten.ts';
import type { HandlingOutcome } from '../../core/system-event.ts';
import type { HandlingTrace, RequestTrace, Saying, Taking, Tracing } from '../../core/tracing.ts';
import { contextOf, withSpan } from './carrier.ts';
import { errorTypeOf } from './error-type.ts';
import { complain, guarded } from './guard.ts';
import type { Measures } from './measures.ts';
import { attributes as name, spanOperations } from './names.ts';

/** Most of any text that a span carries; not derived. */
const charsMax = 1_000;

export interface SpansOptions {
  readonly tracer: Tracer;
  readonly measures: Measures;
  readonly systemId: string;
  readonly isSecret: IsSecret | undefined;
}

export class Spans implements Tracing {
  readonly measures: Measures;
  readonly isSecret: IsSecret | undefined;
  readonly #tracer: Tracer;
  readonly #systemId: string;
  /** Spans of what was said, by the headers that each message has for itself. */
  readonly #said = new WeakMap<Headers, Span>();
  /** Those of them that have neither left nor been refused. A request has none here: it ends when it is settled. */
  readonly #held = new WeakMap<Headers, Span>();
  /** The handling that failed last, for the report that follows at once. */
  #failed: { readonly failure: unknown; readonly context: Context } | undefined;

  constructor(options: SpansOptions) {
    this.#tracer = options.tracer;
    this.measures = options.measures;
    this.#systemId = options.systemId;
    this.isSecret = options.isSecret;
  }

  said(saying: Saying): Headers {
    const plain = plainHeaders(saying);
    return guarded(() => {
      const span = this.#start(saying, SpanKind.PRODUCER);
      const headers = withSpan(saying.inherited, saying.given, span.spanContext());
      this.#said.set(headers, span);
      this.#held.set(headers, span);
      return headers;
    }, plain);
  }

  left(envelope: Envelope): void {
    guarded(() => {
      this.measures.sent(envelope.topic);
      this.#release(envelope)?.end();
    }, undefined);
  }

  lost(envelope: Envelope, failure: unknown, cause?: DeadLetterCause): void {
    guarded(() => {
      const span = this.#release(envelope);
      if (span !== undefined) {
        tellLoss(span, failure, cause, this.isSecret);
        span.end();
      }
    }, undefined);
  }

  asked(saying: Saying): RequestTrace {
    return guarded<RequestTrace>(
      () => {
        const span = this.#start(saying, saying.verb === 'tool' ? SpanKind.INTERNAL : SpanKind.CLIENT);
        const headers = withSpan(saying.inherited, saying.given, span.spanContext());
        this.#said.set(headers, span);
        return new RequestSpan(this, span, saying, headers);
      },
      untraced(plainHeaders(saying)),
    );
  }

  taken(taking: Taking): HandlingTrace {
    return guarded<HandlingTrace>(() => {
      const { envelope, timer } = taking;
      const setBy = timer?.setBy instanceof HandlingSpan ? timer.setBy : undefined;
      const anew = timer?.every === true;
      const parent = anew
        ? ROOT_CONTEXT
        : (setBy?.context ?? this.#contextOfSaid(envelope.headers) ?? ROOT_CONTEXT);
      const span = this.#tracer.startSpan(
        timer === undefined
          ? `${spanOperations.process} ${envelope.topic}`
          : timer.child === undefined
            ? spanOperations.timer
            : spanOperations.child,
        {
          kind: timer === undefined ? SpanKind.CONSUMER : SpanKind.INTERNAL,
          attributes: this.#attributesOf(taking),
          links: anew && setBy !== undefined ? [{ context: setBy.span.spanContext() }] : [],
        },
        parent,
      );
      const headers = withSpan(envelope.headers, undefined, span.spanContext());
      return new HandlingSpan(this, span, trace.setSpan(parent, span), headers);
    }, untraced(taking.envelope.headers));
  }

  /** The failure that is about to be reported is of this handling. */
  failing(failure: unknown, context: Context): void {
    this.#failed = { failure, context };
  }

  /** Where a failure stands, if it is that of the handling that failed last. */
  contextOfFailure(failure: unknown): Context | undefined {
    const failed = this.#failed;
    this.#failed = undefined;
    return failed !== undefined && Object.is(failed.failure, failure) ? failed.context : undefined;
  }

  /** The span of a message that is still to be ended, once. */
  #release({ headers }: Envelope): Span | undefined {
    const span = this.#held.get(headers);
    this.#held.delete(headers);
    return span;
  }

  #contextOfSaid(headers: Headers): Context | undefined {
    const span = this.#said.get(headers);
    return span === undefined ? contextOf(headers) : trace.setSpan(ROOT_CONTEXT, span);
  }

  #start(saying: Saying, kind: SpanKind): Span {
    const { topic, verb } = saying;
    const by = saying.by instanceof HandlingSpan ? saying.by : undefined;
    const links: Link[] = saying.detached && by !== undefined ? [{ context: by.span.spanContext() }] : [];
    const isTool = verb === 'tool';
    const facts: Attributes = isTool
      ? { [name.genAiOperation]: spanOperations.tool, [name.genAiTool]: topic }
      : {
          [name.messagingSystem]: 'troupe',
          [name.operationName]: spanOperations[verb],
          [name.operationType]: 'send',
          [name.destination]: topic,
          [name.messageId]: `${this.#systemId}/${saying.id}`,
        };
    if (saying.threadId !== undefined) {
      facts[name.conversationId] = cut(saying.threadId);
    }
    if (saying.sender !== undefined) {
      facts[name.agentPath] = cut(saying.sender);
    }
    if (saying.to !== undefined) {
      facts[name.receiver] = cut(saying.to);
    }
    return this.#tracer.startSpan(
      `${spanOperations[verb]} ${topic}`,
      { kind, attributes: facts, links },
      parentOf(saying, by),
    );
  }

  #attributesOf({ agent, definition, envelope, timer }: Taking): Attributes {
    const facts: Attributes = { [name.agentPath]: cut(agent), [name.agentName]: definition };
    if (timer === undefined) {
      facts[name.messagingSystem] = 'troupe';
      facts[name.operationName] = spanOperations.process;
      facts[name.operationType] = 'process';
      facts[name.destination] = envelope.topic;
      facts[name.messageId] = `${this.#systemId}/${envelope.correlationId ?? envelope.id}`;
      facts[name.hops] = envelope.hops;
    } else if (timer.child !== undefined) {
      facts[name.child] = cut(timer.child);
    }
    if (envelope.threadId !== undefined) {
      facts[name.conversationId] = cut(envelope.threadId);
    }
    return facts;
  }
}

class RequestSpan implements RequestTrace {
  readonly headers: Headers;
  readonly #spans: Spans;
  readonly #span: Span;
  readonly #saying: Saying;
  readonly #startedAtMs = performance.now();
  #replies = 0;

  constructor(spans: Spans, span: Span, saying: Saying, headers: Headers) {
    this.#spans = spans;
    this.#span = span;
    this.#saying = saying;
    this.headers = headers;
  }

  replied(): void {
    this.#replies += 1;
  }

  settled(failed: { readonly failure: unknown } | undefined): void {
    guarded(() => {
      const { topic, verb } = this.#saying;
      const errorType = failed === undefined ? undefined : errorTypeOf(failed.failure);
      this.#spans.measures.settled(verb, topic, errorType, (performance.now() - this.#startedAtMs) / 1_000);
      if (verb === 'stream') {
        this.#span.setAttribute(name.replies, this.#replies);
      }
      if (failed !== undefined) {
        tellFailure(this.#span, failed.failure, this.#spans.isSecret);
      }
      this.#span.end();
    }, undefined);
  }
}

class HandlingSpan implements HandlingTrace {
  readonly headers: Headers;
  readonly span: Span;
  /** The context in which the span is the active one. */
  readonly context: Context;
  readonly #spans: Spans;

  constructor(spans: Spans, span: Span, context: Context, headers: Headers) {
    this.#spans = spans;
    this.span = span;
    this.context = context;
    this.headers = headers;
  }

  within<T>(f: () => T): T {
    let began = false;
    let returned: { readonly value: T } | undefined;
    try {
      context.with(this.context, () => {
        began = true;
        returned = { value: f() };
      });
    } catch (thrown) {
      if (began && returned === undefined) {
        throw thrown;
      }
      complain(thrown);
    }
    return returned === undefined ? f() : (returned as { readonly value: T }).value;
  }

  failed(failure: unknown): void {
    this.#spans.failing(failure, this.context);
    guarded(() => tellFailure(this.span, failure, this.#spans.isSecret), undefined);
  }

  ended(outcome: HandlingOutcome | undefined, failure: unknown, lease: Lease | undefined): void {
    guarded(() => {
      this.span.setAttribute(name.outcome, outcome ?? 'put-back');
      if (outcome === 'interrupted') {
        tellFailure(this.span, failure, this.#spans.isSecret);
      }
      this.span.end();
      if (lease !== undefined) {
        this.#spans.measures.spent(lease.root);
      }
    }, undefined);
  }
}

/** Where a message comes from: what its sender says, the handling it is said in, what that was caused by, or what is active outside. */
function parentOf(saying: Saying, by: HandlingSpan | undefined): Context {
  const isOutside = saying.sender === undefined;
  const told = contextOf(saying.given);
  if (told !== undefined) {
    return (isOutside ? activeIn(told) : undefined) ?? told;
  }
  if (saying.detached) {
    return ROOT_CONTEXT;
  }
  return by?.context ?? contextOf(saying.inherited) ?? (isOutside ? context.active() : ROOT_CONTEXT);
}

/** The active context, when it is of the same trace: the span of an HTTP server, say, is nearer than that of its client. */
function activeIn(told: Context): Context | undefined {
  const active = context.active();
  const traceId = trace.getSpanContext(active)?.traceId;
  return traceId === trace.getSpanContext(told)?.traceId ? active : undefined;
}

/** Says on a span what went wrong. What was only interrupted is no error. */
function tellFailure(span: Span, failure: unknown, isSecret: IsSecret | undefined): void {
  span.setAttribute(name.errorType, errorTypeOf(failure));
  if (failureClass(failure) !== 'interrupted') {
    span.setStatus({
      code: SpanStatusCode.ERROR,
      message: describeValue(failure, charsMax, isSecret),
    });
  }
}

/** Says on the span of a message why it never left. */
function tellLoss(
  span: Span,
  failure: unknown,
  cause: DeadLetterCause | undefined,
  isSecret: IsSecret | undefined,
): void {
  if (cause !== undefined) {
    span.setAttribute(name.cause, cause);
  }
  if (cause === undefined || failure !== undefined) {
    tellFailure(span, failure, isSecret);
  } else {
    span.setAttribute(name.errorType, cause);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
}

/** What users chose is as long as they like. */
const cut = (text: string): string => shorten(text, charsMax);

const plainHeaders = ({ inherited, given }: Saying): Headers =>
  given === undefined ? inherited : Object.freeze({ ...inherited, ...given });

/** What goes on when the tracer has thrown. */
const untraced = (headers: Headers): HandlingTrace & RequestTrace => ({
  headers,
  within: (f) => f(),
  failed: () => {},
  ended: () => {},
  replied: () => {},
  settled: () => {},
});
