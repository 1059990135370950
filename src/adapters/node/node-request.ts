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
 * The id of the last event that an `EventSource` had before it connected again;
 * `undefined` when there is none, or it is longer than 1 024 characters. It comes from
 * outside: look it up, do not trust it.
 *
 * @example
 * lastEventId({ headers: { 'last-event-id': '41' } }) // => '41'
 */
export function lastEventId(request: Pick<IncomingMessage, 'headers'> | Request): string | undefined {
  const id =
    request.headers instanceof Headers
      ? (request.headers.get('last-event-id') ?? undefined)
      : headerOf(request as IncomingMessage)('last-event-id');
  return id === undefined || id === '' || id.length > idCharsMax ? undefined : id;
}
