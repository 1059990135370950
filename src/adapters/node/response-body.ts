/**
 * The body of a `node:http` response, as the pump writes it.
 */
import type { ServerResponse } from 'node:http';
import { hasLeft, onLeft } from './client-left.ts';
import { type Problem, problemHeaders, problemJson } from './http-problem.ts';
import { mustClose } from './read-json.ts';
import type { Body } from './reply-pump.ts';
import type { StreamFormat } from './stream-format.ts';

export class ResponseBody implements Body {
  readonly #response: ServerResponse;
  readonly #format: Pick<StreamFormat<never>, 'contentType' | 'headers'>;
  #cut = false;
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
    return this.#cut || hasLeft(this.#response);
  }

  onGone(listener: () => void): void {
    if (this.gone) {
      listener();
    } else {
      onLeft(this.#response, listener);
    }
  }

  begin(piece: string | Uint8Array | undefined): Promise<void> | undefined {
    const { contentType, headers } = this.#format;
    this.#response.writeHead(200, {
      'content-type': contentType,
      'cache-control': 'no-store',
      ...headers,
    });
    if (piece === undefined) {
      this.#response.flushHeaders();
      return undefined;
    }
    return this.write(piece);
  }

  refuse(problem: Problem): Promise<void> {
    this.#response.writeHead(problem.status, {
      ...problemHeaders(problem),
      ...(mustClose(this.#response.req) ? { connection: 'close' } : {}),
    });
    return this.end(problemJson(problem));
  }

  write(piece: string | Uint8Array): Promise<void> | undefined {
    // An empty piece would be the end of a chunked body.
    return piece.length === 0 || this.#response.write(piece) || this.gone ? undefined : this.#untilRoom();
  }

  async end(piece: string | undefined): Promise<void> {
    this.#response.end(piece);
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
