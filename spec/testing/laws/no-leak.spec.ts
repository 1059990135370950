import { type AgentRef, defineAgent, defineTopic, type System, type } from 'troupe';
import { describe, expect, it } from 'vitest';
import { explore, noLeak } from '../../../src/testing/index.ts';
import { brokenBy } from '../../support/breaking-a-law.ts';
import { cellOf, kernelOf } from '../../support/inside.ts';

const Job = defineTopic('job', { schema: type<string>(), reply: type<string>() });
const worker = defineAgent({ name: 'worker', subscribe: [Job], receive: () => 'done' });
type Setup = Parameters<typeof brokenBy>[1];

describe('no leak', () => {
  it('holds of agents that finish what they begin', async () => {
    const broken = await brokenBy([noLeak()], async (system) => {
      system.spawn(worker);
      await system.request(Job, 'one');
    });

    expect(broken).toBeUndefined();
  });

  it('holds of what is said at the end and is late', async () => {
    const parting = defineAgent({
      name: 'parting',
      on: [],
      onStop: (context) => void context.publish(Job, 'farewell'),
    });
    for (const onHost of [false, true]) {
      const explored = await explore(
        (system, world) => {
          const setUp = (own: System) => {
            own.spawn(worker);
            own.spawn(parting);
          };
          onHost ? world.host('shop', setUp) : setUp(system);
        },
        { runs: 200, seed: 1, faults: ['delay', 'duplicate'], laws: [noLeak()] },
        () => {},
      );

      expect(explored.runs).toBe(200);
    }
  });

  it('holds where the test stops the system itself', async () => {
    const broken = await brokenBy([noLeak()], async (system) => {
      system.spawn(worker);
      await system.stop();
    });

    expect(broken).toBeUndefined();
  });

  it('looks at the agents that began with the system', async () => {
    await explore(
      () => {},
      { laws: [noLeak()], system: { agents: [worker] }, tape: [] },
      () => {},
    );
  });

  it('names what an agent waits for in vain', async () => {
    const hangs: Setup = (system) => {
      system.spawn(
        defineAgent({ name: 'sleeper', subscribe: [Job], receive: () => new Promise<string>(() => {}) }),
      );
      system.publish(Job, 'one');
    };

    expect(await brokenBy([noLeak()], hangs)).toBe(
      "no leak: /sleeper still handles 'job' although nothing is left to do: it waits for what does not come",
    );
    expect(await brokenBy([noLeak({ unfinished: 'allow' })], hangs)).toBeUndefined();
  });

  it.each<[string, string, Setup]>([
    [
      'a request that is forgotten',
      'a request of /worker to /elsewhere is still open',
      (system) => {
        cellOf(system.spawn(worker) as never).rememberRequest({
          target: '/elsewhere',
          interrupt: () => {},
        } as never);
      },
    ],
    [
      'a timer',
      '/worker has 0 handlings and 1 timers open for nothing',
      (system) => {
        cellOf(system.spawn(worker) as never).timers = new Set([{ cancel: () => {} }]);
      },
    ],
    [
      'a handling',
      '/worker has 1 handlings and 0 timers open for nothing',
      (system) => {
        cellOf(system.spawn(worker) as never).open = 1;
      },
    ],
    [
      'a step of an agent',
      '0 requests from outside, 0 fibres and 1 steps of agents are still open',
      (system) => {
        kernelOf(system).ownSteps = 1;
      },
    ],
    [
      'a message that is counted and is not there',
      '-1 messages are counted as being worked on, and agents have 0',
      (system) => {
        kernelOf(system).inFlight = -1;
      },
    ],
    [
      'something to do without a turn',
      '/worker has something to do, and no turn in which to do it',
      async (system, world) => {
        const cell = cellOf(system.spawn(worker) as never);
        await world.settle();
        cell.queued = true;
        world.environment.schedule(1, () => {
          cell.queued = true;
          void system.publish(Job, 'never');
        });
      },
    ],
    [
      'one who waits for room where there is room',
      '/worker waits for room at /other, where there is room',
      (system) => {
        const cell = cellOf(system.spawn(worker) as never);
        const other = cellOf(system.spawn(worker, { id: 'other' }) as never);
        cell.parked = [{ receiver: other, envelope: {} as never, admitted: () => {} }];
      },
    ],
    [
      'messages in line where there is room',
      '1 messages stand in line at /worker, where there is room',
      (system) => {
        const cell = cellOf(system.spawn(worker) as never);
        Object.defineProperty(cell.mailbox, 'spilled', { value: 1 });
      },
    ],
  ])('finds %s', async (_, message, setup) => {
    expect(await brokenBy([noLeak()], setup)).toContain(message);
  });

  it('finds what is left when the system has stopped', async () => {
    const keeps = await brokenBy([noLeak()], (system) => {
      const cell = cellOf(system.spawn(worker) as never);
      cell.stashed = [];
      world(cell);
    });
    const listens = await brokenBy([noLeak()], (system) => {
      const ref = system.spawn(worker);
      const { kernel } = cellOf(ref as AgentRef<never, unknown> as never);
      kernel.subscribe('job', { path: 'ghost', responds: false } as never);
    });

    const stays = await brokenBy([noLeak()], (system) => {
      const ref = system.spawn(worker);
      const left = [cellOf(ref as AgentRef<never, unknown> as never)];
      Object.assign(system.agents, { remove: () => {}, cells: () => left });
      return ref;
    });

    expect(stays).toContain('the system has stopped, and there are left: 1 agents /worker (stopped)');
    expect(keeps).toBe('no leak: /worker is stopped and still has 1 messages and 0 effects');
    expect(listens).toContain(
      'the system has stopped, and there are left: 0 agents, 0 messages, 1 subscriptions',
    );
  });
});

/** It keeps a message although it has ended. */
function world(cell: ReturnType<typeof cellOf>): void {
  Object.defineProperty(cell, 'stashed', {
    get: () => (cell.phase === 'stopped' ? [{}] : undefined),
    set: () => {},
  });
}
