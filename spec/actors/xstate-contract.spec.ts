/**
 * XState's inner API, as far as we lean on it: this fails when it moves.
 *
 * What is leaned on stands in src/actors/xstate-inner.ts. Each of these is what
 * XState does by itself, without anything of ours.
 */
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import {
  type AnyActorRef,
  assign,
  cancel,
  createActor,
  createMachine,
  emit,
  enqueueActions,
  fromCallback,
  fromObservable,
  fromPromise,
  fromTransition,
  log,
  raise,
  sendTo,
  spawnChild,
  stopChild,
} from 'xstate';

/** A system that writes down what is asked of it. */
function aSystem() {
  const asked: string[] = [];
  const system = {
    _snapshot: { _scheduledEvents: {} },
    _clock: {},
    _logger: () => {},
    _bookId: () => 'booked',
    _register: () => asked.push('_register'),
    _unregister: () => asked.push('_unregister'),
    _set: (systemId: string) => asked.push(`_set ${systemId}`),
    _sendInspectionEvent: (event: { type: string }) => asked.push(event.type),
    _relay: (_: unknown, target: { id: string }, event: { type: string }) =>
      asked.push(`${event.type} to ${target.id}`),
    scheduler: {
      schedule: (_: unknown, __: unknown, event: { type: string }, delay: number, id: unknown) =>
        asked.push(`schedule ${event.type} ${delay} ${String(id)}`),
      cancel: (_: unknown, id: string) => asked.push(`cancel ${id}`),
      cancelAll: () => asked.push('cancelAll'),
    },
  };
  const parent = { id: 'parent', sessionId: 'parent', system } as unknown as AnyActorRef;
  return { asked, system, parent };
}

