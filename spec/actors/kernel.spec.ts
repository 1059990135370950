import {
  type AgentRef,
  createSystem,
  defineAgent,
  defineTopic,
  systemDeadLetters,
  systemEvents,
  systemFailures,
  type,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import { Kernel } from '../../src/actors/kernel.ts';
import type { Envelope } from '../../src/core/envelope.ts';
import type { SystemEvent } from '../../src/core/system-event.ts';
import type { Receiver } from '../../src/core/topic-board.ts';
import type { Witness } from '../../src/core/witness.ts';
import { aTroupe, Cue } from '../support/a-troupe.ts';
import { aWorld } from '../support/a-world.ts';
import { anEnvelope } from '../support/an-envelope.ts';
import { boom } from '../support/boom.ts';
import { kernelOf } from '../support/inside.ts';

describe('a listener of events', () => {
  it('is dropped and reported when it throws, and the others go on', async () => {
    const heard: string[] = [];
    const troupe = aTroupe({ events: [{ next: boom }, { next: ({ _tag }) => void heard.push(_tag) }] });
    troupe.system.spawn(troupe.player('a'));

    await troupe.cue('/a', 'go');

    expect(heard).toContain('HandlingEnded');
    expect(troupe.failures.map(({ agent, failure }) => [agent, String(failure)])).toEqual([
      ['/', 'Error: boom'],
    ]);
  });

  it('that throws at the end changes nothing', async () => {
    const troupe = aTroupe({ events: [{ next: () => {}, complete: boom }] });

    const stopped = troupe.system.stop();
    await troupe.settle();
    await stopped;

    expect(troupe.system.health().status).toBe('stopped');
  });

  it('hears nothing more when it has ceased to listen', async () => {
    const troupe = aTroupe();
    const heard: SystemEvent[] = [];
    const forget = troupe.system.listen({ next: (event) => void heard.push(event) });
    forget();
    troupe.system.spawn(troupe.player('a'));

    await troupe.settle();

    expect(heard).toEqual([]);
  });
});

describe('listeners of events', () => {
  it('are dropped also when what they return fails later, and the report says whose failure it is', async () => {
    const heard: string[] = [];
    const troupe = aTroupe({
      events: [{ next: (async () => boom()) as never }, { next: ({ _tag }) => void heard.push(_tag) }],
    });
    troupe.system.spawn(troupe.player('a'));
    await troupe.settle();
    const reports = troupe.failures.length;
    await troupe.cue('/a', 'go');

    expect(troupe.failures[0]).toMatchObject({
      agent: '/',
      supervisor: '/',
      class: 'defect',
      directive: 'stop',
    });
    expect(troupe.failures).toHaveLength(reports);
    expect(heard).toContain('HandlingEnded');
  });

  it('go on when another ceases to listen, and hear whatever is told after that', async () => {
    const troupe = aTroupe();
    const heard: string[] = [];
    const forget = troupe.system.listen({ next: () => {} });
    troupe.system.listen({ next: ({ _tag }) => void heard.push(_tag) });
    forget();
    troupe.system.spawn(troupe.player('a'));

    await troupe.settle();

    expect(heard).toContain('AgentStarted');
  });

  it('need not care for the end', async () => {
    const over: string[] = [];
    const troupe = aTroupe({
      events: [{ next: () => {} }, { next: () => {}, complete: () => over.push('over') }],
    });

    const stopped = troupe.system.stop();
    await troupe.settle();
    await stopped;

    expect(over).toEqual(['over']);
  });

  it('are nobody any more when the agent that heard of events has ended', async () => {
    const troupe = aTroupe();
    const auditor = troupe.system.spawn(
      defineAgent({ name: 'auditor', subscribe: [systemEvents], receive: () => {} }),
    );
    await troupe.settle();
    const before = kernelOf(troupe.system).listening;

    const stopped = troupe.system.stop(auditor);
    await troupe.settle();
    await stopped;

    expect([before, kernelOf(troupe.system).listening]).toEqual([true, false]);
  });
});

/** A kernel of its own, in an environment that is changed in some respect. */
function aKernel(changed: object): Kernel {
  const { environment } = aWorld();
  return new Kernel({
    environment: Object.assign(Object.create(environment) as typeof environment, changed),
    id: 'k',
    validate: 'edge',
    requestTimeoutMs: 1,
    hopsMax: 1,
    deadLettersMax: 1,
    topicsMax: 1,
    batch: 1,
    sliceMs: 1,
    listeners: [],
  });
}

describe('who carries messages', () => {
  const receiver = { path: '/a', receive: () => 'taken' } as unknown as Receiver;
  const carried = (log: unknown[]) => ({
    delivery: {
      carry: (to: Receiver) => {
        log.push(to.path);
        return 'waiting';
      },
    },
  });

  it('is the delivery of the environment, where that has one, whether somebody sees it or not', () => {
    const log: unknown[] = [];
    const kernel = aKernel(carried(log));
    const offers = [kernel.offer(receiver, anEnvelope())];
    kernel.witness = { left: (to: Receiver) => log.push(`seen ${to.path}`) } as unknown as Witness;
    offers.push(kernel.offer(receiver, anEnvelope()));
    kernel.witness = undefined;
    offers.push(kernel.offer(receiver, anEnvelope()));

    expect(offers).toEqual(['waiting', 'waiting', 'waiting']);
    expect(log).toEqual(['/a', 'seen /a', '/a', '/a']);
  });

  it('is nobody where there is none: a message goes to its receiver, which a witness sees', () => {
    const log: unknown[] = [];
    const kernel = aKernel({ delivery: undefined });
    kernel.witness = { left: (to: Receiver) => log.push(`seen ${to.path}`) } as unknown as Witness;

    expect(kernel.offer(receiver, anEnvelope())).toBe('taken');
    expect(log).toEqual(['seen /a']);
  });
});

describe('the time of a system', () => {
  it.each([
    ['of the turn', 5, 5],
    ['of the first turn of all', 0, 0],
    ['of the machine, outside of turns', -1, 9],
  ])('is that %s', (_, turnMs, nowMs) => {
    const kernel = aKernel({ dispatcher: { turnMs }, nowMs: () => 9 });

    expect(kernel.nowMs()).toBe(nowMs);
  });
});

describe("the system's own topics", () => {
  it('say of which message a dead letter was made, and no more of it than it has', async () => {
    const troupe = aTroupe();
    const envelopes: Envelope[] = [];
    troupe.system.spawn(
      defineAgent({
        name: 'undertaker',
        subscribe: [systemDeadLetters],
        receive: (_, { envelope }) => void envelopes.push(envelope),
      }),
    );
    troupe.system.spawn(troupe.player('a'));
    const ref = troupe.ref('/a');
    const stopped = troupe.system.stop(ref);
    await troupe.settle();
    await stopped;

    void troupe.system.tell(ref, 'late');
    await troupe.settle();

    const [letter] = troupe.system.deadLetters.list();
    expect(envelopes).toMatchObject([{ causationId: letter!.envelope.id, topic: 'system.dead-letters' }]);
    expect(letter).not.toHaveProperty('failure');
  });

  it('do not tell an agent of what it sent itself', async () => {
    const troupe = aTroupe();
    const heard: string[] = [];
    troupe.system.spawn(troupe.player('a'));
    await troupe.settle();
    troupe.system.spawn(
      defineAgent({
        name: 'auditor',
        subscribe: [systemEvents],
        receive: (event, context) => {
          heard.push(`${event._tag} ${event._tag === 'Sent' ? event.sender : ''}`);
          if (event._tag === 'Sent' && heard.length < 20) {
            void context.tell(troupe.ref('/a'), 'heard of it');
          }
        },
      }),
    );
    await troupe.settle();
    heard.length = 0;

    await troupe.cue('/a', 'go');

    expect(heard.filter((one) => one.startsWith('Sent'))).toEqual(['Sent undefined']);
  });

  it('count as missed what a subscriber rejects', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(
      defineAgent({
        name: 'slow',
        subscribe: [systemFailures],
        capacity: 1,
        overflow: 'reject',
        receive: () => new Promise<void>(() => {}),
      }),
    );
    troupe.system.spawn(troupe.player('a'), { kind: 'transient' });

    await troupe.cue('/a', 'fail', 'fail', 'fail');

    expect(troupe.system.statistics().unheard).toBe(1);
  });

  it('tell an agent what others do, and not what it does itself', async () => {
    const troupe = aTroupe();
    const heard: string[] = [];
    const auditor = defineAgent({
      name: 'auditor',
      subscribe: [systemEvents],
      receive: (event, context) => {
        heard.push(`${event._tag} ${'agent' in event ? event.agent : ''}`);
        context.log.info('written down');
      },
    });
    troupe.system.spawn(auditor);
    troupe.system.spawn(troupe.player('a'));
    await troupe.settle();
    heard.length = 0;

    await troupe.cue('/a', 'go');

    expect(heard).toEqual(['Sent ', 'HandlingEnded /a']);
  });

  it('tell of failures, and of the end of agents', async () => {
    const troupe = aTroupe();
    const heard: string[] = [];
    troupe.system.observe(systemEvents, { overflow: 'drop-newest' }).subscribe(({ _tag }) => {
      heard.push(_tag);
    });
    troupe.system.spawn(troupe.player('a'));

    await troupe.cue('/a', 'fail', 'finish');

    expect(heard).toEqual(expect.arrayContaining(['Failed', 'DeadLettered', 'AgentStopped']));
  });

  it('never wait: what a full subscriber misses is counted', async () => {
    const troupe = aTroupe();
    const slow = defineAgent({
      name: 'slow',
      subscribe: [systemFailures],
      capacity: 1,
      receive: () => new Promise<void>(() => {}),
    });
    troupe.system.spawn(slow);
    troupe.system.spawn(troupe.player('a'), { kind: 'transient' });

    await troupe.cue('/a', 'fail', 'fail', 'fail');

    expect(troupe.system.statistics().unheard).toBe(1);
  });

  it('do not tell of dead letters about themselves', async () => {
    const troupe = aTroupe();
    const letters: unknown[] = [];
    const failing = defineAgent({ name: 'failing', subscribe: [systemDeadLetters], receive: boom });
    troupe.system.spawn(failing);
    troupe.system.observe(systemDeadLetters, { overflow: 'drop-newest' }).subscribe((letter) => {
      letters.push(letter);
    });
    troupe.system.spawn(troupe.player('a'));

    await troupe.cue('/a', 'fail');

    expect(letters).toHaveLength(1);
  });
});

