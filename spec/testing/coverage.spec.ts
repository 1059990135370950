import { describe, expect, it } from 'vitest';
import { assign, createMachine, fromPromise, type InspectionEvent } from 'xstate';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { keyedAgent } from '../../src/actors/keyed-agent.ts';
import { machineAgent } from '../../src/actors/machine-agent.ts';
import type { System } from '../../src/actors/system.ts';
import { type } from '../../src/core/schema.ts';
import type { SystemEvent } from '../../src/core/system-event.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { coverageReport } from '../../src/testing/coverage.ts';
import { type ExploreOptions, explore } from '../../src/testing/explore.ts';

const Withdraw = defineTopic('withdraw', { schema: type<number>() });
const Audit = defineTopic('audit', { schema: type<string>() });
const Any = defineTopic('any.>', { schema: type<unknown>() });
const Press = defineTopic('press', { schema: type<{ type: 'press' | 'kick' | 'open' }>() });

const bank = (system: System) => {
  const clerk = defineAgent({
    name: 'clerk',
    on: (on) => [on(Withdraw, () => {}), on(Audit, () => {}), on(Any, () => {})],
    state: 0,
  });
  system.spawn(clerk);
  system.spawn(defineAgent({ name: 'other', subscribe: [Withdraw], receive: () => {} }));
  system.publish(Withdraw, 1);
  system.publish(Withdraw, 2);
};

const seen = async (setup: Parameters<typeof explore>[0], options: ExploreOptions = {}) =>
  (await explore(setup, { runs: 40, seed: 1, ...options }, () => {})).coverage;

