import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createMachine, fromCallback, fromObservable, raise, sendTo, stopChild } from 'xstate';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { reply } from '../../src/actors/machine-actions.ts';
import { machineAgent } from '../../src/actors/machine-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aMachineScene } from '../support/a-machine-scene.ts';

const Ask = defineTopic('ask', { schema: type<unknown>() });

const throws = (message: string) => () => {
  throw new Error(message);
};

describe('what XState asks of a system', () => {
  it('is answered: who is known, what is scheduled, and a clock that nobody needs', async () => {
    const { system, failed, world, quiet } = aMachineScene();
    const seen: unknown[] = [];
    const machine = createMachine({
      invoke: { src: fromCallback(() => {}), id: 'child', systemId: 'known' },
      entry: ({ system: own, self }) => {
        const { clock } = own.get('known') as unknown as {
          clock: { setTimeout(act: () => void, ms: number): number; clearTimeout(id: number): void };
        };
        clock.clearTimeout(clock.setTimeout(throws('rang'), 10));
        seen.push(own.getSnapshot(), Object.keys(own.getAll()), self.system === own);
      },
    });
    system.spawn(machineAgent({ name: 'm', machine }));
    await quiet();

    expect(seen).toEqual([{ _scheduledEvents: {} }, ['known'], true]);
    expect([failed, world.nowMs]).toEqual([[], 0]);
  });
});

