import * as Effect from 'effect/Effect';
import { asapScheduler, firstValueFrom, interval, lastValueFrom, take, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { NoResponder, RequestTimeout } from '../../src/actors/request-failures.ts';
import type { System } from '../../src/actors/system.ts';
import type { Envelope } from '../../src/core/envelope.ts';
import { memoryWriter } from '../../src/core/memory-writer.ts';
import { type } from '../../src/core/schema.ts';
import { systemFailures } from '../../src/core/system-topics.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { explore } from '../../src/testing/explore.ts';
import type { Host } from '../../src/testing/host.ts';
import type { World } from '../../src/testing/world.ts';
import { aFaultyWorld, type Becomes } from '../support/a-faulty-world.ts';
import { aWorld } from '../support/a-world.ts';
import { boom } from '../support/boom.ts';

const Said = defineTopic('said', { schema: type<string>() });
const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });
const Count = defineTopic('count', { schema: type<number>(), reply: type<number>() });
const Strict = defineTopic('strict', {
  schema: {
    '~standard': {
      version: 1,
      vendor: 'spec',
      validate: (value: unknown) =>
        value === 'good' ? { value } : { issues: [{ message: 'expected what is good' }] },
    },
  },
});

const topics = [Said, Question, Count];

describe('a host', () => {
  it('has a system of its own on the clock of the world', async () => {
    const world = aWorld();
    const { heard, setup } = aListener();
    const host = world.host('shop', setup);
    host.system.publish(Said, 'inside');
    world.system.publish(Said, 'outside');

    await world.runUntilQuiet();

    expect(heard).toEqual(['inside']);
    expect(host).toMatchObject({ name: 'shop', up: true, lives: 1 });
    expect(host.system.id).toBe('shop');
    expect(world.count(Said)).toBe(2);
  });

  it('has timers of its own, that end with its system', async () => {
    const world = aWorld();
    const rung: string[] = [];
    const setup = (name: string) => (system: System) => {
      system.spawn(
        defineAgent({
          name: 'clock',
          on: [],
          onStart: (context) => {
            context.schedule(100, () => void rung.push(name));
            context.schedule(50, () => {}).cancel();
          },
        }),
      );
    };
    const [a] = [world.host('a', setup('a')), world.host('b', setup('b'))];
    await world.advance(10);

    await world.run(() => a.system.stop());

    expect(rung).toEqual(['b']);
    expect(world.nowMs).toBe(100);
  });

  it("goes on when the world's own system ends, and so do links", async () => {
    const world = aWorld();
    const { heard, setup } = aListener();
    const rung: string[] = [];
    const ringing = (name: string) =>
      defineAgent({
        name,
        on: [],
        onStart: (context) => {
          context.schedule(100, (context) => {
            rung.push(name);
            context.publish(Said, 'it rang');
          });
        },
      });
    world.system.spawn(ringing('home'));
    const a = world.host('a', (system) => void system.spawn(ringing('a')));
    world.host('b', setup);
    world.link(a, 'b', { topics, delayMs: 10 });
    await world.advance(10);

    await world.run(() => world.system.stop());

    expect(rung).toEqual(['a']);
    expect(heard).toEqual(['it rang']);
    expect(world.nowMs).toBe(110);
  });

  it('is told in the trace by its name, and its options are those of its system', async () => {
    const memory = memoryWriter({ capacity: 10 });
    const world = aWorld({ traced: true });
    world.host('shop', aListener().setup, { system: { events: [memory] } });

    await world.runUntilQuiet();

    expect(world.trace).toEqual(['0 ms  shop: /listener started']);
    expect(memory.events).toHaveLength(1);
  });

  it.each(['world', 'shop', '', 'a/b', 'a b'])('cannot be called %o', (name) => {
    const world = aWorld();
    world.host('shop', () => {});

    expect(() => world.host(name, () => {})).toThrow(`the name of a host is its own`);
  });

  it('fails the run when its setup does', async () => {
    const broken = aWorld();
    broken.host('shop', boom);
    await expect(broken.runUntilQuiet()).rejects.toThrow('boom');

    const later = aWorld();
    later.host('shop', async () => boom());
    later.host('other', async () => boom());
    await expect(later.advance(10)).rejects.toThrow('boom');
  });

  it('leaves nothing when the world is closed', async () => {
    const world = aWorld();
    world.host('shop', (system) => void system.request(Question, 'hello?').catch(() => {}));
    world.host('other', (system) => {
      system.spawn(
        defineAgent({ name: 'silent', subscribe: [Question], receive: () => new Promise<string>(() => {}) }),
      );
      system.request(Question, 'hello?').catch(() => {});
    });
    await world.advance(10);

    world.close();

    expect(world.environment.timerCount).toBe(0);
  });
});

