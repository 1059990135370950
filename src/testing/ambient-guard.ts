/**
 * The ambient guard: while worlds run, what takes time, chance or a timer from
 * Node passes through here, and is met by the world that has the process.
 *
 * Nobody is in the way where no world has it: then a guarded function is the real
 * one behind one branch. It is put in place when the first world runs, counted,
 * and taken away when the last has ended.
 *
 * What was taken out of its place before, `const { now } = Date`, is not seen.
 */
import nodeCrypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { promisify } from 'node:util';
import { present } from './presence.ts';
import { type Callback, cancelSimulated, type SimulatedHost } from './simulated-host.ts';

/** A function or an object that stands in the place of a real one. */
interface Place {
  readonly owner: object;
  readonly key: string;
  readonly guard: unknown;
  /** What is there when no guard is: `undefined` when it is inherited. */
  readonly before: PropertyDescriptor | undefined;
}

let holders = 0;
let places: readonly Place[] = [];

/** Puts the guards in their places, unless they are; returns how to let go of them, once. */
export function holdAmbientGuard(): () => void {
  holders += 1;
  if (holders === 1) {
    places = guards().filter(put);
    syncBuiltinESMExports();
  }
  return () => {
    holders -= 1;
    if (holders === 0) {
      for (const place of places) {
        takeAway(place);
      }
      places = [];
      syncBuiltinESMExports();
    }
  };
}

function put({ owner, key, guard, before }: Place): boolean {
  const enumerable = before?.enumerable ?? false;
  return Reflect.defineProperty(owner, key, { value: guard, enumerable, writable: true, configurable: true });
}

/** Leaves alone what somebody else has put there meanwhile. */
function takeAway({ owner, key, guard, before }: Place): void {
  if (Reflect.get(owner, key) !== guard) {
    return;
  }
  if (before === undefined) {
    Reflect.deleteProperty(owner, key);
  } else {
    Reflect.defineProperty(owner, key, before);
  }
}

type Simulated = (host: SimulatedHost, ...args: never[]) => unknown;

function guards(): Place[] {
  const { performance, crypto } = globalThis;
  const all: Place[] = [];
  const place = (owner: object, key: string, guard: unknown): void => {
    all.push({ owner, key, guard, before: Object.getOwnPropertyDescriptor(owner, key) });
  };
  const add = (owner: object, key: string, called: string, simulated: Simulated): void => {
    place(owner, key, guarded(Reflect.get(owner, key) as Callback, called, simulated));
  };

  for (const owner of [globalThis, timers]) {
    for (const key of ['setTimeout', 'setInterval', 'setImmediate'] as const) {
      const guard = guarded(owner[key] as unknown as Callback, `${key}()`, simulatedTimers[key]);
      Object.defineProperty(guard, promisify.custom, {
        get: () => (timersPromises as unknown as Record<string, unknown>)[key],
      });
      place(owner, key, guard);
    }
    for (const key of ['clearTimeout', 'clearInterval', 'clearImmediate'] as const) {
      const real = owner[key] as (handle: unknown) => void;
      place(owner, key, (handle: unknown) => void (cancelSimulated(handle) || real(handle)));
    }
  }
  add(timersPromises, 'setTimeout', 'setTimeout() of node:timers/promises', promisedTimeout);
  add(timersPromises, 'setImmediate', 'setImmediate() of node:timers/promises', promisedImmediate);
  add(timersPromises, 'setInterval', 'setInterval() of node:timers/promises', promisedInterval);
  add(timersPromises.scheduler, 'wait', 'scheduler.wait()', (host, ms: unknown, options: unknown) =>
    promisedTimeout(host, ms, undefined, options),
  );
  add(AbortSignal, 'timeout', 'AbortSignal.timeout()', (host, ms: unknown) => {
    const abort = new AbortController();
    host.timeout(
      () => abort.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')),
      ms,
    );
    return abort.signal;
  });

  add(Date, 'now', 'Date.now()', (host) => host.timeMs);
  const date = guardedDate(Date);
  place(globalThis, 'Date', date);
  // As the real one is that of its dates: who compares them finds the same.
  place(Date.prototype, 'constructor', date);
  add(performance, 'now', 'performance.now()', (host) => host.monotonicMs);
  const { hrtime } = process;
  const guardedHrtime = guarded(hrtime as unknown as Callback, 'process.hrtime()', (host, since?: Hrtime) =>
    sinceThen(host.monotonicMs, since),
  );
  const bigint = guarded(hrtime.bigint, 'process.hrtime.bigint()', (host) =>
    BigInt(Math.round(host.monotonicMs * 1_000_000)),
  );
  place(process, 'hrtime', Object.assign(guardedHrtime, { bigint }));

  add(Math, 'random', 'Math.random()', (host) => host.random());
  for (const owner of [crypto, nodeCrypto]) {
    add(owner, 'randomUUID', 'crypto.randomUUID()', (host) => host.uuid());
    add(owner, 'getRandomValues', 'crypto.getRandomValues()', (host, view: Uint8Array) => host.fill(view));
  }
  for (const key of ['randomBytes', 'pseudoRandomBytes']) {
    add(nodeCrypto, key, `crypto.${key}()`, (host, size: number, call?: Callback) =>
      told(host, call, host.fill(Buffer.alloc(size))),
    );
  }
  add(nodeCrypto, 'randomInt', 'crypto.randomInt()', (host, ...args: unknown[]) => {
    const [low, high] = (typeof args[1] === 'number' ? args : [0, args[0]]) as [number, number];
    return told(host, args.at(-1), low + Math.floor(host.random() * (high - low)));
  });
  add(
    nodeCrypto,
    'randomFillSync',
    'crypto.randomFillSync()',
    (host, view: Uint8Array, offset?: number, size?: number) => host.fill(view, offset, size),
  );
  add(nodeCrypto, 'randomFill', 'crypto.randomFill()', (host, view: Uint8Array, ...args: unknown[]) => {
    const [offset, size] = args.filter((arg) => typeof arg === 'number');
    told(host, args.at(-1), host.fill(view, offset, size));
  });
  return all;
}

