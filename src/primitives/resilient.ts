/**
 * `resilient`: several guards around one call, in the order that makes sense.
 *
 *     fallback ─> dedupe ─> cache ─> totalTimeout ─> retry ─> bulkhead ─> rateLimit ─> circuitBreaker ─> timeout ─> work
 *
 * Why in this order, from the outside:
 *   - `fallback` answers whatever went wrong within, a refusal too.
 *   - `dedupe` and `cache` come before all that costs something: what they know is not asked
 *     again, and takes nobody's place.
 *   - `totalTimeout` is for all tries together, with the waits between them.
 *   - `retry` makes each try go through all that follows: so a wait between two tries holds
 *     no place, and each try counts for the breaker.
 *   - `bulkhead` before `rateLimit`: whoever waits for a place has not spent a token on it,
 *     so what leaves is never faster than the rate.
 *   - `circuitBreaker` within these: that we refused a call ourselves says nothing about
 *     whom it was for, so it must not open the circuit; and a probe goes out at once.
 *   - `timeout` is for one try, without what it waited in line. It is within the breaker, so
 *     that being too slow counts as a failure.
 *
 * Where another order is wanted, nest the wrappers by hand: they are all it is made of.
 */
import type { Procedure, Responder } from '../actors/context.ts';
import { describeThrown } from '../core/failure.ts';
import type { Cache, SharingWrapper } from './cache.ts';
import { fallback } from './fallback.ts';
import { invoke } from './invoke.ts';
import { checkResponder } from './responder.ts';
import { wrap } from './wrap.ts';
import type { Wrapper } from './wrapper.ts';

/** The guards there are; each may be left out. Each is a wrapper, ours or yours. */
export interface ResilientOptions<Input = unknown> {
  readonly dedupe?: Wrapper<Input>;
  /** With a `cache` the work is for several callers, so it has a scope, and no context of an agent. */
  readonly cache?: Wrapper<Input> | Cache<Input>;
  /** For all tries together. */
  readonly totalTimeout?: Wrapper<Input>;
  readonly retry?: Wrapper<Input>;
  readonly bulkhead?: Wrapper<Input>;
  readonly rateLimit?: Wrapper<Input>;
  readonly circuitBreaker?: Wrapper<Input>;
  /** For one try. */
  readonly timeout?: Wrapper<Input>;
}

/** The same, with somebody who answers when all that failed. */
export interface ResilientWithFallback<I, O> extends ResilientOptions<I> {
  /** Asked the same when all that failed: see `fallback` for what it is not asked after. */
  readonly fallback: Responder<I, O>;
}

/** From the outside to the inside. */
const order = [
  'dedupe',
  'cache',
  'totalTimeout',
  'retry',
  'bulkhead',
  'rateLimit',
  'circuitBreaker',
  'timeout',
] as const satisfies readonly (keyof ResilientOptions)[];

/**
 * Puts several guards around one call, in a fixed order, whatever the order in which they
 * are given.
 *
 * Errors: those of the guards and of the work, unchanged; with a `fallback`, `FallbackFailed`.
 * `RangeError` for what is no wrapper, and for a guard that there is not.
 *
 * @example
 * const guarded = resilient({ retry: retry({ times: 2 }), timeout: timeout(1_000), bulkhead: bulkhead({ concurrency: 10 }) })
 * const system = createSystem()
 * await system.request(guarded(async (word) => `${word}!`), 'hello') // => 'hello!'
 * const closed = () => { throw new Error('closed') }
 * await system.request(resilient({ timeout: timeout(50), fallback: () => 'later' })(closed), 'hello') // => 'later'
 * await system.stop()
 */
export function resilient<Input>(
  options: ResilientOptions<Input> & { readonly cache: Cache<Input>; readonly fallback?: never },
): SharingWrapper<Input>;
export function resilient<Input>(
  options: ResilientOptions<Input> & { readonly cache?: Wrapper<Input>; readonly fallback?: never },
): Wrapper<Input>;
export function resilient<I, O>(
  options: ResilientWithFallback<I, O>,
): (work: Responder<I, O>) => Procedure<I, O>;
export function resilient<I, O>({
  fallback: otherwise,
  ...guards
}: ResilientOptions<I> & { readonly fallback?: Responder<I, O> }):
  | Wrapper<I>
  | SharingWrapper<I>
  | ((work: Responder<I, O>) => Procedure<I, O>) {
  checkGuards(guards);
  const chosen = order.flatMap((guard) => guards[guard] ?? []);
  const around = (work: Responder<I, O>): Procedure<I, O> =>
    asProcedure(chosen.reduceRight<Responder<I, O>>((inner, guard) => (guard as Wrapper<I>)(inner), work));
  if (otherwise === undefined) {
    return around as Wrapper<I>;
  }
  checkResponder('fallback of resilient', otherwise);
  return (work: Responder<I, O>) => fallback(around(work), otherwise);
}

/** Somebody to ask, as a procedure. */
function asProcedure<I, O>(responder: Responder<I, O>): Procedure<I, O> {
  return typeof responder === 'function' ? responder : plain(responder);
}

const plain = wrap((work) => (input, scope) => invoke(work, input, scope) as never);

function checkGuards(guards: object): void {
  for (const [name, guard] of Object.entries(guards)) {
    if (!order.some((known) => known === name)) {
      throw new RangeError(`a guard of resilient is one of ${order.join(', ')}, or fallback; got '${name}'`);
    }
    if (guard !== undefined && typeof guard !== 'function') {
      throw new RangeError(`${name} of resilient is a wrapper; got ${describeThrown(guard)}`);
    }
  }
}
