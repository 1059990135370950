import { finalize, scan } from 'rxjs';
import {
  type AgentRef,
  type AgentSnapshot,
  type Context,
  CoolingDown,
  capability,
  defineAgent,
  defineTopic,
  type KeyedAgentOptions,
  keyedAgent,
  MailboxFull,
  machineAgent,
  NoKey,
  NoResponder,
  type Result,
  type SystemEvent,
  type SystemOptions,
  streamAgent,
  systemFailures,
  type,
  type WaitCycle,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import { emit, setup } from 'xstate';
import type { AgentOptions } from '../../src/actors/define-agent.ts';
import type { KeyedGroup } from '../../src/actors/keyed-group.ts';
import { statisticsOfCell } from '../../src/actors/statistics.ts';
import { ownEnvelope } from '../../src/core/envelope.ts';
import { aWorld, takeTurns } from '../support/a-world.ts';
import { cellOf, kernelOf } from '../support/inside.ts';

interface Note {
  readonly key: string;
  readonly text: string;
}

const Write = defineTopic('write', { schema: type<Note>(), reply: type<string>() });

type Scene = Context<string[], string>;

interface Options {
  readonly group?: Partial<KeyedAgentOptions<Note>>;
  readonly each?: Partial<AgentOptions<string[], string>>;
  readonly system?: Omit<SystemOptions, 'environment'>;
}

/**
 * A world with a group of notebooks, one for each key. `fail` throws, `wait` leaves the
 * handling open until it is let go, `finish` stops; a note is answered with all of them.
 */
function aShelf({ group = {}, each = {}, system: systemOptions = {} }: Options = {}) {
  const log: string[] = [];
  const events: SystemEvent[] = [];
  const world = aWorld({
    system: { ...systemOptions, events: [{ next: (event) => void events.push(event) }] },
  });
  const { system } = world;
  const waiting: PromiseWithResolvers<string>[] = [];
  const doing = new Map<string, (context: Scene) => Result<string>>();
  const notebook = defineAgent({
    name: 'notebook',
    subscribe: [Write],
    state: (key) => [String(key)] as string[],
    receive: ({ text }, context) => {
      log.push(`${context.self.path} ${text}`);
      context.update((notes) => [...notes, text]);
      if (text === 'fail') {
        throw new Error('a page is missing');
      }
      if (text === 'finish') {
        context.stop();
      }
      if (text === 'wait') {
        const open = Promise.withResolvers<string>();
        waiting.push(open);
        return open.promise;
      }
      return doing.get(text)?.(context) ?? context.state.join(' ');
    },
    ...each,
  });
  const shelf = keyedAgent({
    name: 'shelf',
    agent: notebook,
    keyed: ({ key }) => key,
    idleMs: 100,
    passivate: 'forget',
    supervision: { restartsMax: 1, windowMs: 1_000, backoffMs: 1, jitter: 0 },
    coolDownMs: 50,
    ...group,
  });
  const ref = system.spawn(shelf);
  const reports: { agent: string; failure: unknown; directive: string; supervisor: string }[] = [];
  system.observe(systemFailures, { overflow: 'fail', capacity: 100 }).subscribe((report) => {
    reports.push(report);
  });
  return {
    world,
    system,
    ref,
    log,
    events,
    reports,
    shelf,
    cell: cellOf(ref),
    doing: (text: string, act: (context: Scene) => Result<string>) => void doing.set(text, act),
    /** Lets the oldest handling that waits go on. */
    go: async () => {
      waiting.shift()!.resolve('went on');
      await takeTurns(world);
    },
    turns: () => takeTurns(world),
    at: (path: string) => system.agents.find(path)?.ref as AgentRef<Note, string> | undefined,
    active: () => [...(cellOf(ref).children?.keys() ?? [])],
    write: async (key: string, ...texts: string[]) => {
      for (const text of texts) {
        void system.tell(ref, { key, text });
        await takeTurns(world);
      }
    },
    ask: (key: string, text: string) => {
      const reply = system.request(ref, { key, text });
      return reply.then(
        (value) => value,
        (failure: unknown) => failure,
      );
    },
    /** Lets time pass, and everything that is due happen. */
    later: async (ms: number) => {
      let isOver = false;
      world.environment.schedule(ms, () => {
        isOver = true;
      });
      while (!isOver) {
        await world.step();
      }
      await takeTurns(world);
    },
    /** Stops an agent, or all, and waits for it. */
    stop: async (whom?: AgentRef<never, unknown>) => {
      const stopped = system.stop(whom);
      await takeTurns(world);
      await stopped;
    },
  };
}

/** A shelf with two places, and nobody may stand at its door without waiting there. */
function aFullShelf() {
  const shelf = aShelf({ group: { activeMax: 2 }, each: { spillMax: 0 } });
  const thrown = (act: () => unknown): unknown => {
    try {
      return act();
    } catch (failure) {
      return failure;
    }
  };
  return { ...shelf, thrown };
}

describe('a key', () => {
  it('has an agent of its own, made when it is wanted, whose input is the key', async () => {
    const { system, ref, turns, active } = aShelf();
    expect(active()).toEqual([]);
    const replies = Promise.all([
      system.request(Write, { key: 'a', text: '1' }),
      system.request(ref, { key: 'b', text: '2' }),
      system.request(Write, { key: 'a', text: '3' }),
    ]);
    void system.publish(Write, { key: 'c/d', text: '4' });
    await turns();

    expect(await replies).toEqual(['a 1', 'b 2', 'a 1 3']);
    expect(active()).toEqual(['a', 'b', 'c%2Fd']);
  });

  it('is reached by what its agent offers', async () => {
    const read = capability('read', { input: type<Note>(), output: type<string>(), run: ({ text }) => text });
    const { system, turns, active, stop } = aShelf({ each: { capabilities: [read] } });
    const found = system.tool(read, { key: 'a', text: 'read' });
    await turns();

    expect(await found).toBe('read');
    expect(active()).toEqual(['a']);
    expect(system.capabilities.find('read')?.agents).toEqual(['/shelf']);
    await stop(system.agents.find('/shelf/a')!.ref);
    expect(system.capabilities.find('read')?.agents).toEqual(['/shelf']);
  });

  it('stands in the tree under its group, and is found there while it is active', async () => {
    const { system, write, at, doing, log } = aShelf();
    doing('who', (context) => {
      log.push(`${context.parent?.path}`);
      return '';
    });
    await write('ä', 'who');

    expect(log.at(-1)).toBe('/shelf');
    expect(at('/shelf/%C3%A4')?.path).toBe('/shelf/%C3%A4');
    expect(at('/shelf/other')).toBeUndefined();
    expect(at('/other/a')).toBeUndefined();
    expect(system.agents.list().map(({ path }) => path)).toEqual(['/shelf']);
    expect(system.health().agents).toBe(1);
  });

  it('is put away when it has been idle for a while, and forgets', async () => {
    const { write, later, active, ask, turns, events } = aShelf();
    await write('a', '1');
    await later(60);
    await write('b', '2');
    await later(60);
    expect(active()).toEqual(['b']);
    await later(60);
    expect(active()).toEqual([]);
    const reply = ask('a', '3');
    await turns();

    expect(await reply).toBe('a 3');
    expect(events.filter(({ _tag }) => _tag === 'AgentStarted' || _tag === 'AgentStopped')).toMatchObject([
      { agent: '/shelf' },
    ]);
  });

  it('stays as long as something of it is under way', async () => {
    const { system, write, later, active, doing, go, stop } = aShelf();
    const child = defineAgent({ name: 'child' });
    const other = system.spawn(child, { id: 'other' });
    doing('spawn', (context) => context.spawn(child, { id: 'child' }).path);
    doing('watch', (context) => void context.watch(other));
    doing('schedule', (context) => void context.schedule(150, () => {}));
    doing('stash', (context) => void context.stash());
    doing('ask', (context) => {
      void context.request(Write, { key: 'handles', text: 'x' }, { timeoutMs: 150 });
      return '';
    });
    await write('spawns', 'spawn');
    await write('watches', 'watch');
    await write('schedules', 'schedule');
    await write('stashes', 'stash');
    await write('handles', 'wait');
    await write('asks', 'ask');
    await write('rests', '1');
    await later(100);
    expect(active()).toEqual(['spawns', 'watches', 'schedules', 'stashes', 'handles', 'asks']);
    await later(60);
    await later(100);
    expect(active()).toEqual(['spawns', 'watches', 'stashes', 'handles']);
    await go();
    await stop(other);
    await later(100);
    expect(active()).toEqual(['spawns', 'stashes']);
  });

  it('never is put away with an idleMs of Infinity, unless its place is wanted', async () => {
    const { write, later, active, world } = aShelf({
      group: { idleMs: Number.POSITIVE_INFINITY, activeMax: 1 },
    });
    await write('a', '1');
    expect(world.environment.timerCount).toBe(0);
    await later(1e9);
    expect(active()).toEqual(['a']);
    await write('b', '1');
    expect(active()).toEqual(['b']);
  });

  it('takes its last step before it is put away; what comes meanwhile is for its next agent, in order', async () => {
    const saved = Promise.withResolvers<void>();
    const { write, later, log, turns, active, events } = aShelf({
      each: {
        onStop: (context) => {
          log.push(`${context.self.path} stops with ${context.state}`);
          return saved.promise;
        },
      },
    });
    await write('a', '1');
    await later(100);
    expect(log).toEqual(['/shelf/a 1', '/shelf/a stops with a,1']);
    await write('a', '2', '3');
    expect(log).toHaveLength(2);
    saved.resolve();
    await turns();

    expect(log.slice(2)).toEqual(['/shelf/a 2', '/shelf/a 3']);
    expect(active()).toEqual(['a']);
    expect(events.some(({ _tag }) => _tag === 'AgentStopped')).toBe(false);
  });

  it('may finish: that is its end, and the next message is for a new one', async () => {
    const { write, system, log, at, turns, ask } = aShelf();
    await write('a', '1');
    const ended = system.watch(at('/shelf/a')!);
    await write('a', 'finish');
    expect(await ended).toMatchObject({ path: '/shelf/a', reason: 'finished' });
    const reply = ask('a', '2');
    await turns();

    expect(await reply).toBe('a 2');
    expect(log).toEqual(['/shelf/a 1', '/shelf/a finish', '/shelf/a 2']);
  });

  it('that ends slowly has a new agent for what comes meanwhile', async () => {
    const ended = Promise.withResolvers<void>();
    const { write, log, turns, system, at, active } = aShelf({ each: { onStop: () => ended.promise } });
    await write('a', 'finish', '2', '3');
    expect(log).toEqual(['/shelf/a finish']);
    const next = at('/shelf/a')!;
    void system.tell(next, { key: 'a', text: '4' });
    ended.resolve();
    await turns();

    expect(log.slice(1)).toEqual(['/shelf/a 2', '/shelf/a 3', '/shelf/a 4']);
    expect(active()).toEqual(['a']);
  });

  it('is spoken of by its ref whatever becomes of its agent', async () => {
    const { write, at, later, system, log, turns, active, stop } = aShelf();
    await write('a', '1');
    const ref = at('/shelf/a')!;
    await later(100);
    expect(ref.getSnapshot()).toMatchObject({ status: 'active', context: undefined });
    void system.tell(ref, { key: 'whatever', text: '2' });
    await turns();
    expect(ref.getSnapshot()).toMatchObject({ status: 'active', context: ['a', '2'] });
    await later(100);
    ref.send({ key: 'a', text: '3' });
    await turns();

    expect(log).toEqual(['/shelf/a 1', '/shelf/a 2', '/shelf/a 3']);
    expect(active()).toEqual(['a']);
    await stop();
    expect(ref.getSnapshot().status).toBe('stopped');
    expect(system.tell(ref, { key: 'a', text: '4' })).toBeUndefined();
    expect(system.deadLetters.list().at(-1)).toMatchObject({ cause: 'Stopped' });
  });

  it('spends from the budget of its group', async () => {
    const { system, shelf, turns, world } = aShelf();
    const ref = system.spawn(shelf, { id: 'poor', budget: { steps: 3 }, subscribe: false });
    for (const key of ['a', 'b', 'a', 'b']) {
      void system.tell(ref, { key, text: '1' });
    }
    await turns();
    const { lease } = cellOf(ref);
    expect(lease?.remaining('steps')).toBe(0);
    expect(system.deadLetters.countByCause()).toEqual({ BudgetExceeded: 1 });
    await world.runUntilQuiet();
    expect(cellOf(ref).children?.size).toBe(0);
  });
});

describe('a stream for each key', () => {
  it('begins with its key, and is left when that is put away', async () => {
    const world = aWorld();
    const { system } = world;
    const log: string[] = [];
    const each = streamAgent({
      name: 'stream',
      subscribe: [Write],
      stream: (inbox, context) => {
        log.push(`${context.self.path} begins`);
        return inbox.pipe(
          scan((count, { text }) => `${count}${text}`, ''),
          finalize(() => log.push(`${context.self.path} ends`)),
        );
      },
    });
    system.spawn(keyedAgent({ agent: each, keyed: ({ key }) => key, idleMs: 10, passivate: 'forget' }));
    const replies: string[] = [];
    await world.run(async () => {
      for (const [key, text] of ['a1', 'b2', 'a3']) {
        replies.push(await system.request(Write, { key: key!, text: text! }));
      }
    });
    await world.run(async () => replies.push(await system.request(Write, { key: 'a', text: '4' })));

    expect(replies).toEqual(['1', '2', '13', '4']);
    expect(log).toEqual([
      '/stream/a begins',
      '/stream/b begins',
      '/stream/b ends',
      '/stream/a ends',
      '/stream/a begins',
      '/stream/a ends',
    ]);
  });
});

describe('a machine for each key', () => {
  it('is told its events by key, rests when nothing of it goes on, and is listened to across passivation', async () => {
    const world = aWorld();
    const { system } = world;
    type Press = { type: 'press' | 'wait'; door: string };
    const Pressed = defineTopic('pressed', { schema: type<Press>() });
    const machine = setup({
      types: { events: {} as Press, emitted: {} as { type: 'opened' } },
    }).createMachine({
      initial: 'shut',
      states: {
        shut: { on: { press: 'open', wait: 'waiting' } },
        open: { entry: emit({ type: 'opened' }), on: { press: 'shut' } },
        waiting: { after: { 50: 'open' } },
      },
    });
    const doors = keyedAgent({
      agent: machineAgent({ name: 'door', machine, subscribe: [Pressed] }),
      keyed: (event) => (event as Press).door,
      idleMs: 10,
      passivate: 'forget',
    });
    const group = system.spawn(doors);
    const { children } = { children: () => [...(cellOf(group).children?.keys() ?? [])] };
    const press = async (kind: Press['type'], door: string): Promise<void> => {
      void system.tell(group, { type: kind, door });
      await takeTurns(world);
    };
    await press('press', 'a');
    const a = system.agents.find('/door/a')!.ref as unknown as AgentRef<Press>;
    let opened = 0;
    const listening = a.on('opened', () => {
      opened += 1;
    });
    const again = a.on('*', () => {});
    expect(a.getSnapshot()).toMatchObject({ value: 'open' });
    void system.publish(Pressed, { type: 'wait', door: 'b' });
    await takeTurns(world);
    const wait = async (ms: number): Promise<void> => {
      await world.run(
        () => new Promise<void>((resolve) => void world.environment.schedule(ms, resolve)),
        () => {
          seen.push(children().join(' '));
        },
      );
    };
    const seen: string[] = [];
    await wait(1);
    expect(new Set(seen)).toEqual(new Set(['a b', 'b', '']));
    expect(a.getSnapshot()).toMatchObject({ value: 'shut' });
    await press('press', 'a');
    expect(opened).toBe(1);
    listening.unsubscribe();
    again.unsubscribe();
    await press('press', 'a');
    await press('press', 'a');

    expect(opened).toBe(1);
    expect(a.getSnapshot()).toMatchObject({ value: 'open' });
  });
});

describe('the places of a group', () => {
  it('are given up by the key that has been idle longest', async () => {
    const { write, active } = aShelf({ group: { activeMax: 2 } });
    await write('a', '1');
    await write('b', '1');
    await write('a', '2');
    await write('c', '1');

    expect(active()).toEqual(['a', 'c']);
  });

  it('are not given up by one that is busy again', async () => {
    const { write, active, system, ref, turns } = aShelf({ group: { activeMax: 2 } });
    await write('a', '1');
    await write('b', '1');
    void system.tell(ref, { key: 'a', text: '2' });
    void system.tell(ref, { key: 'c', text: '1' });
    await turns();

    expect(active()).toEqual(['a', 'c']);
  });

  it('are waited for at the door while all are taken, in order', async () => {
    const { write, active, log, go, system, ref, turns } = aShelf({ group: { activeMax: 1 } });
    await write('a', 'wait');
    const room = system.tell(ref, { key: 'b', text: '1' });
    void system.tell(ref, { key: 'c', text: '1' });
    void system.tell(ref, { key: 'b', text: '2' });
    await turns();
    expect(room).toBeInstanceOf(Promise);
    expect(active()).toEqual(['a']);
    expect(system.statistics().agents).toMatchObject([
      { path: '/shelf', waiting: 3, inFlight: 1, offered: 4 },
    ]);
    await go();
    await room;

    expect(log).toEqual(['/shelf/a wait', '/shelf/b 1', '/shelf/b 2', '/shelf/c 1']);
    expect(active()).toEqual(['c']);
    expect(system.statistics().agents).toMatchObject([
      { path: '/shelf', handled: 4, waiting: 0, offered: 4 },
    ]);
  });

  it('are given up by an agent that waited for room elsewhere, once it is let go on', async () => {
    const { write, doing, active, at, ref, go, log } = aShelf({
      group: { activeMax: 2 },
      each: { capacity: 1 },
    });
    doing('tell b', (context) => void context.tell(ref, { key: 'b', text: '1' }));
    await write('b', 'wait', 'wait');
    await write('a', 'tell b');
    await write('c', '1');
    expect(cellOf(at('/shelf/a')!).blocked).toBe(true);
    expect(active()).toEqual(['b', 'a']);
    await go();

    expect(active()).toEqual(['b', 'c']);
    expect(log).toEqual(['/shelf/b wait', '/shelf/a tell b', '/shelf/b wait', '/shelf/c 1']);
  });

  it('are given up by an agent that drains, and was interrupted while what it sent waited for room', async () => {
    const { write, doing, active, at, ref, go, system, turns } = aShelf({ each: { capacity: 1 } });
    doing('tell b', (context) => {
      void context.tell(ref, { key: 'b', text: '1' });
      return new Promise(() => {});
    });
    await write('b', 'wait', 'wait');
    await write('a', 'tell b');
    const stopped = system.stop(at('/shelf/a')!, { drain: true });
    system.interrupt(at('/shelf/a')!);
    await turns();
    expect(active()).toEqual(['b', 'a']);
    await go();
    await stopped;

    expect(active()).toEqual(['b']);
  });

  it('are waited for by as many messages as may stand at the door, and by agents that send', async () => {
    const { write, system, ref, log, go, turns } = aShelf({
      group: { activeMax: 1 },
      each: { spillMax: 1, capacity: 1 },
    });
    const Go = defineTopic('go', { schema: type<string>() });
    const sender = defineAgent({
      name: 'sender',
      subscribe: [Go],
      receive: (key, context) => {
        for (const text of ['1', '2', '3']) {
          void context.tell(ref, { key, text });
        }
      },
    });
    const sending = system.spawn(sender);
    await write('a', 'wait');
    expect(system.tell(ref, { key: 'b', text: '0' })).toBeInstanceOf(Promise);
    expect(() => system.tell(ref, { key: 'b', text: 'too many' })).toThrow(MailboxFull);
    expect(() => system.publish(Write, { key: 'c', text: 'too many' })).toThrow(MailboxFull);
    expect(
      await system.request(ref, { key: 'c', text: 'too many' }).catch((thrown) => thrown),
    ).toBeInstanceOf(MailboxFull);
    ref.send({ key: 'b', text: 'too many' });
    expect(system.deadLetters.countByCause()).toEqual({ Rejected: 1 });
    void system.tell(sending, 'b');
    await turns();
    expect(cellOf(sending).parked).toHaveLength(1);
    await go();

    expect(log).toEqual(['/shelf/a wait', '/shelf/b 0', '/shelf/b 1', '/shelf/b 2', '/shelf/b 3']);
    expect(kernelOf(system).inFlight).toBe(0);
  });

  it('are not waited for any more by a sender that ends', async () => {
    const { write, system, ref, log, go, turns, cell, stop } = aShelf({ group: { activeMax: 1 } });
    const Go = defineTopic('go', { schema: type<string>() });
    const sender = defineAgent({
      name: 'sender',
      subscribe: [Go],
      receive: (key, context) => {
        void context.tell(ref, { key, text: '1' });
      },
    });
    const [b, c] = ['b', 'c'].map((id) => system.spawn(sender, { id, subscribe: false }));
    await write('a', 'wait');
    void system.tell(b!, 'b');
    void system.tell(c!, 'b');
    await turns();
    expect(cell.holdsMessages).toBe(true);
    await stop(b!);
    expect(cell.holdsMessages).toBe(true);
    await stop(c!);
    expect(cell.holdsMessages).toBe(false);
    await go();

    expect(log).toEqual(['/shelf/a wait']);
  });

  it.each([
    ['reject', 'Rejected'],
    ['drop-newest', 'Dropped'],
    ['drop-oldest', 'Dropped'],
    ['conflate', 'Dropped'],
  ] as const)('are refused under %s', async (overflow, cause) => {
    const { write, system, ref, ask, turns } = aShelf({ group: { activeMax: 1 }, each: { overflow } });
    await write('a', 'wait');
    const reply = ask('b', '1');
    void system.publish(Write, { key: 'b', text: '2' });
    await turns();

    expect(await reply).toBeInstanceOf(MailboxFull);
    expect(system.deadLetters.list().at(-1)).toMatchObject({ cause, to: '/shelf' });
    expect(statisticsOfCell(cellOf(ref))).toMatchObject({ offered: 3, accepted: 1, refused: 2 });
  });

  it('make the group fail under fail', async () => {
    const { write, reports, log, go } = aShelf({ group: { activeMax: 1 }, each: { overflow: 'fail' } });
    await write('a', 'wait');
    await write('b', '1');
    expect(reports).toMatchObject([{ agent: '/shelf', supervisor: '/', failure: { _tag: 'MailboxFull' } }]);
    await go();
    await write('b', '2');

    expect(log).toEqual(['/shelf/a wait', '/shelf/b 2']);
  });

  it('may be wanted by somebody who keeps one: that is a wait cycle', async () => {
    const { doing, ask, turns, system, ref, log } = aShelf({ group: { activeMax: 1 } });
    doing('ask', (context) => context.request(ref, { key: 'b', text: '1' }) as Promise<string>);
    doing('tell', (context) => {
      void context.tell(ref, { key: 'b', text: '2' });
      return 'told';
    });
    doing('tell later', async (context) => {
      await Promise.resolve();
      try {
        void context.publish(Write, { key: 'b', text: '3' });
      } catch (failure) {
        return (failure as WaitCycle).path.join(' ');
      }
      return 'told';
    });
    const asked = ask('a', 'ask');
    await turns();
    expect(await asked).toMatchObject({ _tag: 'WaitCycle', path: ['/shelf/a', '/shelf', '/shelf/a'] });
    const told = ask('a', 'tell later');
    await turns();
    expect(await told).toBe('/shelf/a /shelf /shelf/a');
    void system.tell(ref, { key: 'a', text: 'tell' });
    await turns();

    expect(system.deadLetters.list()).toMatchObject([
      { cause: 'WaitCycle', envelope: { payload: { text: '2' } } },
    ]);
    expect(log.filter((line) => line.startsWith('/shelf/b'))).toEqual([]);
  });

  it('are asked for through the door by a request that then waits for its key', async () => {
    const { doing, write, turns, system, ref, log, go, world } = aShelf({ group: { activeMax: 2 } });
    const Ask = defineTopic('ask', { schema: type<string>(), reply: type<string>() });
    const asker = system.spawn(
      defineAgent({
        name: 'asker',
        subscribe: [Ask],
        receive: (text, context) => context.request(ref, { key: 'c', text }) as Promise<string>,
      }),
    );
    doing('back', (context) => context.request(asker, 'again') as Promise<string>);
    await write('a', 'wait');
    await write('b', 'wait');
    const reply = system.request(asker, 'back').catch((failure: unknown) => failure);
    await turns();
    await go();
    await world.runUntilQuiet();

    expect(log.at(-1)).toBe('/shelf/c back');
    expect(await reply).toMatchObject({ _tag: 'WaitCycle' });
  });

  it('wait with a promise of room that holds for the mailbox, too', async () => {
    const { write, system, ref, turns, go, log } = aShelf({
      group: { activeMax: 1 },
      each: { capacity: 1, spillMax: 3 },
    });
    await write('a', 'wait');
    void system.tell(ref, { key: 'b', text: 'wait' });
    void system.tell(ref, { key: 'b', text: '2' });
    let hasRoom = false;
    void system.tell(ref, { key: 'b', text: '3' })?.then(() => {
      hasRoom = true;
    });
    await turns();
    await go();
    expect(log).toEqual(['/shelf/a wait', '/shelf/b wait']);
    expect(hasRoom).toBe(false);
    await go();
    expect(log.slice(2)).toEqual(['/shelf/b 2', '/shelf/b 3']);
    expect(hasRoom).toBe(true);
  });

  it('may be had by a key while somebody still stands in line for its mailbox, and goes', async () => {
    const { write, system, ref, turns, go, log } = aShelf({ group: { activeMax: 1 }, each: { capacity: 1 } });
    const Go = defineTopic('go', { schema: type<string>() });
    const sender = defineAgent({
      name: 'sender',
      subscribe: [Go],
      receive: (text, context) => void context.tell(ref, { key: 'b', text }),
    });
    const senders = ['x', 'y', 'z'].map((id) => system.spawn(sender, { id, subscribe: false }));
    await write('a', 'wait');
    for (const [n, text] of ['wait', '2', '3'].entries()) {
      void system.tell(senders[n]!, text);
      await turns();
    }
    await go();
    expect(cellOf(senders[2]!).parked).toMatchObject([{ receiver: { isOver: true, mustWait: true } }]);
    const stopped = system.stop(senders[2]!);
    await turns();
    await stopped;
    await go();

    expect(log).toEqual(['/shelf/a wait', '/shelf/b wait', '/shelf/b 2']);
  });

  it('keep a message that has too many causes out', async () => {
    const { write, system, ref, turns } = aShelf({ group: { activeMax: 1 }, system: { hopsMax: 1 } });
    const Hop = defineTopic('hop', { schema: type<number>() });
    system.spawn(
      defineAgent({
        name: 'hopper',
        subscribe: [Hop],
        receive: async (hops, context) => {
          await Promise.resolve();
          void (hops === 0 ? context.tell(ref, { key: 'b', text: '1' }) : context.publish(Hop, hops - 1));
        },
      }),
    );
    await write('a', 'wait');
    void system.publish(Hop, 1);
    await turns();

    expect(system.deadLetters.countByCause()).toEqual({ HopLimit: 1 });
  });
});

describe('what stands at the door', () => {
  it('is refused with the number of places there are', async () => {
    const { write, system, thrown } = aFullShelf();
    await write('a', 'wait');
    await write('b', 'wait');

    expect(thrown(() => system.publish(Write, { key: 'c', text: 'too many' }))).toMatchObject({
      receiver: 'write → /shelf',
      capacity: 2,
    });
  });

  it('lets its senders go on with the next thing they send, in order, when there is room in the mailbox', async () => {
    const { write, system, ref, log, go, turns } = aShelf({ group: { activeMax: 1 } });
    const Go = defineTopic('go', { schema: type<string>() });
    const sender = system.spawn(
      defineAgent({
        name: 'sender',
        subscribe: [Go],
        receive: (key, context) => {
          for (const text of ['1', '2']) {
            void context.tell(ref, { key, text });
          }
        },
      }),
    );
    await write('a', 'wait');
    void system.tell(sender, 'b');
    await turns();
    await go();

    expect(log).toEqual(['/shelf/a wait', '/shelf/b 1', '/shelf/b 2']);
    expect(cellOf(sender).blocked).toBe(false);
  });

  it('waits for its key once that has a place, which closes a cycle where the key waits for who sent it', async () => {
    const { doing, write, turns, system, ref, go, world } = aShelf({ group: { activeMax: 2 } });
    const Ask = defineTopic('ask', { schema: type<string>(), reply: type<string>() });
    const asker = system.spawn(
      defineAgent({
        name: 'asker',
        subscribe: [Ask],
        receive: (text, context) => context.request(ref, { key: 'c', text }) as Promise<string>,
      }),
    );
    doing(
      'back',
      (context) => context.request(asker, 'again').catch((failure) => failure.code) as Promise<string>,
    );
    await write('a', 'wait');
    await write('b', 'wait');
    const back = system.request(ref, { key: 'c', text: 'back' });
    void system.request(asker, '1').catch(() => {});
    await turns();
    await go();
    await world.runUntilQuiet();

    expect(await back).toBe('WAIT_CYCLE');
  });

  it('is counted as accepted by its group, and a place that is promised as something it holds', async () => {
    const saved = Promise.withResolvers<void>();
    const { write, later, system, cell, turns } = aShelf({
      group: { activeMax: 1 },
      each: { onStop: () => saved.promise },
    });
    await write('a', '1');
    await later(100);
    await write('b', '1');
    await write('c', '1');
    expect(cell.holdsMessages).toBe(true);
    expect(system.statistics().agents).toMatchObject([
      { path: '/shelf', offered: 3, accepted: 3, waiting: 2 },
    ]);
    saved.resolve();
    await turns();

    expect(cell.holdsMessages).toBe(false);
  });
});

describe('an interrupt', () => {
  it('of a key that is passive, or on its way out, ends nothing', async () => {
    const saved = Promise.withResolvers<void>();
    const { write, later, system, at, turns, events } = aShelf({ each: { onStop: () => saved.promise } });
    await write('a', '1');
    const ref = at('/shelf/a')!;
    let ended = false;
    void system.watch(ref).then(() => {
      ended = true;
    });
    await later(100);
    system.interrupt(ref);
    await turns();
    saved.resolve();
    await turns();
    system.interrupt(ref);
    await turns();

    expect(ended).toBe(false);
    expect(events.filter(({ _tag }) => _tag === 'AgentStopped')).toEqual([]);
  });
});

describe('a message without a key', () => {
  it('is a dead letter, a failure of the group, and told to its requester', async () => {
    const { system, ref, turns, reports, log } = aShelf({
      group: { keyed: ({ key }) => (key === '' ? (undefined as unknown as string) : key) },
    });
    const reply = system.request(ref, { key: '', text: '1' }).catch((failure: unknown) => failure);
    void system.publish(Write, { key: '', text: '2' });
    void system.tell(ref, { key: '\ud800', text: '3' });
    void system.tell(ref, { key: 'a', text: '4' });
    await turns();

    expect(await reply).toBeInstanceOf(NoKey);
    expect(reports[2]?.failure).toMatchObject({
      group: '/shelf',
      key: '\ud800',
      reason: 'the text is not well-formed',
    });
    expect(reports).toMatchObject(
      ['1', '2', '3'].map((text) => ({
        agent: '/shelf',
        supervisor: '/',
        directive: 'resume',
        failure: { _tag: 'NoKey' },
        envelope: { payload: { text } },
      })),
    );
    expect(system.deadLetters.countByCause()).toEqual({ NoKey: 3 });
    expect(log).toEqual(['/shelf/a 4']);
    expect(statisticsOfCell(cellOf(ref))).toMatchObject({ offered: 4, refused: 3, handled: 1 });
  });

  it('ends nobody when what was returned throws as it is looked at, whoever sent it', async () => {
    const trap = Object.defineProperty({}, 'then', {
      get: () => {
        throw new Error('do not look');
      },
    });
    const { system, turns, log } = aShelf({
      group: { keyed: ({ key }) => (key === 'trap' ? (trap as unknown as string) : key) },
    });
    const Go = defineTopic('go', { schema: type<string>() });
    const heard: string[] = [];
    system.spawn(
      defineAgent({
        name: 'sender',
        subscribe: [Go],
        receive: (key, context) => void context.publish(Write, { key, text: '1' }),
      }),
    );
    system.spawn(
      defineAgent({ name: 'other', subscribe: [Write], receive: ({ key }) => void heard.push(key) }),
    );

    for (const key of ['trap', 'a']) {
      void system.publish(Go, key);
      await turns();
    }

    expect(heard).toEqual(['trap', 'a']);
    expect(log).toEqual(['/shelf/a 1']);
    expect(system.deadLetters.countByCause()).toEqual({ NoKey: 1 });
  });

  it('is found by its own key when `keyed` sends another message meanwhile', async () => {
    const inner = ownEnvelope(2, undefined, undefined, 'write', { key: 'b', text: '' });
    const outer = ownEnvelope(1, undefined, undefined, 'write', { key: 'a', text: '' });
    const { cell } = aShelf({
      group: {
        keyed: ({ key }) => {
          if (key === 'a') {
            group.receiverFor(inner);
          }
          return key;
        },
      },
    });
    const group = cell as KeyedGroup;

    expect(group.receiverFor(outer)).toMatchObject({ path: '/shelf/a' });
    expect(group.receiverFor(inner)).toMatchObject({ path: '/shelf/b' });
  });

  it('is asked for its key once', async () => {
    let asked = 0;
    const { system, ref, turns, write } = aShelf({
      group: {
        keyed: ({ key }) => {
          asked += 1;
          return key;
        },
      },
    });
    await write('a', '1');
    void system.publish(Write, { key: 'a', text: '2' });
    void system.request(ref, { key: 'a', text: '3' });
    void system.request(Write, { key: 'b', text: '4' });
    await turns();

    expect(asked).toBe(4);
  });
});

describe('a key that fails', () => {
  it('begins again by itself, as often as its own window allows, and then cools down', async () => {
    const { write, ask, turns, later, reports, log, at, system, events } = aShelf();
    await write('b', '1');
    await write('a', '1', 'fail');
    await later(5);
    const ended = system.watch(at('/shelf/a')!);
    await write('a', '2', 'fail');

    expect(reports).toMatchObject([
      { agent: '/shelf/a', supervisor: '/shelf', directive: 'restart' },
      { agent: '/shelf/a', supervisor: '/shelf', directive: 'stop' },
    ]);
    expect(await ended).toMatchObject({ reason: 'failed' });
    expect(events.filter(({ _tag }) => _tag === 'AgentStopped')).toMatchObject([
      { agent: '/shelf/a', reason: 'failed' },
    ]);
    const refused = ask('a', '3');
    const answered = ask('b', '2');
    await turns();
    expect(await refused).toBeInstanceOf(CoolingDown);
    expect(await refused).toMatchObject({ agent: '/shelf/a', afterMs: 50 });
    expect(await answered).toBe('b 1 2');
    expect(system.health()).toMatchObject({ status: 'up', givenUp: [], suspended: [] });
    await later(50);
    // Its window is still full.
    await write('a', '4', 'fail');
    expect(reports.at(-1)).toMatchObject({ agent: '/shelf/a', directive: 'stop' });
    await later(1_100);
    await write('a', 'fail');
    expect(reports.at(-1)).toMatchObject({ agent: '/shelf/a', directive: 'restart' });
    expect(log.filter((line) => line.startsWith('/shelf/a'))).toHaveLength(7);
  });

  it('is not forgiven by being put away', async () => {
    const { write, later, reports, active } = aShelf();
    await write('a', 'fail');
    await later(150);
    expect(active()).toEqual([]);
    await write('a', 'fail');

    expect(reports.map(({ directive }) => directive)).toEqual(['restart', 'stop']);
  });

  it('never takes the group down, whatever its directive says', async () => {
    const { write, reports, log } = aShelf({
      group: { supervision: { directives: { defect: 'escalate' } } },
    });
    await write('a', 'fail');
    await write('b', '1');

    expect(reports).toMatchObject([{ agent: '/shelf/a', supervisor: '/shelf', directive: 'stop' }]);
    expect(log).toEqual(['/shelf/a fail', '/shelf/b 1']);
  });

  it('leaves dead letters that can be delivered again', async () => {
    const { write, later, system, log, turns } = aShelf();
    await write('a', 'fail');
    await later(5);
    await write('a', 'fail');
    await write('a', '1');
    expect(system.deadLetters.list().at(-1)).toMatchObject({ cause: 'CoolingDown', to: '/shelf/a' });
    expect(system.deadLetters.replay(({ cause }) => cause === 'CoolingDown')).toMatchObject({ replayed: 1 });
    await turns();
    expect(system.deadLetters.list().at(-1)).toMatchObject({ cause: 'CoolingDown', to: '/shelf/a' });
    await later(50);
    expect(system.deadLetters.replay(({ cause }) => cause === 'CoolingDown')).toEqual({
      replayed: 1,
      kept: 2,
    });
    await turns();

    expect(log.at(-1)).toBe('/shelf/a 1');
  });
});

describe('those who watch a key', () => {
  it('hear of its end, and not of its being put away', async () => {
    const told: string[] = [];
    const Look = defineTopic('look', { schema: type<'watch' | 'unwatch'>() });
    const { system, write, at, later, turns, active, stop } = aShelf();
    await write('a', '1');
    const ref = at('/shelf/a')!;
    const watcher = defineAgent({
      name: 'watcher',
      subscribe: [Look],
      receive: (what, context) => context[what](ref),
      onTerminated: ({ path, reason }) => void told.push(`${path} ${reason}`),
    });
    const [one, two] = [system.spawn(watcher), system.spawn(watcher)];
    void system.publish(Look, 'watch');
    await turns();
    await later(150);
    expect(active()).toEqual([]);
    void system.tell(two, 'unwatch');
    await write('a', '2');
    await later(150);
    void system.tell(two, 'watch');
    await write('a', '3');
    void system.tell(two, 'unwatch');
    await turns();
    expect(told).toEqual([]);
    await stop(ref);
    await turns();

    expect(told).toEqual(['/shelf/a stopped']);
    expect(cellOf(one).watching?.size).toBe(0);
    expect(cellOf(two).watching?.size).toBe(0);
  });

  it('hear of its end also when it is passive, by itself or with its group', async () => {
    const { system, write, at, later, ref: group, stop } = aShelf();
    await write('a', '1');
    await write('b', '1');
    const [a, b] = ['a', 'b'].map((key) => at(`/shelf/${key}`)!);
    const ends = Promise.all([system.watch(a!), system.watch(b!)]);
    await later(150);
    system.interrupt(a!);
    await stop(a!);
    await stop(group);

    expect(await ends).toMatchObject([
      { path: '/shelf/a', reason: 'stopped' },
      { path: '/shelf/b', reason: 'stopped' },
    ]);
    expect(await system.watch(b!)).toMatchObject({ reason: 'stopped' });
    await stop(b!);
  });

  it('hear of its end when it is stopped while it is on its way out', async () => {
    const saved = Promise.withResolvers<void>();
    const { system, write, at, later, turns, active } = aShelf({ each: { onStop: () => saved.promise } });
    await write('a', '1');
    const ref = at('/shelf/a')!;
    await later(100);
    const stopped = system.stop(ref);
    saved.resolve();
    await turns();
    await stopped;

    expect(active()).toEqual([]);
  });

  it('look at whoever is its agent', async () => {
    const { write, at, later, ask, turns, stop } = aShelf();
    await write('a', '1');
    const ref = at('/shelf/a')!;
    const seen: (AgentSnapshot['context'] | string)[] = [];
    ref.subscribe({ next: ({ context }) => void seen.push(context), complete: () => void seen.push('end') });
    await later(150);
    let heard = 0;
    const both = ref.subscribe(() => {
      heard += 1;
    });
    const reply = ask('a', '2');
    await turns();
    await reply;
    expect(heard).toBe(1);
    both.unsubscribe();
    await write('a', '3');
    expect(heard).toBe(1);
    await stop();

    expect(seen[0]).toEqual(['a', '2']);
    expect(seen.at(-1)).toBe('end');
  });

  it('go on with its next agent also when that is there already', async () => {
    const saved = Promise.withResolvers<void>();
    const { system, write, at, later, turns } = aShelf({ each: { onStop: () => saved.promise } });
    await write('a', '1');
    const ref = at('/shelf/a')!;
    const seen: unknown[] = [];
    const ended = system.watch(ref);
    ref.subscribe(({ context }) => void seen.push(context));
    await later(100);
    await write('a', '2');
    ref.subscribe(() => {});
    saved.resolve();
    await turns();
    expect(seen.at(-1)).toEqual(['a', '2']);
    void system.stop(ref);
    await turns();

    expect(await ended).toMatchObject({ reason: 'stopped' });
  });

  it('cost nothing when they have gone', async () => {
    const { system, write, at, later, cell, stop } = aShelf();
    await write('kept', '1');
    const watched = system.watch(at('/shelf/kept')!);
    for (let n = 0; n < 200; n += 1) {
      await write(`k${n}`, '1');
      const abort = new AbortController();
      const watch = system.watch(at(`/shelf/k${n}`)!, { signal: abort.signal });
      await later(100);
      abort.abort();
      await watch.catch(() => {});
    }
    const { passiveKeys } = cell as KeyedGroup;

    expect(passiveKeys).toContain('kept');
    expect(passiveKeys.length).toBeLessThanOrEqual(65);
    await stop();
    expect(await watched).toMatchObject({ path: '/shelf/kept' });
  });

  it('cost nothing when they have gone all at once, as soon as other keys come and go', async () => {
    const { write, at, later, cell, ask, turns } = aShelf();
    const seen: unknown[] = [];
    const subscriptions: { unsubscribe(): void }[] = [];
    for (let n = 0; n < 300; n += 1) {
      await write(`k${n}`, '1');
      subscriptions.push(at(`/shelf/k${n}`)!.subscribe(({ context }) => void seen.push(context)));
    }
    await later(100);
    const kept = (cell as KeyedGroup).passiveKeys.length;
    const last = subscriptions.pop()!;
    for (const subscription of subscriptions) subscription.unsubscribe();

    for (let n = 0; n < 300; n += 1) await write(`z${n}`, '1');
    await later(100);
    const { passiveKeys } = cell as KeyedGroup;

    expect(kept).toBe(300);
    expect(passiveKeys.length).toBeLessThanOrEqual(64);
    expect(passiveKeys).toContain('k299');
    void ask('k299', '2');
    await turns();
    expect(seen.at(-1)).toEqual(['k299', '2']);
    last.unsubscribe();
  });
});

describe('a group', () => {
  it('that stops, stops its keys, and gives what stood at the door back as dead letters', async () => {
    const { write, system, ref, turns, ask, cell, log } = aShelf({
      group: { activeMax: 1 },
      each: { onStop: (context) => void log.push(`${context.self.path} stops`) },
    });
    const Go = defineTopic('go', { schema: type<string>() });
    const sender = system.spawn(
      defineAgent({
        name: 'sender',
        subscribe: [Go],
        receive: (key, context) => {
          void context.tell(ref, { key, text: 'held up' });
        },
      }),
    );
    await write('a', 'wait');
    const reply = ask('b', '1');
    const room = system.tell(ref, { key: 'c', text: '2' });
    void system.tell(sender, 'd');
    await turns();
    const stopped = system.stop(ref);
    await turns();
    await stopped;
    await room;

    expect(await reply).toBeInstanceOf(NoResponder);
    expect(cellOf(sender).blocked).toBe(false);
    expect(
      system.deadLetters.list().map(({ to, envelope }) => [to, (envelope.payload as Note).text]),
    ).toEqual([
      ['/shelf', '1'],
      ['/shelf', '2'],
      ['/shelf', 'held up'],
      ['/shelf/a', 'wait'],
    ]);
    expect(log.at(-1)).toBe('/shelf/a stops');
    expect(statisticsOfCell(cell)).toMatchObject({
      offered: 4,
      accepted: 4,
      unhandledAtStop: 3,
      interrupted: 1,
    });
    expect(kernelOf(system).inFlight).toBe(0);
  });

  it('that stops gives up those that have not begun', async () => {
    const { write, system, ref, turns, world, cell, at } = aShelf({
      group: { activeMax: 1 },
      each: { onStop: () => new Promise(() => {}), stopWithinMs: 20 },
    });
    await write('a', '1');
    await write('b', '1');
    const ended = system.watch(at('/shelf/a')!);
    const waiting = cell as KeyedGroup;
    expect(waiting.cellOfKey('b')).toMatchObject({ stage: 'waiting' });
    const stopped = system.stop(ref);
    await turns();
    expect(waiting.cellOfKey('b').phase).toBe('stopped');
    await world.runUntilQuiet();
    await stopped;

    expect(await ended).toMatchObject({ path: '/shelf/a' });
    expect(system.deadLetters.countByCause()).toEqual({ Stopped: 1 });
    expect(statisticsOfCell(cell)).toMatchObject({ offered: 2, handled: 1, unhandledAtStop: 1 });
  });

  it('lets a key be stopped that has not begun', async () => {
    const saved = Promise.withResolvers<void>();
    const { write, system, turns, log, cell } = aShelf({
      group: { activeMax: 1 },
      each: { onStop: () => saved.promise },
    });
    await write('a', '1');
    await write('b', '1');
    const b = (cell as KeyedGroup).cellOfKey('b');
    b.signal({ _tag: 'stop', mode: 'now', withinMs: 1, reason: 'stopped', failure: undefined });
    await turns();
    saved.resolve();
    await turns();
    await write('b', '2');

    expect(log).toEqual(['/shelf/a 1', '/shelf/b 2']);
    expect(system.deadLetters.countByCause()).toEqual({ Stopped: 1 });
  });

  it('that drains, finishes what was accepted and takes nothing more', async () => {
    const { write, system, ref, turns, go, log } = aShelf({ group: { activeMax: 1 } });
    await write('a', 'wait');
    void system.tell(ref, { key: 'b', text: '1' });
    void system.tell(ref, { key: 'a', text: '2' });
    const drained = system.stop(ref, { drain: true });
    await turns();
    void system.tell(ref, { key: 'a', text: 'late' });
    void system.tell(ref, { key: 'c', text: 'late' });
    await go();
    await drained;

    expect(log).toEqual(['/shelf/a wait', '/shelf/a 2', '/shelf/b 1']);
    expect(system.deadLetters.countByCause()).toEqual({ Stopped: 2 });
  });

  it('that drains, takes nothing more for a key by its own ref either', async () => {
    const { write, system, ref, turns, go, log, at, cell } = aShelf();
    await write('a', 'wait');
    const drained = system.stop(ref, { drain: true });
    await turns();
    void system.tell(at('/shelf/a')!, { key: 'a', text: 'late' });
    await go();
    await drained;

    expect(log).toEqual(['/shelf/a wait']);
    expect(system.deadLetters.countByCause()).toEqual({ Stopped: 1 });
    expect(statisticsOfCell(cell)).toMatchObject({ offered: 1, handled: 1, unhandledAtStop: 0 });
  });

  it('that drains, lets a key hear what its own children still have to say', async () => {
    const told = Promise.withResolvers<void>();
    const child = defineAgent({
      name: 'child',
      subscribe: [Write],
      receive: async (_, context) => {
        await told.promise;
        void context.tell(context.parent as AgentRef<Note, string>, { key: 'a', text: 'from below' });
      },
    });
    const { write, system, ref, turns, log, doing } = aShelf();
    doing('begets', (context) => {
      void context.tell(context.spawn(child, { subscribe: false }), { key: 'a', text: 'work' });
      return 'it has a child';
    });
    await write('a', 'begets');
    const drained = system.stop(ref, { drain: true });
    await turns();
    told.resolve();
    await turns();
    await drained;

    expect(log).toEqual(['/shelf/a begets', '/shelf/a from below']);
    expect(system.deadLetters.countByCause()).toEqual({});
  });

  it('that is restarted, stops its keys; what stood at the door comes in when it runs again', async () => {
    const { world, write, system, ref, turns, later, log, active, shelf } = aShelf({
      group: { activeMax: 1 },
    });
    await write('a', 'wait');
    void system.tell(ref, { key: 'b', text: '1' });
    world.crash('/shelf');
    void system.tell(ref, { key: 'c', text: '1' });
    await turns();
    void system.tell(ref, { key: 'd', text: '1' });
    expect(active()).toEqual([]);
    await later(100);

    expect(log).toEqual(['/shelf/a wait', '/shelf/b 1', '/shelf/c 1', '/shelf/d 1']);
    expect(shelf.name).toBe('shelf');
  });

  it('that is about to be restarted makes no agents', async () => {
    const { world, write, system, ref, later, log, active } = aShelf();
    await write('a', '1');
    world.crash('/shelf');
    void system.tell(ref, { key: 'b', text: '1' });
    expect(active()).toEqual(['a']);
    await later(100);

    expect(log).toEqual(['/shelf/a 1', '/shelf/b 1']);
  });

  it('that has ended takes nothing for its keys', async () => {
    const { write, at, system, ref, stop } = aShelf();
    await write('a', '1');
    const a = at('/shelf/a')!;
    await stop(ref);
    void system.tell(a, { key: 'a', text: '2' });

    expect(system.deadLetters.countByCause()).toEqual({ Stopped: 1 });
  });

  it('that nobody spawned in the end leaves nothing', async () => {
    const { system, turns, shelf } = aShelf();
    const Go = defineTopic('go', { schema: type<string>() });
    system.spawn(
      defineAgent({
        name: 'parent',
        subscribe: [Go],
        receive: (_, context) => {
          void context.tell(context.spawn(shelf, { id: 'mine' }), { key: 'a', text: '1' });
          throw new Error('not after all');
        },
      }),
    );
    void system.publish(Go, '');
    await turns();

    expect(system.agents.find('/parent/mine')).toBeUndefined();
    expect(kernelOf(system).inFlight).toBe(0);
  });

  it('leaves nothing behind', async () => {
    const { write, world, cell, stop } = aShelf();
    for (let n = 0; n < 50; n += 1) {
      await write(`k${n}`, '1');
    }
    expect(world.environment.timerCount).toBe(1);
    await world.runUntilQuiet();
    expect(cell.children?.size).toBe(0);
    expect(world.environment.timerCount).toBe(0);
    await stop();

    expect(statisticsOfCell(cell)).toMatchObject({ handled: 50, offered: 50, handlingMs: { count: 50 } });
  });
});

it('looks anew for one that comes late: its key may have an agent by then', async () => {
  const shelf = aShelf({ group: { activeMax: 1 } });
  await shelf.write('b', 'first');
  const b = shelf.at('/shelf/b')!;
  await shelf.write('a', 'wait');
  const late = ownEnvelope(1_000, shelf.cell.path, undefined, 'write', { key: 'b', text: 'late' });
  const door = shelf.cell.receiverFor(late);
  expect(door.path).toBe('/shelf');

  await shelf.go();
  void shelf.system.tell(b, { key: 'b', text: 'second' });
  await shelf.turns();

  expect(shelf.active()).toEqual(['b']);
  expect(shelf.cell.receiverFor(late)).toBe(shelf.cell.children?.get('b'));
});

it('lets one wait for a place that is held by an agent about to begin anew: that is no wait cycle', async () => {
  const shelf = aShelf({ group: { activeMax: 1 } });
  const told: string[] = [];
  const asker = shelf.system.spawn(
    defineAgent({
      name: 'asker',
      subscribe: [Write],
      receive: async (note, context) => {
        told.push(String(await context.request(shelf.ref, note)));
      },
    }),
  );
  await shelf.turns();
  await shelf.write('a', 'fail');
  expect(cellOf(shelf.at('/shelf/a')!).phase).toBe('suspended');

  void shelf.system.tell(asker, { key: 'b', text: 'hello' });
  await shelf.later(200);

  expect(told).toEqual(['b hello']);
});
