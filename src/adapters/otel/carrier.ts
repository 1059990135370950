/**
 * The carrier: how a span's context gets into the headers of an envelope, and out of them.
 *
 * It is W3C Trace Context, `traceparent` and `tracestate`, whatever propagators
 * are registered: envelopes are ours, and what leaves the process leaves by
 * somebody else's hands.
 */
import {
  type Context,
  createTraceState,
  isSpanContextValid,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import type { Headers } from '../../core/envelope.ts';
import { formatTraceparent, parseTraceparent } from '../../core/trace-context.ts';

const sampledFlag = 0b01;
const randomFlag = 0b10;

/** The headers of a message: what it inherits, what its sender gave, and its own span. */
export function withSpan(inherited: Headers, given: Headers | undefined, span: SpanContext): Headers {
  if (!isSpanContextValid(span)) {
    return Object.freeze({ ...inherited, ...given });
  }
  const { tracestate: _, ...rest } = { ...inherited, ...given };
  const traceparent = formatTraceparent({
    traceId: span.traceId,
    spanId: span.spanId,
    sampled: (span.traceFlags & sampledFlag) !== 0,
    randomTraceId: (span.traceFlags & randomFlag) !== 0,
  });
  const tracestate = span.traceState?.serialize();
  return Object.freeze(
    tracestate === undefined || tracestate === ''
      ? { ...rest, traceparent }
      : { ...rest, traceparent, tracestate },
  );
}

/** The context that headers speak of, or `undefined` when they speak of none. */
export function contextOf(headers: Headers | undefined): Context | undefined {
  const parsed = parseTraceparent(headers?.['traceparent']);
  if (parsed === undefined) {
    return undefined;
  }
  const tracestate = headers?.['tracestate'];
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: parsed.traceId,
    spanId: parsed.spanId,
    traceFlags: (parsed.sampled ? sampledFlag : 0) | (parsed.randomTraceId ? randomFlag : 0),
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  });
}
