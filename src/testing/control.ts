/**
 * Control: a world's hold on the process while it runs, and what it finds that is
 * out of its control.
 */
import type { Environment } from '../core/environment.ts';
import { holdAmbientGuard } from './ambient-guard.ts';
import { afterMicrotasks } from './host-loop.ts';
import { begunSince, describeRequest, openRequests } from './host-requests.ts';
import { type Ambient, Presence, present } from './presence.ts';
import { UncontrolledAsync } from './uncontrolled-async.ts';

export class Control {
  readonly #presence: Presence;
  /** Gives the process away, while the world has it. */
  #letGo: (() => void) | undefined;
  /** Calls that drive the world, each begun while the one before it did. */
  readonly #inner: Promise<void>[] = [];
  /** Who waits until nobody drives it. */
  readonly #told: (() => void)[] = [];
  /** What the host had open when the world took the process. */
  #openBefore: readonly string[] = [];

  constructor(environment: Environment, ambient: Ambient) {
    this.#presence = new Presence(environment, ambient);
  }

  /** How many calls drive the world inside of the first one that does. */
  get depth(): number {
    return this.#inner.length;
  }

  /** Waits until no call drives the world any more that began inside of the one at this depth; `undefined` when there is none. */
  innerThan(depth: number): Promise<void> | undefined {
    return this.#inner.length > depth ? this.#untilBackAt(depth) : undefined;
  }

  async #untilBackAt(depth: number): Promise<void> {
    while (this.#inner.length > depth) {
      await this.#inner[depth];
      // Whoever waited for it goes on now, and may drive the world again.
      await afterMicrotasks();
    }
  }

  /** Has the process while `code` runs, and the promises behind it. */
  async inside<T>(code: () => Promise<T>): Promise<T> {
    if (this.#letGo !== undefined) {
      return this.#deeper(code);
    }
    const letGoOfGuard = holdAmbientGuard();
    const letGo = (): void => {
      if (this.#letGo === letGo) {
        this.#letGo = undefined;
        for (const tell of this.#told.splice(0)) {
          tell();
        }
        this.#presence.leave();
        letGoOfGuard();
      }
    };
    this.#letGo = letGo;
    try {
      const door = this.#presence.enter();
      if (door !== undefined) {
        await door;
      }
      this.#openBefore = openRequests();
      return await code();
    } finally {
      letGo();
      // Where the world was closed while it waited for its turn, it has got it only since.
      this.#presence.leave();
    }
  }

  async #deeper<T>(code: () => Promise<T>): Promise<T> {
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#inner.push(ended);
    try {
      return await code();
    } finally {
      this.#inner.splice(this.#inner.indexOf(ended), 1);
      end();
    }
  }

  /** The world is closed: it has the process no more, also when somebody still waits for a step of it. */
  close(): void {
    this.#letGo?.();
  }

  /** Whether this world has the process now. */
  get isPresent(): boolean {
    return present() === this.#presence;
  }

  /** The end of the call that drives the world now, if there is one. */
  get driven(): Promise<void> | undefined {
    return this.#letGo && new Promise((resolve) => void this.#told.push(resolve));
  }

  /** Calls code of the test, which is outside of every world. */
  outside<T>(code: () => T): T {
    return this.#presence.outside(code);
  }

  /**
   * Called after each step; a promise when another world wants to take one.
   *
   * Errors: `UncontrolledAsync`, when something was called that is the host's.
   */
  afterStep(): Promise<void> | undefined {
    this.#check();
    return this.#presence.giveWay();
  }

  /** Errors: `UncontrolledAsync`, when something of the host is under way that was not before. */
  atQuiet(): void {
    const kind = begunSince(this.#openBefore);
    if (kind !== undefined) {
      this.#presence.uncontrolled ??= new UncontrolledAsync({ called: describeRequest(kind), at: [] });
    }
    this.#check();
  }

  /**
   * Something went on only after the event loop of the host had gone round.
   *
   * Errors: `UncontrolledAsync`.
   */
  cameFromHost(): never {
    this.#presence.uncontrolled ??= new UncontrolledAsync({ called: 'something of the host', at: [] });
    throw this.#presence.uncontrolled;
  }

  #check(): void {
    const { uncontrolled } = this.#presence;
    if (uncontrolled !== undefined) {
      throw uncontrolled;
    }
  }
}
