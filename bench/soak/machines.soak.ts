/**
 * Machines that come and go, with children of every kind, timers and observers.
 *
 * Each is started, told something, half of them restarted, and stopped, in a world.
 * After that, nothing of it may be left: no agent, no timer, no subscription, no
 * child that has not been told that it ends; and the heap is as large as before.
 */
import assert from 'node:assert/strict';
import { defineTopic, machineAgent, publish, type } from 'troupe';
import { World } from 'troupe/testing';
import { createMachine, fromCallback, fromPromise, fromTransition, sendParent, sendTo, setup } from 'xstate';
import { heldBytes } from '../harness/heap.ts';
import type { Soak } from './soak.ts';

const machinesAtFullSize = 100_000;
/** How much the heap may be larger in the second half than in the first, for each machine. */
const keptBytesMax = 8;

const Went = defineTopic('went', { schema: type<number>() });

export const soak: Soak = {
  claim:
    'of 100 000 machines with children that were started, restarted and stopped nothing is left, and the heap is flat',
  run: async ({ scale }) => {
    const count = Math.ceil(machinesAtFullSize * scale);
    const open = { callbacks: 0, jobs: 0 };
    const world = new World({
      choose: () => 0,
      stepsMax: Number.POSITIVE_INFINITY,
      system: { supervision: { restartsMax: 1e9, backoffMs: 1, jitter: 0 } },
    });
    const { system, environment } = world;
    const machine = machineAgent({ name: 'm', machine: busy(open), subscribe: [Went] });
    const turns = (): void => {
      while (environment.readyCount > 0) {
        environment.step();
      }
    };
    let told = 0;
    const round = async (n: number): Promise<void> => {
      const ref = system.spawn(machine);
      ref.subscribe(() => {
        told += 1;
      });
      ref.on('*', () => {});
      system.tell(ref, { type: 'go' });
      turns();
      if (n % 2 === 0) {
        world.crash(ref.path);
        turns();
        environment.step(); // Its backoff passes.
        turns();
      }
      void system.stop(ref);
      turns();
      if (n % 100 === 0) {
        await world.settle();
      }
    };
    const part = async (from: number, to: number): Promise<number> => {
      for (let n = from; n < to; n += 1) {
        await round(n);
      }
      await world.settle();
      return heldBytes();
    };

    const tenth = Math.ceil(count / 10);
    await part(0, tenth);
    const early = await part(tenth, 2 * tenth);
    const late = await part(2 * tenth, count);
    const keptBytes = (late - early) / (count - 2 * tenth);

    assert.deepEqual(
      { agents: system.agents.size, timers: environment.timerCount, ready: environment.readyCount, ...open },
      { agents: 0, timers: 0, ready: 0, callbacks: 0, jobs: 0 },
    );
    // A slice is too small for the heap to say anything.
    assert.ok(scale < 0.5 || keptBytes <= keptBytesMax, `${keptBytes} bytes are kept for each machine`);
    world.close();
    return { machines: count, 'snapshots seen': told, 'bytes kept for each': Math.round(keptBytes) };
  },
};

/** A machine with a child of each kind, a delay, and something to say. */
function busy(open: { callbacks: number; jobs: number }) {
  const echo = createMachine({
    after: { 60000: {} },
    on: { ping: { actions: sendParent({ type: 'pong' }) } },
  } as never);
  return setup({
    actors: {
      echo,
      reducer: fromTransition((n: number) => n + 1, 0),
      callback: fromCallback(() => {
        open.callbacks += 1;
        return () => {
          open.callbacks -= 1;
        };
      }),
      job: fromPromise<void>(
        ({ signal }) =>
          new Promise((_, reject) => {
            open.jobs += 1;
            signal.addEventListener('abort', () => {
              open.jobs -= 1;
              reject(new Error('aborted'));
            });
          }),
      ),
    },
  }).createMachine({
    context: ({ spawn }) => ({ own: spawn('reducer', { id: 'own', systemId: 'own' }) }),
    initial: 'waiting',
    invoke: [{ src: 'callback' }, { src: 'job' }],
    states: {
      waiting: { after: { 60000: 'late' }, on: { go: 'going' } },
      going: {
        invoke: { src: 'echo', id: 'echo' },
        entry: [sendTo('echo', { type: 'ping' }), publish(Went, 1)],
        on: { pong: { actions: sendTo(({ context }) => context.own as never, { type: 'n' } as never) } },
      },
      late: {},
    },
  });
}
