import { describe, expect, it } from 'vitest';
import { cancel, createMachine, raise } from 'xstate';
import type { TimerOwner } from '../../src/actors/hosted-input.ts';
import { cancelTimer, HostedTimers } from '../../src/actors/hosted-timers.ts';
import { machineAgent } from '../../src/actors/machine-agent.ts';
import { aMachineScene } from '../support/a-machine-scene.ts';
import { cellOf } from '../support/inside.ts';

/** The timers of a machine, whose turns nobody takes. */
async function someTimers() {
  const { system, quiet, world } = aMachineScene();
  const cell = cellOf(system.spawn(machineAgent({ name: 'm', machine: createMachine({}) })));
  await quiet();
  const arrived: { readonly act: () => void; readonly from: unknown }[] = [];
  const over: unknown[] = [];
  const turn = {
    question: undefined,
    trace: 'of this turn',
    over: (question: unknown) => over.push(question),
    arrive: (_question: unknown, act: () => void, from: unknown) => void arrived.push({ act, from }),
  };
  const owner: TimerOwner = { timers: undefined, timerOf: undefined };
  return { timers: new HostedTimers(cell, turn as never), owner, arrived, over, world };
}

describe('the timers of a machine', () => {
  it('are counted until they are delivered or cancelled', async () => {
    const { timers, owner, arrived, world } = await someTimers();
    const delivered: string[] = [];
    timers.set(owner, 'a', 5, () => delivered.push('a'));
    timers.set(owner, undefined, 5, () => delivered.push('unnamed'));
    timers.set(owner, 'b', 5, () => delivered.push('b'));
    expect(timers.size).toBe(3);

    cancelTimer(owner, 'b');
    expect(timers.size).toBe(2);
    await world.runUntilQuiet();
    for (const { act } of arrived) {
      act();
    }

    expect([delivered, timers.size, owner.timers!.size]).toEqual([['a', 'unnamed'], 0, 0]);
    expect(arrived.map(({ from }) => from)).toEqual([{ setBy: 'of this turn' }, { setBy: 'of this turn' }]);
  });

  it('have names of their own where they have no id', async () => {
    const { timers, owner } = await someTimers();
    timers.set(owner, undefined, 5, () => {});
    timers.set(owner, 'named', 5, () => {});
    timers.set(owner, undefined, 5, () => {});

    expect([...owner.timers!].map(({ id }) => id)).toEqual(['unnamed-1', 'named', 'unnamed-2']);
  });

  it('are cancelled by an id that nobody has, or by who has none, without effect', async () => {
    const { timers, owner, over } = await someTimers();
    cancelTimer(owner, 'a');
    timers.set(owner, 'a', 5, () => {});
    cancelTimer(owner, 'b');

    expect([timers.size, over]).toEqual([1, []]);
  });

  it('wait for ever where they say so, and hold up nobody', async () => {
    const { system, world, quiet, tell } = aMachineScene();
    const log: string[] = [];
    const machine = createMachine({
      entry: raise({ type: 'never' }, { id: 'never', delay: Number.POSITIVE_INFINITY }),
      on: { never: { actions: () => log.push('never') }, hush: { actions: cancel('never') } },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    await quiet();
    expect(world.environment.timerCount).toBe(0);
    tell(ref, 'hush');
    await quiet();

    expect([log, ref.getSnapshot().status]).toEqual([[], 'active']);
  });
});
