/**
 * An AbortController whose listeners cannot end the process by throwing.
 *
 * Node ends the process when a listener of a signal throws. The work of an agent
 * listens to the signal we give it, so what it throws there is reported instead.
 * The signal stays a genuine one, for `fetch` and everything else; signals derived
 * from it with `AbortSignal.any` are Node's own, and not guarded.
 */
import { heed } from './thenable.ts';

type Guard = (event: Event) => void;
type Listener = Guard | { handleEvent(event: Event): void } | null;
type Options = Parameters<AbortSignal['addEventListener']>[2];

export function guardedAbort(onThrow: (thrown: unknown) => void): AbortController {
  const controller = new AbortController();
  const { signal } = controller;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  const guards = new WeakMap<object, Guard>();
  const guardOf = (listener: NonNullable<Listener>): Guard => {
    const guard =
      guards.get(listener) ??
      ((event: Event): void => {
        try {
          if (typeof listener === 'function') {
            heed(listener.call(signal, event) as unknown, onThrow);
          } else {
            heed(listener.handleEvent(event) as unknown, onThrow);
          }
        } catch (thrown) {
          onThrow(thrown);
        }
      });
    guards.set(listener, guard);
    return guard;
  };
  let handler: Listener = null;

  const listen = (type: string, listener: Listener, options?: Options): void => {
    if (listener !== null && listener !== undefined) {
      add(type, guardOf(listener), options);
    }
  };
  const forget = (type: string, listener: Listener, options?: Options): void => {
    if (listener !== null && listener !== undefined) {
      remove(type, guardOf(listener), options);
    }
  };

  Object.defineProperties(signal, {
    addEventListener: { value: listen },
    removeEventListener: { value: forget },
    onabort: {
      get: () => handler,
      set: (listener: Listener) => {
        forget('abort', handler);
        handler = listener;
        listen('abort', handler);
      },
    },
  });
  return controller;
}
