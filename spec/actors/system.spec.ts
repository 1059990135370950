import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { createSystem, type SystemOptions } from '../../src/actors/system.ts';
import type { Environment } from '../../src/core/environment.ts';
import { liveEnvironment } from '../../src/core/live-environment.ts';
import { memoryWriter } from '../../src/core/memory-writer.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { Ask, aScene, Heard } from '../support/a-scene.ts';
import { aTroupe } from '../support/a-troupe.ts';
import { aWorld } from '../support/a-world.ts';
import { boom } from '../support/boom.ts';
import { childProgram } from '../support/child-program.ts';
import { cellOf, outsideRequestsOf } from '../support/inside.ts';

const idle = defineAgent({ name: 'idle', subscribe: [Ask], receive: () => {} });

describe('a system', () => {
  it('starts with the agents it is given', async () => {
    await using system = createSystem({ agents: [idle] });

    expect(system.agents.list().map(({ path }) => path)).toEqual(['/idle']);
  });

  it('runs live, and leaves nothing when it is disposed of', async () => {
    const heard: unknown[] = [];
    const greeter = defineAgent({ name: 'greeter', subscribe: [Ask], receive: (name) => `Hello, ${name}!` });
    {
      await using system = createSystem({ agents: [greeter] });
      heard.push(await system.request(Ask, 'Ada'));
    }

    expect(heard).toEqual(['Hello, Ada!']);
  });

  it('has an id: the one it is given, or one by chance', () => {
    const environment = (): Environment => ({ ...liveEnvironment(), random: () => 0.5 }) as Environment;

    expect(createSystem({ id: 'shop' }).id).toBe('shop');
    expect(createSystem({ environment: environment() }).id).toBe('i0000000');
    expect(createSystem({ environment: { ...environment(), random: () => 0 } }).id).toBe('00000000');
  });

  it.each<[SystemOptions, string]>([
    [
      { validate: 'sometimes' as 'edge' },
      "validate of a system is one of edge, always, never; got 'sometimes'",
    ],
    [{ requestTimeoutMs: -1 }, 'requestTimeoutMs is a number of milliseconds, at least 0; got -1'],
    [{ requestTimeoutMs: Number.NaN }, 'requestTimeoutMs is a number of milliseconds, at least 0; got NaN'],
    [{ hopsMax: -1 }, 'hopsMax of a system is a whole number, at least 0; got -1'],
    [{ topicsMax: 1.5 }, 'topicsMax of a system is a whole number, at least 1; got 1.5'],
    [{ deadLettersMax: 0 }, 'dead letter capacity is a whole number, at least 1; got 0'],
    [{ supervision: { restartsMax: -1 } }, 'restartsMax is a whole number, at least 0; got -1'],
    [
      { handleSignals: { withinMs: Number.NaN } },
      'handleSignals.withinMs is a number of milliseconds, at least 0; got NaN',
    ],
  ])('is refused with %o', (options, message) => {
    expect(() => createSystem(options)).toThrow(new RangeError(message));
  });

  it('may go on for ever where one says so', () => {
    expect(() => createSystem({ hopsMax: Infinity, requestTimeoutMs: Infinity })).not.toThrow();
  });

  it('is refused with an agent that is none', () => {
    expect(() => createSystem({ agents: ['idle' as never] })).toThrow(
      "an agent is what defineAgent returns; got 'idle'",
    );
  });

  it('is refused with such an agent before any other begins', () => {
    const events: string[] = [];
    const options = {
      agents: [idle, 'idle' as never],
      events: [{ next: ({ _tag }: { _tag: string }) => void events.push(_tag) }],
    };
    const { environment } = aWorld();
    const timers = environment.readyCount;

    expect(() => createSystem({ ...options, environment })).toThrow('an agent is what defineAgent returns');
    expect([events, environment.readyCount]).toEqual([[], timers]);
  });

  it('is disposed of by being stopped', async () => {
    const troupe = aTroupe();

    const disposed = troupe.system[Symbol.asyncDispose]();
    await troupe.settle();
    await disposed;

    expect(troupe.system.health().status).toBe('stopped');
  });

  it('remembers as many topics as it says', () => {
    const { system } = aWorld({ system: { topicsMax: 2 } });
    const published = ['a', 'b', 'c', 'd'].map((name) => {
      const topic = defineTopic(name, { schema: type<string>() });
      return () => system.publish(topic, 'x');
    });
    published.forEach((publish) => {
      void publish();
    });

    expect(system.statistics().topics.length).toBeLessThanOrEqual(2);
  });
});

