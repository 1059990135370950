import { describe, expect, it } from 'vitest';
import { createMachine, fromPromise } from 'xstate';
import { machineAgent } from '../../src/actors/machine-agent.ts';
import { aMachineScene } from '../support/a-machine-scene.ts';

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