describe('a host that crashes', () => {
  it('is gone at once: no last step, no timer, no turn', async () => {
    const world = aWorld({ traced: true });
    const told: string[] = [];
    const host = world.host('shop', (system) => {
      system.spawn(
        defineAgent({
          name: 'clock',
          subscribe: [Said],
          receive: () => void told.push('a turn'),
          onStart: (context) => void context.schedule(10, () => void told.push('a timer')),
          onStop: () => void told.push('a last step'),
        }),
      );
    });
    await world.advance(5);
    void host.system.publish(Said, 'never heard');

    world.crash(host);
    world.crash('shop');
    await world.runUntilQuiet();

    expect(told).toEqual([]);
    expect(world.nowMs).toBe(5);
    expect(host.up).toBe(false);
    expect(world.trace.at(-1)).toBe('5 ms  crashed: shop');
    expect(world.faults).toEqual([{ _tag: 'Crashed', atMs: 5, what: 'host', name: 'shop' }]);
  });

  it('is not heard any more, whatever its code goes on to say', async () => {
    const world = aWorld({ traced: true });
    const { heard, setup } = aListener();
    const host = world.host('shop', setup);
    const other = aListener();
    world.host('office', other.setup);
    world.link('shop', 'office', { topics });
    await world.runUntilQuiet();
    const { system } = host;

    world.crash(host);
    const before = world.trace.length;
    system.publish(Said, 'from the dead');
    system.request(Question, 'hello?').catch(() => {});
    system.spawn(defineAgent({ name: 'ghost', on: [] }));
    await world.runUntilQuiet();

    expect([...heard, ...other.heard]).toEqual([]);
    expect(world.trace.slice(before)).toEqual([]);
  });

  it('has Effects that never go on, also when what they wait for comes', async () => {
    const world = aWorld();
    const gate = Promise.withResolvers<void>();
    const told: string[] = [];
    const host = world.host('shop', (system) => {
      system.spawn(
        defineAgent({
          name: 'worker',
          subscribe: [Said],
          receive: () =>
            Effect.promise(() => gate.promise).pipe(
              Effect.andThen(Effect.sync(() => void told.push('went on'))),
              Effect.ensuring(Effect.sync(() => void told.push('was finalized'))),
            ),
        }),
      );
      system.publish(Said, 'go');
    });
    await world.runUntilQuiet();

    world.crash(host);
    gate.resolve();
    await world.runUntilQuiet();

    expect(told).toEqual([]);
  });

  it('may crash in a turn of its own', async () => {
    const world = aWorld();
    const told: string[] = [];
    const host: Host = world.host('shop', (system) => {
      system.spawn(
        defineAgent({
          name: 'bomb',
          subscribe: [Said],
          receive: (said, context) => {
            told.push(said);
            context.publish(Said, 'never');
            world.crash('shop');
          },
        }),
      );
    });
    host.system.publish(Said, 'first');
    host.system.publish(Said, 'second');

    await world.runUntilQuiet();

    expect(told).toEqual(['first']);
  });

  it('tells those who look after what survives it, once for each life', async () => {
    const world = aWorld();
    const lost: number[] = [];
    const host = world.host('shop', (_, self) => self.onCrash(() => lost.push(self.lives)));

    world.crash(host);
    world.restart(host);
    world.restart(host);

    expect(lost).toEqual([1, 2]);
  });

  it('begins anew with its setup: memory is lost, what is outside of it is there', async () => {
    const world = aWorld({ traced: true });
    const disk: string[] = [];
    const { heard, setup } = aListener();
    const host = world.host('shop', (system, self) => {
      setup(system);
      disk.push(`life ${self.lives}`);
    });
    const first = host.system;
    first.publish(Said, 'lost');

    world.restart(host);
    host.system.publish(Said, 'heard');
    await world.runUntilQuiet();

    expect(host.system).not.toBe(first);
    expect(heard).toEqual(['heard']);
    expect(disk).toEqual(['life 1', 'life 2']);
    expect(world.trace.filter((line) => !line.includes('said') && !line.endsWith(' started'))).toEqual([
      '0 ms  crashed: shop',
      '0 ms  host shop restarted',
    ]);
    expect(world.faults.at(-1)).toEqual({ _tag: 'Restarted', atMs: 0, name: 'shop' });
  });

  it('was never there: then nobody can be restarted', () => {
    const world = aWorld();
    world.host('shop', () => {});

    expect(() => world.restart('office')).toThrow("there is no host 'office'; there are: shop");
  });

  it('has agents that may crash alone', async () => {
    const world = aWorld({ traced: true });
    const host = world.host('shop', aListener().setup);
    await world.runUntilQuiet();

    expect(world.crash('shop/listener')).toBe(true);
    expect(world.crash('shop/lisp')).toBe(false);
    expect(() => world.crash('nowhere/listener')).toThrow(
      "there is no host 'nowhere'; there are: world, shop",
    );
    await world.runUntilQuiet();

    expect(host.up).toBe(true);
    expect(world.trace.filter((line) => line.includes('shop: /listener failed'))).toHaveLength(1);
  });
});