describe('a request', () => {
  it('fails with what became of its message', async () => {
    const world = aWorld({ system: { hopsMax: 1 } });
    const asks = (name: string, other?: AgentRef<string, string>) =>
      world.system.spawn(
        defineAgent({
          name,
          subscribe: [Cue],
          receive: (cue, context) => (other === undefined ? cue : context.request(other, cue)),
        }),
        { subscribe: false },
      );
    const outer = asks('outer', asks('middle', asks('inner')));

    const request = world.system.request(outer, 'go');
    await world.runUntilQuiet();

    await expect(request).rejects.toMatchObject({ _tag: 'HopLimit', hops: 2 });
  });

  it.each([
    ['drop-newest', 1],
    ['drop-oldest', 0],
    ['fail', 1],
  ] as const)('to a full mailbox with overflow %s is told so', async (overflow, loser) => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a', { overflow, capacity: 1, supervision: {} }));
    await troupe.cue('/a', 'wait');
    const requests = ['first', 'second'].map((cue) => troupe.system.request(troupe.ref('/a'), cue));
    const outcomes = Promise.allSettled(requests);

    await troupe.go();
    await troupe.settle();

    expect((await outcomes)[loser]).toMatchObject({ status: 'rejected', reason: { _tag: 'MailboxFull' } });
  });
});

