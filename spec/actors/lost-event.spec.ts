import { describe, expect, it } from 'vitest';
import { createMachine } from 'xstate';
import { loseEvent } from '../../src/actors/lost-event.ts';
import { machineAgent } from '../../src/actors/machine-agent.ts';
import { aMachineScene } from '../support/a-machine-scene.ts';
import { cellOf } from '../support/inside.ts';

/** A machine with room for three, and the dead letters its actors leave. */
function someLosses() {
  const { system } = aMachineScene();
  const cell = cellOf(system.spawn(machineAgent({ name: 'm', machine: createMachine({}), capacity: 3 })));
  return {
    lose: (type: string, cause: 'Stopped' | 'Dropped') =>
      loseEvent(cell, '/m:child', { type }, cause, undefined),
    letters: () => system.deadLetters.list(),
  };
}

describe('an event that is lost', () => {
  it('is a dead letter addressed to the actor that was not given it', () => {
    const { lose, letters } = someLosses();
    lose('go', 'Stopped');

    expect(letters()).toMatchObject([
      { cause: 'Stopped', to: '/m:child', envelope: { sender: '/m', payload: { type: 'go' } } },
    ]);
    expect(letters()[0]).not.toHaveProperty('failure');
  });

  it('says how many may wait, when there were too many', () => {
    const { lose, letters } = someLosses();
    lose('go', 'Dropped');

    expect(letters()).toMatchObject([
      {
        cause: 'Dropped',
        failure: { _tag: 'MailboxFull', receiver: '/m:child', payload: { type: 'go' }, capacity: 3 },
      },
    ]);
  });

  it('is no loss when XState sent it to one that has ended, but is when there were too many', () => {
    const { lose, letters } = someLosses();
    lose('xstate.done.actor.child', 'Stopped');
    expect(letters()).toEqual([]);
    lose('xstate.done.actor.child', 'Dropped');

    expect(letters()).toMatchObject([{ cause: 'Dropped' }]);
  });
});
