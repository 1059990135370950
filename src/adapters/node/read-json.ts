/**
 * Reading JSON: the body of a `node:http` request, or of a web `Request`, up to a limit. Frameworks have
 * readers of their own; this is for those who use none.
 *
 * How long a client may take to send it is the server's to say: `server.requestTimeout`,
 * five minutes when not set.
 */
import type { IncomingMessage } from 'node:http';
import { Failure } from '../../core/failure.ts';
import { ByteGathering } from './byte-gathering.ts';
import { headerOf } from './node-request.ts';
import type { HeaderLookup } from './trace-headers.ts';

export interface ReadJsonOptions {
  /** Most bytes of the body; a whole number, at least 1. 1 MiB when not given. */
  readonly bytesMax?: number;
}

/** A body that is not what was expected. Its status is 413, 400 or 415: see its code. */
export class BodyUnusable extends Failure {
  readonly _tag = 'BodyUnusable';
  readonly class = 'invalid';
  /**
   *   BODY_TOO_LARGE   it has more bytes than may be
   *   BODY_MALFORMED   it is not JSON, or not UTF-8
   *   BODY_NOT_JSON    its content type says that it is something else, or that it is compressed
   *   BODY_CUT_OFF     the client left before it was whole, or somebody has read it before
   */
  readonly code: 'BODY_TOO_LARGE' | 'BODY_MALFORMED' | 'BODY_NOT_JSON' | 'BODY_CUT_OFF';
  /** What was found, in a few words. */
  readonly found: string;

  constructor(facts: { code: BodyUnusable['code']; found: string }) {
    super();
    this.code = facts.code;
    this.found = facts.found;
  }

  override get message(): string {
    return `expected a JSON body; ${this.found}`;
  }
}

/**
 * Reads a body as JSON. While it is read it takes at most three times `bytesMax` of
 * memory, in whatever pieces it comes.
 *
 * Errors: `BodyUnusable`; `RangeError`, at once, for a limit that cannot be. After
 * `BODY_TOO_LARGE` nothing more of the body is read, and the connection is closed
 * when the response has been sent.
 */
export async function readJson(
  request: IncomingMessage | Request,
  options: ReadJsonOptions = {},
): Promise<unknown> {
  const { bytesMax = 1_024 * 1_024 } = options;
  if (!Number.isInteger(bytesMax) || bytesMax < 1) {
    throw new RangeError(`bytesMax of a body is a whole number, at least 1; got ${String(bytesMax)}`);
  }
  return isWebRequest(request) ? readOfWeb(request, bytesMax) : readOfNode(request, bytesMax);
}

const isWebRequest = (request: IncomingMessage | Request): request is Request =>
  typeof request.headers.get === 'function';

async function readOfNode(request: IncomingMessage, bytesMax: number): Promise<unknown> {
  const found = checkHeaders(headerOf(request), bytesMax);
  if (request.readableDidRead || request.destroyed) {
    throw alreadyRead();
  }
  if (found !== undefined) {
    throw tooLarge(request, found);
  }
  return parse(await readWhole(request, bytesMax));
}

/** What is left of a body that is too large, its server deals with: it is neither read nor cancelled here. */
async function readOfWeb(request: Request, bytesMax: number): Promise<unknown> {
  const found = checkHeaders((name) => request.headers.get(name) ?? undefined, bytesMax);
  if (found !== undefined) {
    throw new BodyUnusable({ code: 'BODY_TOO_LARGE', found });
  }
  const gathering = new ByteGathering(bytesMax);
  if (request.body !== null) {
    if (request.bodyUsed || request.body.locked) {
      throw alreadyRead();
    }
    await gather(request.body.getReader(), gathering, bytesMax);
  }
  return parse(gathering.whole());
}

async function gather(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  gathering: ByteGathering,
  bytesMax: number,
): Promise<void> {
  try {
    for (;;) {
      const { done, value } = await nextOf(reader, gathering);
      if (done) {
        return;
      }
      if (!gathering.add(value)) {
        throw new BodyUnusable({
          code: 'BODY_TOO_LARGE',
          found: `more than ${bytesMax} bytes, which is the limit`,
        });
      }
    }
  } finally {
    reader.releaseLock();
  }
}

async function nextOf(reader: ReadableStreamDefaultReader<Uint8Array>, gathering: ByteGathering) {
  try {
    return await reader.read();
  } catch {
    throw cutOffAfter(gathering.length);
  }
}

/** Errors: `BodyUnusable` for a body that is no JSON. Gives what is wrong with its length, if something is. */
function checkHeaders(header: HeaderLookup, bytesMax: number): string | undefined {
  const contentType = header('content-type') ?? 'application/json';
  const encoding = header('content-encoding') ?? 'identity';
  if (!/^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(contentType)) {
    throw new BodyUnusable({
      code: 'BODY_NOT_JSON',
      found: `its content type is '${contentType.slice(0, 100)}'`,
    });
  }
  if (encoding !== 'identity') {
    throw new BodyUnusable({ code: 'BODY_NOT_JSON', found: `it is encoded as '${encoding.slice(0, 100)}'` });
  }
  const length = Number(header('content-length') ?? 0);
  return length > bytesMax ? `${length} bytes, and ${bytesMax} is the limit` : undefined;
}

const cutOffAfter = (bytes: number): BodyUnusable =>
  new BodyUnusable({ code: 'BODY_CUT_OFF', found: `its client left after ${bytes} bytes` });

const alreadyRead = (): BodyUnusable =>
  new BodyUnusable({
    code: 'BODY_CUT_OFF',
    found: 'somebody has read it already; take what the framework made of it',
  });

/** Not `for await`, which would destroy the connection when it is left early, and the answer with it. */
function readWhole(request: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const gathering = new ByteGathering(bytesMax);
    const settle = (act: () => void): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      act();
    };
    const onData = (chunk: Buffer | string): void => {
      // It is text when somebody has set the encoding of the request.
      const piece = typeof chunk === 'string' ? Buffer.from(chunk, request.readableEncoding!) : chunk;
      if (!gathering.add(piece)) {
        settle(() => reject(tooLarge(request, `more than ${bytesMax} bytes, which is the limit`)));
      }
    };
    const onEnd = (): void => settle(() => resolve(gathering.whole()));
    const onClose = (): void => settle(() => reject(cutOffAfter(gathering.length)));
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', ignore);
  });
}

/** The rest of it shall not be taken in only to be thrown away. */
function tooLarge(request: IncomingMessage, found: string): BodyUnusable {
  request.pause();
  closeAfterwards.add(request);
  return new BodyUnusable({ code: 'BODY_TOO_LARGE', found });
}

/** Requests whose body was left lying: their connection cannot be used again. */
const closeAfterwards = new WeakSet<IncomingMessage>();

/** Whether the connection of a request has to be closed after its response. */
export const mustClose = (request: IncomingMessage): boolean => closeAfterwards.has(request);

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    const found = bytes.length === 0 ? 'it is empty' : `its ${bytes.length} bytes are none`;
    throw new BodyUnusable({ code: 'BODY_MALFORMED', found });
  }
}

const ignore = (): void => {};
