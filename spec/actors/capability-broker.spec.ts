import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AgentRef } from '../../src/actors/agent-ref.ts';
import type { Permit } from '../../src/actors/capability-directory.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type CapabilityOptions, capability } from '../../src/actors/define-capability.ts';
import type { Limits } from '../../src/core/budget.ts';
import { type StandardSchema, type } from '../../src/core/schema.ts';
import { systemFailures } from '../../src/core/system-topics.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld } from '../support/a-world.ts';
import { boom } from '../support/boom.ts';

const Task = defineTopic('task', { schema: type<string>() });

describe('a call of a capability', () => {
  it('is answered with what it gives, by its name or by itself', async () => {
    const { system, settled, Length } = anOffice();

    const calls = [system.tool('length', 'four'), system.tool(Length, 'seven')];

    expect(await settled(...calls)).toEqual([4, 5]);
  });

  it('can be made by an agent', async () => {
    const { fromAgent } = anOffice();

    expect(await fromAgent('four')).toEqual(4);
  });

  it('can be made as a request, too', async () => {
    const { system, settled, Length } = anOffice();

    expect(await settled(system.request(Length, 'four'))).toEqual([4]);
  });

  it('goes to those who offer it in turn', async () => {
    const { system, settled } = anOffice({ providers: 2 });

    await settled(system.tool('length', 'a'), system.tool('length', 'b'), system.tool('length', 'c'));

    expect(system.statistics().agents.map(({ handled }) => handled)).toEqual([1, 2]);
  });

  it('fails at once when nobody offers it', async () => {
    const { system, settled } = anOffice();

    const [byName, asRequest] = await settled(
      system.tool('weather', 'Oslo'),
      system.request(
        capability('weather', { input: type<string>(), output: type<string>(), run: boom }),
        'Oslo',
      ),
    );

    expect(byName).toMatchObject({ _tag: 'NoResponder', target: 'capability weather', asked: 0 });
    expect(asRequest).toMatchObject({ _tag: 'NoResponder', target: 'capability weather' });
  });

  it('fails when its input is not what it takes, and nobody is bothered', async () => {
    const { system, settled, ran } = anOffice();

    const [failure] = await settled(system.tool('length', 7));

    expect(failure).toMatchObject({ _tag: 'InvalidParams', what: "input of 'length'", value: 7 });
    expect(ran).toEqual([]);
  });

  it('gives what the schema made of the input, once', async () => {
    const { system, settled, ran } = anOffice({ input: z.string().transform((text) => text.length) });

    await settled(system.tool('length', 'four'));

    expect(ran).toEqual([4]);
  });

  it('fails when its output is not what it promised', async () => {
    const { system, settled } = anOffice({ run: () => 'four' as never });

    const [failure] = await settled(system.tool('length', 'four'));

    expect(failure).toMatchObject({
      _tag: 'CapabilityError',
      class: 'invalid',
      cause: { _tag: 'InvalidParams', what: "output of 'length'", value: 'four' },
    });
  });

  it('fails with what it threw', async () => {
    const { system, settled } = anOffice({ run: boom });

    const [failure] = await settled(system.tool('length', 'four'));

    expect(failure).toMatchObject({
      _tag: 'CapabilityError',
      class: 'permanent',
      cause: { _tag: 'AgentDefect' },
    });
  });

  it('fails when no reply comes in time, as the capability says', async () => {
    const { system, settled, world } = anOffice({ run: forever, timeoutMs: 40 });

    const [failure] = await settled(system.tool('length', 'four'));

    expect(failure).toMatchObject({ _tag: 'RequestTimeout', timeoutMs: 40 });
    expect(world.nowMs).toBe(40);
  });

  it('fails when no reply comes in time, as the caller says', async () => {
    const { system, settled, world } = anOffice({ run: forever, timeoutMs: 40 });

    await settled(system.tool('length', 'four', { timeoutMs: 5 }));

    expect(world.nowMs).toBe(5);
  });

  it('is interrupted by its signal', async () => {
    const { system, settled } = anOffice({ run: forever });
    const gone = new AbortController();

    const call = system.tool('length', 'four', { signal: gone.signal });
    gone.abort(new Error('the user left'));

    expect(await settled(call)).toMatchObject([{ _tag: 'Interrupted', reason: 'the user left' }]);
  });

  it('fails when the agent that offers it does not answer', async () => {
    const { system, settled } = anOffice({ run: () => undefined });

    expect(await settled(system.tool('length', 'four'))).toMatchObject([{ _tag: 'NoResponder', asked: 1 }]);
  });

  it('fails when another that its work needs is not offered', async () => {
    const { system, settled } = anOffice({
      run: (_, context) => context.tool('weather', 'x') as Promise<number>,
    });

    expect(await settled(system.tool('length', 'four'))).toMatchObject([
      { _tag: 'CapabilityError', cause: { _tag: 'NoResponder', target: 'capability weather' } },
    ]);
  });

  it('fails when it closes a wait cycle', async () => {
    const { system, settled } = anOffice({
      run: (_, context) => context.tool('length', 'x') as Promise<number>,
    });

    expect(await settled(system.tool('length', 'four'))).toMatchObject([{ _tag: 'WaitCycle' }]);
  });

  it('fails with options that cannot be', async () => {
    const { system, settled } = anOffice();

    expect(await settled(system.tool('length', 'four', { timeoutMs: Number.NaN }))).toMatchObject([
      {
        _tag: 'CapabilityError',
        cause: new RangeError('timeoutMs is a number of milliseconds, at least 0; got NaN'),
      },
    ]);
  });

  it('that failed ends no process when nobody looks at its promise', async () => {
    const { system, world, ran } = anOffice();

    void system.tool('length', 7);
    await world.runUntilQuiet();

    expect(ran).toEqual([]);
  });
});

