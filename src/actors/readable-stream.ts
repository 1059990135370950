/**
 * Bridges out of a bounded stream: to web streams.
 *
 * `for await` needs no bridge. For a WritableStream, pipe the readable one to it;
 * a writable one that publishes is `new WritableStream({ write: (value) =>
 * system.publish(topic, value) })`, since a publish gives a promise of room.
 */

/**
 * Makes a web stream of a bounded one, or of any AsyncIterable. A value is asked
 * for when the reader asks for one, and none is kept between the two.
 *
 * Cancellation: cancelling the web stream leaves the source, once; so the work for
 * a `system.stream` is interrupted. Errors: what the source fails of, itself.
 *
 * @example
 * async function* words() { yield 'a'; yield 'b' }
 * await Array.fromAsync(toReadableStream(words())) // => ['a', 'b']
 */
export function toReadableStream<T>(source: AsyncIterable<T>): ReadableStream<T> {
  let iterator: AsyncIterator<T> | undefined;
  return new ReadableStream<T>(
    {
      pull: async (controller) => {
        iterator ??= source[Symbol.asyncIterator]();
        const { done, value } = await iterator.next();
        if (done === true) {
          controller.close();
        } else {
          controller.enqueue(value);
        }
      },
      cancel: async () => {
        await iterator?.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
