/**
 * What comes out of a handler.
 */
import type { Effect } from 'effect/Effect';

/**
 * What a handler may return: nothing, the reply, a promise or an Effect of it, or
 * a stream of replies (an AsyncIterable or a ReadableStream, pulled as fast as
 * the reader reads; an Observable through `bounded`, which names its overflow).
 */
export type Result<R> =
  | void
  | R
  | PromiseLike<R | void>
  | Effect<R | void, unknown>
  | AsyncIterable<R>
  | ReadableStream<R>;