describe('what code of a host waits for outside of the runtime', () => {
  it.each<[string, () => unknown]>([
    ['a timer of RxJS', () => firstValueFrom(timer(100))],
    ['one timer of RxJS after the other', () => lastValueFrom(interval(10).pipe(take(10)))],
    ['a fibre of its own', () => Effect.runPromise(Effect.delay(Effect.sleep(50), 50))],
    ['a timer of Node', () => new Promise((resolve) => setTimeout(resolve, 100))],
    ['one that sets another', () => pause(40).then(() => pause(60))],
  ])('comes while it is up, and never when it has crashed: %s', async (_, wait) => {
    for (const [crashes, expected] of [
      [false, ['charged', 'charged by another']],
      [true, ['charged by another']],
    ] as const) {
      const world = aWorld({ ambient: 'simulate' });
      const charged: string[] = [];
      const till = (charge: string) => (system: System) => {
        system.spawn(
          defineAgent({
            name: 'till',
            subscribe: [Said],
            receive: async () => {
              await wait();
              charged.push(charge);
            },
          }),
        );
        system.publish(Said, 'charge');
      };
      const bank = world.host('bank', till('charged'));
      world.host('other', till('charged by another'));
      await world.advance(50);

      if (crashes) world.crash(bank);
      await world.runUntilQuiet();

      expect(charged).toEqual(expected);
      expect(world.nowMs).toBe(100);
    }
  });

  it('ends with its host, also when it rings again and again, or was set by its setup', async () => {
    const world = aWorld({ ambient: 'simulate', stepsMax: 100 });
    const ticks: number[] = [];
    const setUp = (): void => {
      interval(10).subscribe(() => ticks.push(world.nowMs));
      setInterval(() => ticks.push(world.nowMs), 10);
    };
    world.environment.schedule(0, () => void world.host('bank', setUp));
    await world.advance(20);

    world.crash('bank');
    await world.runUntilQuiet();

    expect(ticks).toEqual([10, 10, 20, 20]);
  });

  it('keeps nobody else from what is done as soon as possible', async () => {
    const world = aWorld();
    const done: string[] = [];
    world.environment.schedule(0, () => {
      for (const name of ['a', 'b']) {
        world.host(name, () => void asapScheduler.schedule(() => done.push(name)));
      }
      world.crash('a');
    });
    await world.runUntilQuiet();

    expect(done).toContain('b');
  });

  it('counts for nothing once it has crashed', async () => {
    const world = aWorld();
    const bank = world.host('bank', aListener().setup);
    bank.system.publish(Said, 'heard');
    expect(world.count(Said)).toBe(1);

    world.crash(bank);
    bank.system.publish(Said, 'by a ghost');

    expect(world.count(Said)).toBe(0);
  });
});

