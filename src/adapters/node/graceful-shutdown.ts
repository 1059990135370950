/**
 * Graceful shutdown: how a server and its system end without losing what they have accepted.
 *
 *     SIGTERM ─▶ ready says 503, for `lingerMs` everything goes on
 *                 │
 *                 ▼
 *             no new connections; a response that is the only one open on its
 *             connection says `Connection: close`, and a connection that is idle
 *             for `idleMs` is closed
 *                 │  all responses are finished, or `withinMs` have passed
 *                 ▼
 *             the system drains for what is left of `withinMs`, then stops;
 *             streams that are still open end in a failure that their clients are told
 *                 │
 *                 ▼
 *             what is left of connections is cut, and the signal ends the process
 *
 * The server goes first, because a request whose body is still arriving has been
 * accepted as well, and needs the system. Idle connections are not closed at once,
 * as `server.close` would: a client may be writing its next request at that moment.
 * And a response with others behind it (pipelining) does not say `close`: Node drops
 * what stands behind one that does.
 *
 * A second signal ends the process at once.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import type { System } from '../../actors/system.ts';
import type { Environment } from '../../core/environment.ts';
import { liveEnvironment } from '../../core/live-environment.ts';
import { onLeft } from './client-left.ts';
import { markEnding } from './health-report.ts';
import { warnOf } from './warning.ts';

export interface GracefulShutdownOptions {
  /** Drained when the server has finished. */
  readonly system?: System;
  /** How long accepted requests and the system may take together, in milliseconds; 10 000 when not given. */
  readonly withinMs?: number;
  /** How long connections go on being accepted while readiness says 503, in milliseconds; 0 when not given. */
  readonly lingerMs?: number;
  /** How long a connection may be idle before it is closed, in milliseconds; 500 when not given. */
  readonly idleMs?: number;
  /** Whether SIGTERM and SIGINT begin it; `true` when not given. */
  readonly signals?: boolean;
  /** Called when all is over and before the process ends: closes what else there is. What it throws becomes a warning. */
  readonly onEnd?: (report: ShutdownReport) => void | Promise<void>;
  /** Whose clock, timers and signals are used; the machine's when not given. */
  readonly environment?: Environment;
}

export interface ShutdownReport {
  /** Responses that were open when it began or begun later, and were finished. */
  readonly finished: number;
  /** Responses that were cut off, because `withinMs` had passed; or whose client left. */
  readonly cutOff: number;
}

export interface GracefulShutdown {
  /** Begins it, or gives the one that has begun. It never rejects. */
  begin(): Promise<ShutdownReport>;
  /** Lets go of the server and the signals, if it has not begun. */
  forget(): void;
}

/** Turns of the event loop that are waited at most for one in which nobody comes; not derived. */
const doorTurnsMax = 50;

/** How long clients may take for the failure that their stream has ended in; not derived. */
const lastWordsMs = 500;

/**
 * Sees to it that a server ends without losing what it has accepted. Call it once,
 * before the server listens.
 *
 * With `handleSignals` on the system as well, the system closes its door at the
 * signal, so a request whose body is still arriving is refused with 503: leave that off
 * where this is on. Either way the process ends when both are ready.
 *
 * Errors: `RangeError`, at once, for a length of time that cannot be; `TypeError` for
 * a server that is not of `node:http` or `node:https`: those of `node:http2` count
 * sessions, not responses.
 */
export function gracefulShutdown(server: Server, options: GracefulShutdownOptions = {}): GracefulShutdown {
  return new Shutdown(server, options);
}

class Shutdown implements GracefulShutdown {
  readonly #server: Server;
  readonly #options: GracefulShutdownOptions;
  readonly #environment: Environment;
  readonly #withinMs: number;
  readonly #idleMs: number;
  readonly #lingerMs: number;
  readonly #forgetSignals: (() => void) | undefined;
  readonly #open = new Set<ServerResponse>();
  /** The same, by their connections. */
  readonly #openBySocket = new Map<Socket, Set<ServerResponse>>();
  #ending: Promise<ShutdownReport> | undefined;
  #closing = false;
  #finished = 0;
  #cutOff = 0;
  #quietCame: (() => void) | undefined;

