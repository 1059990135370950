/**
 * A part stream: parts that are known beforehand, sent one by one at their pace.
 *
 * Nothing is sent before somebody reads, and nothing that has to be waited for
 * before what came before it was read: so a slow reader slows it, and what comes
 * next is decided as late as possible.
 *
 * Guarantees
 *   - The parts come in order, each once, and then the end that was said.
 *   - After an abort no part comes any more: the reader gets the signal's reason.
 *   - `onEnd` is called once, when nothing more will come.
 */
import { CallPace, type Pace } from './pace.ts';

/** How a call ended. */
export type CallEnd = 'finished' | 'failed' | 'aborted' | 'cancelled';

export interface PartStreamOptions<P> {
  readonly parts: readonly P[];
  /** Milliseconds before each part, and one more before the failure; `undefined` for what comes along with the part before. */
  readonly arrivals: readonly (number | undefined)[];
  /** What the stream fails of after its last part; it closes when not given. */
  readonly failure?: { readonly error: unknown } | undefined;
  readonly pace?: Pace | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEnd?: ((how: CallEnd) => void) | undefined;
}

/** Makes the stream. */
export function partStream<P>(options: PartStreamOptions<P>): ReadableStream<P> {
  const { parts, arrivals, failure, signal, onEnd } = options;
  let sent = 0;
  let pacing: CallPace;

  const end = (how: CallEnd): void => {
    pacing.end();
    onEnd?.(how);
  };
  const finish = (controller: ReadableStreamDefaultController<P>): void => {
    end(failure === undefined ? 'finished' : 'failed');
    if (failure === undefined) {
      controller.close();
    } else {
      controller.error(failure.error);
    }
  };
  const send = (controller: ReadableStreamDefaultController<P>): void => {
    const part = parts[sent]!;
    sent += 1;
    controller.enqueue(part);
    // The end of a stream travels with its last part; a failure comes after it.
    if (sent === parts.length && failure === undefined) {
      finish(controller);
    }
  };
  const goOn = (controller: ReadableStreamDefaultController<P>): void => {
    if (sent === parts.length) {
      finish(controller);
      return;
    }
    send(controller);
    // What need not be waited for comes at once, which costs a reader much less; but not the end of it all.
    while (sent < parts.length - 1 && needsNoWait(arrivals[sent])) {
      send(controller);
    }
  };
  const needsNoWait = (delayMs: number | undefined): boolean =>
    delayMs === undefined || !pacing.waits(delayMs);

  return new ReadableStream<P>(
    {
      start(controller) {
        pacing = new CallPace(options.pace, signal, (reason) => {
          onEnd?.('aborted');
          controller.error(reason);
        });
        if (signal?.aborted === true) {
          end('aborted');
          controller.error(signal.reason);
        }
      },
      pull(controller) {
        const delayMs = arrivals[sent];
        if (needsNoWait(delayMs)) {
          goOn(controller);
          return;
        }
        return pacing.wait(delayMs!).then(() => {
          if (!pacing.over) {
            goOn(controller);
          }
        });
      },
      cancel() {
        end('cancelled');
      },
    },
    { highWaterMark: 0 },
  );
}