describe('quiet', () => {
  it('comes only when steps that agents take on their own are over, too', async () => {
    const { world, system } = aTroupe();
    const gate = Promise.withResolvers<void>();
    system.spawn(defineAgent({ name: 'slow', onStart: () => gate.promise }));
    await world.settle();
    let quiet = false;
    void system.quiet().then(() => {
      quiet = true;
    });
    await world.runUntilQuiet();
    const before = quiet;
    gate.resolve();
    await world.runUntilQuiet();

    expect([before, quiet]).toEqual([false, true]);
  });

  it('does not come while a message and a step of its own are both being worked on', async () => {
    const troupe = aTroupe();
    const gate = Promise.withResolvers<void>();
    troupe.system.spawn(troupe.player('a'));
    await troupe.cue('/a', 'wait');
    troupe.system.spawn(defineAgent({ name: 'slow', onStart: () => gate.promise }));
    await troupe.settle();
    let quiet = false;
    void troupe.system.quiet().then(() => {
      quiet = true;
    });
    await troupe.settle();
    const before = quiet;
    gate.resolve();
    await troupe.go();

    expect([before, quiet]).toEqual([false, true]);
  });

  it('comes when nothing is in flight any more', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a'));
    await troupe.cue('/a', 'wait');
    let quiet = false;
    void troupe.system.quiet().then(() => {
      quiet = true;
    });
    await troupe.settle();
    const before = quiet;

    await troupe.go();

    expect([before, quiet]).toEqual([false, true]);
  });

  it('is there at once when the system has stopped', async () => {
    const system = createSystem();
    await system.stop();

    await expect(system.quiet()).resolves.toBeUndefined();
  });
});

