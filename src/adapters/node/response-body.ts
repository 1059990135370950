/**
 * The body of a `node:http` response, as the pump writes it.
 */
import { type ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http';
import { hasLeft, isAnswered, onLeft } from './client-left.ts';
import { type Problem, problemHeaders, problemJson } from './http-problem.ts';
import { mustClose } from './read-json.ts';
import type { Body } from './reply-pump.ts';
import type { StreamFormat } from './stream-format.ts';

export class ResponseBody implements Body {
  readonly #response: ServerResponse;
  readonly #format: Pick<StreamFormat<never>, 'contentType' | 'headers'>;
  #cut = false;
  /** We have sent the head. */
  #begun = false;
  /** We have sent all there is. */
  #ended = false;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(response: ServerResponse, format: Pick<StreamFormat<never>, 'contentType' | 'headers'>) {
    this.#response = response;
    this.#format = format;
    // A connection that breaks says so twice: the pump hears 'close', and an 'error' nobody hears would end the process.
    response.on('error', ignore);
    response.on('drain', () => this.#openRoom());
    response.on('finish', () => this.#openRoom());
    onLeft(response, () => this.#openRoom());
  }

  get gone(): boolean {
    return this.#cut || hasLeft(this.#response) || this.#isTaken;
  }

  /** Somebody else has answered, or ended what we began. */
  get #isTaken(): boolean {
    return this.#begun ? this.#response.writableEnded && !this.#ended : isAnswered(this.#response);
  }

  /** Errors: `TypeError` for a header that cannot be sent. To be asked before anything is done. */
  checkHead(): void {
    for (const [name, value] of Object.entries(this.#head())) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
  }

  onGone(listener: () => void): void {
    if (this.gone) {
      listener();
    } else {
      onLeft(this.#response, listener);
      this.#response.once('finish', () => {
        if (!this.#ended) {
          listener();
        }
      });
    }
  }

  begin(piece: string | Uint8Array | undefined): Promise<void> | undefined {
    if (this.gone) {
      return undefined;
    }
    this.#response.writeHead(200, this.#head());
    this.#begun = true;
    if (piece === undefined) {
      this.#response.flushHeaders();
      return undefined;
    }
    return this.write(piece);
  }

  refuse(problem: Problem): Promise<void> | undefined {
    if (this.gone) {
      return undefined;
    }
    this.#response.writeHead(problem.status, {
      ...problemHeaders(problem),
      ...(mustClose(this.#response.req) ? { connection: 'close' } : {}),
    });
    this.#begun = true;
    return this.end(problemJson(problem));
  }

  write(piece: string | Uint8Array): Promise<void> | undefined {
    // An empty piece would be the end of a chunked body.
    return piece.length === 0 || this.gone || this.#response.write(piece) || this.gone
      ? undefined
      : this.#untilRoom();
  }

  async end(piece: string | undefined): Promise<void> {
    if (!this.gone) {
      this.#response.end(piece);
      this.#ended = true;
    }
    while (!this.#response.writableFinished && !this.gone) {
      await this.#untilRoom();
    }
  }

  async breakOff(): Promise<void> {
    const { socket } = this.#response;
    if (socket === null) {
      this.cut();
      return;
    }
    // Without the last chunk of a chunked body.
    socket.destroySoon();
    while (!this.gone) {
      await this.#untilRoom();
    }
  }

  cut(): void {
    this.#cut = true;
    this.#response.destroy();
    this.#openRoom();
  }

  #head(): Record<string, string> {
    const { contentType, headers } = this.#format;
    return { 'content-type': contentType, 'cache-control': 'no-store', ...headers };
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

const ignore = (): void => {};
