/** Headers of a `node:http` request, and what a browser's client said last. */
import type { IncomingMessage } from 'node:http';
import type { HeaderLookup } from './trace-headers.ts';

/** Looks headers up in a request; one that came several times is joined as HTTP says. */
export function headerOf(request: Pick<IncomingMessage, 'headers'>): HeaderLookup {
  return (name) => {
    const value = request.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  };
}

/** Longest id of an event that is believed; not derived. */
const idCharsMax = 1_024;

/**
 * The id of the last event that an `EventSource` had before it connected again, as it
 * was sent with that event; `undefined` when there is none, or it is longer than 1 024
 * characters. It comes from outside: look it up, do not trust it.
 *
 * @example
 * lastEventId({ headers: { 'last-event-id': '41' } }) // => '41'
 */
export function lastEventId(request: Pick<IncomingMessage, 'headers'> | Request): string | undefined {
  const header =
    request.headers instanceof Headers
      ? (request.headers.get('last-event-id') ?? undefined)
      : headerOf(request as IncomingMessage)('last-event-id');
  const id = header === undefined ? undefined : asUtf8(header);
  return id === undefined || id === '' || id.length > idCharsMax ? undefined : id;
}

/** Clients write it as UTF-8, and servers read the bytes of a header as one character each. */
function asUtf8(header: string): string {
  const bytes = Buffer.from(header, 'latin1');
  if (bytes.toString('latin1') !== header) {
    // Somebody has decoded it already.
    return header;
  }
  const text = bytes.toString('utf8');
  // Not UTF-8, so as it came.
  return Buffer.from(text, 'utf8').equals(bytes) ? text : header;
}
