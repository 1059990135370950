/**
 * Trace context: to which trace a message belongs, in the words that other systems understand.
 *
 * It travels as the header `traceparent`:
 *
 *     00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03
 *     |  trace id                         span id          flags
 *     version
 *
 * Guarantees: any text at all is either understood or `undefined`, in a time that
 * does not depend on its length; what was understood is written the same again.
 *
 * Source: W3C Trace Context, Level 1 (Recommendation, 2021) and Level 2
 * (Candidate Recommendation, 2024), which adds the flag for random trace ids.
 */

export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** The span that the message comes from: 16 lower-case hexadecimal digits, not all zero. */
  readonly spanId: string;
  /** Whether whoever sent it may have recorded its span. */
  readonly sampled: boolean;
  /** Whether at least the right 14 digits of the trace id were drawn at random, so that it can be sampled by. */
  readonly randomTraceId: boolean;
}

const sampledFlag = 0b01;
const randomTraceIdFlag = 0b10;

const lengthOfVersion00 = 55;
const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const allZero = /^0+$/;

/**
 * Understands a `traceparent`, or gives `undefined`: then the receiver begins a trace of its own.
 *
 * Of versions that we do not know, what version 00 has is taken, and what follows
 * is left aside, as the specification asks. Flags that we do not know are, too.
 *
 * @example
 * const context = parseTraceparent('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')
 * context.spanId // => 'b7ad6b7169203331'
 * context.sampled // => true
 * parseTraceparent('00-00000000000000000000000000000000-b7ad6b7169203331-01') // => undefined
 */
export function parseTraceparent(text: string | undefined): TraceContext | undefined {
  if (text === undefined) {
    return undefined;
  }
  const parts = form.exec(text.slice(0, lengthOfVersion00));
  if (parts === null) {
    return undefined;
  }
  const [, version, traceId, spanId, flags] = parts as unknown as [string, string, string, string, string];
  const mayGoOn = version !== '00' && text[lengthOfVersion00] === '-';
  if (version === 'ff' || (text.length > lengthOfVersion00 && !mayGoOn)) {
    return undefined;
  }
  if (allZero.test(traceId) || allZero.test(spanId)) {
    return undefined;
  }
  const bits = Number.parseInt(flags, 16);
  return {
    traceId,
    spanId,
    sampled: (bits & sampledFlag) !== 0,
    randomTraceId: (bits & randomTraceIdFlag) !== 0,
  };
}

/**
 * Writes a `traceparent` of version 00.
 *
 * @example
 * const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
 * formatTraceparent({ ...ids, sampled: true, randomTraceId: true }).slice(-2) // => '03'
 */
export function formatTraceparent({ traceId, spanId, sampled, randomTraceId }: TraceContext): string {
  const bits = (sampled ? sampledFlag : 0) | (randomTraceId ? randomTraceIdFlag : 0);
  return `00-${traceId}-${spanId}-0${bits}`;
}

/**
 * Makes the context of a new trace. It is sampled, since nobody has decided otherwise.
 *
 * @param random Gives numbers from 0 up to, not including, 1.
 */
export function newTraceContext(random: () => number): TraceContext {
  return { traceId: newId(16, random), spanId: newId(8, random), sampled: true, randomTraceId: true };
}

/**
 * Makes the context of a new span in the same trace.
 *
 * @param random Gives numbers from 0 up to, not including, 1.
 */
export function childOf(context: TraceContext, random: () => number): TraceContext {
  return { ...context, spanId: newId(8, random) };
}

/** Draws 32 bits at a time. All zero is no id, so the last digit is then 1. */
function newId(bytes: number, random: () => number): string {
  let id = '';
  while (id.length < 2 * bytes) {
    id += Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  }
  return allZero.test(id) ? `${id.slice(1)}1` : id;
}
