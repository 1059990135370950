/** What a machine leaves behind, and whom it answers: found by somebody who tried to break it. */
import { defineTopic, keyedAgent, machineAgent, perform, publish, reply, request, type } from 'troupe';
import { describe, expect, it } from 'vitest';
import {
  assign,
  createActor,
  createMachine,
  fromCallback,
  fromPromise,
  fromTransition,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stopChild,
} from 'xstate';
import { aWorld, takeTurns } from '../support/a-world.ts';
import { cellOf } from '../support/inside.ts';

type Asked = { readonly type: string; readonly n?: number };
const Ask = defineTopic('ask', { schema: type<Asked>(), reply: type<unknown>() });
const Out = defineTopic('out', { schema: type<unknown>() });
const Nobody = defineTopic('nobody', { schema: type<number>(), reply: type<number>() });
const waits = fromPromise(() => new Promise(() => {}));
/** A machine that has a child from its very beginning. */
const withChild = (systemId?: string) =>
  createMachine({ invoke: { src: waits, ...(systemId === undefined ? {} : { systemId }) } });
const goesOn = { restartsMax: 1_000_000, directives: { defect: 'resume' } } as const;

const restsOf = (ref: object): boolean => cellOf(ref as never).behaviour!.rests;

describe('a request to a machine', () => {
  const working = (hops: number, says: boolean) => {
    const echo = createMachine({ on: { e: { actions: sendParent({ type: 'back' }) } } });
    return setup({ actors: { echo, work: fromPromise(async () => 7) } }).createMachine({
      context: { left: hops },
      invoke: { src: 'echo', id: 'echo' },
      initial: 'idle',
      states: {
        idle: {
          on: {
            ask: { actions: [...(says ? [publish(Out, 'asked')] : []), sendTo('echo', { type: 'e' })] },
            back: [
              {
                guard: ({ context }) => context.left > 0,
                actions: [assign({ left: ({ context }) => context.left - 1 }), sendTo('echo', { type: 'e' })],
              },
              { target: 'works' },
            ],
          },
        },
        works: { invoke: { src: 'work', onDone: { target: 'idle', actions: reply(7) } } },
      },
    });
  };

  it.each([
    ['at once', 0, false],
    ['behind something that it says', 0, true],
    ['at the end of a long cascade', 100, false],
  ])('is answered by work that begins %s', async (_, hops, says) => {
    const world = aWorld();
    world.system.spawn(
      machineAgent({
        name: 'm',
        subscribe: [Ask],
        machine: working(hops, says),
        toEvent: ({ type }) => ({ type }) as never,
      }),
    );

    const answer = world.system.request(Ask, { type: 'ask' }).catch((failure) => failure);
    await world.runUntilQuiet();

    expect(await answer).toBe(7);
  });

  it('hears what the work for it failed of', async () => {
    const world = aWorld();
    world.system.spawn(
      machineAgent({
        name: 'm',
        subscribe: [Ask],
        machine: createMachine({
          initial: 'idle',
          states: {
            idle: { on: { ask: 'works' } },
            works: { invoke: { src: fromPromise(async () => Promise.reject(new Error('no luck'))) } },
          },
        }) as never,
      }),
    );

    const answer = world.system.request(Ask, { type: 'ask' }).catch((failure) => failure);
    await world.runUntilQuiet();

    expect(await answer).toMatchObject({ _tag: 'AgentDefect', cause: { message: 'no luck' } });
  });
});

describe('a child that never began', () => {
  const stopsAtOnce = createMachine({
    on: { ask: { actions: [spawnChild(withChild(), { id: 'x' }), stopChild('x')] } },
  });

  it('takes its own children along', async () => {
    const world = aWorld();
    const ref = world.system.spawn(
      machineAgent({ name: 'm', subscribe: [Ask], machine: stopsAtOnce as never }),
    );

    const answer = world.system.request(Ask, { type: 'ask' }).catch(({ code }) => code);
    await world.runUntilQuiet();

    expect(await answer).toBe('NO_RESPONDER');
    expect(restsOf(ref)).toBe(true);
  });

  it('does not keep its key from being put away', async () => {
    const world = aWorld();
    const one = machineAgent({ name: 'one', subscribe: [Ask], machine: stopsAtOnce as never });
    world.system.spawn(
      keyedAgent({ agent: one, keyed: ({ n }) => n ?? 0, activeMax: 1, passivate: 'forget' }),
    );

    const answers = Promise.all(
      [1, 2, 3].map((n) => world.system.request(Ask, { type: 'ask', n }).catch(({ code }) => code)),
    );
    await world.runUntilQuiet();

    expect(await answers).toEqual(Array(3).fill('NO_RESPONDER'));
  });

  it('leaves nothing, not even a name, when the step that made it fails', async () => {
    const world = aWorld({ system: { supervision: goesOn } });
    let fails = true;
    const machine = createMachine({
      on: {
        ask: {
          actions: [
            assign(({ spawn }) => {
              spawn(withChild('db') as never);
              return {};
            }),
            assign(() => {
              if (fails) throw new Error('fails');
              return {};
            }),
          ],
        },
      },
    });
    const ref = world.system.spawn(machineAgent({ name: 'm', subscribe: [Ask], machine: machine as never }));
    for (let n = 0; n < 3; n += 1) world.system.tell(ref, { type: 'ask' } as never);
    await world.runUntilQuiet();
    const restedBefore = restsOf(ref);

    fails = false;
    world.system.tell(ref, { type: 'ask' } as never);
    await world.runUntilQuiet();

    expect(restedBefore).toBe(true);
    expect(restsOf(ref)).toBe(false);
    expect(world.system.statistics().agents[0]).toMatchObject({ failed: 3, handled: 1 });
  });
});

