/**
 * A simulated host: what Node gives to code, time, timers and chance, given by the
 * environment of a world instead.
 *
 * A timer of 0 ms takes 1 ms, as in Node, so that one that rings again and again
 * cannot keep time from passing.
 *
 * What is set in a step of one of several hosts is that host's, as is what is set
 * by what rings then: it does not ring any more when that host has crashed.
 */
import type { Environment, Timer } from '../core/environment.ts';

export type Callback = (...args: unknown[]) => void;

/** An environment of several hosts, which knows where the step that is under way belongs. */
export interface SharedEnvironment extends Environment {
  readonly owner?: Environment | undefined;
}

export class SimulatedHost {
  readonly #environment: SharedEnvironment;

  constructor(environment: SharedEnvironment) {
    this.#environment = environment;
  }

  /** Milliseconds since 1970: the world begins there. */
  get timeMs(): number {
    return this.#environment.epochMs + this.#environment.nowMs();
  }

  /** Milliseconds since the world began. */
  get monotonicMs(): number {
    return this.#environment.nowMs();
  }

  random(): number {
    return this.#environment.random();
  }

  /** Fills what it is given, a view or a buffer, and gives it back. */
  fill<T extends ArrayBufferView | ArrayBuffer>(view: T, offset = 0, size?: number): T {
    const bytes = ArrayBuffer.isView(view)
      ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
      : new Uint8Array(view);
    const end = size === undefined ? bytes.length : offset + size;
    for (let n = offset; n < end; n += 1) {
      bytes[n] = Math.floor(this.random() * 256);
    }
    return view;
  }

  /** A random UUID, version 4: RFC 9562, 5.4. */
  uuid(): string {
    const bytes = this.fill(new Uint8Array(16));
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    const hex = Buffer.from(bytes).toString('hex');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  }

  timeout(call: Callback, delayMs: unknown, args: readonly unknown[] = []): SimulatedTimer {
    return new SimulatedTimer(this.#owner, () => call(...args), delayOf(delayMs), false);
  }

  interval(call: Callback, everyMs: unknown, args: readonly unknown[] = []): SimulatedTimer {
    return new SimulatedTimer(this.#owner, () => call(...args), delayOf(everyMs), true);
  }

  immediate(call: Callback, args: readonly unknown[] = []): SimulatedImmediate {
    return new SimulatedImmediate(this.#owner, () => call(...args));
  }

  /** As `timeout`, for what is done for all hosts of a world together: it does not end with one of them. */
  timeoutOfAll(call: () => void, delayMs: number): SimulatedTimer {
    return new SimulatedTimer(this.#environment, call, delayMs, false);
  }

  /** As `immediate`, likewise. */
  immediateOfAll(call: () => void): SimulatedImmediate {
    return new SimulatedImmediate(this.#environment, call);
  }

  get #owner(): Environment {
    return this.#environment.owner ?? this.#environment;
  }
}

/** What `setTimeout` and `setInterval` give: Node's `Timeout`, as far as programs use it. */
export class SimulatedTimer {
  readonly #environment: Environment;
  readonly #delayMs: number;
  readonly #again: boolean;
  #call: (() => void) | null;
  #timer: Timer;

  constructor(environment: Environment, call: () => void, delayMs: number, again: boolean) {
    this.#environment = environment;
    this.#call = call;
    this.#delayMs = delayMs;
    this.#again = again;
    this.#timer = environment.schedule(delayMs, this.#ring);
  }

  cancel(): void {
    this.#call = null;
    this.#timer.cancel();
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  refresh(): this {
    if (this.#call !== null) {
      this.#timer.cancel();
      this.#timer = this.#environment.schedule(this.#delayMs, this.#ring);
    }
    return this;
  }

  close(): this {
    this.cancel();
    return this;
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  /** Node's own `clearTimeout` looks for this and empties it: so one that was set in a world can be cleared outside of it. */
  get _onTimeout(): unknown {
    return this.#call;
  }

  set _onTimeout(_: null) {
    this.cancel();
  }

  /** With this set, Node's own `clearTimeout` leaves alone what is only its timers'. */
  readonly _destroyed = true;

  readonly #ring = (): void => {
    const call = this.#call;
    if (this.#again) {
      this.#timer = this.#environment.schedule(this.#delayMs, this.#ring);
    } else {
      this.#call = null;
    }
    call?.();
  };
}

/** What `setImmediate` gives. */
export class SimulatedImmediate {
  #call: (() => void) | undefined;

  constructor(environment: Environment, call: () => void) {
    this.#call = call;
    environment.defer(() => {
      const due = this.#call;
      this.#call = undefined;
      due?.();
    });
  }

  cancel(): void {
    this.#call = undefined;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  [Symbol.dispose](): void {
    this.cancel();
  }
}

/** Cancels what one of these two is; says whether it was. */
export function cancelSimulated(handle: unknown): boolean {
  if (handle instanceof SimulatedTimer || handle instanceof SimulatedImmediate) {
    handle.cancel();
    return true;
  }
  return false;
}

/** As Node reads a delay. */
function delayOf(delayMs: unknown): number {
  const ms = Math.trunc(Number(delayMs));
  return ms >= 1 && ms < 2 ** 31 ? ms : 1;
}
