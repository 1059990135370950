/**
 * Replies as a web `Response`: for Hono, and for any server whose handler is given a
 * `Request` and gives back a `Response`.
 *
 * The body is pulled by the server, a piece at a time, so what stands between the
 * agent and the client is one piece, the stream's `capacity`, and what the server
 * itself holds. The server says that a client has left by cancelling the body, or by
 * the request's signal; whichever comes first counts.
 */
import {
  hasBody,
  type Problem,
  type ProblemOptions,
  problemHeaders,
  problemJson,
  problemOf,
} from './http-problem.ts';
import { type Body, type OnDisconnect, type PumpOptions, pump, type StreamOutcome } from './reply-pump.ts';
import { type ReplyTerms, type Terms, type TermsOptions, termsOf } from './request-terms.ts';
import { type StreamFormat, sse } from './stream-format.ts';
import type { HeaderLookup } from './trace-headers.ts';
import { callOrWarn } from './warning.ts';

export interface StreamResponseOptions<R> extends PumpOptions, TermsOptions {
  /** How replies stand in the body; server-sent events when not given. */
  readonly format?: StreamFormat<R>;
  /** Told how it went, when it is over. What it throws becomes a warning of the process. */
  readonly onEnd?: (outcome: StreamOutcome) => void;
}

/**
 * Makes a response of a stream of replies: `(request) => streamResponse(request, (terms) => system.stream(Chat, body, terms))`.
 *
 * It resolves with the first reply, the first failure, or after `headWithinMs`; what
 * it does otherwise is as in `sendStream`. It never rejects.
 */
export function streamResponse<R>(
  request: Request,
  open: (terms: Terms) => AsyncIterable<R>,
  options: StreamResponseOptions<R> = {},
): Promise<Response> {
  const format: StreamFormat<R> = options.format ?? sse<R>();
  const onEnd = (outcome: StreamOutcome): void => callOrWarn(() => options.onEnd?.(outcome));
  const given = { 'content-type': format.contentType, 'cache-control': 'no-store', ...format.headers };
  let headers: Headers;
  try {
    headers = new Headers(given);
  } catch (failure) {
    onEnd({ _tag: 'Failed', sent: 0, dropped: 0, failure });
    return Promise.resolve(problemResponse(problemOf(failure, options)));
  }
  if (request.method === 'HEAD') {
    onEnd({ _tag: 'Complete', sent: 0, dropped: 0 });
    return Promise.resolve(new Response(null, { headers }));
  }
  const body = new WebBody(request.signal, headers);
  void pump(body, () => open(termsOf(headerOf(request), options)), format, options).then((outcome) => {
    // Whoever left before the head had been made gets none; the server has nobody to send it to.
    body.refuseUnheard();
    onEnd(outcome);
  });
  return body.response;
}

export interface ReplyResponseOptions extends TermsOptions, ProblemOptions {
  /** What becomes of the work when its client has left: `interrupt` when not given. */
  readonly onDisconnect?: OnDisconnect;
  /** The status of a response that goes well; 200 when not given. */
  readonly status?: number;
}

/**
 * Makes a response of one reply, as JSON: `(request) => replyResponse(request, (terms) => system.request(Question, body, terms))`.
 *
 * `undefined` becomes 204. It never rejects: a failure becomes a status with a JSON problem.
 */
export async function replyResponse<R>(
  request: Request,
  ask: (terms: ReplyTerms) => R | Promise<R>,
  options: ReplyResponseOptions = {},
): Promise<Response> {
  // The server's own signal would stay with a work that nobody shall interrupt.
  const signal = options.onDisconnect === 'detach' ? new AbortController().signal : request.signal;
  try {
    const reply = await ask({ ...termsOf(headerOf(request), options), signal });
    const json = JSON.stringify(reply);
    const { status = 200 } = options;
    if (json === undefined || !hasBody(status)) {
      return new Response(null, { status: json === undefined ? 204 : status });
    }
    return new Response(json, { status, headers: { 'content-type': 'application/json; charset=utf-8' } });
  } catch (failure) {
    return problemResponse(problemOf(failure, options));
  }
}

/** A problem as a response. */
export function problemResponse(problem: Problem): Response {
  return new Response(problemJson(problem), { status: problem.status, headers: problemHeaders(problem) });
}

const headerOf =
  (request: Request): HeaderLookup =>
  (name) =>
    request.headers.get(name) ?? undefined;

const encoder = new TextEncoder();

class WebBody implements Body {
  gone = false;
  readonly #headers: Headers;
  readonly #head = Promise.withResolvers<Response>();
  readonly #signal: AbortSignal;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  #onGone: (() => void) | undefined;

  constructor(signal: AbortSignal, headers: Headers) {
    this.#headers = headers;
    this.#signal = signal;
    if (signal.aborted) {
      this.gone = true;
    } else {
      signal.addEventListener('abort', this.#aborted);
    }
  }

  get response(): Promise<Response> {
    return this.#head.promise;
  }

  onGone(listener: () => void): void {
    if (this.gone) {
      listener();
    } else {
      this.#onGone = listener;
    }
  }

  begin(piece: string | Uint8Array | undefined): Promise<void> | undefined {
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#openRoom(),
        cancel: () => this.#leave(),
      },
      { highWaterMark: 1 },
    );
    this.#head.resolve(new Response(stream, { headers: this.#headers }));
    return piece === undefined ? undefined : this.write(piece);
  }

  refuse(problem: Problem): undefined {
    this.#head.resolve(problemResponse(problem));
    this.#forgetSignal();
  }

  /** A head for nobody. Does nothing when there is one. */
  refuseUnheard(): void {
    this.#head.resolve(new Response(null, { status: 499 }));
  }

  write(piece: string | Uint8Array): Promise<void> | undefined {
    if (piece.length === 0 || this.gone) {
      return undefined;
    }
    const controller = this.#controller!;
    controller.enqueue(typeof piece === 'string' ? encoder.encode(piece) : piece);
    if ((controller.desiredSize ?? 0) > 0) {
      return undefined;
    }
    return this.#untilRoom();
  }

  async end(piece: string | undefined): Promise<void> {
    if (piece !== undefined) {
      await this.write(piece);
    }
    this.#forgetSignal();
    if (!this.gone) {
      this.#controller!.close();
    }
  }

  async breakOff(): Promise<void> {
    // An error would throw away what waits to be pulled.
    while (!this.gone && (this.#controller!.desiredSize ?? 0) <= 0) {
      await this.#untilRoom();
    }
    this.cut();
  }

  cut(): void {
    if (!this.gone) {
      this.gone = true;
      this.#forgetSignal();
      this.#controller?.error(new Error('the body is not whole: the stream of replies failed'));
      this.#openRoom();
    }
  }

  readonly #aborted = (): void => {
    if (!this.gone) {
      this.#controller?.error(this.#signal.reason);
      this.#leave();
    }
  };

  #leave(): void {
    if (!this.gone) {
      this.gone = true;
      this.#forgetSignal();
      this.#openRoom();
      this.#onGone?.();
    }
  }

  #forgetSignal(): void {
    this.#signal.removeEventListener('abort', this.#aborted);
  }

  #untilRoom(): Promise<void> {
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  #openRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}