describe('a system', () => {
  it('refuses refs of another system', async () => {
    const Word = defineTopic('word', { schema: type<string>() });
    const agent = defineAgent({ name: 'agent', subscribe: [Word], receive: () => {} });
    await using one = createSystem();
    await using other = createSystem();
    const ref = other.spawn(agent);

    expect(() => one.interrupt(ref as never)).toThrow('expected the ref of an agent of this system');
    expect(() => one.tell(ref, 'hello')).toThrow(`is an agent of system ${other.id}, not of ${one.id}`);
  });

  it('gives an id that is taken to nobody else', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a'), { id: 'x' });

    expect(() => troupe.system.spawn(troupe.player('a'), { id: 'x' })).toThrow("'/x' is taken");
    expect(() => troupe.system.spawn(troupe.player('a'), { id: 'x y' })).toThrow('an id is one token');
  });

  it('stops one agent when what it has accepted is done', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a'));
    const ref = troupe.ref('/a');
    void troupe.system.tell(ref, 'go');

    const stopped = troupe.system.stop(ref as never, { drain: true, withinMs: 100 });
    await troupe.settle();
    await stopped;

    expect(troupe.log).toEqual(['/a starts', '/a hears go', '/a stops']);
  });

  it('drains first, when it is stopped so', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a'));
    void troupe.system.tell(troupe.ref('/a'), 'go');

    const stopped = troupe.system.stop(undefined, { drain: true });
    await troupe.settle();
    await stopped;

    expect(troupe.log).toEqual(['/a starts', '/a hears go', '/a stops']);
  });

  it('tells who watches an agent of its end, unless the signal aborts', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a'));
    const ref = troupe.ref('/a') as never;
    const watched = troupe.system.watch(ref, { signal: new AbortController().signal });
    const aborted = troupe.system.watch(ref, { signal: AbortSignal.abort() });
    aborted.catch(() => {});

    await troupe.cue('/a', 'finish');

    await expect(watched).resolves.toMatchObject({ path: '/a', reason: 'finished' });
    await expect(aborted).rejects.toMatchObject({ _tag: 'Interrupted' });
    await expect(troupe.system.watch(ref)).resolves.toMatchObject({ path: '/a' });
  });

  it('stops an agent whose state cannot be made, also where failures are resumed', async () => {
    const troupe = aTroupe({ supervision: { directives: { defect: 'resume' } } });
    troupe.system.spawn(troupe.player('a', { state: boom as never }));

    await troupe.settle();

    expect(troupe.paths()).toEqual([]);
    expect(troupe.log).toEqual([]);
  });

  it('keeps a replayed message that its new receiver has no handler for', async () => {
    const troupe = aTroupe();
    const Other = defineTopic('other', { schema: type<string>() });
    troupe.system.spawn(troupe.player('a'), { id: 'x' });
    const ref = troupe.ref('/x');
    const stopped = troupe.system.stop(ref as never);
    await troupe.settle();
    await stopped;
    void troupe.system.tell(ref, 'late');
    troupe.system.spawn(defineAgent({ name: 'b', subscribe: [Other], receive: () => {} }), { id: 'x' });

    const replay = troupe.system.deadLetters.replay();
    await troupe.settle();

    expect(replay).toEqual({ replayed: 1, kept: 0 });
    expect(troupe.system.deadLetters.countByCause()).toMatchObject({ Unhandled: 1 });
  });
});