describe('an event of a machine', () => {
  it('that it sends to the ref of its own agent goes on in the same step', async () => {
    const { system, quiet } = aMachineScene();
    const log: string[] = [];
    const machine = createMachine({
      on: {
        go: {
          actions: sendTo(({ event }) => (event as unknown as { to: never }).to, { type: 'gone' } as never),
        },
        '*': { actions: ({ event }) => log.push(event.type) },
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    system.tell(ref, { type: 'go', to: ref } as never);
    system.tell(ref, { type: 'next' } as never);
    await quiet();

    expect(log).toEqual(['gone', 'next']);
  });

  it('that a callback sends back before it throws arrives before the failure', async () => {
    const { system, failed, quiet } = aMachineScene();
    const log: string[] = [];
    const machine = createMachine({
      invoke: {
        id: 'child',
        src: fromCallback(({ sendBack, receive }) => {
          receive(() => {
            sendBack({ type: 'said' });
            throw new Error('broken');
          });
        }),
        onError: { actions: ({ event }) => log.push((event.error as Error).message) },
      },
      on: { said: { actions: () => log.push('said') } },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    await quiet();
    ref.getSnapshot().children['child']!.send({ type: 'speak' } as never);
    await quiet();

    expect([log, failed]).toEqual([['said', 'broken'], []]);
  });

  it('finds room when it is the end of a child, and is a dead letter when it is one value too many', async () => {
    const { system, quiet, causes } = aMachineScene();
    const values = new Subject<number>();
    const log: unknown[] = [];
    const machine = createMachine({
      invoke: {
        src: fromObservable(() => values),
        onSnapshot: { actions: ({ event }) => log.push((event.snapshot as { context?: unknown }).context) },
        onDone: { actions: () => log.push('done') },
      },
    });
    system.spawn(machineAgent({ name: 'm', machine, capacity: 3 }));
    await quiet();
    for (let n = 1; n <= 5; n += 1) {
      values.next(n);
    }
    values.complete();
    await quiet();

    expect(log).toEqual([undefined, 1, 2, 3, 'done']);
    expect(causes()).toEqual({ Dropped: 2 });
  });

  it('waits for a busy actor in so many places, and in one of its own when it is the end of a child', async () => {
    const { system, quiet, causes } = aMachineScene();
    const log: string[] = [];
    const machine = createMachine({
      invoke: {
        src: createMachine({ initial: 'over', states: { over: { type: 'final' } } }),
        onDone: { actions: () => log.push('done') },
      },
      entry: [1, 2, 3].map((n) => sendTo(({ self }) => self, { type: `n${n}` })),
      on: { '*': { actions: ({ event }) => log.push(event.type) } },
    });
    system.spawn(machineAgent({ name: 'm', machine, capacity: 2 }));
    await quiet();

    expect(log.toSorted()).toEqual(['done', 'n1', 'n2']);
    expect(causes()).toEqual({ Dropped: 1 });
  });
});

describe('a child of a machine', () => {
  it('takes what it had made with it when it fails before its first step', async () => {
    const { system, failed, quiet } = aMachineScene();
    const log: string[] = [];
    const leaf = fromCallback(() => {
      log.push('leaf begins');
    });
    const child = createMachine({
      context: ({ spawn }) => {
        spawn(leaf, { systemId: 'leaf' });
        throw new Error('no context');
      },
    });
    const machine = createMachine({
      invoke: {
        src: child,
        onError: {
          actions: ({ event, system: own }) =>
            log.push((event.error as Error).message, `${Object.keys(own.getAll()).length} known`),
        },
      },
    });
    system.spawn(machineAgent({ name: 'm', machine }));
    await quiet();

    expect([log, failed]).toEqual([['no context', '0 known'], []]);
  });

  it('that is done is done, and what an action of its last step throws is reported', async () => {
    const { system, failed, quiet } = aMachineScene();
    const log: unknown[] = [];
    const child = createMachine({
      initial: 'over',
      states: { over: { type: 'final', entry: throws('last words') } },
      output: 'well done',
    });
    const machine = createMachine({
      invoke: { src: child, onDone: { actions: ({ event }) => log.push(event.output) } },
    });
    system.spawn(machineAgent({ name: 'm', machine }));
    await quiet();

    expect([log, failed]).toEqual([['well done'], ['last words']]);
  });

  it('that is stopped has completed for those who look at it', async () => {
    const { system, quiet, tell } = aMachineScene();
    const log: string[] = [];
    const machine = createMachine({
      invoke: { src: fromCallback(() => () => log.push('callback over')), id: 'child' },
      on: { stop: { actions: stopChild('child') } },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    await quiet();
    ref.getSnapshot().children['child']!.subscribe({ complete: () => log.push('complete') });
    tell(ref, 'stop');
    await quiet();

    expect(log).toEqual(['callback over', 'complete']);
  });
});

describe('a request to a machine that is done', () => {
  it('ends without an answer although work for it was still to come', async () => {
    const { world, system, quiet, request, tell, turns } = aMachineScene();
    const machine = createMachine({
      initial: 'going',
      states: {
        going: { on: { ask: { actions: raise({ type: 'late' }, { delay: 500 }) }, end: 'over' } },
        over: { type: 'final' },
      },
      on: { late: { actions: reply('late') } },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    const asked = request(ref, { type: 'ask' });
    await turns();
    tell(ref, 'end');
    await quiet();

    expect(await asked).toMatchObject({ _tag: 'NoResponder' });
    expect([world.nowMs < 500, world.environment.timerCount]).toEqual([true, 0]);
  });
});

describe('when the run of a machine is over', () => {
  it('what its callback says to its parent while it is put away is a dead letter', async () => {
    const { system, quiet, causes } = aMachineScene();
    const got: unknown[] = [];
    const child = machineAgent({
      name: 'child',
      machine: fromCallback(
        ({ sendBack }) =>
          () =>
            sendBack({ type: 'farewell' }),
      ),
    });
    const parent = defineAgent({
      name: 'parent',
      subscribe: [Ask],
      onStart: (context) => void context.spawn(child),
      receive: (message, context) => {
        got.push(message);
        context.stop(context.children[0]!);
      },
    });
    const ref = system.spawn(parent);
    system.tell(ref, 'stop it');
    await quiet();

    expect([got, causes()]).toEqual([['stop it'], { Stopped: 1 }]);
  });

  it('nothing of it emits or sends any more', async () => {
    const { world, system, quiet, causes } = aMachineScene();
    const heard: string[] = [];
    let emitLate: ((event: { type: string }) => void) | undefined;
    const machine = fromCallback(({ emit }) => {
      emitLate ??= emit as never;
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    ref.on('*', ({ type: what }) => heard.push(what));
    await quiet();
    emitLate!({ type: 'early' });
    world.crash('/m');
    await quiet();
    emitLate!({ type: 'late' });
    await quiet();

    expect([heard, causes()]).toEqual([['early'], {}]);
  });
});
