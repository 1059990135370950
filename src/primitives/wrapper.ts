/**
 * A wrapper: something put around whoever answers, that changes how it is called.
 *
 *     receive: breaker((order, context) => charge(order, context))      around a handler
 *     context.request(retry({ times: 3 })(shop), order)                 around a responder
 *     source.pipe(mapRequest(8, limiter(shop)))                         in a stream
 */
import type { Effect } from 'effect/Effect';
import type { Procedure, Responder, Scope } from '../actors/context.ts';

/**
 * What can be put around a handler, a procedure, an agent, a topic or a capability.
 * One that reads its input (a `key` does) is only for whoever is asked that.
 */
export interface Wrapper<Input = unknown> {
  /**
   * Around a handler or a procedure. What comes out is called as what went in, and answers
   * as that does: with a promise when it is not done at once. A handler that only looks
   * something up stays one step, which fails whole when it throws.
   */
  <I extends Input, O, C extends Scope = Scope>(
    work: (input: I, scope: C) => O | PromiseLike<O> | Effect<O, unknown>,
  ): (input: I, scope: C) => O | Promise<O>;
  /** Around an agent, a topic or a capability, or whichever of all these it is. */
  <I extends Input, O>(responder: Responder<I, O>): Procedure<I, O>;
  /** Never there. It tells the compiler what is read of an input, so that a wrapper of one kind of messages is not taken for one of all. */
  readonly reads?: (input: Input) => void;
}
