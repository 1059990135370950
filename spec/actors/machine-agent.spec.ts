import { of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  assign,
  createMachine,
  emit,
  enqueueActions,
  fromCallback,
  fromEventObservable,
  fromObservable,
  fromPromise,
  fromTransition,
  raise,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stopChild,
  toPromise,
  waitFor,
} from 'xstate';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { perform, publish, reply, request } from '../../src/actors/machine-actions.ts';
import { machineAgent } from '../../src/actors/machine-agent.ts';
import { type } from '../../src/core/schema.ts';
import type { FailureReport } from '../../src/core/system-event.ts';
import { defineTopic } from '../../src/core/topic.ts';
import type { WorldOptions } from '../../src/testing/world.ts';
import { aWorld, takeTurns } from '../support/a-world.ts';
import { cellOf } from '../support/inside.ts';

const Ask = defineTopic('ask', { schema: type<unknown>(), reply: type<unknown>() });
const Heard = defineTopic('heard', { schema: type<unknown>() });

/** A world, what failed in it, what was published on `Heard`, and how to let it go on. */
function aStage(options: Partial<WorldOptions> = {}) {
  const world = aWorld(options);
  const { system } = world;
  const failures: FailureReport[] = [];
  const heard: unknown[] = [];
  system.listen({
    next: (event) => {
      if (event._tag === 'Failed') {
        failures.push(event.report);
      }
    },
  });
  system.spawn(
    defineAgent({ name: 'listener', subscribe: [Heard], receive: (message) => void heard.push(message) }),
  );
  return {
    world,
    system,
    failures,
    heard,
    causes: () => system.deadLetters.countByCause(),
    turns: () => takeTurns(world),
    quiet: () => world.runUntilQuiet(),
    ask: async (target: object, payload: unknown) => {
      const settled = system
        .request(target as never, payload as never, { timeoutMs: 1_000 })
        .catch((failure: unknown) => failure);
      await world.runUntilQuiet();
      return settled;
    },
  };
}

const counter = createMachine({
  types: {} as { context: { count: number }; events: { type: 'add'; by: number } },
  context: { count: 0 },
  on: { add: { actions: assign({ count: ({ context, event }) => context.count + event.by }) } },
});

