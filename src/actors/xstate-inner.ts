/**
 * XState's inner API, as far as we lean on it: the shapes that `hosted-tree` and
 * its neighbours read and write and that XState does not promise to keep.
 *
 * xstate is pinned, and spec/actors/xstate-contract.spec.ts fails when one of
 * these moves. Nothing else of ours knows them.
 */

export interface InnerEvent {
  readonly type: string;
  readonly [fact: string]: unknown;
}

export interface InnerSnapshot {
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly output: unknown;
  readonly error: unknown;
}

/** Actor logic: `createMachine`, `fromTransition`, `fromPromise`, and whatever else follows the interface. */
export interface InnerLogic {
  transition(snapshot: InnerSnapshot, event: InnerEvent, scope: object): InnerSnapshot;
  getInitialSnapshot(scope: object, input: unknown): InnerSnapshot;
  start?(snapshot: InnerSnapshot, scope: object): void;
}

/** What XState hands to the executor of a scope, in the order in which it meets actions. */
export interface InnerAction {
  readonly type: string;
  readonly info: unknown;
  readonly params: unknown;
  readonly exec: ((info: unknown, params: unknown) => unknown) | undefined;
}

/** XState numbers where an actor is in its life; `@xstate/react` reads the numbers, too. */
export const processing = { notStarted: 0, running: 1, stopped: 2 } as const;

type InnerObserver = {
  readonly [Call in 'next' | 'error']?: ((value: unknown) => void) | undefined;
} & { readonly complete?: (() => void) | undefined };

/** An actor that XState made itself: every child of a machine is one. */
export interface InnerActor {
  id: string;
  sessionId: string;
  readonly src: unknown;
  systemId: string | undefined;
  readonly logic: InnerLogic;
  readonly options: { readonly input?: unknown };
  readonly _parent: object | undefined;
  readonly _syncSnapshot: boolean | undefined;
  _snapshot: InnerSnapshot;
  _processingStatus: 0 | 1 | 2;
  _actorScope: object;
  mailbox: object;
  readonly observers: Set<InnerObserver>;
  readonly eventListeners: Map<string, Set<(event: { readonly type: string }) => unknown>>;
  start: () => object;
  subscribe: (...observer: unknown[]) => { unsubscribe(): void };
}

/** Told on the way; a hosted system takes a new actor over when it hears of it. */
export interface InnerInspection {
  readonly type: string;
  readonly actorRef: object;
}

/** What XState calls its own events, which no user sends. */
export const innerEvents = {
  init: 'xstate.init',
  stop: 'xstate.stop',
  done: 'xstate.done.actor.',
  error: 'xstate.error.actor.',
  snapshot: 'xstate.snapshot.',
  after: 'xstate.after.',
  prefix: 'xstate.',
} as const;

/** Whether this action is one of XState's own, or of ours, that only calls `defer`: its effect is staged by that. */
export const isBuiltIn = (type: string): boolean =>
  (type.startsWith('xstate.') && type !== 'xstate.log') || type.startsWith('troupe.');
