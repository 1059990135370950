import { describe, expect, it } from 'vitest';
import { createMachine } from 'xstate';
import { machineAgent } from '../../src/actors/machine-agent.ts';
import { aMachineScene } from '../support/a-machine-scene.ts';

describe('an inspector', () => {
  it('whose promises fail is reported once and dropped; the other goes on', async () => {
    const told: string[] = [];
    const { system, failed, quiet, tell } = aMachineScene({
      inspect: { next: (event) => void told.push(`${event.type} in ${event.rootId}`) },
    });
    let asked = 0;
    const ref = system.spawn(
      machineAgent({
        name: 'm',
        machine: createMachine({}),
        inspect: async () => {
          asked += 1;
          throw new Error(`inspection ${asked}`);
        },
      }),
    );
    await quiet();
    const before = asked;
    tell(ref, 'more');
    await quiet();

    expect(failed).toEqual(['inspection 1']);
    expect([before > 1, asked]).toEqual([true, before]);
    expect(told).toContain('@xstate.event in /m');
  });

  it('that throws is reported once and dropped', async () => {
    const { system, failed, quiet } = aMachineScene();
    system.spawn(
      machineAgent({
        name: 'm',
        machine: createMachine({}),
        inspect: () => {
          throw new Error('not interested');
        },
      }),
    );
    await quiet();

    expect(failed).toEqual(['not interested']);
  });

  it('that listens to nothing disturbs nothing', async () => {
    const { system, failed, quiet } = aMachineScene({ inspect: {} });
    const ref = system.spawn(machineAgent({ name: 'm', machine: createMachine({}) }));
    await quiet();

    expect([failed, ref.getSnapshot().status]).toEqual([[], 'active']);
  });
});