describe('somebody outside who watches an agent', () => {
  it('is told of its end', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));

    const ended = troupe.system.watch(ref);
    await troupe.cue('/a', 'finish');

    await expect(ended).resolves.toEqual({ ref, path: '/a', reason: 'finished', failure: undefined });
  });

  it('is told at once of an end that has come already, and of what it failed', async () => {
    const troupe = aTroupe({ supervision: { restartsMax: 0 } });
    const ref = troupe.system.spawn(troupe.player('a'));
    await troupe.cue('/a', 'fail');

    await expect(troupe.system.watch(ref)).resolves.toMatchObject({
      reason: 'failed',
      failure: new Error('boom'),
    });
  });

  it('ceases to when its signal aborts, and then hears nothing', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));
    const gone = new AbortController();
    const ended = troupe.system.watch(ref, { signal: gone.signal });

    gone.abort();
    await troupe.cue('/a', 'finish');

    await expect(ended).rejects.toMatchObject({
      _tag: 'Interrupted',
      reason: 'the signal of the watch aborted',
    });
  });

  it('does not begin to when its signal has aborted', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));

    await expect(troupe.system.watch(ref, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      _tag: 'Interrupted',
    });
  });

  it('may ignore what it is told', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));

    void troupe.system.watch(ref, { signal: AbortSignal.abort() });

    await expect(troupe.settle()).resolves.toBeUndefined();
  });

  it('leaves nothing with the agent when its signal aborts, nor with the signal when the agent ends', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));
    const [gone, stays] = [new AbortController(), new AbortController()];
    const forgotten: string[] = [];
    const { removeEventListener } = stays.signal;
    stays.signal.removeEventListener = (type: string, listener: never) => {
      forgotten.push(type);
      removeEventListener.call(stays.signal, type, listener);
    };
    void troupe.system.watch(ref, { signal: gone.signal });
    void troupe.system.watch(ref, { signal: stays.signal });

    gone.abort();
    const watchers = cellOf(ref).watchers?.size;
    await troupe.cue('/a', 'finish');

    expect([watchers, cellOf(ref).watchers?.size ?? 0, forgotten]).toEqual([1, 0, ['abort']]);
  });

  it('leaves nothing with a signal that outlives the agent', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));
    const gone = new AbortController();
    const ended = troupe.system.watch(ref, { signal: gone.signal });
    await troupe.cue('/a', 'finish');

    gone.abort();

    await expect(ended).resolves.toMatchObject({ reason: 'finished' });
  });
});

describe('a ref of another system', () => {
  it('is refused by every verb that takes one', async () => {
    const { system } = aWorld();
    const stranger = aWorld().system.spawn(idle);
    const refusal = 'expected the ref of an agent of this system';

    expect(() => system.watch(stranger)).toThrow(refusal);
    expect(() => system.interrupt(stranger)).toThrow(refusal);
    await expect(system.stop(stranger)).rejects.toThrow(refusal);
    await expect(system.stop({} as typeof stranger)).rejects.toThrow(refusal);
    await expect(system.stop(stranger)).rejects.toMatchObject({
      what: 'ref',
      value: '/idle',
      issues: [{ path: '', message: refusal }],
    });
    await expect(system.stop({} as typeof stranger)).rejects.toMatchObject({ value: {} });
  });
});

describe('an agent that a system interrupts', () => {
  it('is told what the reason is, which is that it was asked to where nobody says more', async () => {
    const scene = aScene(() => new Promise<never>(() => {}));
    const replies = [scene.ask('a'), scene.ask('b')];
    for (const reason of [undefined, 'the user left']) {
      await scene.turns();
      scene.system.interrupt(scene.actor, reason);
    }
    await scene.settle();

    expect(await Promise.all(replies)).toMatchObject(
      ['the system was asked to', 'the user left'].map((reason) => ({
        _tag: 'Interrupted',
        agent: '/actor',
        reason,
      })),
    );
  });
});

describe('one agent that is stopped by its system', () => {
  it('is told from one that finished', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));
    const ended = troupe.system.watch(ref);

    await troupe.world.run(() => troupe.system.stop(ref));

    expect(await ended).toMatchObject({ reason: 'stopped' });
  });

  it('has as long for what it has accepted as it is given, and then ends', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));
    await troupe.cue('/a', 'wait');

    await troupe.world.run(() => troupe.system.stop(ref, { drain: true, withinMs: 70 }));

    expect(troupe.world.nowMs).toBe(70);
  });

  it('has ended already, where it is stopped again', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));
    await troupe.world.run(() => troupe.system.stop(ref));
    const { signals } = cellOf(ref);

    await troupe.system.stop(ref);

    expect(cellOf(ref).signals).toBe(signals);
  });
});