describe('coverage', () => {
  it('counts schedules, and says how many of the last were new', async () => {
    const coverage = await seen(bank, { runs: 200 });

    expect(coverage.runs).toBe(200);
    expect(coverage.schedules).toBeGreaterThan(10);
    expect(coverage.schedules).toBeLessThan(200);
    expect(coverage.saturation.last).toBe(100);
    expect(coverage.saturation.fresh).toBeLessThan(100);
    expect((await seen(() => {}, { runs: 3 })).saturation).toEqual({ last: 3, fresh: 1 });
  });

  it('says which agents there were, what they handled, and what never', async () => {
    const coverage = await seen(bank);

    expect(coverage.agents).toEqual([
      {
        definition: 'clerk',
        started: 40,
        restarted: 0,
        stopped: 0,
        finished: 0,
        failed: 0,
        neverHandled: ['audit'],
      },
      {
        definition: 'other',
        started: 40,
        restarted: 0,
        stopped: 0,
        finished: 0,
        failed: 0,
        neverHandled: [],
      },
    ]);
    expect(coverage.messages).toContainEqual({
      topic: 'withdraw',
      receiver: 'clerk',
      handled: 80,
      failed: 0,
      interrupted: 0,
    });
    expect(coverage.report()).toContain('never handled by clerk: audit');
    expect(coverage.report()).toContain('never failed: clerk, other');
  });

  it('says what failed, what was decided, which faults there were, and how it was chosen', async () => {
    const coverage = await seen(bank, { faults: ['crash', 'drop'], runs: 60 });

    expect(coverage.agents.some(({ failed }) => failed > 0)).toBe(true);
    expect(coverage.agents.some(({ restarted }) => restarted > 0)).toBe(true);
    expect(coverage.directives.restart).toBeGreaterThan(0);
    expect(Object.keys(coverage.faults).sort()).toEqual(['Crashed', 'Dropped']);
    expect(coverage.choices.map(({ what }) => what)).toContain('fault: crash');
    expect(coverage.choices.find(({ what }) => what === 'whose turn')!.otherwise).toBeGreaterThan(0);
    expect(coverage.report()).toMatch(/faults: .*Crashed \d+/);
  });

  it('sees the agents of hosts, in all their lives, as those of its own system', async () => {
    const own: SystemEvent[] = [];
    const light = createMachine({
      initial: 'off',
      states: { off: { on: { press: 'on' } }, on: { on: { kick: 'off' } } },
    });

    const coverage = await seen(
      (_system, world) => {
        world.host('a', (system) => bank(system), {
          system: { events: [{ next: (event) => own.push(event) }] },
        });
        world.host('b', (system) => {
          system.spawn(machineAgent({ name: 'light', machine: light, subscribe: [Press] }));
          system.publish(Press, { type: 'press' });
        });
        world.restart('a');
      },
      { runs: 5 },
    );

    expect(coverage.agents).toContainEqual(
      expect.objectContaining({ definition: 'clerk', neverHandled: ['audit'] }),
    );
    expect(coverage.agents.find(({ definition }) => definition === 'clerk')!.started).toBeGreaterThanOrEqual(
      5,
    );
    expect(coverage.messages.find(({ receiver }) => receiver === 'clerk')).toMatchObject({
      topic: 'withdraw',
    });
    expect(coverage.machines).toMatchObject([{ definition: 'light', states: ['off', 'on'] }]);
    expect(own.length).toBeGreaterThan(0);
  });

  it('says how agents ended, and which letters were dead', async () => {
    const ending = async (system: System) => {
      const brief = defineAgent({
        name: 'brief',
        subscribe: [Audit],
        receive: (_, context) => context.stop(),
      });
      system.spawn(defineAgent({ name: 'patient', on: [] }));
      const ref = system.spawn(brief);
      system.publish(Audit, 'a');
      await system.watch(ref);
      system.tell(ref, 'too late');
      await system.stop();
    };

    const coverage = await seen(ending, { runs: 5 });

    expect(coverage.agents).toMatchObject([
      { definition: 'brief', finished: 5, stopped: 0 },
      { definition: 'patient', finished: 0, stopped: 5 },
    ]);
    expect(coverage.deadLetters).toEqual({ Stopped: 5 });
  });

  it('tells agents of keys by their definition', async () => {
    const one = defineAgent({ name: 'purse', subscribe: [Withdraw], receive: () => {} });
    const purse = keyedAgent({ agent: one, keyed: (cents) => `${cents}`, passivate: 'forget' });
    const coverage = await seen(
      (system) => {
        system.spawn(purse);
        system.publish(Withdraw, 1);
        system.publish(Withdraw, 2);
      },
      { runs: 3 },
    );

    expect(coverage.messages).toEqual([
      { topic: 'withdraw', receiver: 'purse', handled: 6, failed: 0, interrupted: 0 },
    ]);
  });

  it('says which states of machines were reached, which transitions were taken, and which never', async () => {
    const door = createMachine({
      id: 'door',
      initial: 'shut',
      context: { times: 0 },
      states: {
        shut: { on: { press: 'moving', kick: 'broken' } },
        moving: {
          initial: 'slow',
          states: { slow: {}, fast: {}, back: { type: 'history' } },
          on: { open: { target: 'shut', actions: assign({ times: 1 }) } },
        },
        broken: { always: { target: 'shut', guard: () => false } },
      },
      on: { open: {} },
    });
    const inspected: InspectionEvent[] = [];
    const events: SystemEvent[] = [];
    const setup = (system: System) => {
      system.spawn(machineAgent({ name: 'lamp', machine: fromPromise(async () => 1) }));
      system.spawn(machineAgent({ name: 'gate', machine: door, subscribe: [Press] }));
      system.spawn(machineAgent({ name: 'alarm', machine: createMachine({ id: 'silent' }) }));
      system.publish(Press, { type: 'press' });
    };
    const inspect = (event: InspectionEvent) => void inspected.push(event);

    const coverage = await seen(setup, {
      runs: 2,
      system: { inspect, events: [{ next: (event) => void events.push(event) }] },
    });
    await seen(setup, { runs: 2, system: { inspect: { next: inspect } } });
    await seen(setup, { runs: 2, system: { inspect: {} } });

    expect(coverage.machines).toEqual([
      {
        definition: 'alarm',
        machine: 'silent',
        states: [],
        neverReached: [],
        transitions: [],
        neverTaken: [],
      },
      {
        definition: 'gate',
        machine: 'door',
        states: ['moving', 'moving.slow', 'shut'],
        neverReached: ['moving.fast', 'broken'],
        transitions: ['shut on press'],
        neverTaken: ['any state on open', 'shut on kick', 'moving on open', 'broken on always'],
      },
    ]);
    expect(coverage.report()).toContain('machine door of gate was in 3 states, took 1 transitions');
    expect(coverage.report()).toContain('never reached in machine door of gate: moving.fast, broken');
    expect(inspected.length).toBeGreaterThan(0);
    expect(events.length).toBeGreaterThan(0);
  });

  it('looks at some runs, at all, or at none', async () => {
    expect((await seen(bank, { runs: 100 })).lookedAt).toBe(66);
    expect((await seen(bank, { runs: 100, coverage: 'all' })).lookedAt).toBe(100);
    const none = await seen(bank, { runs: 100, coverage: 'none' });

    expect(none).toMatchObject({ runs: 100, lookedAt: 0, agents: [], messages: [] });
    expect(none.schedules).toBeGreaterThan(10);
    expect(none.report().split('\n')).toHaveLength(2);
  });

  it('tells also of failures of nobody, and does not count a question with one answer', async () => {
    const throwing = () => {
      throw new RangeError('a listener');
    };

    const coverage = await seen(
      (_, world) => {
        world.choose(1, 'no choice');
        world.choose(2, 'a choice');
        world.system.spawn(defineAgent({ name: 'any', on: [] }));
      },
      { runs: 1, system: { events: [{ next: throwing }] } },
    );

    expect(coverage.agents.map(({ definition }) => definition)).toEqual(['/', 'any']);
    expect(coverage.choices.map(({ what, asked }) => [what, asked])).toEqual([['a choice', 1]]);
  });

  it('changes nothing of what is run', async () => {
    const run = async (coverage: ExploreOptions['coverage']) =>
      explore(bank, { runs: 70, seed: 5, coverage: coverage!, faults: ['crash'] }, () => {});

    const [all, none] = [await run('all'), await run('none')];

    expect([all.steps, all.coverage.schedules]).toEqual([none.steps, none.coverage.schedules]);
  });

  it('reports an agent that never started, as far as it is known', () => {
    const nothing = { started: 0, restarted: 0, stopped: 0, finished: 0, failed: 0, neverHandled: [] };

    const report = coverageReport({
      runs: 1,
      lookedAt: 1,
      longerThanTape: 0,
      schedules: 1,
      saturation: { last: 1, fresh: 1 },
      agents: [{ definition: 'ghost', ...nothing }],
      messages: [],
      machines: [],
      deadLetters: {},
      directives: {},
      faults: {},
      choices: [{ what: 'heads or tails', asked: 3, otherwise: 0 }],
    });

    expect(report.split('\n')).toEqual([
      '1 runs, 1 different schedules; 1 of the last 1 were new',
      'agent ghost: never started',
      'choices: heads or tails 3 times, never other than quietly',
      'never failed: ghost',
    ]);
  });
});
