/**
 * `pipeline`: one after another, each with what the one before answered.
 *
 *     caller ──input──▶ a ──▶ b ──▶ c ──answer──▶ caller
 *
 * Source: Pipes and Filters, in Hohpe & Woolf, "Enterprise Integration Patterns"
 * (2003). Laws: it is associative, and a pipeline of one is that one; in a stream it
 * keeps the order of each key (L26).
 */
import type { Procedure, Responder, Scope } from '../actors/context.ts';
import { isThenable } from '../actors/thenable.ts';
import { askPart } from './ask-part.ts';
import { type AnyResponder, checkResponder } from './responder.ts';
import { goOn } from './still-wanted.ts';

/**
 * Asks one after another: the answer of each is what the next one is asked.
 *
 * It works on one input at a time for each call and holds nothing between calls. In a
 * stream, `mapRequest(8, pipeline(a, b))` has 8 values under way, each at any stage;
 * `mapRequest(4, a), mapRequest(4, b)` works stage by stage. Both let the answers out in
 * order. See `inOrder` where the stages themselves must see the values of a key in order.
 *
 * Cancellation: no stage begins after the call was interrupted.
 *
 * Errors: `PartFailed` with the stage; its cause is what the stage failed of.
 * `RangeError`, at once, for no stages, or something that is none.
 *
 * Cost: stages that are procedures are called as functions, in the scope of the call.
 *
 * @example
 * const shout = pipeline((text: string) => text.trim(), (text) => `${text.toUpperCase()}!`)
 * const system = createSystem()
 * await system.request(shout, ' hello ') // => 'HELLO!'
 * await system.stop()
 */
export function pipeline<A, B>(a: Responder<A, B>): Procedure<A, B>;
export function pipeline<A, B, C>(a: Responder<A, B>, b: Responder<B, C>): Procedure<A, C>;
export function pipeline<A, B, C, D>(
  a: Responder<A, B>,
  b: Responder<B, C>,
  c: Responder<C, D>,
): Procedure<A, D>;
export function pipeline<A, B, C, D, E>(
  a: Responder<A, B>,
  b: Responder<B, C>,
  c: Responder<C, D>,
  d: Responder<D, E>,
): Procedure<A, E>;
export function pipeline<A, B, C, D, E, F>(
  a: Responder<A, B>,
  b: Responder<B, C>,
  c: Responder<C, D>,
  d: Responder<D, E>,
  e: Responder<E, F>,
): Procedure<A, F>;
export function pipeline<A, B, C, D, E, F, G>(
  a: Responder<A, B>,
  b: Responder<B, C>,
  c: Responder<C, D>,
  d: Responder<D, E>,
  e: Responder<E, F>,
  f: Responder<F, G>,
): Procedure<A, G>;
export function pipeline<A, B, C, D, E, F, G, H>(
  a: Responder<A, B>,
  b: Responder<B, C>,
  c: Responder<C, D>,
  d: Responder<D, E>,
  e: Responder<E, F>,
  f: Responder<F, G>,
  g: Responder<G, H>,
): Procedure<A, H>;
export function pipeline<A, B, C, D, E, F, G, H, I>(
  a: Responder<A, B>,
  b: Responder<B, C>,
  c: Responder<C, D>,
  d: Responder<D, E>,
  e: Responder<E, F>,
  f: Responder<F, G>,
  g: Responder<G, H>,
  h: Responder<H, I>,
): Procedure<A, I>;
export function pipeline(...stages: readonly AnyResponder[]): Procedure<never, unknown> {
  if (stages.length === 0) {
    throw new RangeError('a pipeline has at least one stage; got none');
  }
  for (const [at, stage] of stages.entries()) {
    checkResponder(`stage ${at + 1} of a pipeline`, stage);
  }
  const line = stages as readonly Responder<unknown, unknown>[];
  return function pipeline(input: unknown, scope: Scope) {
    return from(0, input);

    /** What comes of the stages from here on: at once, as long as they answer at once. */
    function from(first: number, given: unknown): unknown {
      let value = given;
      for (let at = first; at < line.length; at += 1) {
        value = askPart('pipeline', `stage ${at + 1}`, line[at]!, value, scope);
        if (isThenable(value) && at + 1 < line.length) {
          return value.then((answer) => goOn(scope, () => from(at + 1, answer)));
        }
      }
      return value;
    }
  };
}
