/**
 * A server-sent event, as the bytes that a browser's `EventSource` reads.
 *
 * Guarantees: the reader gets `data` as it was given, but that every end of a line
 * in it (CR LF, CR, LF) becomes LF, as the format has no other; no text in any field
 * can begin another field or another event.
 *
 * Source: WHATWG HTML, 9.2 Server-sent events.
 */

export interface SseEvent {
  readonly data: string;
  /** The type a client listens for; `message` when not given. */
  readonly event?: string;
  /** Comes back as `Last-Event-ID` when the client connects again. */
  readonly id?: string;
  /** How long the client shall wait before it connects again, in milliseconds. */
  readonly retryMs?: number;
}

/**
 * Writes an event.
 *
 * Errors: `RangeError` for an id or a type with an end of line or NUL in it, and for a
 * `retryMs` that is not a whole number of at least 0: a client would not understand them.
 *
 * @example
 * sseText({ data: 'one\ntwo', event: 'token', id: '7' }) // => 'event: token\nid: 7\ndata: one\ndata: two\n\n'
 */
export function sseText({ data, event, id, retryMs }: SseEvent): string {
  let text = '';
  if (event !== undefined) {
    text += `event: ${oneLine('event', event)}\n`;
  }
  if (id !== undefined) {
    text += `id: ${oneLine('id', id)}\n`;
  }
  if (retryMs !== undefined) {
    if (!Number.isInteger(retryMs) || retryMs < 0) {
      throw new RangeError(
        `retryMs of a server-sent event is a whole number, at least 0; got ${String(retryMs)}`,
      );
    }
    text += `retry: ${retryMs}\n`;
  }
  return `${text}data: ${data.includes('\n') || data.includes('\r') ? data.replaceAll(/\r\n|\r|\n/g, '\ndata: ') : data}\n\n`;
}

/**
 * Writes a comment, which a client passes over.
 *
 * @example
 * sseComment('still here') // => ': still here\n\n'
 */
export function sseComment(text: string): string {
  return `: ${text.replaceAll(/[\r\n]+/g, ' ')}\n\n`;
}

function oneLine(what: string, text: string): string {
  if (/[\r\n\0]/.test(text)) {
    throw new RangeError(
      `${what} of a server-sent event is one line without NUL; got ${JSON.stringify(text)}`,
    );
  }
  return text;
}