  constructor(server: Server, options: GracefulShutdownOptions) {
    if (typeof server?.closeAllConnections !== 'function') {
      throw new TypeError(
        `gracefulShutdown expects a server of node:http or node:https; got ${server?.constructor.name ?? server}`,
      );
    }
    this.#server = server;
    this.#options = options;
    this.#withinMs = lengthOf('withinMs', options.withinMs, 10_000);
    this.#idleMs = lengthOf('idleMs', options.idleMs, 500);
    this.#lingerMs = lengthOf('lingerMs', options.lingerMs, 0);
    this.#environment = options.environment ?? liveEnvironment();
    server.prependListener('request', this.#onRequest);
    this.#forgetSignals =
      options.signals === false
        ? undefined
        : this.#environment.onTermination((end) => void this.begin().then(end));
  }

  begin(): Promise<ShutdownReport> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  forget(): void {
    if (this.#ending === undefined) {
      this.#letGo();
    }
  }

  async #end(): Promise<ShutdownReport> {
    const { system, onEnd } = this.#options;
    if (system !== undefined) {
      markEnding(system);
    }
    const endsMs = this.#environment.nowMs() + this.#lingerMs + this.#withinMs;
    await this.#pause(this.#lingerMs);
    await this.#letInWhoStandsAtTheDoor();
    this.#refuseConnections();
    await this.#untilFinished(endsMs);
    await system?.drain({ withinMs: Math.max(0, endsMs - this.#environment.nowMs()) });
    if (this.#open.size > 0) {
      await this.#untilFinished(this.#environment.nowMs() + lastWordsMs);
    }
    this.#cutOff += this.#open.size;
    this.#open.clear();
    this.#server.closeAllConnections();
    // Gives back the interval with which the server looks after its connections.
    this.#server.close(() => {});
    const report = { finished: this.#finished, cutOff: this.#cutOff };
    try {
      await onEnd?.(report);
    } catch (thrown) {
      warnOf(thrown);
    }
    this.#letGo();
    return report;
  }

  #refuseConnections(): void {
    this.#closing = true;
    // Not the http server's own: that would close idle connections at once.
    NetServer.prototype.close.call(this.#server, () => this.#quietCame?.());
    for (const responses of this.#openBySocket.values()) {
      closeAfterOnly(responses);
    }
  }

  /** All responses are finished, and nobody has begun another for a while; or it is late. */
  #untilFinished(endsMs: number): Promise<void> {
    return new Promise((resolve) => {
      const environment = this.#environment;
      const late = environment.schedule(Math.max(0, endsMs - environment.nowMs()), () => done());
      let idle: ReturnType<Environment['schedule']> | undefined;
      const done = (): void => {
        late.cancel();
        idle?.cancel();
        this.#quietCame = undefined;
        resolve();
      };
      const look = (): void => {
        idle?.cancel();
        if (this.#open.size === 0) {
          this.#server.getConnections((_, count) => {
            if (count === 0) {
              done();
            }
          });
          idle = environment.schedule(this.#idleMs, () => {
            this.#server.closeIdleConnections();
            done();
          });
        }
      };
      this.#quietCame = look;
      look();
    });
  }

  readonly #onRequest = (_: IncomingMessage, response: ServerResponse): void => {
    const { socket } = response.req;
    const responses = this.#openBySocket.get(socket) ?? new Set();
    if (this.#closing) {
      keepFor(responses);
    }
    this.#open.add(response);
    this.#openBySocket.set(socket, responses.add(response));
    const onClose = (): void => this.#onClose(response, socket, responses);
    response.once('close', onClose);
    // One that waits for its turn would not hear of the end of its connection.
    onLeft(response, onClose);
    if (this.#closing) {
      closeAfterOnly(responses);
      this.#quietCame?.();
    }
  };

  #onClose(response: ServerResponse, socket: Socket, responses: Set<ServerResponse>): void {
    responses.delete(response);
    if (responses.size === 0) {
      this.#openBySocket.delete(socket);
    } else if (this.#closing) {
      closeAfterOnly(responses);
    }
    if (this.#open.delete(response) && this.#ending !== undefined) {
      this.#finished += response.writableFinished ? 1 : 0;
      this.#cutOff += response.writableFinished ? 0 : 1;
      this.#quietCame?.();
    }
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#environment.schedule(delayMs, resolve);
    });
  }

  /**
   * The kernel resets connections that it has accepted and we have not, so the door is
   * closed after a turn of the event loop in which nobody came, if there is one soon.
   */
  async #letInWhoStandsAtTheDoor(): Promise<void> {
    let came = false;
    const onConnection = (): void => {
      came = true;
    };
    this.#server.on('connection', onConnection);
    let turns = 0;
    do {
      came = false;
      turns += 1;
      await new Promise<void>((resolve) => {
        this.#environment.deferPastIo(resolve);
      });
    } while (came && turns < doorTurnsMax);
    this.#server.off('connection', onConnection);
  }

  #letGo(): void {
    this.#server.off('request', this.#onRequest);
    this.#forgetSignals?.();
    if (this.#options.environment === undefined) {
      this.#environment.close();
    }
  }
}

/** Responses that say `close` because we told them to. */
const toldToClose = new WeakSet<ServerResponse>();

/** Tells the client that this connection takes no further request, where that can still be told and loses none. */
function closeAfterOnly(responses: ReadonlySet<ServerResponse>): void {
  const [response] = responses;
  if (responses.size === 1 && !response!.headersSent && !response!.hasHeader('connection')) {
    response!.setHeader('connection', 'close');
    toldToClose.add(response!);
  }
}

/** Another request has come behind these: the connection is kept for it, where the client was not told otherwise. */
function keepFor(responses: ReadonlySet<ServerResponse>): void {
  for (const response of responses) {
    if (toldToClose.delete(response) && !response.headersSent) {
      response.removeHeader('connection');
    }
  }
}

function lengthOf(name: string, given: number | undefined, otherwiseMs: number): number {
  const lengthMs = given ?? otherwiseMs;
  if (typeof lengthMs !== 'number' || !(lengthMs >= 0) || lengthMs === Number.POSITIVE_INFINITY) {
    throw new RangeError(`${name} is a finite number of milliseconds, at least 0; got ${String(lengthMs)}`);
  }
  return lengthMs;
}
