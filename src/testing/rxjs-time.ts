/**
 * RxJS's default schedulers under a world: `delay`, `debounceTime`, `interval` and
 * their like take time and turns from it, unchanged.
 *
 * RxJS asks small providers for timers and time, each with a `delegate` that may
 * be set; its own `TestScheduler` works so. The schedulers are one for the whole
 * process, and what is to be done as soon as possible waits in a queue of theirs;
 * so while a world has the process, that queue is the world's, too.
 *
 * The providers are inner modules that RxJS exports without promising them:
 * spec/testing/rxjs-contract.spec.ts fails when one of them moves. In Node, `import`
 * and `require` give the same copy of RxJS. Another copy, of another package, asks
 * the host for time, and is given the world's there.
 */
import { animationFrameScheduler, asapScheduler } from 'rxjs';
import { animationFrameProvider } from 'rxjs/internal/scheduler/animationFrameProvider';
import { dateTimestampProvider } from 'rxjs/internal/scheduler/dateTimestampProvider';
import { immediateProvider } from 'rxjs/internal/scheduler/immediateProvider';
import { intervalProvider } from 'rxjs/internal/scheduler/intervalProvider';
import { performanceTimestampProvider } from 'rxjs/internal/scheduler/performanceTimestampProvider';
import { timeoutProvider } from 'rxjs/internal/scheduler/timeoutProvider';
import { type Callback, cancelSimulated, type SimulatedHost } from './simulated-host.ts';

/** What RxJS calls its inner things; none of it is in its types. */
interface Provider {
  delegate: unknown;
}

interface QueueScheduler {
  actions: unknown[];
  _scheduled: unknown;
}

const providers: readonly Provider[] = [
  timeoutProvider,
  intervalProvider,
  immediateProvider,
  dateTimestampProvider,
  performanceTimestampProvider,
  animationFrameProvider,
];
const queues = [asapScheduler, animationFrameScheduler] as unknown as readonly QueueScheduler[];

/** One frame of an animation, in milliseconds. */
const frameMs = 16;

/** Whose time RxJS is given now. */
let giving: SimulatedHost;

/** In the order of `providers`. */
const delegates: readonly unknown[] = [
  {
    setTimeout: (call: Callback, ms: unknown, ...args: unknown[]) => giving.timeout(call, ms, args),
    clearTimeout: clear(clearTimeout),
  },
  {
    setInterval: (call: Callback, ms: unknown, ...args: unknown[]) => giving.interval(call, ms, args),
    clearInterval: clear(clearInterval),
  },
  // What is to be done as soon as possible waits in one queue for all hosts, and so do frames.
  { setImmediate: (call: () => void) => giving.immediateOfAll(call), clearImmediate: cancelSimulated },
  { now: () => giving.timeMs },
  { now: () => giving.monotonicMs },
  {
    requestAnimationFrame: (call: Callback) => giving.timeoutOfAll(() => call(giving.monotonicMs), frameMs),
    cancelAnimationFrame: cancelSimulated,
  },
];

/** RxJS's time of one world, and what that has left in the schedulers. */
export class RxjsTime {
  #delegatesBefore: readonly unknown[] = nobody;
  #queues: readonly QueueScheduler[] | undefined;

  /** RxJS is the world's from now on. Only when `rxjsIsBusy` is not so. */
  enter(host: SimulatedHost): void {
    giving = host;
    this.#delegatesBefore = swapDelegates(delegates);
    for (const [n, left] of this.#queues?.entries() ?? []) {
      Object.assign(queues[n]!, left);
    }
  }

  /** RxJS is given back to whoever had it. */
  leave(): void {
    swapDelegates(this.#delegatesBefore);
    this.#queues = rxjsIsBusy() ? queues.map(emptied) : undefined;
  }
}

/** Whether something is to be done as soon as possible: then a promise does it, and the queue must not change hands before. */
export const rxjsIsBusy = (): boolean =>
  queues.some(({ actions, _scheduled }) => actions.length > 0 || _scheduled !== undefined);

/** Takes everything out of a queue. */
function emptied(queue: QueueScheduler): QueueScheduler {
  const { actions, _scheduled } = queue;
  queue.actions = [];
  queue._scheduled = undefined;
  return { actions, _scheduled };
}

/** Nobody has set a delegate. */
const nobody: readonly unknown[] = providers.map(() => undefined);

/** Sets the delegates, and gives those that were set. */
function swapDelegates(to: readonly unknown[]): readonly unknown[] {
  let before = nobody;
  for (let n = 0; n < providers.length; n += 1) {
    const provider = providers[n]!;
    if (provider.delegate !== undefined && before === nobody) {
      before = providers.map(({ delegate }) => delegate);
    }
    provider.delegate = to[n];
  }
  return before;
}

function clear(real: (handle: never) => void): (handle: unknown) => void {
  return (handle) => {
    // What was set before the world came is the host's.
    if (!cancelSimulated(handle)) {
      real(handle as never);
    }
  };
}
