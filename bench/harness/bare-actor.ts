/**
 * The least that could be called an actor: a bounded ring of messages, a function,
 * and one microtask for each burst. It has no envelopes, no supervision, no
 * backpressure beyond `false`; what Troupe costs above it is what those cost.
 */

/** As many as wait in a mailbox of Troupe by default. */
const capacity = 1_024;

interface Ready {
  run(): void;
}

/** Whoever is ready, in order; drained by one microtask. */
export class BareDispatcher {
  readonly #ready: Ready[] = [];
  #first = 0;
  #deferred = false;

  ready(actor: Ready): void {
    this.#ready.push(actor);
    if (!this.#deferred) {
      this.#deferred = true;
      queueMicrotask(this.#drain);
    }
  }

  readonly #drain = (): void => {
    const ready = this.#ready;
    while (this.#first < ready.length) {
      ready[this.#first]!.run();
      this.#first += 1;
      if (this.#first === capacity) {
        ready.splice(0, capacity);
        this.#first = 0;
      }
    }
    ready.length = 0;
    this.#first = 0;
    this.#deferred = false;
  };
}

export class BareActor<M> {
  readonly #dispatcher: BareDispatcher;
  readonly #receive: (message: M) => void;
  readonly #slots: (M | undefined)[] = [];
  #head = 0;
  #tail = 0;
  #queued = false;

  constructor(dispatcher: BareDispatcher, receive: (message: M) => void) {
    this.#dispatcher = dispatcher;
    this.#receive = receive;
  }

  /** Says whether there was room. */
  tell(message: M): boolean {
    if (this.#tail - this.#head === capacity) {
      return false;
    }
    this.#slots[this.#tail % capacity] = message;
    this.#tail += 1;
    if (!this.#queued) {
      this.#queued = true;
      this.#dispatcher.ready(this);
    }
    return true;
  }

  run(): void {
    this.#queued = false;
    while (this.#head < this.#tail) {
      const slot = this.#head % capacity;
      const message = this.#slots[slot]!;
      this.#slots[slot] = undefined;
      this.#head += 1;
      this.#receive(message);
    }
  }
}
