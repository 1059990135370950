import { describe, expect, it } from 'vitest';
import { createActor, createMachine, fromTransition } from 'xstate';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { perform, publish, reply, request } from '../../src/actors/machine-actions.ts';
import { machineAgent } from '../../src/actors/machine-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aMachineScene, Heard, resuming } from '../support/a-machine-scene.ts';

const Ask = defineTopic('ask', { schema: type<string>(), reply: type<string>() });

describe('an action of a machine agent', () => {
  it('is refused wherever no agent is', () => {
    const thrown: unknown[] = [];
    const actor = createActor(createMachine({ entry: publish(Heard, 1) }));
    actor.subscribe({ error: (failure) => thrown.push(failure) });
    actor.start();
    expect(String(thrown[0])).toContain('troupe.publish is an action of machines that run as agents');
    expect(() => reply('called by hand')({} as never, undefined)).toThrow('troupe.reply is an action');
  });

  it('answers nobody where nobody asked', async () => {
    const { system, failed, quiet, tell, causes } = aMachineScene();
    const machine = createMachine({ on: { go: { actions: [reply('to whom?'), publish(Heard, 1)] } } });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    tell(ref, 'go');
    await quiet();

    expect([failed, causes()]).toEqual([[], {}]);
  });

  it('answers with no promise', async () => {
    const { system, failed, quiet, request: ask } = aMachineScene(resuming);
    const machine = createMachine({
      on: { go: { actions: reply(() => Promise.reject(new Error('unheard'))) } },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    const asked = ask(ref, { type: 'go' });
    await quiet();

    expect(await asked).toMatchObject({ _tag: 'InvalidParams' });
    expect(failed[0]).toContain("reply of '/m'");
  });

  it('is one effect too many when the agent may have no more in a step', async () => {
    const { system, failed, heard, quiet, request: ask } = aMachineScene(resuming);
    const machine = createMachine({
      on: { go: { actions: [publish(Heard, 1), publish(Heard, 2), reply('one too many')] } },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine, effectsMax: 2 }));
    const asked = ask(ref, { type: 'go' });
    await quiet();

    expect(await asked).toMatchObject({ _tag: 'MailboxFull' });
    expect(failed[0]).toContain('the effects of one step of /m');
    expect(heard).toEqual([1, 2]);
  });
});

describe('a request that a machine made', () => {
  it('is nothing to it any more when its agent has ended or begun anew', async () => {
    const { world, system, failed, quiet, turns, tell } = aMachineScene();
    const waiting: PromiseWithResolvers<string>[] = [];
    system.spawn(
      defineAgent({
        name: 'clerk',
        subscribe: [Ask],
        receive: () => {
          const answer = Promise.withResolvers<string>();
          waiting.push(answer);
          return answer.promise;
        },
      }),
    );
    const log: string[] = [];
    const machine = createMachine({
      on: {
        go: { actions: request(Ask, 'well?', { onReply: 'ANSWER', onFailure: 'FAILURE' }) },
        '*': { actions: ({ event }) => log.push(event.type) },
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    tell(ref, 'go');
    await turns();
    world.crash('/m');
    await quiet();
    tell(ref, 'go');
    await turns();
    const stopped = system.stop(ref);
    await quiet();
    await stopped;
    for (const { resolve } of waiting) {
      resolve('too late');
    }
    await quiet();

    expect([log, failed.length]).toEqual([[], 1]);
  });
});

describe('what a reducer performs after its step', () => {
  /** A reducer whose scope is kept. */
  function aReducer() {
    const scopes: object[] = [];
    const machine = fromTransition((count: number, _: { type: 'go' }, scope) => {
      scopes.push(scope);
      return count + 1;
    }, 0);
    return { machine, scopes };
  }

  it('is a step of its own', async () => {
    const { system, heard, quiet, tell } = aMachineScene();
    const { machine, scopes } = aReducer();
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    tell(ref, 'go');
    await quiet();
    perform(scopes[0]!, publish(Heard, 'later'));
    expect(heard).toEqual([]);
    await quiet();

    expect(heard).toEqual(['later']);
  });

  it('fails the agent when it cannot be done', async () => {
    const { system, failed, quiet, tell } = aMachineScene(resuming);
    const { machine, scopes } = aReducer();
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    tell(ref, 'go');
    await quiet();
    perform(scopes[0]!, publish('no topic' as never, 99));
    tell(ref, 'go');
    await quiet();

    expect(failed).toEqual([expect.stringContaining('no topic')]);
    expect(ref.getSnapshot().context).toBe(2);
  });

  it('is nothing once its run is over', async () => {
    const { world, system, heard, failed, quiet, tell, causes } = aMachineScene();
    const { machine, scopes } = aReducer();
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    tell(ref, 'go');
    await quiet();
    world.crash('/m');
    await quiet();
    perform(scopes[0]!, publish(Heard, 'from the old run'));
    await quiet();

    expect([heard, failed.length, causes()]).toEqual([[], 1, {}]);
  });
});