describe('what is crashed', () => {
  it('is there', () => {
    const world = aWorld();

    expect(() => world.crash('shop')).toThrow("there is no host 'shop'; there are: none");
    expect(() => world.crash('world')).toThrow("there is no host 'world'");
    expect(() => world.crash('shop/till')).toThrow("there is no host 'shop'; there are: world");
    expect(world.crash('/tyop')).toBe(false);
    expect(world.crash('world/tyop')).toBe(false);

    const host = world.host('shop', () => {});
    expect([world.crash(host), world.crash(host)]).toEqual([true, false]);
  });
});

describe('the setup of a host', () => {
  it('is waited for, and fails the run where it never ends', async () => {
    const world = aWorld();
    const rung: string[] = [];
    await world.run(() => {
      world.host('slow', async () => {
        await new Promise<void>((resolve) => void world.environment.schedule(50, resolve));
        for (let n = 0; n < 20; n += 1) await undefined;
        rung.push('slow');
      });
    });
    expect(rung).toEqual(['slow']);

    const hanging = world.run(() => void world.host('stuck', () => new Promise(() => {})));
    await expect(hanging).rejects.toThrow("the setup of host 'stuck' waits for something that is not");
    await expect(world.run(boom)).rejects.toThrow('boom');
    world.crash('stuck');
    await expect(world.run(() => {})).resolves.toBeUndefined();
  });

  it('may wait for what code outside does after a run of its own', async () => {
    const world = aWorld();
    const gate = Promise.withResolvers<void>();
    let ended = false;

    await world.run(async () => {
      world.host('shop', () => gate.promise.then(() => (ended = true)));
      await world.run(() => {});
      gate.resolve();
    });

    expect(ended).toBe(true);
  });

  it('is waited for also where the host begins anew when all else is done', async () => {
    const world = aWorld();
    let lives = 0;
    const host = world.host('shop', () => {
      lives += 1;
      return lives === 1 ? undefined : new Promise(() => {});
    });

    const running = world.run(() => void world.environment.schedule(10, () => world.restart(host)));

    await expect(running).rejects.toThrow("the setup of host 'shop' waits");
  });
});

