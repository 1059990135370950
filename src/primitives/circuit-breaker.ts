/**
 * `circuitBreaker`: whoever fails again and again is left alone for a while.
 *
 *     call ──> closed ──> work ──> ok
 *     call ──> closed ──> work ──> fails, for the nth time: opens
 *     call ──> open   ──> CircuitOpen, at once
 *     call ──> half-open, the first ──> work ──> ok: closes
 *     call ──> half-open, the second ─> CircuitOpen, at once
 *
 * What it does next is decided in `circuit.ts`, of what `sliding-window.ts` has seen.
 *
 * Guarantees (L25): it agrees with its state machine under any interleaving; while it is
 * open no call reaches the work; what a call of an earlier state turns out to be changes
 * nothing.
 *
 * Source: M. Nygard, "Release It!" (2007).
 */
import type { Responder, Scope, Verbs } from '../actors/context.ts';
import type { Kernel } from '../actors/kernel.ts';
import { onThrowOf } from '../actors/observe.ts';
import { senderOf } from '../actors/sender-of.ts';
import { heed, isThenable } from '../actors/thenable.ts';
import { Tie } from '../actors/tie.ts';
import type { Environment } from '../core/environment.ts';
import { Failure, failureClass } from '../core/failure.ts';
import {
  afterCall,
  afterEnd,
  type CallEnd,
  type Circuit,
  type CircuitPolicy,
  closedCircuit,
  type Tally,
} from './circuit.ts';
import { invoke } from './invoke.ts';
import { isStream, oneAnswer, streamRefused } from './one-answer.ts';
import { PerSystem } from './per-system.ts';
import { type SlidingWindow, slidingWindow, type WindowSize } from './sliding-window.ts';
import { wrap } from './wrap.ts';
import type { Wrapper } from './wrapper.ts';

export type CircuitState = Circuit['_tag'];

/** When a circuit opens, and how it closes again. */
export interface CircuitBreakerOptions {
  /** Opens after so many failures in a row; a whole number, at least 1. 5 when neither this nor a rate is given. */
  readonly failuresInARow?: number;
  /** Opens when this part of the calls in the window failed; above 0, at most 1. */
  readonly failureRate?: number;
  /** Which calls the rate is of: the last so many, or those of the last milliseconds. The last 100 calls when not given. */
  readonly window?: WindowSize;
  /** Calls that have to be in the window before the rate says anything; 10, or as many as a smaller window holds, when not given. */
  readonly callsMin?: number;
  /** How long it is open before a probe is let through, in milliseconds, above 0; 10 000 when not given. */
  readonly openForMs?: number;
  /** The longest it is open: the time doubles each time probes fail. `openForMs` when not given, so that it stays the same. */
  readonly openForMsMax?: number;
  /** Probes that may be out at once while it is half-open; 1 when not given. */
  readonly probesMax?: number;
  /** Probes that have to succeed before it closes; 1 when not given. */
  readonly probesToClose?: number;
  /**
   * Which failures count; all when not given. Those of class `invalid` and `interrupted` never
   * do: they say nothing about whoever was called. What this throws counts as `true`.
   */
  readonly counts?: (failure: unknown) => boolean;
  /** Told of each change. What it throws is reported, and changes nothing. */
  readonly onChange?: (state: CircuitState, before: CircuitState) => void;
}

export interface CircuitBreakerStatistics {
  /** As of the last call: an open circuit becomes half-open with the first call after its time. */
  readonly state: CircuitState;
  /** Calls that were let through. */
  readonly calls: number;
  /** Calls that were not. */
  readonly refused: number;
  /** Of those let through, the ones that failed in a way that counts. */
  readonly failures: number;
  /** How often it has opened. */
  readonly opened: number;
}

/** A wrapper that is a circuit breaker. All it is put around share one circuit. */
export interface CircuitBreaker extends Wrapper {
  /** What it has done in the system that these verbs are of. */
  statistics(verbs: Verbs): CircuitBreakerStatistics;
}

/** Nothing was tried, because what was to be called has failed too often. Its code is `CIRCUIT_OPEN`. */
export class CircuitOpen extends Failure {
  readonly _tag = 'CircuitOpen';
  readonly code = 'CIRCUIT_OPEN';
  readonly class = 'transient';
  /** What was to be called. */
  readonly target: string;
  /** When the next probe is let through, in milliseconds from then; 0 while one is out. */
  readonly retryAfterMs: number;

  constructor(facts: { target: string; retryAfterMs: number }) {
    super();
    this.target = facts.target;
    this.retryAfterMs = facts.retryAfterMs;
  }

  override get message(): string {
    return this.retryAfterMs > 0
      ? `'${this.target}' has failed too often and is not called for another ${Math.ceil(this.retryAfterMs)} ms`
      : `'${this.target}' has failed too often and is not called until a probe has come back`;
  }
}

