/**
 * Bridges out of a bounded stream: to web streams.
 *
 * `for await` needs no bridge. For a WritableStream, pipe the readable one to it;
 * a writable one that publishes is `new WritableStream({ write: (value) =>
 * system.publish(topic, value) })`, since a publish gives a promise of room.
 */
import { heed } from './thenable.ts';

/**
 * Makes a web stream of a bounded one, or of any AsyncIterable. A value is asked
 * for when the reader asks for one, and none is kept between the two.
 *
 * Cancellation: cancelling the web stream leaves the source, once; so the work for
 * a `system.stream` is interrupted. Its promise waits until the source is left, and
 * fails as that does, unless the source was asked for a value and has not answered:
 * a generator can be left only when it goes on, which may be never. Then it is told
 * to leave, nobody waits for that, and nobody hears what it fails of after that.
 * Errors: what the source fails of, itself.
 *
 * @example
 * async function* words() { yield 'a'; yield 'b' }
 * await Array.fromAsync(toReadableStream(words())) // => ['a', 'b']
 */
export function toReadableStream<T>(source: AsyncIterable<T>): ReadableStream<T> {
  let iterator: AsyncIterator<T> | undefined;
  let isAsked = false;
  return new ReadableStream<T>(
    {
      pull: async (controller) => {
        iterator ??= source[Symbol.asyncIterator]();
        isAsked = true;
        const { done, value } = await iterator.next();
        isAsked = false;
        if (done === true) {
          controller.close();
        } else {
          controller.enqueue(value);
        }
      },
      cancel: async () => {
        const left = iterator?.return?.();
        if (isAsked) {
          heed(left, () => {});
        } else {
          await left;
        }
      },
    },
    { highWaterMark: 0 },
  );
}
