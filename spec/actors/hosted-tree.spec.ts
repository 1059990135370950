import { describe, expect, it } from 'vitest';
import {
  assign,
  createActor,
  createMachine,
  fromCallback,
  fromPromise,
  fromTransition,
  log,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stopChild,
} from 'xstate';
import { reply, request } from '../../src/actors/machine-actions.ts';
import { machineAgent } from '../../src/actors/machine-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld } from '../support/a-world.ts';

const Nobody = defineTopic('nobody', { schema: type<number>(), reply: type<number>() });

function aStage(resume = false) {
  const told: string[] = [];
  const world = aWorld({ system: resume ? { supervision: { directives: { defect: 'resume' } } } : {} });
  world.system.listen({
    next: (event) => {
      if (event._tag === 'Failed') {
        told.push((event.report.failure as Error).message);
      } else if (event._tag === 'Logged') {
        told.push(`${event.level}: ${event.message}`);
      }
    },
  });
  return { world, system: world.system, told, quiet: () => world.runUntilQuiet() };
}

describe('a hosted tree', () => {
  it('logs what a machine logs, and minds no action that nobody implements', async () => {
    const { system, told, quiet } = aStage();
    const machine = createMachine({ entry: [log('hello'), 'unheard-of'] });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    await quiet();

    expect(told).toEqual(['info: hello']);
    expect(ref.getSnapshot().status).toBe('active');
  });

  it('logs all that is said, in one line', async () => {
    const { system, told, quiet } = aStage();
    const machine = createMachine({ entry: log(() => 7, 'so many') });
    system.spawn(machineAgent({ name: 'm', machine }));
    await quiet();

    expect(told).toEqual(['info: so many 7']);
  });

  it('is called by the last part of its path', async () => {
    const { system, told, quiet } = aStage();
    const machine = createMachine({ entry: log(({ self }) => self.id) });
    system.spawn(machineAgent({ name: 'm', machine }), { id: 'other' });
    await quiet();

    expect(told).toEqual(['info: other']);
  });

  it('names children without an id after their source, and counts them', async () => {
    const { system, quiet } = aStage();
    const worker = fromCallback(() => {});
    const machine = createMachine(
      {
        context: { ids: [] as string[] },
        entry: assign(({ spawn }) => {
          const idOf = (source: 'worker' | typeof worker) => spawn(source as 'worker').id;
          return { ids: [idOf('worker'), idOf('worker'), idOf(worker)] };
        }),
      },
      { actors: { worker } },
    );
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    await quiet();

    expect(ref.getSnapshot().context.ids).toEqual(['worker-1', 'worker-2', 'child-3']);
  });

  it('gives the name of a child that was stopped to another', async () => {
    const { system, told, quiet } = aStage();
    const machine = setup({ actors: { worker: fromCallback(() => {}) } }).createMachine({
      entry: spawnChild('worker', { id: 'one', systemId: 'desk' }),
      on: { next: { actions: [stopChild('one'), spawnChild('worker', { id: 'two', systemId: 'desk' })] } },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    system.tell(ref, { type: 'next' } as never);
    await quiet();

    expect(told).toEqual([]);
    expect(Object.keys(ref.getSnapshot().children)).toEqual(['two']);
  });

  it('refuses a promise for a reply, and says whose', async () => {
    const { system, told, quiet } = aStage(true);
    const machine = createMachine({ on: { go: { actions: reply(() => Promise.resolve()) } } });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    system.tell(ref, { type: 'go' } as never);
    await quiet();

    expect(told).toEqual([expect.stringContaining("reply of '/m'")]);
  });

  it('answers an open request when its machine is done without an answer', async () => {
    const { system, quiet } = aStage();
    const machine = setup({
      actors: { never: fromPromise(() => new Promise<void>(() => {})) },
    }).createMachine({
      initial: 'idle',
      states: {
        idle: { on: { go: 'busy' } },
        busy: { invoke: { src: 'never' }, on: { end: 'over' } },
        over: { type: 'final' },
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    const asked = system.request(ref, { type: 'go' } as never).catch((failure: unknown) => failure);
    system.tell(ref, { type: 'end' } as never);
    await quiet();

    expect(await asked).toMatchObject({ _tag: 'NoResponder' });
  });

  it('does what a failed step left undone when its agent is told to resume, before what comes next', async () => {
    const { system, told, quiet } = aStage(true);
    const lines: string[] = [];
    const echo = createMachine({ on: { ping: { actions: sendParent({ type: 'pong' }) } } });
    const machine = setup({ actors: { echo } }).createMachine({
      invoke: { src: 'echo', id: 'echo' },
      on: {
        bad: {
          actions: [
            () => {
              throw new Error('first');
            },
            () => {
              throw new Error('second');
            },
            sendTo('echo', { type: 'ping' }),
          ],
        },
        pong: { actions: () => lines.push('pong') },
        good: { actions: () => lines.push('good') },
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    await quiet();
    for (const event of ['bad', 'good', 'bad']) {
      system.tell(ref, { type: event } as never);
    }
    await quiet();

    expect(lines).toEqual(['pong', 'good', 'pong']);
    expect(told).toEqual(['second', 'first', 'second', 'first']);
  });

  it('sends to XState actors of other systems', async () => {
    const { system, quiet } = aStage();
    const other = createActor(
      fromTransition((n: number, event: { type: string }) => n + (event.type === 'x' ? 1 : 0), 0),
    ).start();
    const machine = createMachine({ entry: sendTo(() => other as never, { type: 'x' } as never) });
    system.spawn(machineAgent({ name: 'm', machine }));
    await quiet();

    expect(other.getSnapshot().context).toBe(1);
  });

  it('tells a machine of a child that fails before its first step', async () => {
    const { system, told, quiet } = aStage();
    const lines: unknown[] = [];
    const child = createMachine({
      context: () => {
        throw new Error('no context');
      },
    });
    const machine = createMachine({
      invoke: { src: child, onError: { actions: ({ event }) => lines.push((event.error as Error).message) } },
    });
    system.spawn(machineAgent({ name: 'm', machine }));
    await quiet();

    expect(lines).toEqual(['no context']);
    expect(told).toEqual([]);
  });

  it('reports what a child throws when it is told to end with its agent', async () => {
    const { system, told, quiet } = aStage();
    const machine = createMachine({
      invoke: {
        src: fromCallback(() => () => {
          throw new Error('thrown at the end');
        }),
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    await quiet();
    void system.stop(ref);
    await quiet();

    expect(told).toEqual(['thrown at the end']);
  });

  it('shows nothing of a machine that cannot begin, and takes the name of a failure’s event', async () => {
    const { system, told, quiet } = aStage();
    const broken = fromTransition(
      (state: object) => state,
      () => {
        throw new Error('no state');
      },
    );
    const ref = system.spawn(machineAgent({ name: 'broken', machine: broken as never }));
    expect(ref.getSnapshot()).toMatchObject({ status: 'active', context: undefined });
    const asker = createMachine({
      context: { tag: '' },
      entry: request(Nobody, 1, { onReply: 'YES', onFailure: 'NO' }),
      on: {
        NO: {
          actions: assign({
            tag: ({ event }) => (event as unknown as { error: { _tag: string } }).error._tag,
          }),
        },
      },
    });
    const other = system.spawn(machineAgent({ name: 'asker', machine: asker }));
    await quiet();

    expect(other.getSnapshot().context.tag).toBe('NoResponder');
    expect(told).toContain('no state');
  });

  it('stops no child of another', async () => {
    const { system, told, quiet } = aStage(true);
    const leaf = fromCallback(() => {});
    const branch = createMachine({ invoke: { src: leaf, id: 'leaf' } });
    const machine = createMachine({
      invoke: { src: branch, id: 'branch' },
      on: {
        cut: {
          actions: stopChild(
            ({ self }) =>
              (self.getSnapshot().children['branch']!.getSnapshot() as { children: { leaf: never } }).children
                .leaf,
          ),
        },
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    await quiet();
    system.tell(ref, { type: 'cut' } as never);
    await quiet();

    expect(told).toEqual(["'/m/branch/leaf' is not a child of '/m'"]);
  });
});