describe('a system that is stopped', () => {
  it('tells its agents that they were stopped', async () => {
    const troupe = aTroupe();
    const ended = troupe.system.watch(troupe.system.spawn(troupe.player('a')));

    await troupe.world.run(() => troupe.system.stop());

    expect(await ended).toMatchObject({ reason: 'stopped' });
  });

  it('completes those who follow its agents and capabilities, and remembers no topic', async () => {
    const troupe = aTroupe();
    const over: string[] = [];
    troupe.system.agents.changes.subscribe({ complete: () => over.push('agents') });
    troupe.system.capabilities.changes.subscribe({ complete: () => over.push('capabilities') });
    void troupe.system.publish(Heard, 'x');

    await troupe.world.run(() => troupe.system.stop());

    expect(over).toEqual(['agents', 'capabilities']);
    expect(troupe.system.statistics().topics).toEqual([]);
  });

  it('is stopping until its agents have ended', async () => {
    const ended = Promise.withResolvers<void>();
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a', { onStop: () => ended.promise }));
    await troupe.settle();

    const stopped = troupe.system.stop();
    await troupe.turns();
    const during = troupe.system.health().status;
    ended.resolve();
    await troupe.settle();
    await stopped;

    expect(during).toBe('stopping');
  });

  it('refuses a length of time that is none, and names it', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));

    await expect(troupe.system.stop(ref, { withinMs: -1 })).rejects.toThrow(
      new RangeError('withinMs is a number of milliseconds, at least 0; got -1'),
    );
    await expect(troupe.system.drain({ withinMs: Number.NaN })).rejects.toThrow('withinMs is a number');
  });

  it('ends its agents and is stopped', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a'));
    await troupe.settle();

    await troupe.world.run(() => troupe.system.stop());

    expect(troupe.log).toEqual(['/a starts', '/a stops']);
    expect(troupe.system.health()).toMatchObject({ status: 'stopped', agents: 0 });
    await expect(troupe.system.stop()).resolves.toBeUndefined();
  });

  it('stays so when it is stopped again, or drained', async () => {
    const troupe = aTroupe();
    await troupe.world.run(() => troupe.system.stop());
    await troupe.system.stop();
    await troupe.system.drain();

    expect(troupe.system.health().status).toBe('stopped');
  });

  it('spawns nobody any more', async () => {
    const troupe = aTroupe();
    await troupe.world.run(() => troupe.system.stop());

    expect(() => troupe.system.spawn(troupe.player('a'))).toThrow(
      new RangeError("system world is stopped and spawns no more: 'a'"),
    );
  });

  it('turns what is sent to it into dead letters', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));
    await troupe.world.run(() => troupe.system.stop());

    const sent = [troupe.system.tell(ref, 'late'), troupe.system.publish(Heard, 'late')];

    expect(sent).toEqual([undefined, undefined]);
    expect(troupe.system.deadLetters.list()).toMatchObject([
      { cause: 'Stopped', to: '/a' },
      { cause: 'Stopped', to: 'heard' },
    ]);
  });

  it('leaves no timer, and nobody who waits', async () => {
    const scene = aScene((_, context) => {
      context.schedule(1_000, () => {});
      return new Promise<never>(() => {});
    });
    const reply = scene.system.request(scene.actor, 'go').catch((failure: unknown) => failure);
    await scene.turns();

    await scene.world.run(() => scene.system.stop());

    expect(await reply).toMatchObject({ _tag: 'Interrupted' });
    expect(scene.world.environment.timerCount).toBe(0);
    expect(scene.world.environment.readyCount).toBe(0);
  });

  it.each([{ withinMs: -1 }, { withinMs: Number.NaN }])('refuses %o', async (options) => {
    const { system } = aWorld();

    await expect(system.stop(undefined, options)).rejects.toThrow(RangeError);
    await expect(system.drain(options)).rejects.toThrow(RangeError);
  });
});

