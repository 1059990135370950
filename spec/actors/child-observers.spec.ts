import { describe, expect, it } from 'vitest';
import { createMachine, fromPromise } from 'xstate';
import { safely, tellEach } from '../../src/actors/child-observers.ts';
import { machineAgent } from '../../src/actors/machine-agent.ts';
import { type InnerActor, processing } from '../../src/actors/xstate-inner.ts';
import { aMachineScene } from '../support/a-machine-scene.ts';
import { boom } from '../support/boom.ts';

/** What XState keeps of a child, as far as it is told of here. */
function aChild(status: 'active' | 'error', isStopped: boolean) {
  const subscribed: unknown[][] = [];
  class Logic {
    subscribe(...observer: unknown[]): void {
      subscribed.push(observer);
    }
  }
  const actor = Object.assign(new Logic(), {
    observers: new Set<object>(),
    eventListeners: new Map([['*', new Set()]]),
    _processingStatus: isStopped ? processing.stopped : processing.stopped - 1,
    _snapshot: { status },
  });
  return { actor: actor as unknown as InnerActor, subscribed };
}

describe('telling those who look at a child', () => {
  it('reaches all of them, also when one throws, which is reported and dropped', () => {
    const { actor } = aChild('active', false);
    const log: unknown[] = [];
    const throws = { next: boom };
    for (const observer of [throws, {}, { next: (value: unknown) => log.push(value) }]) {
      actor.observers.add(observer as never);
    }

    tellEach(actor, (thrown) => log.push(String(thrown)), 'next', 'a snapshot');
    tellEach(actor, (thrown) => log.push(String(thrown)), 'next', 'another');

    expect(log).toEqual(['Error: boom', 'a snapshot', 'another']);
    expect([actor.observers.size, actor.eventListeners.size]).toEqual([2, 1]);
  });

  it.each(['error', 'complete'] as const)('leaves nobody after %s', (what) => {
    const { actor } = aChild('active', false);
    const log: unknown[] = [];
    actor.observers.add({ [what]: (value: unknown) => log.push(value) } as never);

    tellEach(actor, () => {}, what, 'the end');

    expect([log, actor.observers.size, actor.eventListeners.size]).toEqual([['the end'], 0, 0]);
  });
});

describe('whoever begins to look at a child', () => {
  it.each([
    ['active', false],
    ['active', true],
    ['error', false],
  ] as const)('is subscribed as it is where the child is %s and stopped is %s', (status, isStopped) => {
    const { actor, subscribed } = aChild(status, isStopped);
    const [next, error] = [() => {}, () => {}];

    safely(actor)(next as never, error as never);

    expect(subscribed).toEqual([[next, error]]);
  });

  it('says something about a failure in any case where the child has failed', () => {
    const { actor, subscribed } = aChild('error', true);
    const [next, error, complete] = [() => {}, () => {}, () => {}];
    const subscribe = safely(actor) as (...observer: unknown[]) => void;

    subscribe(next);
    subscribe(next, error, complete);
    subscribe({ next, complete });
    subscribe(null);

    expect(subscribed).toEqual([
      [{ error: expect.any(Function) }],
      [{ error, complete }],
      [{ error: expect.any(Function), next, complete }],
      [{ error: expect.any(Function) }],
    ]);
    expect((subscribed[0]![0] as { error(): unknown }).error()).toBeUndefined();
  });
});

describe('those who look at a child of a machine', () => {
  it('hear that it failed when they come too late, however they say so', async () => {
    const { system, failed, quiet } = aMachineScene();
    const log: string[] = [];
    let child: Child;
    const machine = createMachine({
      invoke: {
        src: fromPromise(({ self }) => {
          child = self as never;
          return Promise.reject(new Error('refused'));
        }),
        onError: { actions: () => log.push('told') },
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    await quiet();
    child!.subscribe(
      () => log.push('next'),
      (failure) => log.push(`by a function: ${(failure as Error).message}`),
      () => log.push('complete'),
    );
    child!.subscribe({ error: (failure) => log.push(`by an observer: ${(failure as Error).message}`) });
    child!.subscribe(() => log.push('next'));

    expect(log).toEqual(['told', 'by a function: refused', 'by an observer: refused']);
    expect([failed, ref.getSnapshot().status]).toEqual([[], 'active']);
  });

  it('may be the machine itself, which hears of the failure and of no snapshot', async () => {
    const { system, failed, quiet } = aMachineScene();
    const log: string[] = [];
    const machine = createMachine({
      invoke: {
        src: fromPromise(() => Promise.reject(new Error('refused'))),
        onSnapshot: { actions: ({ event }) => log.push(`snapshot ${event.snapshot.status}`) },
        onError: { actions: ({ event }) => log.push((event.error as Error).message) },
      },
    });
    system.spawn(machineAgent({ name: 'm', machine }));
    await quiet();

    expect(log).toEqual(['snapshot active', 'refused']);
    expect(failed).toEqual([]);
  });
});

interface Child {
  subscribe(
    observer: { error(failure: unknown): void } | ((snapshot: unknown) => void),
    error?: (failure: unknown) => void,
    complete?: () => void,
  ): void;
}
