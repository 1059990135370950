/**
 * Trace headers: how a message's trace comes in with an HTTP request, and goes out with one.
 *
 * Nothing is invented: without a valid `traceparent` there is no trace, since a
 * parent that nobody has recorded would leave a hole in it.
 *
 * Source: W3C Trace Context, Level 1 (Recommendation, 2021).
 */
import { type Headers, noHeaders } from '../../core/envelope.ts';
import { formatTraceparent, parseTraceparent } from '../../core/trace-context.ts';

/** Where headers are looked up, by lower-case name. */
export type HeaderLookup = (name: string) => string | undefined;

/** Longer ones are left aside, as the specification allows. */
const tracestateCharsMax = 512;

/**
 * The headers of an envelope, from those of an HTTP request.
 *
 * @example
 * traceIn((name) => ({ traceparent: 'nonsense', tracestate: 'a=1' })[name]) // => {}
 */
export function traceIn(header: HeaderLookup): Headers {
  const context = parseTraceparent(header('traceparent'));
  if (context === undefined) {
    return noHeaders;
  }
  const tracestate = header('tracestate');
  // Written anew, so that what goes on is of a version and a length we know.
  const traceparent = formatTraceparent(context);
  return tracestate === undefined || tracestate === '' || tracestate.length > tracestateCharsMax
    ? { traceparent }
    : { traceparent, tracestate };
}

/**
 * The headers for an HTTP request that an agent makes because of a message:
 * `fetch(url, { headers: traceOut(context.headers) })`. Only these two
 * leave; what else rides with a message is nobody's business outside.
 *
 * @example
 * traceOut({ tenant: 'acme' }) // => {}
 */
export function traceOut(headers: Headers): Record<string, string> {
  return { ...traceIn((name) => headers[name]) };
}