describe('a system that drains', () => {
  it('takes nothing new, finishes what it accepted, and stops', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));
    await troupe.cue('/a', 'wait', 'next');

    const drained = troupe.system.drain();
    void troupe.system.tell(ref, 'late');
    await troupe.settle();
    const during = troupe.system.health().status;
    await troupe.go();

    await expect(drained).resolves.toBeUndefined();
    expect(during).toBe('draining');
    expect(troupe.log).toEqual(['/a starts', '/a hears wait', '/a hears next', '/a stops']);
    expect(troupe.system.deadLetters.countByCause()).toEqual({ Stopped: 1 });
  });

  it('finishes also what agents tell each other meanwhile', async () => {
    const scene = aScene(async (n, context) => {
      await null;
      if ((n as number) < 5) {
        void context.tell(context.self as typeof scene.actor, (n as number) + 1);
      }
      void context.publish(Heard, n);
    });
    void scene.system.tell(scene.actor, 1);

    await scene.world.run(() => scene.system.drain());

    expect(scene.heard).toEqual([1, 2, 3, 4, 5]);
  });

  it('stops when its time is up', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a'));
    await troupe.cue('/a', 'wait');

    await troupe.world.run(() => troupe.system.drain({ withinMs: 300 }));

    expect(troupe.world.nowMs).toBe(300);
    expect(troupe.system.health().status).toBe('stopped');
  });

  it('stops at once when there is nothing to do, and leaves no timer', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a'));

    await troupe.world.run(() => troupe.system.stop(undefined, { drain: true, withinMs: 300 }));

    expect(troupe.world.nowMs).toBe(0);
    expect(troupe.world.environment.timerCount).toBe(0);
  });

  it('may be asked to twice', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a'));

    await expect(
      troupe.world.run(() => Promise.all([troupe.system.drain(), troupe.system.drain()])),
    ).resolves.toBeUndefined();
  });

  it('spawns nobody from outside', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a'));
    await troupe.cue('/a', 'wait');

    void troupe.system.drain();

    expect(() => troupe.system.spawn(idle)).toThrow("system world is draining and spawns no more: 'idle'");
  });
});

describe('what code outside of agents asks', () => {
  it('is held until it is settled, and counted', async () => {
    const scene = aScene((message) => (message === 'wait' ? new Promise<never>(() => {}) : 'answer'));
    const outside = scene.system as unknown as {
      readonly settledCount: number;
      readonly openRequests: Iterable<unknown>;
    };
    void scene.system.request(scene.actor, 'now').catch(() => {});
    const during = outsideRequestsOf(scene.system);
    expect([...outside.openRequests]).toMatchObject([{ target: '/actor' }]);
    await scene.settle();
    expect([during, outsideRequestsOf(scene.system), outside.settledCount]).toEqual([1, 0, 1]);
  });

  it('and tells is told to whoever listens as sent by nobody', async () => {
    const scene = aScene(() => {});
    const sent: unknown[] = [];
    scene.system.listen({
      next: (event) => {
        if (event._tag === 'Sent') {
          sent.push([event.sender, event.to, event.topic]);
        }
      },
    });
    await scene.tell('a');
    void scene.system.publish(Heard, 'b');
    await scene.ask('c');
    scene.actor.send('d');

    expect(sent).toEqual([
      [undefined, '/actor', 'ask'],
      [undefined, undefined, 'heard'],
      [undefined, '/actor', 'ask'],
      [undefined, '/actor', 'ask'],
    ]);
  });
});

describe('waiting for quiet', () => {
  it('lasts until nothing is in flight', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a'));
    await troupe.cue('/a', 'wait');
    const order: string[] = [];

    void troupe.system.quiet().then(() => order.push('quiet'));
    await troupe.settle();
    order.push('still busy');
    await troupe.go();

    expect(order).toEqual(['still busy', 'quiet']);
  });

  it('is over at once when the system has stopped', async () => {
    const world = aWorld();
    await world.run(() => world.system.stop());

    await expect(world.system.quiet()).resolves.toBeUndefined();
  });

  it('is over when the system stops meanwhile', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a'));
    await troupe.cue('/a', 'wait');
    const quiet = troupe.system.quiet();

    await troupe.world.run(() => troupe.system.stop());

    await expect(quiet).resolves.toBeUndefined();
  });
});