describe('a machine', () => {
  it('keeps no more of what a child says than it has room for, whatever it is called', async () => {
    const world = aWorld();
    let say: (event: { type: string }) => void = () => {};
    const machine = createMachine({
      invoke: {
        src: fromCallback(({ sendBack }) => {
          say = sendBack;
        }),
      },
    });
    const ref = world.system.spawn(machineAgent({ name: 'm', capacity: 10, machine: machine as never }));
    await world.runUntilQuiet();

    for (let n = 0; n < 1_000; n += 1) say({ type: 'xstate.foo' });

    expect(cellOf(ref as never).mailbox.size).toBe(10);
    await world.runUntilQuiet();
    expect(world.system.deadLetters.countByCause()).toEqual({ Dropped: 990 });
  });

  it('sends in the order in which the observers of its children do', async () => {
    const order: string[] = [];
    const heard = (name: string) => createMachine({ on: { e: { actions: () => void order.push(name) } } });
    const machine = createMachine({
      invoke: [
        { src: createMachine({ on: { tick: { actions: assign({}) } } }), id: 's' },
        { src: heard('a'), id: 'a' },
        { src: heard('b'), id: 'b' },
        { src: heard('c'), id: 'c' },
      ],
      on: { go: { actions: sendTo('s', { type: 'tick' }) } },
    });
    type Kid = { send(event: object): void; subscribe(next: () => void): unknown };
    const watch = (children: Record<string, Kid | undefined>): void => {
      children['s']!.subscribe(() => {
        for (const name of ['a', 'b', 'c']) children[name]!.send({ type: 'e' });
      });
    };
    const world = aWorld();
    const ref = world.system.spawn(machineAgent({ name: 'm', machine: machine as never }));
    await world.runUntilQuiet();
    watch((ref.getSnapshot() as never as { children: never }).children);
    ref.send({ type: 'go' } as never);
    await world.runUntilQuiet();
    const ours = order.splice(0);

    const actor = createActor(machine).start();
    watch(actor.getSnapshot().children as never);
    actor.send({ type: 'go' });

    expect(ours).toEqual(order);
    expect(ours).toEqual(['a', 'b', 'c']);
  });

  it('brings its siblings what a child told them in a step that then failed', async () => {
    type Kids = { children: Record<string, { send(event: object): void }> };
    const order: string[] = [];
    const heard = (name: string) => createMachine({ on: { e: { actions: () => void order.push(name) } } });
    const fails = fromTransition((n: number, _: object, { self }) => {
      const { children } = (self as never as { _parent: { getSnapshot(): Kids } })._parent.getSnapshot();
      for (const name of ['a', 'b', 'c']) children[name]!.send({ type: 'e' });
      throw new Error(`fails at ${n}`);
    }, 1);
    const machine = createMachine({
      invoke: [
        { src: heard('a'), id: 'a' },
        { src: heard('b'), id: 'b' },
        { src: heard('c'), id: 'c' },
        { src: fails, id: 's', onError: { actions: () => void order.push('failed') } },
      ],
      on: { go: { actions: sendTo('s', { type: 'tick' }) } },
    });
    const world = aWorld();
    const ref = world.system.spawn(machineAgent({ name: 'm', machine: machine as never }));
    await world.runUntilQuiet();

    ref.send({ type: 'go' } as never);
    await world.runUntilQuiet();

    expect(order.toSorted()).toEqual(['a', 'b', 'c', 'failed']);
    expect(ref.getSnapshot()).toMatchObject({ status: 'active' });
  });

  it('shows what it was like at last while it waits to begin anew', async () => {
    const world = aWorld();
    const machine = createMachine({
      context: { n: 1 },
      on: {
        fail: {
          actions: assign(() => {
            throw new Error('fails');
          }),
        },
      },
    });
    const ref = world.system.spawn(machineAgent({ name: 'm', machine: machine as never }));
    await world.runUntilQuiet();

    ref.send({ type: 'fail' } as never);
    await takeTurns(world);

    expect(cellOf(ref as never).phase).toBe('suspended');
    expect(ref.getSnapshot()).toMatchObject({ status: 'active', context: { n: 1 } });
  });

  it('fails of a request that failed, where its reducer could not know', async () => {
    const world = aWorld({ system: { supervision: goesOn } });
    const failures: unknown[] = [];
    world.system.listen({ next: (event) => event._tag === 'Failed' && failures.push(event.report.failure) });
    const reducer = fromTransition((n: number, event: { type: string }, scope) => {
      if (event.type === 'go') perform(scope, request(Nobody, 1, { onReply: 'ok' }) as never);
      return n;
    }, 0);
    const ref = world.system.spawn(machineAgent({ name: 'm', machine: reducer }));

    ref.send({ type: 'go' });
    await world.runUntilQuiet();

    expect(failures).toMatchObject([{ code: 'NO_RESPONDER' }]);
  });

  it('fails of nothing when it was stopped with such a request open', async () => {
    const world = aWorld();
    const failures: unknown[] = [];
    world.system.listen({ next: (event) => event._tag === 'Failed' && failures.push(event.report.failure) });
    const silent = machineAgent({
      name: 'silent',
      subscribe: [Ask],
      machine: createMachine({
        invoke: { src: waits },
        on: { ask: { actions: spawnChild(waits) } },
      }) as never,
    });
    world.system.spawn(silent);
    const reducer = fromTransition((n: number, event: { type: string }, scope) => {
      if (event.type === 'go') perform(scope, request(Ask, { type: 'ask' }, { onReply: 'ok' }) as never);
      return n;
    }, 0);
    const ref = world.system.spawn(machineAgent({ name: 'm', machine: reducer }));
    ref.send({ type: 'go' });
    await takeTurns(world);

    await world.run(() => world.system.stop(ref));

    expect(failures).toEqual([]);
  });

  it('takes over a child that its logic makes between two steps', async () => {
    const world = aWorld();
    let make: () => void = () => {};
    const maker = fromCallback(({ self }) => {
      make = () =>
        void createActor(
          fromCallback(() => {}),
          { parent: self } as never,
        );
    });
    const ref = world.system.spawn(machineAgent({ name: 'm', machine: maker }));
    await world.runUntilQuiet();

    make();

    expect(restsOf(ref)).toBe(false);
    await world.run(() => world.system.stop(ref));
    expect(restsOf(ref)).toBe(true);
  });

  it('fails of an outcome that is no event', async () => {
    const world = aWorld({ system: { supervision: goesOn } });
    const failures: unknown[] = [];
    world.system.listen({ next: (event) => event._tag === 'Failed' && failures.push(event.report.failure) });
    const asks = createMachine({
      on: {
        go: {
          actions: request(Nobody, 1, { onReply: 'ok', onFailure: (() => undefined) as never }) as never,
        },
      },
    });
    const ref = world.system.spawn(machineAgent({ name: 'm', machine: asks as never }));

    ref.send({ type: 'go' } as never);
    await world.runUntilQuiet();

    expect(String(failures[0])).toContain('is an event, an object with a string `type`; got undefined');
  });

  it('takes what an interrupted cascade left before the next message', async () => {
    const world = aWorld();
    const order: string[] = [];
    const echo = createMachine({
      on: {
        e: {
          actions: [
            ({ event }) => void order.push(`echo ${event['n']}`),
            sendParent(({ event }) => ({ ...event, type: 'back' })),
          ],
        },
      },
    });
    const machine = createMachine({
      invoke: { src: echo, id: 'echo' },
      on: {
        ask: {
          actions: [
            ({ event }) => void order.push(`ask ${event['n']}`),
            publish(Out, 'said') as never,
            sendTo('echo', ({ event }) => ({ ...event, type: 'e' })),
          ],
        },
        back: { actions: ({ event }) => void order.push(`back ${event['n']}`) },
      },
    });
    const ref = world.system.spawn(machineAgent({ name: 'm', subscribe: [Ask], machine: machine as never }));
    await world.runUntilQuiet();
    world.system.request(Ask, { type: 'ask', n: 1 }).catch(() => {});
    world.system.request(Ask, { type: 'ask', n: 2 }).catch(() => {});
    await world.step();
    world.system.interrupt(ref as never);
    await world.runUntilQuiet();

    expect(order).toEqual(['ask 1', 'echo 1', 'back 1', 'ask 2', 'echo 2', 'back 2']);
  });
});