describe('a capability that throws what cannot be looked at', () => {
  it('fails like any other', async () => {
    const { system, settled } = anOffice({
      run: () => {
        throw new Proxy({}, { get: boom, getPrototypeOf: boom });
      },
    });

    const [failure] = await settled(system.tool('length', 'four'));

    expect(failure).toMatchObject({ _tag: 'CapabilityError' });
  });
});

describe('a permit', () => {
  it('is asked with the capability, the input and the caller', async () => {
    const asked: unknown[] = [];
    const { system, settled, fromAgent } = anOffice({ permit: (call) => asked.push(call) > 0 });

    await settled(system.tool('length', 'four'));
    await fromAgent('seven');

    expect(asked).toEqual([
      { capability: 'length', input: 'four', caller: undefined },
      { capability: 'length', input: 'seven', caller: '/clerk' },
    ]);
  });

  it('that refuses keeps the call from being made', async () => {
    const { system, settled, fromAgent, ran } = anOffice({ permit: () => false });

    const [fromOutside] = await settled(system.tool('length', 'four'));
    const fromWithin = await fromAgent('four');

    expect([fromOutside, fromWithin].map(String)).toEqual([
      "CapabilityError: capability 'length' failed: 'the caller' is not permitted to call it",
      "CapabilityError: capability 'length' failed: '/clerk' is not permitted to call it",
    ]);
    expect(ran).toEqual([]);
  });

  it('that throws permits nothing, and is told of', async () => {
    const { system, settled, ran } = anOffice({ permit: boom });
    const told: unknown[] = [];
    system.observe(systemFailures, { overflow: 'drop-newest' }).subscribe((report) => told.push(report));

    const [failure] = await settled(system.tool('length', 'four'));

    expect(failure).toMatchObject({ _tag: 'CapabilityError' });
    expect(ran).toEqual([]);
    expect(told).toMatchObject([{ agent: '/', failure: { message: 'boom' } }]);
  });
});

describe('the budget of tool calls', () => {
  it('refuses a call before it is made', async () => {
    const { fromAgent, ran } = anOffice({ clerkBudget: { toolCalls: 1 } });

    const outcomes = [await fromAgent('four'), await fromAgent('seven')];

    expect(outcomes).toMatchObject([4, { _tag: 'BudgetExceeded', resource: 'toolCalls', limit: 1 }]);
    expect(ran).toEqual(['four']);
  });

  it('counts a call once, whoever pays', async () => {
    const { fromAgent } = anOffice({ clerkBudget: { toolCalls: 2 } });

    const outcomes = [await fromAgent('four'), await fromAgent('seven')];

    expect(outcomes).toEqual([4, 5]);
  });
});

describe('the record of a capability', () => {
  it('counts calls and failures', async () => {
    const { system, settled } = anOffice({ run: (text) => (text === 'bad' ? boom() : 4) });

    await settled(system.tool('length', 'four'), system.tool('length', 'bad'));

    expect(system.capabilities.find('length')).toMatchObject({ calls: 2, failures: 1 });
  });

  it('does not outlive the last agent that offers it', async () => {
    const { system, settled, world } = anOffice({ run: forever });

    const call = system.tool('length', 'four');
    await world.step();
    await world.step();
    void system.stop(system.agents.find('/office')!.ref);

    expect(await settled(call)).toMatchObject([{ _tag: 'Interrupted' }]);
    expect(system.capabilities.find('length')).toBeUndefined();
  });
});

const forever = () => new Promise<never>(() => {});

interface OfficeOptions {
  readonly input?: StandardSchema<unknown>;
  readonly timeoutMs?: number;
  readonly run?: CapabilityOptions<string, number>['run'];
  readonly providers?: number;
  readonly permit?: Permit;
  readonly clerkBudget?: Limits;
}

/** Agents that offer `length`, which tells the length of a text, and a clerk that calls it for whatever it is told. */
function anOffice(facts: OfficeOptions = {}) {
  const { providers = 1, permit, clerkBudget, timeoutMs, input = z.string() } = facts;
  const ran: unknown[] = [];
  const outcomes: unknown[] = [];
  const Length = capability<string, number>('length', {
    input: input as StandardSchema<string>,
    output: z.number(),
    run: (text, context) => {
      ran.push(text);
      return facts.run === undefined ? text.length || Number(text) : facts.run(text, context);
    },
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  const world = aWorld({ system: permit === undefined ? {} : { permit } });
  const { system } = world;
  const office = defineAgent({ name: 'office', on: [], capabilities: [Length] });
  const clerk = defineAgent({
    name: 'clerk',
    subscribe: [Task],
    receive: async (text, context) => {
      outcomes.push(await context.tool('length', text).catch((failure: unknown) => failure));
    },
  });
  Array.from({ length: providers }, () => system.spawn(office));
  const settled = async (...calls: Promise<unknown>[]) => {
    await world.runUntilQuiet();
    return Promise.all(calls.map((call) => call.catch((failure: unknown) => failure)));
  };
  let desk: AgentRef<string> | undefined;

  return {
    world,
    system,
    Length,
    ran,
    settled,
    /** What a clerk gets who calls it. */
    fromAgent: async (text: string) => {
      desk ??= system.spawn(clerk, clerkBudget === undefined ? {} : { budget: clerkBudget });
      void system.tell(desk, text);
      await world.runUntilQuiet();
      return outcomes.pop();
    },
  };
}
