/**
 * A format: how a stream of replies stands in the body of a response.
 *
 * Three are here; any object of this shape will do.
 */
import type { Problem } from './http-problem.ts';
import { problemJson } from './http-problem.ts';
import { type SseEvent, sseComment, sseText } from './sse-event.ts';

export interface StreamFormat<R> {
  readonly contentType: string;
  /** Sent beside `content-type` and `cache-control`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent at once with the head, when no reply has come yet. */
  readonly opening?: string;
  /** One reply; `number` counts them from 0. What it throws fails the response. */
  readonly encode: (reply: R, number: number) => string | Uint8Array;
  /** Sent after the last reply. */
  readonly ending?: string;
  /**
   * Sent when the stream fails after its first byte; the body then ends in order.
   * Without it the body is cut off, which is how a client knows that it is not whole.
   */
  readonly encodeProblem?: (problem: Problem) => string;
  /** Sent when nothing else was for a while, so that nobody on the way takes the connection for dead. */
  readonly keepAlive?: string;
}

export interface SseOptions<R> {
  /** Makes the event of a reply. JSON of the reply as `data` when not given, which arrives as it was whatever is in it. */
  readonly event?: (reply: R, number: number) => SseEvent;
  /**
   * Name of the event that says that all replies were sent; `end` when not given,
   * `false` for none. An `EventSource` connects again when a response ends, and so
   * asks anew: it should `close()` when it hears this.
   */
  readonly endEvent?: string | false;
}

/**
 * Server-sent events. A failure after the first byte becomes `event: error`, whose
 * data is the problem as JSON.
 *
 * Errors: `RangeError`, at once, for an `endEvent` that cannot be a name.
 */
export function sse<R>(options: SseOptions<R> = {}): StreamFormat<R> {
  const { event = (reply) => ({ data: jsonOf(reply) }), endEvent = 'end' } = options;
  return {
    contentType: 'text/event-stream; charset=utf-8',
    // Compression would hold events back, and nginx buffers unless it is told not to.
    headers: { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' },
    opening: sseComment('open'),
    encode: (reply, number) => sseText(event(reply, number)),
    ...(endEvent === false ? {} : { ending: sseText({ event: endEvent, data: '{}' }) }),
    encodeProblem: (problem) => sseText({ event: 'error', data: problemJson(problem) }),
    keepAlive: sseComment('still here'),
  };
}

/** Newline-delimited JSON: a line for each reply. A failure after the first byte cuts the body off. */
export function ndjson<R>(): StreamFormat<R> {
  return {
    contentType: 'application/x-ndjson; charset=utf-8',
    encode: (reply) => `${jsonOf(reply)}\n`,
  };
}

/** Replies that are text, one after the other. A failure after the first byte cuts the body off. */
export function plainText(): StreamFormat<string> {
  return { contentType: 'text/plain; charset=utf-8', encode: (reply) => reply };
}

/** JSON has no word for `undefined`. */
const jsonOf = (reply: unknown): string => JSON.stringify(reply) ?? 'null';
