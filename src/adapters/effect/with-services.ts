/**
 * Handlers that need services: an Effect that a handler returns may need nothing,
 * because a system knows no services. What it needs is taken from where the agent
 * is defined.
 */
import type * as Context from 'effect/Context';
import * as Effect from 'effect/Effect';
import type { Context as AgentContext } from '../../actors/context.ts';

/**
 * Gives a handler the services around it, once; the handler that comes out needs
 * none, and can be given to `defineAgent`.
 *
 * They are those of the moment this runs, so make agents where their services live
 * as long as the system: in the Effect that is given to `Troupe.layer`.
 *
 * @example
 * import { Effect } from 'effect'
 * const twice = await Effect.runPromise(withServices((n) => Effect.succeed(n * 2)))
 * await Effect.runPromise(twice(21)) // => 42
 */
export function withServices<M, A, E, R, State = unknown, Reply = unknown>(
  handler: (message: M, context: AgentContext<State, Reply>) => Effect.Effect<A, E, R>,
): Effect.Effect<(message: M, context: AgentContext<State, Reply>) => Effect.Effect<A, E>, never, R> {
  return Effect.map(
    Effect.context<R>(),
    (services: Context.Context<R>) => (message, context) =>
      Effect.provideContext(handler(message, context), services),
  );
}
