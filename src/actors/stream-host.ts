/**
 * The host of a stream: the system it runs in, as far as operators need one.
 *
 * An operator that waits for time or runs an Effect asks for its host while it
 * subscribes to its source; the source, when it is a stream of a system, says so.
 * It works through any operators in between, as long as they subscribe at once.
 */
import type { Kernel } from './kernel.ts';

export interface StreamHost extends Pick<Kernel, 'environment' | 'effects' | 'nowMs' | 'reportFailure'> {
  /** Who speaks in it: the agent whose stream it is, otherwise the system. `senderOf` takes it. */
  readonly verbs: object | undefined;
}

/** The host of a stream in which somebody else speaks than the system. */
export function hostFor(kernel: Kernel, verbs: object): StreamHost {
  return {
    environment: kernel.environment,
    effects: kernel.effects,
    nowMs: () => kernel.nowMs(),
    reportFailure: (report) => kernel.reportFailure(report),
    verbs,
  };
}

/** An operator that subscribes now, and those behind it that do. */
export class HostAsked {
  #host: StreamHost | undefined;
  #around: HostAsked | undefined;

  /** Subscribes, and learns meanwhile which system the source is of. */
  while<T>(subscribe: () => T): T {
    this.#around = asking;
    asking = this;
    try {
      return subscribe();
    } finally {
      asking = this.#around;
      this.#around = undefined;
    }
  }

  /** The system, if the source is of one. */
  get known(): StreamHost | undefined {
    return this.#host;
  }

  /** Errors: `RangeError` when the source is no stream of a system. */
  host(operator: string): StreamHost {
    if (this.#host === undefined) {
      throw new RangeError(
        `${operator} needs a system for its time: use it on the inbox of a stream agent, or on what system.observe and stream give`,
      );
    }
    return this.#host;
  }

  offer(host: StreamHost): void {
    this.#host ??= host;
    this.#around?.offer(host);
  }
}

let asking: HostAsked | undefined;

/** A source that is subscribed to says which system it is of. */
export function offerHost(host: StreamHost): void {
  asking?.offer(host);
}