describe('a machine agent', () => {
  it('takes what it is told as events, and shows the snapshots of its machine', async () => {
    const { system, quiet } = aStage();
    const ref = system.spawn(machineAgent({ name: 'counter', machine: counter }));
    expect(ref.getSnapshot().context).toEqual({ count: 0 });

    system.tell(ref, { type: 'add', by: 2 });
    ref.send({ type: 'add', by: 3 });
    await quiet();

    expect(ref.getSnapshot()).toMatchObject({ status: 'active', context: { count: 5 } });
    expect(ref.getSnapshot().can({ type: 'add', by: 1 })).toBe(true);
    expect(system.statistics().agents.find(({ path }) => path === '/counter')).toMatchObject({
      accepted: 2,
      handled: 2,
    });
  });

  it('makes an event of a message without a type, by its topic or by toEvent', async () => {
    const { system, quiet } = aStage();
    const seen: unknown[] = [];
    const machine = createMachine({ on: { '*': { actions: ({ event }) => seen.push(event) } } });
    system.spawn(machineAgent({ name: 'plain', machine, subscribe: [Ask] }));
    system.spawn(
      machineAgent({
        name: 'made',
        machine,
        subscribe: [Ask],
        toEvent: (message, topic) => ({ type: 'made', message, topic }),
      }),
    );

    void system.publish(Ask, 5);
    void system.publish(Ask, { type: 'own' });
    await quiet();

    expect(seen).toEqual([
      { type: 'ask', payload: 5 },
      { type: 'made', message: 5, topic: 'ask' },
      { type: 'own' },
      { type: 'made', message: { type: 'own' }, topic: 'ask' },
    ]);
  });

  it('refuses what is no event, and events that only XState sends', async () => {
    const { system, failures, quiet } = aStage();
    const ref = system.spawn(machineAgent({ name: 'counter', machine: counter, subscribe: [Ask] }));
    const strict = system.spawn(machineAgent({ name: 'strict', machine: counter }));

    expect(() => system.tell(strict, 5 as never)).toThrow('accepts no messages');
    system.tell(ref, { type: 'xstate.stop' } as never);
    await quiet();

    expect(String(failures[0]?.failure)).toContain("does not begin with 'xstate.'");
    expect(failures[0]?.failure).toMatchObject({
      what: 'event',
      value: { type: 'xstate.stop' },
      issues: [{ path: 'type' }],
    });
  });

  it.each([
    ['a text', 'go'],
    ['null', null],
    ['a function', Object.assign(() => {}, { type: 'go' })],
    ['an object whose type is none', { type: 5 }],
    ['an object without a type', {}],
  ])('is not told %s, which is no event', (_, message) => {
    const { system } = aStage();
    const strict = system.spawn(machineAgent({ name: 'strict', machine: counter }));

    expect(() => system.tell(strict, message as never)).toThrow('accepts no messages');
  });

  it.each([undefined, null, {}, { transition: () => {} }, { getInitialSnapshot: () => {} }])(
    'is not made of %o',
    (machine) => {
      expect(() => machineAgent({ name: 'none', machine: machine as never })).toThrow(
        new RangeError("machine of agent 'none' is actor logic, as createMachine or fromPromise return it"),
      );
    },
  );

  it('gives its machine the input of the spawn, or its own', async () => {
    const { system, quiet } = aStage();
    const machine = setup({ types: {} as { input: number; context: { n: number } } }).createMachine({
      context: ({ input }) => ({ n: input }),
    });
    const given = machineAgent({ name: 'given', machine, input: 7 });
    const made = machineAgent({ name: 'made', machine, input: (input) => Number(input) + 1 });
    const refs = [system.spawn(given), system.spawn(given, { input: 8 }), system.spawn(made, { input: 9 })];
    await quiet();

    expect(refs.map((ref) => ref.getSnapshot().context.n)).toEqual([7, 8, 10]);
  });

  it('runs every kind of actor logic', async () => {
    const { system, quiet, heard, failures } = aStage();
    const log: unknown[] = [];
    const of4 = {
      reducer: fromTransition((sum: number, event: { type: 'n'; n: number }, scope) => {
        perform(scope, publish(Heard, sum));
        return sum + event.n;
      }, 1),
      promise: fromPromise<number>(async () => 42),
      refused: fromPromise<number>(() => Promise.reject(new Error('refused'))),
      callback: fromCallback<{ type: string }>(({ receive, emit }) => {
        receive((event) => {
          log.push(event.type);
          emit({ type: 'heard' } as never);
        });
        return () => log.push('callback over');
      }),
      observable: fromObservable(() => of(1, 2)),
      events: fromEventObservable(() => of({ type: 'one' })),
      broken: fromObservable(() => throwError(() => new Error('broken'))),
    };
    const refs = Object.fromEntries(
      Object.entries(of4).map(([name, machine]) => [
        name,
        system.spawn(machineAgent({ name, machine: machine as never })),
      ]),
    );
    refs['callback']!.on('heard', ({ type }) => log.push(`emitted ${type}`));
    system.tell(refs['reducer']! as never, { type: 'n', n: 4 } as never);
    system.tell(refs['callback']! as never, { type: 'hello' } as never);
    await quiet();

    const shown = (name: string) => {
      const { status, output, context } = refs[name]!.getSnapshot();
      return [status, output, context];
    };
    expect(['reducer', 'promise', 'observable', 'events'].map(shown)).toEqual([
      ['active', undefined, 5],
      ['done', 42, undefined],
      ['done', undefined, 2],
      ['done', undefined, undefined],
    ]);
    expect(heard).toEqual([1]);
    expect(
      failures
        .map(({ agent, failure }) => `${agent} ${(failure as Error).message}`)
        .slice(0, 2)
        .sort(),
    ).toEqual(['/broken broken', '/refused refused']);
    expect(log).toEqual(['hello', 'emitted heard']);
    void system.stop(refs['callback']!);
    await quiet();
    expect(log).toEqual(['hello', 'emitted heard', 'callback over']);
  });
});

describe('the end of a machine', () => {
  const done = createMachine({
    initial: 'going',
    states: {
      going: { on: { finish: { target: 'over', actions: publish(Heard, 'last words') } } },
      over: { type: 'final' },
    },
    output: 'well done',
  });

  it('is the end of its agent, which finishes with the output in its snapshot', async () => {
    const { system, quiet, heard } = aStage();
    const ref = system.spawn(machineAgent({ name: 'm', machine: done }));
    const output = toPromise(ref as never);
    const ended = system.watch(ref);
    const waited = waitFor(ref as never, (snapshot: { status: string }) => snapshot.status === 'done');
    system.tell(ref, { type: 'finish' });
    await quiet();

    expect(await ended).toMatchObject({ path: '/m', reason: 'finished' });
    expect(await output).toBe('well done');
    expect(await waited).toMatchObject({ value: 'over' });
    expect(heard).toEqual(['last words']);
    expect(ref.getSnapshot()).toMatchObject({ status: 'done', output: 'well done', value: 'over' });
  });

  it('answers who asked and was not answered, and makes dead letters of what comes after', async () => {
    const { system, quiet, causes, ask } = aStage();
    const ref = system.spawn(machineAgent({ name: 'm', machine: done }));
    expect(await ask(ref, { type: 'finish' })).toMatchObject({ _tag: 'NoResponder' });
    ref.send({ type: 'finish' });
    await quiet();

    expect(causes()).toEqual({ Stopped: 1 });
  });

  it('may come with its first step', async () => {
    const { system, quiet } = aStage();
    const over = createMachine({ initial: 'over', states: { over: { type: 'final' } } });
    const ref = system.spawn(machineAgent({ name: 'm', machine: over }));
    const ended = system.watch(ref);
    await quiet();

    expect(await ended).toMatchObject({ reason: 'finished' });
  });
});

