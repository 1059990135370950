/**
 * Those who look at a child of a machine: XState keeps them, and we tell them, so that
 * one that throws is reported and dropped, and ends nothing.
 */
import { type InnerActor, processing } from './xstate-inner.ts';

/** Tells all of them; after `error` and `complete` there are none. */
export function tellEach(
  actor: InnerActor,
  report: (thrown: unknown) => void,
  what: 'next' | 'error' | 'complete',
  value: unknown,
): void {
  for (const observer of [...actor.observers]) {
    try {
      (observer[what] as ((value: unknown) => void) | undefined)?.(value);
    } catch (thrown) {
      actor.observers.delete(observer);
      report(thrown);
    }
  }
  if (what !== 'next') {
    actor.observers.clear();
    actor.eventListeners.clear();
  }
}

/** XState throws from a timer, and so ends the process, when a failed actor is watched by somebody who does not say `error`. */
export function safely(actor: InnerActor): InnerActor['subscribe'] {
  const { subscribe } = Object.getPrototypeOf(actor) as InnerActor;
  return (...observer) =>
    actor._processingStatus === processing.stopped && actor._snapshot.status === 'error'
      ? subscribe.call(actor, { error: () => {}, ...asObserver(observer) })
      : subscribe.apply(actor, observer);
}

function asObserver([observer, error, complete]: readonly unknown[]): object {
  return typeof observer === 'object' && observer !== null
    ? { ...observer }
    : { ...(error === undefined ? {} : { error }), ...(complete === undefined ? {} : { complete }) };
}
