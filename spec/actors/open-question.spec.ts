import { describe, expect, it } from 'vitest';
import { createMachine, fromPromise, sendTo } from 'xstate';
import { reply } from '../../src/actors/machine-actions.ts';
import { machineAgent } from '../../src/actors/machine-agent.ts';
import { OpenQuestion } from '../../src/actors/open-question.ts';
import type { ReplyPort } from '../../src/core/envelope.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aMachineScene } from '../support/a-machine-scene.ts';
import { anEnvelope } from '../support/an-envelope.ts';
import { cellOf, kernelOf } from '../support/inside.ts';

const Ask = defineTopic('ask', { schema: type<{ type: string }>(), reply: type<string>() });

const never = fromPromise(() => new Promise<void>(() => {}));

describe('an open question', () => {
  it('is over when it is answered, whatever still goes on for it', async () => {
    const { system, quiet, turns, tell, request } = aMachineScene();
    const machine = createMachine({
      initial: 'idle',
      states: {
        idle: { on: { go: 'busy' } },
        busy: { invoke: { src: never, id: 'work' }, entry: sendTo(({ self }) => self, { type: 'answer' }) },
      },
      on: { answer: { actions: reply('meanwhile') } },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    const asked = request(ref, { type: 'go' });
    await turns();
    const inFlight = kernelOf(system).inFlight;
    tell(ref, 'more');
    await quiet();

    expect([await asked, inFlight]).toEqual(['meanwhile', 0]);
  });

  it('is one of several, of which each is answered for itself', async () => {
    const { world, system, quiet, request } = aMachineScene();
    const machine = createMachine({
      type: 'parallel',
      states: Object.fromEntries(
        [30, 20, 10].map((ms) => [
          `s${ms}`,
          {
            initial: 'idle',
            states: {
              idle: { on: { [`go${ms}`]: 'busy' } },
              busy: { after: { [ms]: { target: 'idle', actions: reply(`after ${ms}`) } } },
            },
          },
        ]),
      ),
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    const asked = [30, 20, 10].map((ms) => request(ref, { type: `go${ms}` }));
    await quiet();

    expect(await Promise.all(asked)).toEqual(['after 30', 'after 20', 'after 10']);
    expect(world.nowMs).toBe(30);
  });

  it('is over at once when the machine is done: nobody answers it any more', async () => {
    const { world, system, quiet, turns, tell, request } = aMachineScene();
    const machine = createMachine({
      initial: 'idle',
      states: {
        idle: { on: { go: 'busy' } },
        busy: { invoke: { src: never }, on: { more: 'over' } },
        over: { type: 'final' },
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    const asked = request(ref, { type: 'go' });
    await turns();
    tell(ref, 'more');
    await quiet();

    expect(await asked).toMatchObject({ _tag: 'NoResponder' });
    expect([world.nowMs, kernelOf(system).inFlight]).toEqual([0, 0]);
  });

  it('that ended for one of those who were asked is not ended again at the deadline of the others', async () => {
    const { system, quiet, request } = aMachineScene();
    const brief = createMachine({
      initial: 'idle',
      states: { idle: { on: { go: 'busy' } }, busy: { after: { 5: 'idle' } } },
    });
    const stuck = createMachine({
      initial: 'idle',
      states: { idle: { on: { go: 'busy' } }, busy: { invoke: { src: never } } },
    });
    system.spawn(machineAgent({ name: 'brief', machine: brief, subscribe: [Ask] }));
    system.spawn(machineAgent({ name: 'stuck', machine: stuck, subscribe: [Ask] }));
    const asked = request(Ask, { type: 'go' }, 50);
    await quiet();

    expect(await asked).toMatchObject({ _tag: 'RequestTimeout' });
    expect(kernelOf(system).inFlight).toBe(0);
  });

  it('ends once, however often it is ended', () => {
    const { system } = aMachineScene();
    const ref = system.spawn(machineAgent({ name: 'm', machine: createMachine({}) }));
    const log: string[] = [];
    const port = {
      settled: false,
      working: () => log.push('working'),
      finished: (path: string) => log.push(`finished by ${path}`),
      fail: () => log.push('failed'),
    } as unknown as ReplyPort;
    const question = new OpenQuestion(cellOf(ref), anEnvelope(), port, () => log.push('over')).begin();
    expect([question.stayOpen(), question.stayOpen()]).toEqual([true, true]);
    question.end();
    question.settle();
    question.fail(new Error('too late'));
    question.interrupt();

    expect(log).toEqual(['working', 'over', 'finished by /m']);
  });
});