describe('xstate', () => {
  it('is the version whose inner API was read', () => {
    expect((createRequire(import.meta.url)('xstate/package.json') as { version: string }).version).toBe(
      '5.33.3',
    );
  });

  it('takes its system from the parent it is given, and tells it of a new actor before its first state', () => {
    const { asked, system, parent } = aSystem();
    const actor = createActor(createMachine({ context: () => ({ asked: [...asked] }) }), {
      parent,
      id: 'child',
      systemId: 'known',
    } as never);

    expect(actor.system).toBe(system);
    expect(actor.sessionId).toBe('booked');
    expect((actor.getSnapshot() as { context: { asked: string[] } }).context.asked).toEqual([
      '@xstate.actor',
      '_set known',
    ]);
  });

  it('gives an actor the fields that are read and replaced', () => {
    const { parent } = aSystem();
    const actor = createActor(createMachine({}), {
      parent,
      id: 'child',
      input: 1,
      syncSnapshot: true,
    } as never);
    const inner = actor as unknown as Record<string, unknown>;

    expect(Object.keys(inner)).toEqual(
      expect.arrayContaining([
        'logic',
        'options',
        'src',
        'mailbox',
        'observers',
        'eventListeners',
        '_actorScope',
        '_parent',
        '_processingStatus',
        '_snapshot',
        '_syncSnapshot',
      ]),
    );
    expect(inner['_processingStatus']).toBe(0);
    expect(inner['observers']).toBeInstanceOf(Set);
    expect(inner['eventListeners']).toBeInstanceOf(Map);
    expect(Object.keys(inner['mailbox'] as object)).toContain('_process');
  });

  it('hands actions to the executor of the scope, and what its own do to `defer`', () => {
    const { asked, system } = aSystem();
    const actions: {
      type: string;
      exec?: (info: unknown, params: unknown) => void;
      info: unknown;
      params: unknown;
    }[] = [];
    const deferred: (() => void)[] = [];
    const self = { id: 'self', sessionId: 'self', system };
    const scope = {
      self,
      id: 'self',
      sessionId: 'self',
      system,
      logger: () => asked.push('logger'),
      defer: (act: () => void) => deferred.push(act),
      emit: (event: { type: string }) => asked.push(`emit ${event.type}`),
      stopChild: () => asked.push('stopChild'),
      actionExecutor: (action: never) => actions.push(action),
    };
    const machine = createMachine({
      context: {},
      on: {
        go: {
          actions: [
            assign({}),
            () => asked.push('own'),
            raise({ type: 'later' }, { delay: 5 }),
            sendTo(() => self as never, { type: 'sent' } as never),
            emit({ type: 'told' } as never),
            cancel('x'),
            spawnChild(
              fromTransition(() => 0, 0),
              { id: 'kid' },
            ),
            stopChild('kid'),
            log('said'),
          ],
        },
      },
    });
    const first = machine.getInitialSnapshot(scope as never);
    machine.transition(first as never, { type: 'go' } as never, scope as never);
    expect(actions.map(({ type }) => type)).toEqual([
      expect.any(String),
      'xstate.raise',
      'xstate.sendTo',
      'xstate.emit',
      'xstate.cancel',
      'xstate.spawnChild',
      'xstate.stopChild',
      'xstate.log',
    ]);
    asked.length = 0;
    for (const { exec, info, params } of actions) {
      exec?.(info, params);
    }
    expect(asked).toEqual(['own', '_unregister', 'stopChild', 'logger']);
    asked.length = 0;
    for (const act of deferred) {
      act();
    }
    expect(asked.filter((line) => !line.startsWith('@'))).toEqual([
      'schedule later 5 undefined',
      'sent to self',
      'emit told',
      'cancel x',
      expect.stringMatching(/^_register$/),
    ]);
  });

  it('calls the executor as a method of its scope, also where it cannot put its own in the place', () => {
    const { system } = aSystem();
    const self = { id: 'self', sessionId: 'self', system };
    const called: [scope: object, type: string][] = [];
    let replaced = 0;
    const scope = {
      self,
      system,
      defer: () => {},
      get actionExecutor() {
        return function (this: object, { type }: { type: string }) {
          called.push([this, type]);
        };
      },
      set actionExecutor(_own: unknown) {
        replaced += 1;
      },
    };
    const machine = createMachine({
      initial: 'a',
      entry: log('begins'),
      states: {
        a: { on: { go: { target: 'b', actions: [assign({}), sendTo('kid', { type: 'x' })] } }, exit: 'left' },
        b: { entry: enqueueActions(({ enqueue }) => enqueue('entered')), always: 'c' },
        c: { type: 'final' },
      },
      exit: cancel('y'),
      invoke: { src: fromTransition(() => 0, 0), id: 'kid' },
    });
    const first = machine.getInitialSnapshot(scope as never);
    const last = machine.transition(first as never, { type: 'go' } as never, scope as never);

    expect(last.status).toBe('done');
    expect(replaced).toBeGreaterThan(0);
    expect(called.map(([, type]) => type)).toEqual([
      'xstate.log',
      'xstate.spawnChild',
      'left',
      'xstate.sendTo',
      'entered',
      'xstate.cancel',
      'xstate.stopChild',
    ]);
    expect(called.every(([by]) => by === scope)).toBe(true);
  });

  it('ends its logics by the event xstate.stop', () => {
    const { system } = aSystem();
    const ended: string[] = [];
    const logics = {
      callback: fromCallback(() => () => ended.push('callback')),
      observable: fromObservable(() => ({
        subscribe: () => ({ unsubscribe: () => ended.push('observable') }),
      })),
      promise: fromPromise(({ signal }) => {
        signal.addEventListener('abort', () => ended.push('promise'));
        return new Promise(() => {});
      }),
      machine: createMachine({}),
    };
    for (const [name, logic] of Object.entries(logics)) {
      const scope = {
        self: { getSnapshot: () => ({ status: 'active' }), system },
        system,
        emit: () => {},
        actionExecutor: () => {},
      };
      const snapshot = (logic as never as { getInitialSnapshot(scope: object): object }).getInitialSnapshot(
        scope,
      );
      (logic as never as { start?(snapshot: object, scope: object): void }).start?.(snapshot, scope);
      const last = (logic.transition as (...given: unknown[]) => { status: string })(
        snapshot,
        { type: 'xstate.stop' },
        scope,
      );
      expect([name, last.status]).toEqual([name, 'stopped']);
    }
    expect(ended).toEqual(['callback', 'observable', 'promise']);
  });
});
