/**
 * Observing: a bounded stream of what is published on a topic, for code outside
 * of agents.
 */
import { Mailbox, type Overflow, overflows } from '../core/mailbox.ts';
import { InvalidParams } from '../core/schema.ts';
import type { AnyTopic, Topic } from '../core/topic.ts';
import { Bounded } from './bounded.ts';
import type { Kernel } from './kernel.ts';
import { Outlet } from './outlet.ts';

export interface ObserveOptions {
  /** What happens when the reader is too slow. It has no default: say what you mean. */
  readonly overflow: Exclude<Overflow, 'reject'>;
  /** Most that may wait; 1 024 when not given. */
  readonly capacity?: number;
  /** How many values may be out, unsettled, at once; as many as the operators behind it ask for when not given. */
  readonly window?: number;
}

/** Open outlets of a system: they complete when it stops. */
export class Observers {
  /** By what each has subscribed to. */
  readonly #outlets = new Map<Outlet<unknown>, string>();
  #over = false;

  /**
   * Errors: `InvalidParams` for options that cannot be, at once; `RangeError`, on
   * subscribing, when an operator gathers more values than `window` allows.
   */
  observe<M>(kernel: Kernel, topic: Topic<M, unknown>, options: ObserveOptions): Bounded<M> {
    checkOptions(topic as AnyTopic, options);
    const { overflow, capacity = 1_024 } = options;
    const { name, keyOf } = topic;
    return new Bounded<M>({
      onThrow: onThrowOf(kernel),
      host: kernel,
      open: (asked) => {
        const window = options.window ?? Math.max(1, asked);
        if (window < asked) {
          throw new RangeError(
            `an operator behind observe('${name}') works on ${asked} values at once, and its window is ${window}`,
          );
        }
        const outlet: Outlet<M> = new Outlet<M>({
          kernel,
          path: `observer of ${name}`,
          capacity,
          overflow,
          window,
          keyOf: keyOf === undefined ? undefined : (envelope) => keyOf(envelope.payload),
          onKeyThrew: onThrowOf(kernel),
          onClose: () => this.#leave(kernel, name, outlet as Outlet<unknown>),
        });
        if (this.#over) {
          outlet.complete();
        } else {
          kernel.subscribe(name, outlet);
          this.#outlets.set(outlet as Outlet<unknown>, name);
        }
        return outlet;
      },
    });
  }

  /** Nothing more comes: what waits is still read. */
  complete(kernel: Kernel): void {
    this.#over = true;
    for (const [outlet, name] of [...this.#outlets]) {
      // Not only when it is read to its end: whoever holds a stream may never read it.
      this.#leave(kernel, name, outlet);
      outlet.complete();
    }
  }

  #leave(kernel: Kernel, name: string, outlet: Outlet<unknown>): void {
    if (this.#outlets.delete(outlet)) {
      kernel.unsubscribe(name, outlet);
    }
  }
}

/** Reports what a reader of a stream threw. */
export function onThrowOf(kernel: Pick<Kernel, 'nowMs' | 'reportFailure'>): (thrown: unknown) => void {
  return (thrown) =>
    kernel.reportFailure({
      atMs: kernel.nowMs(),
      agent: '/',
      supervisor: '/',
      failure: thrown,
      class: 'defect',
      envelopeId: undefined,
      topic: undefined,
      directive: 'stop',
    });
}

function checkOptions(topic: AnyTopic, options: ObserveOptions): void {
  const { overflow, capacity = 1_024, window = 1 } = options;
  const issue = (path: string, message: string, value: unknown): never => {
    throw new InvalidParams({ what: `observe('${topic?.name}')`, value, issues: [{ path, message }] });
  };
  if (typeof topic?.name !== 'string') {
    issue('topic', 'expected what defineTopic returns', topic);
  }
  if (!overflows.includes(overflow) || (overflow as Overflow) === 'reject') {
    issue('overflow', `expected one of ${overflows.filter((one) => one !== 'reject').join(', ')}`, overflow);
  }
  if (overflow === 'suspend' && topic.name.startsWith('system.')) {
    issue('overflow', 'the system cannot wait for a reader: drop-oldest or drop-newest', overflow);
  }
  if (!(Number.isInteger(window) && window >= 1)) {
    issue('window', 'expected a whole number, at least 1', window);
  }
  // A mailbox knows best what a capacity is.
  new Mailbox({ capacity, overflow, spillMax: 0 });
}
