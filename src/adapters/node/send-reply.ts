/**
 * One reply as a JSON response of a `node:http` server.
 */
import type { ServerResponse } from 'node:http';
import { hasLeft, isAnswered, onLeft } from './client-left.ts';
import {
  hasBody,
  type Problem,
  type ProblemOptions,
  problemHeaders,
  problemJson,
  problemOf,
} from './http-problem.ts';
import { headerOf } from './node-request.ts';
import { mustClose } from './read-json.ts';
import type { OnDisconnect } from './reply-pump.ts';
import { type ReplyTerms, type TermsOptions, termsOf } from './request-terms.ts';
import { warnOf } from './warning.ts';

export interface SendReplyOptions extends TermsOptions, ProblemOptions {
  /** What becomes of the work when its client has left: `interrupt` when not given. */
  readonly onDisconnect?: OnDisconnect;
  /** The status of a response that goes well; 200 when not given. */
  readonly status?: number;
}

/** How a response went. */
export type ReplyOutcome =
  | { readonly _tag: 'Complete'; readonly status: number }
  | { readonly _tag: 'Failed'; readonly status: number; readonly failure: unknown }
  /** The client was gone before the reply was handed over, or somebody else had answered; `failure` is what the work ended in, if it failed. */
  | { readonly _tag: 'Left'; readonly failure?: unknown };

/**
 * Answers with a reply: `sendReply(response, (terms) => system.request(Question, body, terms))`.
 *
 * The client's deadline, trace and leaving are in the terms. `undefined` becomes 204.
 * When somebody else answers meanwhile, it is as if the client had left.
 *
 * Errors: none; a failure becomes a status with a JSON problem, and how it went is
 * what the promise resolves to, when the response has been handed to the kernel, or
 * the client has left.
 */
export async function sendReply<R>(
  response: ServerResponse,
  ask: (terms: ReplyTerms) => R | Promise<R>,
  options: SendReplyOptions = {},
): Promise<ReplyOutcome> {
  if (response.headersSent) {
    const failure = new RangeError('expected a response that has not begun; this one has sent its head');
    process.emitWarning(failure);
    return { _tag: 'Failed', status: response.statusCode, failure };
  }
  response.on('error', ignore);
  const left = new AbortController();
  let stopListening = ignore;
  if (options.onDisconnect !== 'detach') {
    if (hasLeft(response)) {
      return { _tag: 'Left' };
    }
    stopListening = untilLeft(response, left);
  }
  try {
    const reply = await ask({ ...termsOf(headerOf(response.req), options), signal: left.signal });
    // From here on it is we who answer.
    stopListening();
    const json = JSON.stringify(reply);
    const status = json === undefined ? 204 : (options.status ?? 200);
    const body = hasBody(status) ? json : undefined;
    return write(response, status, { 'content-type': 'application/json; charset=utf-8' }, body) &&
      (await handedOver(response))
      ? { _tag: 'Complete', status }
      : { _tag: 'Left' };
  } catch (failure) {
    stopListening();
    return failWith(response, failure, options);
  }
}

/** Aborts the work when nobody waits for its reply any more; returns how to stop looking. */
function untilLeft(response: ServerResponse, left: AbortController): () => void {
  const onAnswered = (): void => left.abort(new ClientLeft('somebody else has answered its client'));
  const stop = onLeft(response, () => left.abort(new ClientLeft('its client has left')));
  response.once('finish', onAnswered);
  return () => {
    stop();
    response.off('finish', onAnswered);
  };
}

async function failWith(
  response: ServerResponse,
  failure: unknown,
  options: ProblemOptions,
): Promise<ReplyOutcome> {
  try {
    const problem = problemOf(failure, options);
    return sendProblem(response, problem) && (await handedOver(response))
      ? { _tag: 'Failed', status: problem.status, failure }
      : { _tag: 'Left', failure };
  } catch (thrown) {
    // A middleware has put a hand on the response. The client shall not wait for ever.
    warnOf(thrown);
    response.destroy();
    return { _tag: 'Failed', status: response.statusCode, failure };
  }
}

/** Writes a problem as the whole response; says whether there was anybody to write to. */
export function sendProblem(response: ServerResponse, problem: Problem): boolean {
  return write(response, problem.status, problemHeaders(problem), problemJson(problem));
}

function write(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | undefined,
): boolean {
  if (hasLeft(response) || isAnswered(response)) {
    return false;
  }
  response.statusCode = status;
  if (mustClose(response.req)) {
    response.setHeader('connection', 'close');
  }
  if (body === undefined) {
    response.end();
    return true;
  }
  response.setHeaders(
    new Map(Object.entries({ 'content-length': String(Buffer.byteLength(body)), ...headers })),
  );
  response.end(body);
  return true;
}

/** Whether the kernel takes a response that was ended, before its client leaves: it may stand behind others. */
function handedOver(response: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    const stop = onLeft(response, () => resolve(false));
    response.once('finish', () => {
      stop();
      resolve(true);
    });
  });
}

/** Why a request was interrupted: it is the reason of the failure that its work ends in. */
class ClientLeft extends Error {}

const ignore = (): void => {};