describe('a link', () => {
  it.each([
    [{ topics: [defineTopic('said.*', { schema: type<string>() })] }, "got 'said.*'"],
    [{ topics: [systemFailures] }, "got 'system.failures'"],
    [{ topics, delayMs: Number.NaN }, 'the delayMs of a link'],
    [{ topics, delayMs: Number.POSITIVE_INFINITY }, 'the delayMs of a link'],
    [{ topics, capacity: 0 }, 'the capacity of a link'],
  ])('carries what can be carried: %o', (options, told) => {
    const world = aWorld();
    world.host('shop', () => {});

    expect(() => world.link('world', 'shop', options)).toThrow(told);
  });

  it('carries what is published, either way, a while later', async () => {
    const { world, a, b } = aPair({ delayMs: 20 });

    a.host.system.publish(Said, 'from a', { threadId: 't', headers: { tenant: 'x' } });
    await world.advance(19);
    expect(b.heard).toEqual([]);
    await world.advance(1);
    await world.runUntilQuiet();
    b.host.system.publish(Said, 'from b');
    await world.runUntilQuiet();

    expect(a.heard).toEqual(['from a', 'from b']);
    expect(b.heard).toEqual(['from a', 'from b']);
    expect(b.envelopes[0]).toMatchObject({ threadId: 't', headers: { tenant: 'x' } });
    expect(world.nowMs).toBe(40);
  });

  it('carries nothing else', async () => {
    const { world, a, b } = aPair({ topics: [Question] });

    a.host.system.publish(Said, 'stays here');
    await world.runUntilQuiet();

    expect(b.heard).toEqual([]);
  });

  it('connects the system of the world, too', async () => {
    const world = aWorld();
    const { heard, setup } = aListener();
    world.host('shop', setup);
    world.link('world', 'shop', { topics });

    world.system.publish(Said, 'hello');
    await world.runUntilQuiet();

    expect(heard).toEqual(['hello']);
  });

  it('passes each host once, also where links go in a circle', async () => {
    const world = aWorld();
    const all = ['a', 'b', 'c'].map((name) => {
      const listener = aListener();
      world.host(name, listener.setup);
      return listener;
    });
    world.link('a', 'b', { topics });
    world.link('b', 'c', { topics });
    world.link('c', 'a', { topics });

    world.system.publish(Said, 'nobody');
    const [a] = all;
    a!.host().publish(Said, 'round');
    await world.runUntilQuiet();

    expect(all.map(({ heard }) => heard)).toEqual([['round'], ['round', 'round'], ['round', 'round']]);
  });

  it('brings what agents say because of what came by it', async () => {
    const { world, a, b } = aPair();
    b.host.system.spawn(
      defineAgent({
        name: 'teller',
        subscribe: [Count],
        receive: (n, context) => {
          context.publish(Said, `heard ${n}`);
        },
      }),
    );

    a.host.system.publish(Count, 1, { headers: { tenant: 'x' } });
    await world.runUntilQuiet();

    expect(a.heard).toEqual(['heard 1']);
    expect(a.envelopes[0]).toMatchObject({ headers: { tenant: 'x' } });
    expect(Object.keys((b.envelopes[0] as Envelope).headers)).toEqual(['tenant']);
  });

  it('asks each host once, also where links go in a circle', async () => {
    const world = aWorld();
    const all = ['a', 'b', 'c'].map((name) => {
      const listener = aListener((asked) => `${name}: ${asked}`);
      world.host(name, listener.setup);
      return listener;
    });
    world.link('a', 'b', { topics });
    world.link('b', 'c', { topics });
    world.link('c', 'a', { topics });
    const [a] = all;

    const asking = a!.host().request(Question, 'Ada');
    await world.runUntilQuiet();

    expect(await asking).toBe('a: Ada');
    expect(all.map(({ deadlines }) => deadlines.length)).toEqual([1, 2, 2]);
  });

  it('carries requests, with what is left of their time', async () => {
    const { world, a } = aPair({ delayMs: 20, answers: (name) => `Hello, ${name}!` });

    await world.run(async () => {
      expect(await a.host.system.request(Question, 'Ada')).toBe('Hello, Ada!');
      expect(world.nowMs).toBe(40);
    });

    const slow = aPair({ delayMs: 20, answers: () => new Promise(() => {}) });
    expect(await ask(slow.world, slow.a.host)).toBeInstanceOf(RequestTimeout);
    expect(slow.world.nowMs).toBe(5_000);
    expect(slow.b.deadlines).toEqual([5_000]);
  });

  it('carries failures, and the news that nobody answers', async () => {
    const failing = aPair({ answers: boom });
    expect(await ask(failing.world, failing.a.host)).toMatchObject({ code: 'DEFECT' });

    const silent = aPair({ answers: () => undefined as never });
    expect(await ask(silent.world, silent.a.host)).toBeInstanceOf(NoResponder);

    const nobody = aPair();
    expect(await ask(nobody.world, nobody.a.host)).toBeInstanceOf(NoResponder);
  });

  it('brings nothing to who asks too late', async () => {
    const { world, a, b } = aPair({ delayMs: 20, answers: (name) => name });

    expect(await ask(world, a.host, 10)).toBeInstanceOf(RequestTimeout);
    expect(b.deadlines).toEqual([]);
  });

  it('carries streams of replies in order, at the pace of their reader', async () => {
    const { world, a, b } = aPair();
    let made = 0;
    b.host.system.spawn(
      defineAgent({
        name: 'counter',
        subscribe: [Count],
        receive: async function* (to) {
          for (let n = 1; n <= to; n += 1) {
            made += 1;
            yield n;
          }
        },
      }),
    );
    const read: number[] = [];

    await world.run(async () => {
      for await (const n of a.host.system.stream(Count, 5)) read.push(n);
    });
    expect(read).toEqual([1, 2, 3, 4, 5]);

    made = 0;
    await world.run(async () => {
      for await (const n of a.host.system.stream(Count, 1_000, { capacity: 1 })) {
        if (n === 3) break;
        await new Promise<void>((resolve) => void world.environment.schedule(10, resolve));
      }
    });
    expect(made).toBeLessThan(60);
  });

  it('is between two hosts that are there, and one is enough', () => {
    const { world } = aPair();

    expect(() => world.link('a', 'a', { topics })).toThrow('a link is between two hosts');
    expect(() => world.link('b', 'a', { topics })).toThrow('a link is between two hosts');
    expect(() => world.link('a', 'c', { topics })).toThrow("there is no host 'c'; there are: world, a, b");
    expect(() => world.heal('a', 'world')).toThrow("there is no link between 'a' and 'world'");
  });

  it('loses what does not fit', async () => {
    const { world, a, b } = aPair({ capacity: 2 });

    for (const word of ['1', '2', '3']) a.host.system.publish(Said, word);
    await world.runUntilQuiet();

    expect(b.heard).toEqual(['1', '2']);
  });

  it('leaves what is refused on the other side as a dead letter there', async () => {
    const world = aWorld();
    const a = world.host('a', () => {}, { system: { validate: 'never' } });
    const b = world.host('b', () => {});
    world.link(a, b, { topics: [Strict] });

    a.system.publish(Strict, 'bad');
    await world.runUntilQuiet();

    expect(b.system.deadLetters.countByCause()).toEqual({ Rejected: 1 });
    expect(world.count('Rejected')).toBe(1);
  });

  it('is there again when its host has begun anew', async () => {
    const { world, a, b } = aPair();

    world.restart('b');
    a.host.system.publish(Said, 'hello');
    await world.runUntilQuiet();
    world.crash('b');
    a.host.system.publish(Said, 'to nobody');
    await world.runUntilQuiet();

    expect(b.heard).toEqual(['hello']);
  });

  it('leaves who asked to silence when the host that works on it crashes', async () => {
    const gate = Promise.withResolvers<string>();
    const { world, a, b } = aPair({ answers: () => gate.promise });
    const asking = a.host.system.request(Question, 'Ada', { timeoutMs: 5_000 }).catch((failure) => failure);
    await world.advance(10);

    world.crash(b.host);
    gate.resolve('too late');
    await world.runUntilQuiet();

    expect(await asking).toBeInstanceOf(RequestTimeout);
  });

  it('brings no reply to a host that has crashed meanwhile', async () => {
    const { world, a } = aPair({ answers: (name) => name });
    void a.host.system.request(Question, 'Ada').catch(() => {});
    await world.advance(1);

    world.crash(a.host);

    await expect(world.runUntilQuiet()).resolves.toBeUndefined();
  });
});

