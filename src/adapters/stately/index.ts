/**
 * The Stately inspector over a WebSocket: `troupe/stately`.
 *
 * It looks, and never disturbs: it sends what it can, keeps a bounded number of
 * events while there is no connection or the connection is slow, counts what it
 * dropped, and throws nothing. What it sends is a small plain copy, with secrets redacted.
 *
 * Source: the protocol of @statelyai/inspect, `_version` 0.4: one JSON object for
 * each event, with session ids in place of actors.
 */
import type { InspectionEvent } from 'xstate';
import { type Plain, plainValue } from '../../core/plain-value.ts';
import { Ring } from '../../core/ring.ts';

export interface StatelyOptions {
  /** Where the inspector listens, as `ws://localhost:8080`. */
  readonly url: string;
  /** Most events that wait to be sent; 1 024 when not given. The oldest give way. */
  readonly capacity?: number;
  /** About how many characters of a snapshot or an event are shown; 10 000 when not given. */
  readonly charsMax?: number;
}

/** An inspector: goes where `inspect` is asked for, in `createSystem` or `machineAgent`. */
export interface StatelyInspector {
  readonly next: (event: InspectionEvent) => void;
  /** Events that gave way, because nobody took them. */
  readonly dropped: number;
  /** Closes the connection; what still waits is dropped. */
  close(): void;
}

const version = '0.4.0';
/** What may stand in the socket's own buffer before events wait here. */
const bufferedBytesMax = 1_000_000;
const reconnectMs = 1_000;
/** How soon events that wait because that buffer is full are tried again; not derived. */
const flushAgainMs = 50;

/**
 * Connects to a Stately inspector, and connects again when the connection is lost.
 *
 * Errors: `RangeError`, at once, when a WebSocket cannot be opened to such an address at
 * all, or the capacity is no whole number of at least 1. That nobody listens there is none.
 */
export function statelyInspector(options: StatelyOptions): StatelyInspector {
  return new Connection(options);
}

class Connection implements StatelyInspector {
  readonly #url: string;
  readonly #capacity: number;
  readonly #charsMax: number;
  readonly #waiting = new Ring<string>();
  #socket: WebSocket | undefined;
  #again: NodeJS.Timeout | undefined;
  #flushAgain: NodeJS.Timeout | undefined;
  #sent = 0;
  #closed = false;
  dropped = 0;

  constructor({ url, capacity = 1_024, charsMax = 10_000 }: StatelyOptions) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RangeError(`capacity is a whole number, at least 1; got ${capacity}`);
    }
    this.#url = url;
    this.#capacity = capacity;
    this.#charsMax = charsMax;
    try {
      this.#connect();
    } catch (cause) {
      throw new RangeError(
        `url is where a Stately inspector listens, as 'ws://localhost:8080'; got ${JSON.stringify(url)}: ${(cause as Error).message}`,
        { cause },
      );
    }
  }

  readonly next = (event: InspectionEvent): void => {
    const told = this.#closed ? undefined : this.#messageOf(event);
    if (told !== undefined) {
      if (this.#waiting.size >= this.#capacity) {
        this.#waiting.shift();
        this.dropped += 1;
      }
      this.#waiting.push(JSON.stringify(told));
      this.#flush();
    }
  };

  close(): void {
    this.#closed = true;
    clearTimeout(this.#again);
    clearTimeout(this.#flushAgain);
    while (this.#waiting.shift() !== undefined) {
      this.dropped += 1;
    }
    this.#socket?.close();
    this.#socket = undefined;
  }

  #connect(): void {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener('open', () => this.#flush());
    socket.addEventListener('error', () => {});
    socket.addEventListener('close', () => this.#connectLater());
  }

  #connectLater(): void {
    this.#socket = undefined;
    if (!this.#closed) {
      clearTimeout(this.#again);
      // Looking must not keep a process alive.
      this.#again = setTimeout(() => this.#connectAgain(), reconnectMs).unref();
    }
  }

  /** What opened a socket once may fail now, as when the process runs out of something. */
  #connectAgain(): void {
    try {
      this.#connect();
    } catch {
      this.#connectLater();
    }
  }

  #flush(): void {
    clearTimeout(this.#flushAgain);
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) {
      return;
    }
    while (socket.bufferedAmount < bufferedBytesMax && this.#waiting.size > 0) {
      socket.send(this.#waiting.shift()!);
    }
    if (this.#waiting.size > 0) {
      // A socket does not tell when its buffer has room again.
      this.#flushAgain = setTimeout(() => this.#flush(), flushAgainMs).unref();
    }
  }

  #messageOf(event: InspectionEvent): object | undefined {
    this.#sent += 1;
    const { actorRef, rootId, type } = event;
    const base = {
      type,
      rootId,
      sessionId: actorRef.sessionId,
      createdAt: String(Date.now()),
      id: String(this.#sent),
      _version: version,
    };
    switch (event.type) {
      case '@xstate.actor': {
        const { id, _parent, logic } = actorRef as {
          readonly id?: string;
          readonly _parent?: { readonly sessionId: string };
          readonly logic?: { readonly config?: unknown };
        };
        return {
          ...base,
          name: id,
          parentId: _parent?.sessionId,
          definition: JSON.stringify(this.#plain(logic?.config)),
          snapshot: { status: 'active' },
        };
      }
      case '@xstate.event':
        return { ...base, event: this.#plain(event.event), sourceId: event.sourceRef?.sessionId };
      case '@xstate.snapshot':
      case '@xstate.microstep': {
        const { status, output, value, context } = event.snapshot as Readonly<Record<string, unknown>>;
        return {
          ...base,
          event: this.#plain(event.event),
          snapshot: this.#plain({ status, output, value, context }),
        };
      }
      default:
        return undefined;
    }
  }

  #plain(value: unknown): Plain | undefined {
    return value === undefined ? undefined : plainValue(value, { charsMax: this.#charsMax });
  }
}
