import { describe, expect, it } from 'vitest';
import { cancel, createMachine, raise } from 'xstate';
import { HostedInput, HostedTimer, type TimerOwner } from '../../src/actors/hosted-input.ts';
import { machineAgent } from '../../src/actors/machine-agent.ts';
import { aMachineScene } from '../support/a-machine-scene.ts';
import { cellOf, noticesIn } from '../support/inside.ts';

describe('what comes to a machine from itself', () => {
  it('is no step any more once it was cancelled', async () => {
    const { system, quiet } = aMachineScene();
    const cell = cellOf(system.spawn(machineAgent({ name: 'm', machine: createMachine({}) })));
    await quiet();
    const inputs = new Set<HostedInput>();
    const input = new HostedInput({
      cell,
      inputs,
      question: undefined,
      setBy: undefined,
      child: undefined,
      act: () => {},
      taker: { takeInput: () => undefined },
    });
    expect([inputs.size, cell.mailbox.size, input.step === undefined]).toEqual([1, 1, false]);
    input.cancel();
    input.cancel();

    expect([inputs.size, cell.mailbox.size, input.step]).toEqual([0, 0, undefined]);
  });

  it('is told from nobody when its agent stops between its ringing and its turn', async () => {
    const { world, system, turns, failed, causes } = aMachineScene();
    let rang = 0;
    const machine = createMachine({
      entry: raise({ type: 'rang' }, { delay: 10 }),
      on: {
        rang: {
          actions: () => {
            rang += 1;
          },
        },
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    await turns();
    world.environment.step();
    expect(noticesIn(cellOf(ref))).toBe(1);
    const stopped = system.stop(ref);
    await turns();
    await stopped;

    expect([rang, failed, causes(), world.environment.timerCount]).toEqual([0, [], {}, 0]);
  });
});

describe('a delayed event', () => {
  it('ends once, however often it is cancelled', async () => {
    const { world, system } = aMachineScene();
    const cell = cellOf(system.spawn(machineAgent({ name: 'm', machine: createMachine({}) })));
    const owner: TimerOwner = { timers: undefined, timerOf: undefined };
    let over = 0;
    const timer = new HostedTimer({
      id: 'one',
      owner,
      question: undefined,
      setBy: undefined,
      over: () => {
        over += 1;
      },
    });
    timer.start(cell, 10, () => expect.unreachable());
    timer.cancel();
    timer.cancel();

    expect([over, owner.timers!.size, world.environment.timerCount]).toEqual([1, 0, 0]);
  });

  it('that is cancelled between its ringing and its turn does not come', async () => {
    const { world, system, turns, quiet, tell } = aMachineScene();
    const log: string[] = [];
    const machine = createMachine({
      entry: raise({ type: 'rang' }, { delay: 10, id: 'bell' }),
      on: {
        rang: { actions: () => log.push('rang') },
        // It rings while this step is being taken.
        hush: { actions: [() => log.push(`hush ${world.environment.step()}`), cancel('bell')] },
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    await turns();
    tell(ref, 'hush');
    await quiet();

    expect([log, world.nowMs]).toEqual([['hush true'], 10]);
  });

  it('whose delay is no number, or less than nothing, comes at once', async () => {
    const { world, system, quiet } = aMachineScene();
    const log: string[] = [];
    const machine = createMachine({
      entry: [Number.NaN, -5].map((delay) => raise({ type: `after ${delay}` }, { delay })),
      on: { '*': { actions: ({ event }) => log.push(event.type) } },
    });
    system.spawn(machineAgent({ name: 'm', machine }));
    await quiet();

    expect([log, world.nowMs]).toEqual([['after NaN', 'after -5'], 0]);
  });
});