describe('a link that is cut', () => {
  it('carries nothing until it is healed, and loses what is on its way', async () => {
    const { world, a, b } = aPair({ traced: true });

    a.host.system.publish(Said, 'on its way');
    world.partition('a', 'b');
    world.partition('b', 'a');
    a.host.system.publish(Said, 'not even begun');
    await world.runUntilQuiet();
    world.heal(a.host, b.host);
    world.heal('a', 'b');
    a.host.system.publish(Said, 'heard');
    await world.runUntilQuiet();

    expect(b.heard).toEqual(['heard']);
    expect(world.trace.filter((line) => /partitioned|healed/.test(line))).toEqual([
      '0 ms  partitioned: a | b',
      expect.stringContaining('healed: a — b'),
    ]);
  });
});

describe('what is on its way over a link', () => {
  it('is lost when the link is cut, also when it is whole again before it would have arrived', async () => {
    const { world, a, b } = aPair({ delayMs: 100 });

    a.host.system.publish(Said, 'on its way');
    await world.advance(10);
    world.partition('a', 'b');
    await world.advance(10);
    world.heal('a', 'b');
    a.host.system.publish(Said, 'after it');
    await world.runUntilQuiet();

    expect(b.heard).toEqual(['after it']);
  });

  it('does not come to the next life of the host it goes to', async () => {
    const { world, a, b } = aPair({ delayMs: 100 });

    a.host.system.publish(Said, 'to the first life');
    await world.advance(10);
    world.restart('b');
    a.host.system.publish(Said, 'to the second');
    await world.runUntilQuiet();

    expect(b.heard).toEqual(['to the second']);
  });
});

