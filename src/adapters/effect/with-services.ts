/**
 * Handlers that need services: an Effect that a handler returns may need nothing,
 * because a system knows no services. What it needs is taken from where the agent
 * is defined.
 */
import type * as Context from 'effect/Context';
import * as Effect from 'effect/Effect';
import * as Stream from 'effect/Stream';
import type { Context as AgentContext } from '../../actors/context.ts';

/**
 * Gives a handler the services around it, once; the handler that comes out needs
 * none, and can be given to `defineAgent`. A handler that returns a Stream becomes
 * one whose replies are its values, pulled as fast as the reader reads.
 *
 * They are those of the moment this runs, so make agents where their services live
 * as long as the system: in the Effect that is given to `Troupe.layer`.
 *
 * An Effect runs under the clock and the turns of the system; a Stream runs under
 * those of Effect, so a simulated world does not own its time.
 *
 * @example
 * import { Effect } from 'effect'
 * const twice = await Effect.runPromise(withServices((n) => Effect.succeed(n * 2)))
 * await Effect.runPromise(twice(21)) // => 42
 */
export function withServices<M, A, E, R, State = unknown, Reply = unknown>(
  handler: (message: M, context: AgentContext<State, Reply>) => Effect.Effect<A, E, R>,
): Effect.Effect<(message: M, context: AgentContext<State, Reply>) => Effect.Effect<A, E>, never, R>;
export function withServices<M, A, E, R, State = unknown, Reply = unknown>(
  handler: (message: M, context: AgentContext<State, Reply>) => Stream.Stream<A, E, R>,
): Effect.Effect<(message: M, context: AgentContext<State, Reply>) => AsyncIterable<A>, never, R>;
export function withServices<M, A, E, R>(
  handler: (message: M, context: AgentContext) => Effect.Effect<A, E, R> | Stream.Stream<A, E, R>,
): Effect.Effect<(message: M, context: AgentContext) => Effect.Effect<A, E> | AsyncIterable<A>, never, R> {
  return Effect.map(Effect.context<R>(), (services: Context.Context<R>) => (message, context) => {
    const result = handler(message, context);
    return Stream.isStream(result)
      ? Stream.toAsyncIterableWith(result, services)
      : Effect.provideContext(result, services);
  });
}