/**
 * Makes a circuit breaker.
 *
 * Put one around everything that fails together, and another around what does not: all
 * that one breaker is put around share its circuit, in each system one.
 *
 * Errors: `CircuitOpen` instead of a call, thrown at once; otherwise those of the work,
 * unchanged. `InvalidParams` where the work answers with a stream, whose failures would
 * not count. `RangeError` for options that cannot be.
 *
 * Cost: nothing is made for a call that is let through while it is closed, beside the
 * promise of an answer that is one; no time is read but for a window of time.
 *
 * @example
 * const breaker = circuitBreaker({ failuresInARow: 1, openForMs: 60_000 })
 * const shop = breaker(() => { throw new Error('out of order') })
 * const system = createSystem()
 * await system.request(shop, 'a book').catch((failure) => failure.message) // => 'out of order'
 * await system.request(shop, 'a book').catch((failure) => failure.code) // => 'CIRCUIT_OPEN'
 * breaker.statistics(system).state // => 'open'
 * await system.stop()
 */
export function circuitBreaker(options: CircuitBreakerOptions = {}): CircuitBreaker {
  const { failureRate, window: size = windowDefault } = options;
  slidingWindow(size);
  const policy = policyOf(options, size);
  const makeWindow = (): SlidingWindow | undefined =>
    failureRate === undefined ? undefined : slidingWindow(size);
  const breakers = new PerSystem((kernel) => new Breaker(kernel, policy, makeWindow(), options));
  const wrapper = wrap((work, name) => (input, scope) => breakers.of(scope).call(work, name, input, scope));
  return Object.assign(wrapper, { statistics: (verbs: Verbs) => breakers.of(verbs).statistics });
}

type Counted = { -readonly [Key in keyof Omit<CircuitBreakerStatistics, 'state'>]: number };

/** What is done when a call has ended that was let through in one epoch: made once for each. */
interface Ends {
  readonly succeeded: <O>(answer: O) => O;
  readonly failed: (failure: unknown) => never;
}

/** The circuit of one system. */
class Breaker {
  readonly #kernel: Kernel;
  readonly #environment: Environment;
  readonly #policy: CircuitPolicy;
  readonly #window: SlidingWindow | undefined;
  readonly #options: CircuitBreakerOptions;
  readonly #counted: Counted = { calls: 0, refused: 0, failures: 0, opened: 0 };
  #circuit = closedCircuit;
  #ends: Ends;

  constructor(
    kernel: Kernel,
    policy: CircuitPolicy,
    window: SlidingWindow | undefined,
    options: CircuitBreakerOptions,
  ) {
    this.#kernel = kernel;
    this.#environment = kernel.environment;
    this.#policy = policy;
    this.#window = window;
    this.#options = options;
    this.#ends = this.#endsOf(closedCircuit.epoch);
  }