/** The real function, unless a world has the process. */
function guarded(real: Callback, called: string, simulated: Simulated): Callback {
  const guard = function (this: unknown, ...args: never[]): unknown {
    const world = present();
    return world === undefined
      ? Reflect.apply(real, this, args)
      : world.meet(
          called,
          guard,
          () => simulated(world.host, ...args),
          () => Reflect.apply(real, this, args),
        );
  };
  return guard as Callback;
}

/** `Date` that knows of a world's time: only what asks for the present differs. */
function guardedDate(real: DateConstructor): DateConstructor {
  const now = (guard: (...args: never[]) => unknown, called: string): number =>
    present()!.meet(
      called,
      guard,
      () => present()!.host.timeMs,
      () => real.now(),
    );
  const construct = (target: DateConstructor, args: unknown[], made: NewableFunction): object =>
    Reflect.construct(
      target,
      args.length > 0 || present() === undefined ? args : [now(construct, 'new Date()')],
      made,
    ) as object;
  const apply = (target: DateConstructor): string =>
    present() === undefined ? target() : new target(now(apply, 'Date()')).toString();
  return new Proxy(real, { construct, apply });
}

const simulatedTimers: Record<'setTimeout' | 'setInterval' | 'setImmediate', Simulated> = {
  setTimeout: (host, call: Callback, ms: unknown, ...args: unknown[]) => host.timeout(call, ms, args),
  setInterval: (host, call: Callback, ms: unknown, ...args: unknown[]) => host.interval(call, ms, args),
  setImmediate: (host, call: Callback, ...args: unknown[]) => host.immediate(call, args),
};

interface Abortable {
  readonly signal?: AbortSignal;
}

function promisedTimeout(
  host: SimulatedHost,
  ms: unknown,
  value: unknown,
  options: unknown,
): Promise<unknown> {
  return abortable(options, (resolve) => host.timeout(() => resolve(value), ms));
}

function promisedImmediate(host: SimulatedHost, value: unknown, options: unknown): Promise<unknown> {
  return abortable(options, (resolve) => host.immediate(() => resolve(value)));
}

async function* promisedInterval(
  host: SimulatedHost,
  ms: unknown,
  value: unknown,
  options: unknown,
): AsyncGenerator<unknown> {
  for (;;) {
    yield await promisedTimeout(host, ms, value, options);
  }
}

function abortable(
  options: unknown,
  start: (resolve: (value: unknown) => void) => { cancel(): void },
): Promise<unknown> {
  const signal = (options as Abortable | undefined)?.signal;
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      timer?.cancel();
      reject(new DOMException('The operation was aborted', { name: 'AbortError', cause: signal!.reason }));
    };
    let timer: { cancel(): void } | undefined;
    if (signal?.aborted === true) {
      abort();
      return;
    }
    timer = start((value) => {
      signal?.removeEventListener('abort', abort);
      resolve(value);
    });
    signal?.addEventListener('abort', abort, { once: true });
  });
}

/** Seconds and nanoseconds. */
type Hrtime = readonly [number, number];

function sinceThen(nowMs: number, [seconds, rest]: Hrtime = [0, 0]): Hrtime {
  const nanos = Math.round(nowMs * 1_000_000) - (seconds * 1e9 + rest);
  return [Math.floor(nanos / 1e9), nanos % 1e9];
}

/** Gives a value to whoever asked to be called back, in a turn of its own, or returns it. */
function told(host: SimulatedHost, call: unknown, value: unknown): unknown {
  if (typeof call !== 'function') {
    return value;
  }
  host.immediate(() => (call as Callback)(null, value));
  return undefined;
}
