import { describe, expect, it } from 'vitest';
import {
  type AnyActorLogic,
  type AnyActorRef,
  createActor,
  createMachine,
  fromCallback,
  fromTransition,
  sendTo,
} from 'xstate';
import { machineAgent } from '../../src/actors/machine-agent.ts';
import { aMachineScene, resuming } from '../support/a-machine-scene.ts';

/** What a reducer's third parameter offers beside its self: the scope of XState's own actors. */
interface Scope {
  readonly self: AnyActorRef;
  readonly system: {
    readonly scheduler: {
      schedule(source: object, target: object, event: object, delayMs: number, id?: string): void;
      cancel(source: object, id: string): void;
    };
  };
  defer(act: () => void): void;
  stopChild(child: object): void;
}

type Do = (scope: Scope, child: (logic: AnyActorLogic, id: string) => AnyActorRef) => void;

/** Logic that does with its scope what its events say. */
const does = (acts: Readonly<Record<string, Do>>) =>
  fromTransition((count: number, event: { type: string }, scope) => {
    const own = scope as unknown as Scope;
    acts[event.type]?.(own, (logic, id) => createActor(logic, { parent: own.self, id } as never));
    return count + 1;
  }, 0);

/** A callback that writes down when it begins and ends, and what it hears. */
const aWriter = (log: string[]) =>
  fromCallback(({ self, receive }) => {
    log.push(`${self.id} begins`);
    receive(({ type }) => log.push(`${self.id} hears ${type}`));
    return () => log.push(`${self.id} ends`);
  });

describe('the scope of a hosted actor', () => {
  it('is sent to by actors of other systems', async () => {
    const { system, quiet } = aMachineScene();
    const log: string[] = [];
    const ref = system.spawn(
      machineAgent({ name: 'm', machine: createMachine({ invoke: { src: aWriter(log), id: 'child' } }) }),
    );
    await quiet();
    const child = ref.getSnapshot().children['child']!;
    createActor(createMachine({ entry: sendTo(child as never, { type: 'hello' } as never) })).start();
    await quiet();

    expect(log).toEqual(['child begins', 'child hears hello']);
  });

  it('stops a child in a step when the step is over, and once', async () => {
    const { system, failed, quiet, tell } = aMachineScene();
    const log: string[] = [];
    let child: AnyActorRef;
    const ref = system.spawn(
      machineAgent({
        name: 'm',
        machine: does({
          make: (scope, make) => {
            child = make(aWriter(log), 'child');
            scope.defer(() => child.start());
          },
          stop: (scope) => {
            scope.stopChild(child);
            scope.stopChild(child);
            log.push('asked to stop');
          },
        }),
      }),
    );
    tell(ref, 'make', 'stop', 'stop');
    await quiet();

    expect(log).toEqual(['child begins', 'asked to stop', 'child ends', 'asked to stop']);
    expect(failed).toEqual([]);
  });

  it('begins no child whose step fails, even one that was told to start', async () => {
    const { system, failed, quiet, tell } = aMachineScene(resuming);
    const log: string[] = [];
    const ref = system.spawn(
      machineAgent({
        name: 'm',
        machine: does({
          make: (_, make) => {
            make(aWriter(log), 'child').start();
            throw new Error('after all, no');
          },
        }),
      }),
    );
    tell(ref, 'make', 'other');
    await quiet();

    expect([log, failed]).toEqual([[], ['after all, no']]);
    expect(ref.getSnapshot().context).toBe(1);
  });

  it('begins no child that is stopped before it has begun', async () => {
    const { system, quiet, tell } = aMachineScene();
    const log: string[] = [];
    const ref = system.spawn(
      machineAgent({
        name: 'm',
        machine: does({
          make: (scope, make) => {
            const child = make(aWriter(log), 'child');
            scope.defer(() => {
              child.start();
              scope.stopChild(child);
            });
          },
        }),
      }),
    );
    tell(ref, 'make', 'other');
    await quiet();

    expect(log).toEqual([]);
    expect(ref.getSnapshot().context).toBe(2);
  });

  it('schedules nothing once its actor or its run is over', async () => {
    const { world, system, quiet, turns, tell } = aMachineScene();
    const scopes: Scope[] = [];
    let child: AnyActorRef;
    const inner = does({ keep: (scope) => scopes.push(scope) });
    const machine = does({
      make: (scope, make) => {
        scopes.push(scope);
        child = make(inner, 'child');
        scope.defer(() => child.start());
      },
      pass: (scope) => scope.defer(() => child.send({ type: 'keep' })),
      stop: (scope) => scope.stopChild(child),
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    tell(ref, 'make', 'pass');
    await quiet();
    const schedule = (n: number): number => {
      const { self, system: own } = scopes[n]!;
      own.scheduler.schedule(self, self, { type: 'late' }, 1_000, 'bell');
      return world.environment.timerCount;
    };
    expect([schedule(0), schedule(1)]).toEqual([1, 2]);
    scopes[0]!.system.scheduler.cancel(scopes[0]!.self, 'bell');
    tell(ref, 'stop');
    await turns();

    expect(schedule(1)).toBe(0);
    const stopped = system.stop(ref);
    await turns();
    await stopped;
    expect(schedule(0)).toBe(0);
  });
});