  get statistics(): CircuitBreakerStatistics {
    return { state: this.#circuit._tag, ...this.#counted };
  }

  call<I, O>(work: Responder<I, O>, name: string, input: I, scope: Scope): O | Promise<O> {
    const before = this.#circuit;
    if (before._tag !== 'closed') {
      return this.#maybeProbe(before, work, name, input, scope);
    }
    this.#counted.calls += 1;
    const ends = this.#ends;
    let answer: O | PromiseLike<O>;
    try {
      answer = oneAnswer(invoke(work, input, scope), name);
    } catch (failure) {
      return ends.failed(failure);
    }
    return isThenable(answer)
      ? Promise.resolve(answer as PromiseLike<O>).then(ends.succeeded, ends.failed)
      : ends.succeeded(answer as O);
  }

  #maybeProbe<I, O>(
    before: Circuit,
    work: Responder<I, O>,
    name: string,
    input: I,
    scope: Scope,
  ): O | Promise<O> {
    const nowMs = this.#environment.nowMs();
    const circuit = afterCall(this.#policy, before, nowMs);
    if (circuit === before) {
      this.#counted.refused += 1;
      const retryAfterMs = circuit._tag === 'open' ? circuit.untilMs - nowMs : 0;
      throw new CircuitOpen({ target: name, retryAfterMs });
    }
    this.#goTo(circuit);
    this.#counted.calls += 1;
    const probe = new Probe((end) => this.#ended(circuit.epoch, end), this.#endOf);
    if (!senderOf(scope).tie(probe)) {
      probe.ended('neither');
    }
    let answer: O | PromiseLike<O>;
    try {
      answer = oneAnswer(invoke(work, input, scope), name);
    } catch (failure) {
      probe.ended(this.#endOf(failure));
      throw failure;
    }
    if (isThenable(answer)) {
      return Promise.resolve(answer as PromiseLike<O>).then(
        (value) => {
          probe.ended(isStream(value) ? 'neither' : 'success');
          return oneAnswer(value, name);
        },
        (failure) => {
          probe.ended(this.#endOf(failure));
          throw failure;
        },
      );
    }
    probe.ended('success');
    return answer as O;
  }

  #endsOf(epoch: number): Ends {
    return {
      succeeded: (answer) => {
        if (isStream(answer)) {
          this.#ended(epoch, 'neither');
          throw streamRefused('what a circuit breaker is put around');
        }
        this.#ended(epoch, 'success');
        return answer;
      },
      failed: (failure) => {
        this.#ended(epoch, this.#endOf(failure));
        throw failure;
      },
    };
  }

  #ended(epoch: number, end: CallEnd): void {
    const circuit = this.#circuit;
    if (end === 'failure') {
      this.#counted.failures += 1;
    }
    if (epoch !== circuit.epoch) {
      return;
    }
    const window = circuit._tag === 'closed' ? this.#window : undefined;
    const nowMs = end === 'failure' || window !== undefined ? this.#environment.nowMs() : 0;
    if (end !== 'neither') {
      window?.record(end === 'failure', nowMs);
    }
    this.#goTo(afterEnd(this.#policy, circuit, epoch, end, window ?? nothingSeen, nowMs));
  }

  readonly #endOf = (failure: unknown): CallEnd => {
    const of = failureClass(failure);
    if (of === 'invalid' || of === 'interrupted') {
      return 'neither';
    }
    const { counts } = this.#options;
    try {
      return counts === undefined || counts(failure) ? 'failure' : 'neither';
    } catch (thrown) {
      onThrowOf(this.#kernel)(thrown);
      return 'failure';
    }
  };

  #goTo(circuit: Circuit): void {
    const before = this.#circuit;
    this.#circuit = circuit;
    if (before._tag === circuit._tag) {
      return;
    }
    if (circuit._tag === 'open') {
      this.#counted.opened += 1;
    } else if (circuit._tag === 'closed') {
      this.#window?.clear();
      this.#ends = this.#endsOf(circuit.epoch);
    }
    const { onChange } = this.#options;
    if (onChange !== undefined) {
      try {
        heed(onChange(circuit._tag, before._tag), onThrowOf(this.#kernel));
      } catch (thrown) {
        onThrowOf(this.#kernel)(thrown);
      }
    }
  }
}

/** A call that is let through to see whether things have become better. It ends with the work it belongs to. */
class Probe extends Tie {
  #tell: ((end: CallEnd) => void) | undefined;
  readonly #endOf: (failure: unknown) => CallEnd;

  constructor(tell: (end: CallEnd) => void, endOf: (failure: unknown) => CallEnd) {
    super();
    this.#tell = tell;
    this.#endOf = endOf;
  }

  ended(end: CallEnd): void {
    const tell = this.#tell;
    this.#tell = undefined;
    this.untie();
    tell?.(end);
  }

  /** Nobody waits for its answer any more; where that is because it took too long, it has failed. */
  cut(failure: unknown): void {
    this.ended(failure === undefined ? 'neither' : this.#endOf(failure));
  }
}

const nothingSeen: Tally = { calls: 0, failures: 0 };

const windowDefault: WindowSize = { calls: 100 };

function policyOf(options: CircuitBreakerOptions, window: WindowSize): CircuitPolicy {
  const { failureRate = Number.POSITIVE_INFINITY, openForMs = 10_000 } = options;
  // Of more calls than the window can hold it would wait for ever to say anything.
  const callsHeld = 'calls' in window ? window.calls : Number.POSITIVE_INFINITY;
  const { callsMin = Math.min(10, callsHeld) } = options;
  const { failuresInARow = options.failureRate === undefined ? 5 : Number.POSITIVE_INFINITY } = options;
  const { openForMsMax = openForMs, probesMax = 1, probesToClose = 1 } = options;
  const check = (name: string, value: number, expected: string, holds: boolean): void => {
    if (typeof value !== 'number' || !holds) {
      throw new RangeError(`${name} of circuitBreaker is ${expected}; got ${String(value)}`);
    }
  };
  const whole = (value: number): boolean => Number.isInteger(value) && value >= 1;
  if (options.failuresInARow !== undefined) {
    check('failuresInARow', failuresInARow, 'a whole number, at least 1', whole(failuresInARow));
  }
  if (options.failureRate !== undefined) {
    check('failureRate', failureRate, 'a part, above 0 and at most 1', failureRate > 0 && failureRate <= 1);
  }
  check('callsMin', callsMin, 'a whole number, at least 1', whole(callsMin));
  check('callsMin', callsMin, `at most the calls of its window (${callsHeld})`, callsMin <= callsHeld);
  check(
    'openForMs',
    openForMs,
    'a number of milliseconds, above 0',
    openForMs > 0 && openForMs < Number.POSITIVE_INFINITY,
  );
  check(
    'openForMsMax',
    openForMsMax,
    `a number of milliseconds, at least openForMs (${openForMs})`,
    openForMsMax >= openForMs && openForMsMax < Number.POSITIVE_INFINITY,
  );
  check('probesMax', probesMax, 'a whole number, at least 1', whole(probesMax));
  check('probesToClose', probesToClose, 'a whole number, at least 1', whole(probesToClose));
  return { failuresInARow, failureRate, callsMin, openForMs, openForMsMax, probesMax, probesToClose };
}