describe('somebody who listens to a system', () => {
  it('hears everything from the beginning, when the system is made with it', async () => {
    const memory = memoryWriter({ capacity: 100 });
    const scene = aScene(
      (_, context) => void context.publish(Heard, 'x'),
      {},
      { system: { events: [memory] } },
    );

    void scene.system.tell(scene.actor, 'go', { headers: { traceparent: 'trace' } });
    await scene.settle();
    await scene.world.run(() => scene.system.stop());

    expect(memory.events.map((event) => event._tag)).toEqual(
      expect.arrayContaining(['AgentStarted', 'Sent', 'HandlingEnded', 'AgentStopped', 'SystemStopped']),
    );
    expect(memory.events.find((event) => event._tag === 'HandlingEnded')).toMatchObject({
      agent: '/actor',
      topic: 'ask',
      outcome: 'handled',
      traceparent: 'trace',
      depth: 0,
    });
    expect(memory.events.at(-1)?._tag).toBe('SystemStopped');
  });

  it('hears from now on, until it has enough', async () => {
    const scene = aScene(() => {});
    const memory = memoryWriter({ capacity: 100 });

    const leave = scene.system.listen(memory);
    await scene.tell('heard');
    const during = memory.events.length;
    leave();
    await scene.tell('unheard');

    expect(during).toBeGreaterThan(0);
    expect(memory.events).toHaveLength(during);
  });

  it('is dropped when it throws, which is reported', async () => {
    const scene = aScene(() => {});
    const heard: string[] = [];
    scene.system.listen({ next: boom });
    scene.system.listen({ next: ({ _tag }) => heard.push(_tag) });

    await scene.tell('go');

    expect(scene.failures).toMatchObject([{ agent: '/', failure: new Error('boom'), directive: 'stop' }]);
    expect(heard).toContain('HandlingEnded');
  });

  it('is told that it is over, and may throw then', async () => {
    const scene = aScene(() => {});
    const over: string[] = [];
    scene.system.listen({ next: () => {}, complete: boom });
    scene.system.listen({ next: () => {} });
    scene.system.listen({ next: () => {}, complete: () => over.push('over') });

    await scene.world.run(() => scene.system.stop());

    expect(over).toEqual(['over']);
  });

  it('is told at once that it is over when the system has stopped', async () => {
    const scene = aScene(() => {});
    const over: string[] = [];
    await scene.world.run(() => scene.system.stop());

    const leave = scene.system.listen({ next: () => {}, complete: () => over.push('over') });
    leave();

    expect(over).toEqual(['over']);
  });
});

describe('a system that handles signals', () => {
  it.each([
    [true, 10_000],
    [{ withinMs: 50 }, 50],
  ])('drains when the host asks it to end, and then lets it, with %o', async (handleSignals, withinMs) => {
    const { system, ask, ended, world } = aSignalled(handleSignals);
    system.spawn(
      defineAgent({ name: 'stuck', subscribe: [Ask], receive: () => new Promise<void>(() => {}) }),
    );
    void system.publish(Ask, 'go');

    ask();
    await world.run(() => ended);

    expect(system.health().status).toBe('stopped');
    expect(world.nowMs).toBe(withinMs);
  });

  it('is not one when it does not say so, or says no', () => {
    expect(aSignalled(false).listening()).toBe(0);
    expect(aSignalled(undefined).listening()).toBe(0);
    expect(aSignalled(true).listening()).toBe(1);
  });

  it('finishes what it has accepted before its process ends by SIGTERM', async () => {
    const program = childProgram('signalled-system.ts', 'busy');
    await program.said('begins one');

    program.kill('SIGTERM');

    expect(await program.ended).toBe('SIGTERM');
    expect(program.lines).toEqual(['begins one', 'has done one', 'begins two', 'has done two', 'stops']);
  });

  it('ends its process by SIGTERM also when an agent does not come to an end', async () => {
    const program = childProgram('signalled-system.ts', 'stuck');
    await program.said('begins one');

    program.kill('SIGTERM');

    expect(await program.ended).toBe('SIGTERM');
    expect(program.lines).toEqual(['begins one', 'stops']);
  });
});

/** A system in a world whose host can be made to ask it to end. */
function aSignalled(handleSignals: SystemOptions['handleSignals']) {
  const world = aWorld();
  const listeners: ((end: () => void) => void)[] = [];
  const ended = Promise.withResolvers<void>();
  const { environment } = world;
  environment.onTermination = ((listener: (end: () => void) => void) => listeners.push(listener)) as never;
  const system = createSystem({ environment, ...(handleSignals === undefined ? {} : { handleSignals }) });
  return {
    world,
    system,
    ended: ended.promise,
    listening: () => listeners.length,
    ask: () => listeners[0]!(() => ended.resolve()),
  };
}
