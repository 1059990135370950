/**
 * A stream of replies as the response of a `node:http` server, and of whatever
 * stands on one: Express, Fastify (`reply.hijack()`, then `reply.raw`), Nest on Express.
 */
import type { ServerResponse } from 'node:http';
import { headerOf } from './node-request.ts';
import { type PumpOptions, pump, type StreamOutcome } from './reply-pump.ts';
import { type Terms, type TermsOptions, termsOf } from './request-terms.ts';
import { ResponseBody } from './response-body.ts';
import { type StreamFormat, sse } from './stream-format.ts';

export interface SendStreamOptions<R> extends PumpOptions, TermsOptions {
  /** How replies stand in the body; server-sent events when not given. */
  readonly format?: StreamFormat<R>;
}

/**
 * Sends a stream of replies: `sendStream(response, (terms) => system.stream(Chat, body, terms))`.
 *
 * The client's pace reaches the agent. A client that leaves interrupts the work, or
 * not, with `onDisconnect: 'detach'`: then the work goes on to its end or its
 * deadline, whichever is first, and its replies are dropped and counted.
 *
 * When somebody else answers meanwhile, or ends the response, it is as if the client had left.
 *
 * Errors: none; how it went is what the promise resolves to, when the response is
 * over (and a detached work, too). A failure before the first byte becomes a status
 * with a JSON problem; after it, an event `error` or a body that is cut off.
 */
export async function sendStream<R>(
  response: ServerResponse,
  open: (terms: Terms) => AsyncIterable<R>,
  options: SendStreamOptions<R> = {},
): Promise<StreamOutcome> {
  const format: StreamFormat<R> = options.format ?? sse<R>();
  if (response.headersSent) {
    const failure = new RangeError('expected a response that has not begun; this one has sent its head');
    process.emitWarning(failure);
    return { _tag: 'Failed', sent: 0, dropped: 0, failure };
  }
  const body = new ResponseBody(response, format);
  // HEAD asks what would be said of the stream, not for the work.
  const isHead = response.req.method === 'HEAD';
  const begin = (): AsyncIterable<R> => {
    body.checkHead();
    return isHead ? noReplies() : open(termsOf(headerOf(response.req), options));
  };
  return pump(body, begin, isHead ? { ...format, ending: '' } : format, options);
}

async function* noReplies(): AsyncGenerator<never> {}