describe('a machine that fails', () => {
  const fragile = setup({
    actions: {
      throws: () => {
        throw new Error('thrown by an action');
      },
    },
  }).createMachine({
    context: { n: 0 },
    on: {
      assign: {
        actions: [
          assign({ n: 1 }),
          publish(Heard, 'never'),
          assign(() => {
            throw new Error('thrown by an assign');
          }),
        ],
      },
      act: { actions: [assign({ n: 2 }), 'throws', publish(Heard, 'still said')] },
      say: {
        actions: publish(Heard, () => {
          throw new Error('thrown by a payload');
        }),
      },
    },
  });

  it('leaves everything as it was when the step throws', async () => {
    const { system, quiet, heard, failures, ask } = aStage({
      system: { supervision: { directives: { defect: 'resume' } } },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine: fragile }));
    expect(await ask(ref, { type: 'assign' })).toMatchObject({ _tag: 'AgentDefect' });
    system.tell(ref, { type: 'say' });
    await quiet();

    expect(ref.getSnapshot()).toMatchObject({ status: 'active', context: { n: 0 } });
    expect(heard).toEqual([]);
    expect(failures.map(({ failure }) => (failure as Error).message)).toEqual([
      'thrown by an assign',
      'thrown by a payload',
    ]);
    expect(system.statistics().agents.at(-1)).toMatchObject({ failed: 2, handled: 0 });
  });

  it('fails once, after the step, when an action throws; the rest of the step is done', async () => {
    const { system, quiet, heard, failures } = aStage({
      system: { supervision: { directives: { defect: 'resume' } } },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine: fragile }));
    system.tell(ref, { type: 'act' });
    await quiet();

    expect(ref.getSnapshot().context).toEqual({ n: 2 });
    expect(heard).toEqual(['still said']);
    expect(failures.map(({ failure }) => (failure as Error).message)).toEqual(['thrown by an action']);
  });

  it('fails its agent exactly once when nobody hears that a child failed', async () => {
    const { system, quiet, failures } = aStage({ system: { supervision: { restartsMax: 0 } } });
    const machine = createMachine({
      invoke: { src: fromPromise(() => Promise.reject(new Error('nobody hears'))) },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    const ended = system.watch(ref);
    await quiet();

    expect(await ended).toMatchObject({ reason: 'failed' });
    expect(failures.map(({ failure }) => (failure as Error).message)).toEqual(['nobody hears']);
    expect(ref.getSnapshot()).toMatchObject({ status: 'error', error: new Error('nobody hears') });
  });

  it('fails before its first step, and what it is told then fails of that', async () => {
    const { system, quiet, failures } = aStage({
      system: { supervision: { directives: { defect: 'resume' } } },
    });
    const machine = createMachine({
      context: () => {
        throw new Error('no context');
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    system.tell(ref, { type: 'go' } as never);
    await quiet();

    expect(failures.map(({ failure }) => (failure as Error).message)).toEqual([
      'no context',
      "the machine of '/m' has not begun: its first step failed",
    ]);
  });
});

describe('a request to a machine', () => {
  const thinker = setup({
    actors: { think: fromPromise<string, string>(async ({ input }) => `thought about ${input}`) },
  }).createMachine({
    types: {} as {
      events: { type: 'ask'; about: string } | { type: 'now' } | { type: 'later' } | { type: 'nothing' };
    },
    initial: 'idle',
    states: {
      idle: {},
      thinking: {
        invoke: {
          src: 'think',
          input: ({ event }) => (event as unknown as { about: string }).about,
          onDone: { target: 'idle', actions: reply(({ event }) => event.output) },
        },
      },
      waiting: { after: { 50: { target: 'idle', actions: reply('late') } } },
      silent: { after: { 50: 'idle' } },
    },
    on: { ask: '.thinking', now: { actions: reply('at once') }, later: '.waiting', nothing: '.silent' },
  });

  it('is answered in its step, or when the work it began is done', async () => {
    const { system, ask } = aStage();
    const ref = system.spawn(machineAgent({ name: 'm', machine: thinker }));

    expect(await ask(ref, { type: 'now' })).toBe('at once');
    expect(await ask(ref, { type: 'ask', about: 'cats' })).toBe('thought about cats');
    expect(await ask(ref, { type: 'later' })).toBe('late');
  });

  it('ends at once when nothing goes on for it, and when what went on has ended', async () => {
    const { world, system, ask } = aStage();
    const ref = system.spawn(machineAgent({ name: 'm', machine: thinker }));

    expect(await ask(ref, { type: 'unknown' })).toMatchObject({ _tag: 'NoResponder' });
    expect(world.nowMs).toBe(0);
    expect(await ask(ref, { type: 'nothing' })).toMatchObject({ _tag: 'NoResponder' });
    expect(world.nowMs).toBe(50);
  });

  it('is waited for by a drain, fails with a restart, and is forgotten at its deadline', async () => {
    const { world, system, turns, quiet } = aStage();
    const ref = system.spawn(machineAgent({ name: 'm', machine: thinker }));
    const settled = (timeoutMs: number) =>
      system.request(ref, { type: 'later' }, { timeoutMs }).catch((failure: unknown) => failure);

    const early = settled(10);
    await quiet();
    expect(await early).toMatchObject({ _tag: 'RequestTimeout' });
    const crashed = settled(1_000);
    await turns();
    world.crash('/m');
    await quiet();
    expect(await crashed).toMatchObject({ _tag: 'Interrupted' });
    const last = settled(1_000);
    await turns();
    const drained = system.drain();
    await quiet();
    expect(await last).toBe('late');
    await drained;
  });
});

describe('the action request', () => {
  const clerk = defineAgent({
    name: 'clerk',
    subscribe: [Ask],
    receive: (message) => {
      if (message === 'bad') {
        throw new Error('bad question');
      }
      return `answer to ${message}`;
    },
  });
  const asker = createMachine({
    types: {} as { context: { got: unknown[] }; events: { type: 'go'; what: string } | { type: string } },
    context: { got: [] },
    on: {
      go: {
        actions: request(Ask, ({ event }) => (event as unknown as { what: string }).what, {
          onReply: 'ANSWER',
          onFailure: (failure) => ({ type: 'FAILURE', tag: (failure as { _tag: string })._tag }),
        }),
      },
      made: { actions: request(Ask, 'fine', { onReply: (output) => ({ type: 'MADE', output }) }) },
      '*': { actions: assign({ got: ({ context, event }) => [...context.got, event] }) },
    },
  });

  it('comes back as an event, with the reply or the failure', async () => {
    const { system, quiet } = aStage({ system: { agents: [clerk] } });
    const ref = system.spawn(machineAgent({ name: 'm', machine: asker }));
    for (const what of ['one', 'bad']) {
      system.tell(ref, { type: 'go', what });
    }
    system.tell(ref, { type: 'made' });
    await quiet();

    expect(ref.getSnapshot().context.got).toEqual([
      { type: 'ANSWER', output: 'answer to one' },
      { type: 'FAILURE', tag: 'AgentDefect' },
      { type: 'MADE', output: 'answer to fine' },
    ]);
  });

  it('fails its machine when nobody hears the failure, or no event can be made', async () => {
    const { system, quiet, failures } = aStage({
      system: { agents: [clerk], supervision: { directives: { defect: 'resume' } } },
    });
    const machine = createMachine({
      types: {} as { events: { type: 'bare' } | { type: 'wrong' } },
      on: {
        bare: { actions: request(Ask, 'bad', { onReply: 'ANSWER' }) },
        wrong: {
          actions: request(Ask, 'fine', {
            onReply: () => {
              throw new Error('cannot make an event');
            },
          }),
        },
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    system.tell(ref, { type: 'bare' });
    system.tell(ref, { type: 'wrong' });
    await quiet();

    expect(failures.filter(({ agent }) => agent === '/m').map(({ failure }) => String(failure))).toEqual([
      expect.stringContaining('AgentDefect'),
      'Error: cannot make an event',
    ]);
  });

  it('keeps a request open for which it asks', async () => {
    const { system, ask } = aStage({ system: { agents: [clerk] } });
    const machine = createMachine({
      on: {
        go: { actions: request(Ask, 'two', { onReply: 'ANSWER' }) },
        ANSWER: { actions: reply(({ event }) => (event as { output?: unknown }).output) },
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));

    expect(await ask(ref, { type: 'go' })).toBe('answer to two');
  });

  it('stands in enqueueActions, and means nothing outside of an agent', async () => {
    const { system, quiet, heard } = aStage();
    const machine = createMachine({
      on: {
        go: { actions: enqueueActions(({ enqueue }) => enqueue(publish(Heard, ({ event }) => event.type))) },
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    system.tell(ref, { type: 'go' } as never);
    await quiet();

    expect(heard).toEqual(['go']);
    expect(() => perform({}, publish(Heard, 1))).toThrow(
      'troupe.publish is an action of machines that run as agents',
    );
  });
});

describe('children of a machine', () => {
  const echo = createMachine({ on: { ping: { actions: sendParent({ type: 'pong' }) } } });

  it('have paths for ids, which do not depend on what ran before', async () => {
    const seen: string[][] = [];
    for (let round = 0; round < 2; round += 1) {
      const { system, quiet } = aStage({
        system: {
          inspect: (event) => {
            if (event.type === '@xstate.actor') {
              seen.at(-1)!.push(event.actorRef.sessionId);
            }
          },
        },
      });
      seen.push([]);
      const machine = setup({ actors: { echo } }).createMachine({
        entry: [spawnChild('echo'), spawnChild('echo', { id: 'named' })],
        invoke: { src: echo },
        context: ({ spawn }) => ({ own: spawn('echo') }),
      });
      system.spawn(machineAgent({ name: 'm', machine }));
      await quiet();
    }
    expect(seen[0]).toEqual(['/m', '/m/echo-1', '/m/echo-2', '/m/named', '/m/0.(machine)']);
    expect(seen[1]).toEqual(seen[0]);
  });

  it('are found by their systemId while they live, and the id is free again when the step fails', async () => {
    const { system, quiet, failures } = aStage({
      system: { supervision: { directives: { defect: 'resume' } } },
    });
    const found: unknown[] = [];
    const machine = setup({ actors: { echo } }).createMachine({
      context: { n: 0 },
      on: {
        spawn: { actions: spawnChild('echo', { id: 'e', systemId: 'echo' }) },
        stop: { actions: stopChild('e') },
        both: {
          actions: [
            spawnChild('echo', { id: 'f', systemId: 'echo' }),
            assign(() => {
              throw new Error('undone');
            }),
          ],
        },
        look: {
          actions: ({ system: own }) => found.push(own.get('echo')?.sessionId, Object.keys(own.getAll())),
        },
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    for (const event of ['both', 'look', 'spawn', 'look', 'spawn', 'stop', 'look', 'spawn', 'look']) {
      system.tell(ref, { type: event } as never);
    }
    await quiet();

    expect(found).toEqual([undefined, [], '/m/e', ['echo'], undefined, [], '/m/e', ['echo']]);
    expect(failures.map(({ failure }) => (failure as Error).message)).toEqual([
      'undone',
      "an actor with the systemId 'echo' lives in '/m' already",
    ]);
  });

  it('that have stopped get no more events: those are dead letters', async () => {
    const { system, quiet, causes } = aStage();
    const machine = setup({ actors: { echo } }).createMachine({
      context: ({ spawn }) => ({ child: spawn('echo', { id: 'e' }) }),
      on: {
        stop: { actions: stopChild('e') },
        ping: {
          actions: sendTo(({ context }) => (context as { child: never }).child, { type: 'ping' } as never),
        },
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine: machine as never }));
    const child = (ref.getSnapshot() as never as { context: { child: object } }).context.child;
    expect(child).toBeDefined();
    for (const event of ['stop', 'ping', 'ping']) {
      system.tell(ref, { type: event } as never);
    }
    await quiet();

    expect(causes()).toEqual({ Stopped: 2 });
    expect([...system.deadLetters.list()].map(({ to }) => to)).toEqual(['/m/e', '/m/e']);
  });

  it('cannot flood their parent: what does not fit is a dead letter', async () => {
    const { world, system, quiet, causes } = aStage();
    let got = 0;
    const machine = createMachine({
      invoke: {
        src: fromCallback(({ sendBack, receive }) => {
          const flood = () => {
            for (let n = 0; n < 100; n += 1) {
              sendBack({ type: 'drop' });
            }
          };
          flood();
          world.environment.deferPastIo(flood);
          receive(() => {});
        }),
      },
      on: {
        drop: {
          actions: () => {
            got += 1;
          },
        },
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine, capacity: 10 }));
    await quiet();

    expect(got).toBe(20);
    expect(causes()).toEqual({ Dropped: 180 });
    expect(ref.getSnapshot().status).toBe('active');
  });

  it('that send each other events for ever let other agents have their turns', async () => {
    const { world, system } = aStage();
    let pings = 0;
    const machine = setup({ actors: { echo } }).createMachine({
      invoke: { src: 'echo', id: 'echo' },
      entry: sendTo('echo', { type: 'ping' }),
      on: {
        pong: {
          actions: [
            () => {
              pings += 1;
            },
            sendTo('echo', { type: 'ping' }),
          ],
        },
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    const other = system.spawn(machineAgent({ name: 'other', machine: counter }));
    system.tell(other, { type: 'add', by: 1 });
    for (let step = 0; step < 100; step += 1) {
      await world.step();
    }

    expect(pings).toBeGreaterThan(100);
    expect(other.getSnapshot().context.count).toBe(1);
    const stopped = system.stop(ref);
    await world.runUntilQuiet();
    await stopped;
    const before = pings;
    await world.runUntilQuiet();
    expect(pings).toBe(before);
  });

  it('may be ten thousand; a machine that spawns without end fails', async () => {
    const { system, quiet, failures } = aStage({ system: { supervision: { restartsMax: 0 } } });
    const many = fromTransition((n: number) => n, 0);
    const ref = system.spawn(
      machineAgent({
        name: 'many',
        machine: createMachine({
          context: ({ spawn }) => ({
            all: Array.from({ length: 10_000 }, (_, n) => spawn(many, { id: `c${n}` })),
          }),
        }),
      }),
    );
    system.spawn(
      machineAgent({
        name: 'loop',
        machine: createMachine({
          context: ({ spawn }) => {
            for (;;) {
              spawn(many);
            }
          },
        }),
      }),
    );
    await quiet();

    expect(Object.keys((ref.getSnapshot() as { children: object }).children).length).toBe(10_000);
    expect(failures.map(({ failure }) => (failure as Error).message)).toEqual([
      "'/loop' has 16384 children in its machine already; stop some first",
    ]);
    void system.stop(ref);
    await quiet();
  });

  it('that fail take their own children with them, and may be watched without risk', async () => {
    const { system, quiet, failures } = aStage();
    const log: string[] = [];
    const inner = fromCallback(() => () => log.push('inner over'));
    const child = createMachine({
      invoke: { src: inner },
      on: {
        fail: {
          actions: assign(() => {
            throw new Error('child failed');
          }),
        },
      },
    });
    const machine = setup({ actors: { child } }).createMachine({
      invoke: { src: 'child', id: 'child', onError: { actions: () => log.push('told of it') } },
      on: { fail: { actions: sendTo('child', { type: 'fail' }) } },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    await quiet();
    const actor = ref.getSnapshot().children['child']!;
    actor.subscribe(() => {});
    actor.subscribe({ error: (failure) => log.push(`watched: ${(failure as Error).message}`) });
    system.tell(ref, { type: 'fail' });
    await quiet();
    actor.subscribe(() => {});
    actor.subscribe({ error: (failure) => log.push(`watched late: ${(failure as Error).message}`) });

    expect(log).toEqual(['watched: child failed', 'inner over', 'told of it', 'watched late: child failed']);
    expect(failures).toEqual([]);
  });
});

describe('other agents and a machine', () => {
  it('a machine tells its parent and any agent whose ref it has, and itself by its ref', async () => {
    const { system, quiet, heard } = aStage();
    const log: unknown[] = [];
    const inner = machineAgent({
      name: 'inner',
      machine: createMachine({
        entry: sendParent({ type: 'born' }),
        on: {
          hello: {
            actions: sendTo(
              (({ event }: { event: { from: object } }) => event.from) as never,
              (({ self }: { self: object }) => ({ type: 'hi', from: self })) as never,
            ),
          },
        },
      }),
    });
    const outer = defineAgent({
      name: 'outer',
      subscribe: [Ask],
      receive: (message, context) => {
        log.push((message as { type: string }).type);
        if (message === 'start') {
          context.spawn(inner);
        } else if ((message as { type: string }).type === 'born') {
          context.tell(context.children[0]! as never, { type: 'hello', from: context.self } as never);
        } else if ((message as { type: string }).type === 'hi') {
          context.publish(Heard, (message as { from: { path: string } }).from.path);
        }
      },
    });
    const ref = system.spawn(outer);
    system.tell(ref, 'start');
    await quiet();

    expect(log).toEqual([undefined, 'born', 'hi']);
    expect(heard).toEqual(['/outer/inner']);
  });

  it('is slowed down by a full mailbox like any other agent', async () => {
    const { system, quiet } = aStage();
    const got: unknown[] = [];
    const slow = defineAgent({
      name: 'slow',
      subscribe: [Ask],
      capacity: 1,
      receive: async (message) => {
        await undefined;
        got.push(message);
      },
    });
    system.spawn(slow);
    const echo = createMachine({
      on: { ping: { actions: [publish(Ask, 'from a child'), sendParent({ type: 'pong' })] } },
    });
    const machine = setup({ actors: { echo } }).createMachine({
      invoke: { src: 'echo', id: 'echo' },
      on: {
        go: {
          actions: [publish(Ask, 1), publish(Ask, 2), publish(Ask, 3), sendTo('echo', { type: 'ping' })],
        },
        pong: { actions: [publish(Ask, 4), reply('all said')] },
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    const answered = system.request(ref, { type: 'go' });
    await quiet();

    expect(got).toEqual([1, 2, 3, 'from a child', 4]);
    expect(await answered).toBe('all said');
  });

  it('an XState actor outside may send to its ref, and a ref has the face of an actor', async () => {
    const { system, quiet } = aStage();
    const ref = system.spawn(machineAgent({ name: 'counter', machine: counter }));
    const plain = system.agents.find('/listener')!.ref;
    await quiet();
    const face = ref as never as {
      _send(event: object): void;
      _processingStatus: number;
      system: object;
      src: string;
      start(): object;
      stop(): object;
      getPersistedSnapshot(): { context: object };
      _parent: unknown;
    };
    face._send({ type: 'add', by: 4 });
    await quiet();

    expect(face.getPersistedSnapshot().context).toEqual({ count: 4 });
    expect([face._processingStatus, face.src, face.start() === face, face._parent]).toEqual([
      1,
      'counter',
      true,
      undefined,
    ]);
    expect(face.system).toBeDefined();
    expect((plain as never as { system: unknown }).system).toBeUndefined();
    face.stop();
    await quiet();
    expect(face._processingStatus).toBe(2);
    expect(ref.getSnapshot()).toMatchObject({ status: 'stopped', context: { count: 4 } });
  });
});

describe('a restart of a machine', () => {
  it('begins anew, and nothing of the old run is observed', async () => {
    const { world, system, quiet, turns } = aStage();
    const log: string[] = [];
    let runs = 0;
    const machine = setup({
      actors: {
        job: fromPromise<number>(
          ({ signal }) =>
            new Promise((resolve, reject) => {
              runs += 1;
              const run = runs;
              log.push(`job ${run} begins`);
              signal.addEventListener('abort', () => {
                log.push(`job ${run} aborted`);
                reject(new Error('aborted'));
              });
              if (run === 1) {
                world.environment.schedule(5_000, () => resolve(1));
              }
            }),
        ),
        bell: fromCallback(({ sendBack }) => {
          log.push('bell begins');
          const timer = world.environment.schedule(70, () => sendBack({ type: 'rang' }));
          return () => {
            timer.cancel();
            log.push('bell over');
          };
        }),
      },
    }).createMachine({
      context: { seen: [] as string[] },
      invoke: [{ src: 'job', onDone: { actions: () => log.push('job done') } }, { src: 'bell' }],
      initial: 'waiting',
      states: { waiting: { after: { 100: 'late' } }, late: { entry: emit({ type: 'late' }) } },
      on: {
        note: { actions: assign({ seen: ({ context }) => [...context.seen, 'note'] }) },
        rang: { actions: () => log.push('rang') },
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    ref.on('late', () => log.push(`late at ${world.nowMs}`));
    ref.subscribe((snapshot) => log.push(`is ${String(snapshot.value)} ${snapshot.context.seen.length}`));
    system.tell(ref, { type: 'note' });
    await turns();
    await world.advance(60);
    world.crash('/m');
    await turns();
    const before = log.splice(0);
    await quiet();

    expect(before).toEqual([
      'job 1 begins',
      'bell begins',
      'is waiting 0',
      'is waiting 1',
      'job 1 aborted',
      'bell over',
    ]);
    const beganAt = Number(/late at (\d+)/.exec(log.join())![1]) - 100;
    expect(beganAt).toBeGreaterThanOrEqual(60);
    expect(log).toEqual([
      'job 2 begins',
      'bell begins',
      'is waiting 0',
      'rang',
      `late at ${beganAt + 100}`,
      'is late 0',
    ]);
  });
});

describe('the three differences from XState', () => {
  it('an action that throws fails the agent after the step, which stands', async () => {
    const { system, quiet } = aStage({ system: { supervision: { directives: { defect: 'resume' } } } });
    const machine = createMachine({
      context: { n: 0 },
      on: {
        go: {
          actions: [
            assign({ n: 1 }),
            () => {
              throw new Error('boom');
            },
          ],
        },
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    system.tell(ref, { type: 'go' } as never);
    await quiet();

    expect(ref.getSnapshot().context).toEqual({ n: 1 });
  });

  it('a guard of the same step does not see what an action has done outside of the context', async () => {
    const { system, quiet } = aStage();
    let flag = false;
    const machine = createMachine({
      initial: 'a',
      states: {
        a: { on: { go: 'b' } },
        b: {
          entry: () => {
            flag = true;
          },
          always: { guard: () => flag, target: 'c' },
        },
        c: {},
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    system.tell(ref, { type: 'go' } as never);
    await quiet();

    expect([ref.getSnapshot().value, flag]).toEqual(['b', true]);
  });

  it('getSnapshot in an action shows the state after the step', async () => {
    const { system, quiet } = aStage();
    const seen: unknown[] = [];
    const machine = createMachine({
      initial: 'a',
      states: { a: { on: { go: 'b' } }, b: { entry: ({ self }) => seen.push(self.getSnapshot().value) } },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    system.tell(ref, { type: 'go' } as never);
    await quiet();

    expect(seen).toEqual(['b']);
  });
});

describe('delayed events without an id', () => {
  it('get ids that are counted in their machine, and end with it', async () => {
    const { world, system, turns } = aStage();
    const machine = createMachine({
      entry: [raise({ type: 'x' }, { delay: 10 }), raise({ type: 'y' }, { delay: 20 })],
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    await turns();
    expect(world.environment.timerCount).toBe(2);
    expect(cellOf(ref).behaviour).toBeDefined();
    void system.stop(ref);
    await turns();

    expect(world.environment.timerCount).toBe(0);
  });
});

describe('whoever looks at a machine', () => {
  it('that throws is dropped and reported, and disturbs nobody', async () => {
    const { system, quiet, failures } = aStage({
      system: {
        inspect: {
          next: () => {
            throw new Error('inspector');
          },
        },
      },
    });
    const types: string[] = [];
    const child = createMachine({
      entry: emit({ type: 'told' } as never),
      on: { '*': { actions: emit({ type: 'told' } as never) } },
    });
    const machine = setup({ actors: { child } }).createMachine({
      context: { n: 0 },
      invoke: { src: 'child', id: 'child' },
      on: {
        go: {
          actions: [
            assign({ n: ({ context }) => context.n + 1 }),
            emit({ type: 'went' } as never),
            sendTo('child', { type: 'x' }),
          ],
        },
      },
    });
    const ref = system.spawn(
      machineAgent({ name: 'm', machine, inspect: ({ type: what }) => void types.push(what) }),
    );
    await quiet();
    const throws = (message: string) => () => {
      throw new Error(message);
    };
    ref.on('went', throws('listener'));
    ref.on('*', throws('listener to all')).unsubscribe();
    ref.getSnapshot().children.child!.on('told' as never, throws('listener of a child'));
    ref.getSnapshot().children.child!.subscribe(throws('observer of a child'));
    const seen: number[] = [];
    ref.select((snapshot) => snapshot.context.n).subscribe({ next: (n) => seen.push(n) });
    for (let left = 2; left > 0; left -= 1) {
      system.tell(ref, { type: 'go' } as never);
    }
    await quiet();

    expect(seen).toEqual([1, 2]);
    expect(failures.map(({ failure }) => (failure as Error).message)).toEqual([
      'inspector',
      'listener',
      'listener of a child',
      'observer of a child',
    ]);
    expect(new Set(types)).toEqual(
      new Set(['@xstate.actor', '@xstate.event', '@xstate.microstep', '@xstate.snapshot', '@xstate.action']),
    );
    void system.stop(ref);
    await quiet();
    ref.on('went', throws('too late')).unsubscribe();
  });
});

describe('what happens outside of a step', () => {
  it('self may be sent to later, emitted on, and says nothing once its run is over', async () => {
    const { world, system, quiet, causes } = aStage();
    const kept: { send(event: object): void; getSnapshot(): { status: string } }[] = [];
    const heard: string[] = [];
    let tell: ((event: object) => void) | undefined;
    let back: ((event: object) => void) | undefined;
    const machine = createMachine({
      invoke: {
        src: fromCallback(({ emit: emitted, sendBack }) => {
          tell = emitted as never;
          back = sendBack as never;
          sendBack({ type: 'begun' });
        }),
        id: 'callback',
      },
      entry: ({ self }) => kept.push(self as never),
      on: { '*': { actions: ({ event }) => heard.push(event.type) } },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    await quiet();
    ref.getSnapshot().children['callback']!.on('out' as never, () => heard.push('emitted'));
    kept[0]!.send({ type: 'later' });
    tell!({ type: 'out' });
    (ref.getSnapshot().children['callback'] as never as { send(event: object): void }).send({
      type: 'ignored',
    });
    await quiet();
    world.crash('/m');
    await quiet();
    kept[0]!.send({ type: 'from the old run' });
    back!({ type: 'from the new run' });
    await quiet();

    expect(heard).toEqual(['begun', 'emitted', 'later', 'begun', 'from the new run']);
    expect(kept[0]!.getSnapshot().status).toBe('stopped');
    expect(causes()).toEqual({ Stopped: 1 });
  });

  it('an interrupt ends the handling, and what is left of its steps is done', async () => {
    const { world, system, turns, quiet } = aStage();
    let pongs = 0;
    const echo = createMachine({ on: { ping: { actions: sendParent({ type: 'pong' }) } } });
    const machine = setup({ actors: { echo } }).createMachine({
      invoke: { src: 'echo', id: 'echo' },
      on: {
        go: { actions: sendTo('echo', { type: 'ping' }) },
        pong: {
          actions: enqueueActions(({ enqueue }) => {
            pongs += 1;
            if (pongs < 200) {
              enqueue.sendTo('echo', { type: 'ping' });
            }
          }),
        },
      },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    await turns();
    const asked = system
      .request(ref, { type: 'go' } as never, { timeoutMs: 100 })
      .catch((failure: unknown) => failure);
    await world.step();
    expect(pongs).toBeLessThan(200);
    system.interrupt(ref);
    await quiet();

    expect(pongs).toBe(200);
    expect(await asked).toMatchObject({ _tag: 'Interrupted' });
  });

  it('a machine has so many delays and no more', async () => {
    const { system, quiet, failures } = aStage({ system: { supervision: { restartsMax: 0 } } });
    const machine = createMachine({
      entry: enqueueActions(({ enqueue }) => {
        for (let n = 0; n < 16_385; n += 1) {
          enqueue.raise({ type: 'x' }, { delay: Number.POSITIVE_INFINITY });
        }
      }),
    });
    system.spawn(machineAgent({ name: 'm', machine }));
    await quiet();

    expect(failures.map(({ failure }) => (failure as Error).message)).toEqual([
      "'/m' has 16384 timers in its machine already; stop some first",
    ]);
  });
});

describe('an agent that ends', () => {
  it('by draining waits for an open request no longer than its requester does', async () => {
    const { world, system, turns, quiet } = aStage();
    const machine = createMachine({
      initial: 'idle',
      states: { idle: { on: { go: 'slow' } }, slow: { after: { 5000: 'idle' } } },
    });
    const ref = system.spawn(machineAgent({ name: 'm', machine }));
    const asked = system
      .request(ref, { type: 'go' } as never, { timeoutMs: 30 })
      .catch((failure: unknown) => failure);
    await turns();
    const stopped = system.stop(ref, { drain: true });
    await quiet();
    await stopped;

    expect(await asked).toMatchObject({ _tag: 'RequestTimeout' });
    expect(world.nowMs).toBe(30);
  });

  it('no longer speaks to its parent through a callback of an old run, and never floods it', async () => {
    const { world, system, quiet, causes } = aStage();
    const backs: ((event: object) => void)[] = [];
    const heard: unknown[] = [];
    const child = machineAgent({
      name: 'child',
      capacity: 3,
      machine: fromCallback(({ sendBack }) => void backs.push(sendBack as never)),
    });
    const parent = defineAgent({
      name: 'parent',
      subscribe: [Ask],
      onStart: (context) => void context.spawn(child),
      receive: (message) => void heard.push((message as { n: number }).n),
    });
    system.spawn(parent);
    await quiet();
    for (let n = 0; n < 5; n += 1) {
      backs[0]!({ type: 'told', n });
    }
    await quiet();
    world.crash('/parent/child');
    await quiet();
    backs[0]!({ type: 'told', n: 99 });
    backs[1]!({ type: 'told', n: 7 });
    await quiet();

    expect(heard).toEqual([0, 1, 2, 7]);
    expect(causes()).toEqual({ Dropped: 2 });
  });
});