describe('a link with faults', () => {
  const linked = (...becomes: Becomes[]) => {
    const { world } = aFaultyWorld(becomes, { only: { linked: true } });
    const a = aListener();
    const b = aListener((name) => `Hello, ${name}!`);
    world.host('a', a.setup);
    world.host('b', b.setup);
    world.link('a', 'b', { topics });
    return { world, a, b };
  };
  const say = async ({ world, a }: ReturnType<typeof linked>, ...words: string[]) => {
    for (const word of words) a.host().publish(Said, word);
    await world.runUntilQuiet();
  };

  it('loses a message', async () => {
    const pair = linked('drop');

    await say(pair, '1', '2');

    expect(pair.b.heard).toEqual(['2']);
    expect(pair.world.trace).toContain('0 ms  dropped: said a → b');
  });

  it('brings one twice, at once or later', async () => {
    const [atOnce, later] = [linked('duplicate 0'), linked('duplicate 10')];

    await say(atOnce, '1', '2');
    await say(later, '1', '2');

    expect(atOnce.b.heard).toEqual(['1', '1', '2']);
    expect(later.b.heard).toEqual(['1', '2', '1']);
  });

  it('brings one late, and what follows from the same sender behind it', async () => {
    const pair = linked('delay 10');

    await say(pair, '1', '2');

    expect(pair.b.heard).toEqual(['1', '2']);
    expect(pair.world.nowMs).toBe(11);
  });

  it('has a request worked on twice, and answered once', async () => {
    const { world, a, b } = linked('duplicate 0');
    const asking = a.host().request(Question, 'Ada');

    await world.runUntilQuiet();

    expect(await asking).toBe('Hello, Ada!');
    expect(b.deadlines).toHaveLength(2);
  });

  it.each(['duplicate 0', 'duplicate 10'] as const)(
    'has a stream of one answer only: %s',
    async (becomes) => {
      const { world, a, b } = linked(becomes);
      let begun = 0;
      b.host().spawn(
        defineAgent({
          name: 'counter',
          subscribe: [Count],
          concurrency: 2,
          receive: async function* (to) {
            begun += 1;
            for (let n = 1; n <= to; n += 1) {
              await new Promise<void>((resolve) => void world.environment.schedule(20, resolve));
              yield n;
            }
          },
        }),
      );
      const read: number[] = [];

      await world.run(async () => {
        for await (const n of a.host().stream(Count, 4)) read.push(n);
      });

      expect(read).toEqual([1, 2, 3, 4]);
      expect(begun).toBe(2);
    },
  );

  it('loses a reply, a failure or an end', async () => {
    for (const becomes of [
      ['arrives', 'drop', 'drop'],
      ['arrives', 'arrives', 'drop'],
    ] as Becomes[][]) {
      const { world, a } = linked(...becomes);
      const asking = a
        .host()
        .request(Question, 'Ada', { timeoutMs: 5_000 })
        .catch((failure: unknown) => failure);

      await world.runUntilQuiet();

      expect(await asking).toEqual(becomes[1] === 'drop' ? expect.any(RequestTimeout) : 'Hello, Ada!');
    }
  });

  it('may bring the copy of a failure or a reply, which changes nothing', async () => {
    const { world, a } = linked('arrives', 'duplicate 0');
    const asking = a.host().request(Question, 'Ada');

    await world.runUntilQuiet();

    expect(await asking).toBe('Hello, Ada!');
  });

  it('hits what agents of a host say to each other by their names', async () => {
    const { world } = aFaultyWorld(['drop', 'arrives', 'drop'], { only: { to: 'a/listener' } });
    const { heard, setup, host } = aListener((name) => name);
    world.host('a', setup);

    host().publish(Said, 'lost');
    await world.runUntilQuiet();

    expect(heard).toEqual([]);
    expect(world.trace).toContain('0 ms  dropped: said a → a/listener');
  });

  it('has nothing of a host that has crashed on its way', async () => {
    const { world } = aFaultyWorld(['delay 10']);
    const { heard, setup, host } = aListener((name) => name);
    const a = world.host('a', setup);
    const { system } = a;
    host().publish(Said, 'late');

    world.crash(a);
    system.publish(Said, 'from the dead');
    system.request(Question, 'Ada').catch(() => {});
    await world.runUntilQuiet();

    expect(heard).toEqual([]);
    expect(world.faults.map(({ _tag }) => _tag)).toEqual(['Delayed', 'Crashed']);
  });
});

