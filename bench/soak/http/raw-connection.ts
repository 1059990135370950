/**
 * A kept-alive HTTP connection that understands just enough of a response to know
 * its end, so that a load of requests costs the server more than whoever makes it.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** `answered`: whole. `refused`: no connection. `cut`: the connection ended before an answer had. */
export interface Answer {
  readonly _tag: 'answered' | 'refused' | 'cut';
  readonly text: string;
  readonly firstByteMs: number;
  readonly lastByteMs: number;
}

export class RawConnection {
  readonly #port: number;
  #socket: Socket | undefined;
  #text = '';
  #beganMs = 0;
  #firstByteMs = 0;
  #answered: ((tag: Answer['_tag']) => void) | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** Sends `parts`, a turn of the event loop between them, and waits for the answer. */
  async ask(...parts: readonly string[]): Promise<Answer> {
    this.#socket ??= await this.#connected();
    const socket = this.#socket;
    if (socket === undefined) {
      return { _tag: 'refused', text: '', firstByteMs: 0, lastByteMs: 0 };
    }
    this.#text = '';
    this.#firstByteMs = 0;
    this.#beganMs = performance.now();
    const answered = new Promise<Answer['_tag']>((resolve) => {
      this.#answered = resolve;
    });
    for (const [number, part] of parts.entries()) {
      if (number > 0) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      socket.write(part);
    }
    const _tag = await answered;
    const lastByteMs = performance.now() - this.#beganMs;
    if (
      _tag === 'cut' ||
      /^connection: close\r$/im.test(this.#text.slice(0, this.#text.indexOf('\r\n\r\n')))
    ) {
      this.close();
    }
    return { _tag, text: this.#text, firstByteMs: this.#firstByteMs, lastByteMs };
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #connected(): Promise<Socket | undefined> {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    const failed = await once(socket, 'connect').then(
      () => false,
      () => true,
    );
    if (failed) {
      return undefined;
    }
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.on('data', (text: string) => this.#take(text));
    socket.on('close', () => {
      if (this.#socket === socket) {
        this.#socket = undefined;
        this.#answered?.('cut');
      }
    });
    return socket;
  }

  #take(text: string): void {
    if (this.#text === '') {
      this.#firstByteMs = performance.now() - this.#beganMs;
    }
    this.#text += text;
    if (isWhole(this.#text)) {
      this.#answered?.('answered');
    }
  }
}

function isWhole(text: string): boolean {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) {
    return false;
  }
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head))?.[1];
  return length === undefined ? text.endsWith('0\r\n\r\n') : text.length >= head + 4 + Number(length);
}
