/**
 * `mapRequest`: each value of a stream is asked of somebody, and the answers go on.
 *
 *     --q1----q2----q3----->      mapRequest(2, responder), q1 takes longest
 *     -----------a1-a2---a3-->
 *
 * Source: `ask` of Akka Streams. It is `mapAsync` whose work is a request, so it keeps
 * the value's credit until the answer has been dealt with.
 */
import type { OperatorFunction } from 'rxjs';
import type { RequestOptions, Responder } from '../actors/context.ts';
import { hostOfWork, type MapAsyncOptions, mapAsync } from '../actors/map-async.ts';
import { speakerOf } from './speaker.ts';

/** How the requests of a stream are made. */
export interface MapRequestOptions extends MapAsyncOptions, Omit<RequestOptions, 'signal'> {}

/**
 * Asks `responder` for each value, at most `concurrency` of them at once.
 *
 * In a stream agent a request belongs to the message whose value it is: it inherits
 * its thread, deadline and budget, and is interrupted with it. Elsewhere it is that of
 * the system the source is of, or the responder where the source is of none.
 *
 * Guarantees: answers keep the order of the values unless `ordered` is `false`; what
 * waits is bounded by the window of the source.
 *
 * Cancellation: whoever leaves the stream interrupts its requests.
 *
 * Errors: a request that fails fails the stream; `fallback`, `retry` or `gather` make
 * something else of it. `RangeError` for a concurrency that cannot be, and where
 * nobody knows of which system it is.
 *
 * @param concurrency A whole number, at least 1.
 * @example
 * import { from, lastValueFrom, toArray } from 'rxjs'
 * const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() })
 * const system = createSystem()
 * const greeter = system.spawn(defineAgent({ name: 'greeter', subscribe: [Question], receive: (name) => `Hello, ${name}!` }))
 * await lastValueFrom(from(['Ada', 'Alan']).pipe(mapRequest(2, greeter), toArray())) // => ['Hello, Ada!', 'Hello, Alan!']
 * await system.stop()
 */
export function mapRequest<Q, A>(
  concurrency: number,
  responder: Responder<Q, A>,
  options: MapRequestOptions = {},
): OperatorFunction<Q, A> {
  const { ordered, ...asked } = options;
  return mapAsync<Q, A>(
    concurrency,
    (question, work) =>
      speakerOf(hostOfWork(work), responder, 'mapRequest').request<Q, A>(responder, question, {
        ...asked,
        signal: work.signal,
      }),
    ordered === undefined ? {} : { ordered },
  );
}