describe('faults of hosts and links', () => {
  it('are drawn from the tape: a host crashes and begins anew, a link is cut and healed', async () => {
    const tags = new Set<string>();
    const explored = await explore(
      (_, world) => {
        for (const name of ['a', 'b']) {
          world.host(name, (system) => {
            system.spawn(defineAgent({ name: 'listener', subscribe: [Said], receive: () => {} }));
            void system.publish(Said, 'hello');
          });
        }
        world.link('a', 'b', { topics });
        world.link('world', 'b', { topics });
      },
      {
        runs: 300,
        seed: 1,
        faults: ['crash', 'partition', 'drop'],
        onFault: (fault) => tags.add(fault._tag === 'Crashed' ? `${fault._tag} ${fault.what}` : fault._tag),
      },
      (world) =>
        world.faults.filter(({ _tag }) => _tag === 'Partitioned').length ===
        world.faults.filter(({ _tag }) => _tag === 'Healed').length,
    );

    expect(explored.runs).toBe(300);
    expect([...tags].toSorted()).toEqual([
      'Crashed agent',
      'Crashed host',
      'Dropped',
      'Healed',
      'Partitioned',
      'Restarted',
    ]);
  });

  it('leave a host alone that the test has restarted meanwhile', async () => {
    const world = aWorld({
      faults: ['crash'],
      faultsMax: 1,
      choose: (count, what) => (what === 'for how long' ? 2 : what === 'fault: crash' ? 1 : count - 1),
    });
    const host = world.host('a', () => {});
    world.environment.schedule(5, () => world.restart(host));

    await world.runUntilQuiet();

    expect(host.lives).toBe(2);
  });
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function aListener(answers?: (name: string) => string | Promise<string>) {
  const heard: string[] = [];
  const envelopes: unknown[] = [];
  const deadlines: number[] = [];
  let of: System | undefined;
  const setup = (system: System): void => {
    of = system;
    system.spawn(
      defineAgent({
        name: 'listener',
        subscribe: [Said],
        receive: (said, { envelope }) => {
          heard.push(said);
          envelopes.push(envelope);
        },
      }),
    );
    if (answers !== undefined) {
      system.spawn(
        defineAgent({
          name: 'greeter',
          subscribe: [Question],
          concurrency: 2,
          receive: (name, { envelope }) => {
            deadlines.push(envelope.deadlineMs);
            return answers(name);
          },
        }),
      );
    }
  };
  return { heard, envelopes, deadlines, setup, host: () => of! };
}

function aPair({
  answers,
  traced = false,
  ...link
}: {
  answers?: (name: string) => string | Promise<string>;
  traced?: boolean;
  delayMs?: number;
  capacity?: number;
  topics?: readonly (typeof Question)[];
} = {}) {
  const world = aWorld({ traced });
  const [a, b] = [aListener(), aListener(answers)];
  const [hostA, hostB] = [world.host('a', a.setup), world.host('b', b.setup)];
  world.link(hostA, hostB, { topics, ...link });
  return { world, a: { ...a, host: hostA }, b: { ...b, host: hostB } };
}

async function ask(world: World, { system }: Host, timeoutMs = 5_000): Promise<unknown> {
  const outcome = system.request(Question, 'Ada', { timeoutMs }).catch((failure: unknown) => failure);
  await world.runUntilQuiet();
  return outcome;
}
