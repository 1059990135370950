import { of } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { bounded } from '../../src/actors/bounded-observable.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { capability } from '../../src/actors/define-capability.ts';
import { mapAsync } from '../../src/actors/map-async.ts';
import { streamAgent } from '../../src/actors/stream-agent.ts';
import { createSystem } from '../../src/actors/system.ts';
import { type Headers, noHeaders } from '../../src/core/envelope.ts';
import { MailboxFull } from '../../src/core/mailbox.ts';
import { type } from '../../src/core/schema.ts';
import type { SystemEvent } from '../../src/core/system-event.ts';
import { systemFailures } from '../../src/core/system-topics.ts';
import { defineTopic } from '../../src/core/topic.ts';
import type { HandlingTrace, Instrumentation, Instrumented, RequestTrace } from '../../src/core/tracing.ts';

const Order = defineTopic('order', { schema: type<string>(), reply: type<string>() });
const Note = defineTopic('note', { schema: type<string>(), reply: type<string>() });

/** Writes down what it is told, and gives each message its number as `traceparent`. */
function aTracer() {
  const log: string[] = [];
  const events: SystemEvent[] = [];
  let system: Instrumented | undefined;
  let count = 0;
  const numbered = (inherited: Headers): Headers => {
    count += 1;
    return { ...inherited, traceparent: `${count}` };
  };
  const nameOf = (by: HandlingTrace | undefined) => by?.headers['traceparent'] ?? 'outside';
  const handlingTrace = (what: string, inherited: Headers): HandlingTrace => {
    const headers = numbered(inherited);
    const mark = headers['traceparent'];
    return {
      headers,
      within: (f) => f(),
      failed: (failure) => log.push(`${mark} failed: ${(failure as Error).message}`),
      ended: (outcome) => log.push(`${mark} ${what} ended: ${outcome}`),
    };
  };
  const instrumentation: Instrumentation = {
    attach: (one) => {
      system = one;
      return {
        listener: { next: (event) => void events.push(event) },
        tracing: {
          said: ({ verb, topic, by, detached, inherited }) => {
            const headers = numbered(inherited);
            log.push(
              `${headers['traceparent']} ${verb} ${topic} from ${nameOf(by)}${detached ? ', detached' : ''}`,
            );
            return headers;
          },
          left: (envelope) => log.push(`${envelope.headers['traceparent']} left`),
          lost: ({ headers }, failure, cause) =>
            log.push(`${headers['traceparent']} lost: ${cause ?? (failure as Error).name}`),
          asked: ({ verb, topic, by, inherited }): RequestTrace => {
            const headers = numbered(inherited);
            const mark = headers['traceparent'];
            log.push(`${mark} ${verb} ${topic} from ${nameOf(by)}`);
            return {
              headers,
              replied: () => log.push(`${mark} replied`),
              settled: (failed) =>
                log.push(
                  `${mark} settled${failed === undefined ? '' : `: ${(failed.failure as Error).name}`}`,
                ),
            };
          },
          taken: ({ agent, envelope, timer }) => {
            const from = timer === undefined ? envelope.headers['traceparent'] : nameOf(timer.setBy);
            const what = timer === undefined ? envelope.topic! : timer.every ? 'every' : 'timer';
            log.push(`${agent} takes ${what} from ${from}`);
            return handlingTrace(what, envelope.headers);
          },
        },
      };
    },
  };
  return { log, events, instrumentation, seen: () => system! };
}

describe('tracing', () => {
  it('follows a message from its sender to each of its handlings, and what they say', async () => {
    const tracer = aTracer();
    const shop = defineAgent({
      name: 'shop',
      subscribe: [Order],
      receive: (text, context) => {
        context.publish(Note, text);
        return context.headers['traceparent'] ?? '';
      },
    });
    const books = defineAgent({ name: 'books', subscribe: [Note], receive: () => {} });
    const system = createSystem({ instrumentation: tracer.instrumentation, agents: [shop, books] });

    expect(await system.request(Order, 'tea')).toBe('2');
    await system.quiet();
    await system.stop();

    expect(tracer.log).toEqual([
      '1 request order from outside',
      '1 left',
      '/shop takes order from 1',
      '3 publish note from 2',
      '3 left',
      '1 settled',
      '2 order ended: handled',
      '/books takes note from 3',
      '4 note ended: handled',
    ]);
  });

  it('follows a message through a stream, also when that goes on later', async () => {
    const tracer = aTracer();
    const shop = streamAgent({
      name: 'shop',
      subscribe: [Order],
      publishes: Note,
      stream: (inbox) => inbox.pipe(mapAsync(1, async (text) => text)),
    });
    const system = createSystem({ instrumentation: tracer.instrumentation, agents: [shop] });

    system.publish(Order, 'tea');
    await system.quiet();
    await system.stop();

    expect(tracer.log).toEqual([
      '1 publish order from outside',
      '1 left',
      '/shop takes order from 1',
      '3 publish note from 2',
      '3 left',
      '2 order ended: handled',
    ]);
  });

  it('follows what is told to one, and what is laid aside and taken again', async () => {
    const tracer = aTracer();
    let count = 0;
    const books = defineAgent({
      name: 'books',
      subscribe: [Note],
      receive: (_, context) => {
        count += 1;
        if (count === 1) {
          context.stash();
        } else {
          context.unstash();
        }
      },
    });
    const system = createSystem({ instrumentation: tracer.instrumentation });

    const ref = system.spawn(books);
    system.tell(ref, 'tea');
    system.tell(ref, 'milk');
    await system.quiet();
    await system.stop();

    expect(tracer.log).toEqual([
      '1 tell note from outside',
      '1 left',
      '2 tell note from outside',
      '2 left',
      '/books takes note from 1',
      '3 note ended: undefined',
      '/books takes note from 2',
      '4 note ended: handled',
      '/books takes note from 1',
      '5 note ended: handled',
    ]);
  });

  it('follows timers, detached chains, and what failed', async () => {
    const tracer = aTracer();
    const rang = Promise.withResolvers<void>();
    const clock = defineAgent({
      name: 'clock',
      subscribe: [Order],
      receive: (_, context) => {
        context.detach().publish(Note, 'alone');
        const every = context.schedule(0, () => every.cancel(), { every: true });
        context.schedule(0, () => {
          rang.resolve();
          throw new RangeError('no');
        });
      },
    });
    const system = createSystem({ instrumentation: tracer.instrumentation, agents: [clock] });

    system.publish(Order, 'tea');
    await rang.promise;
    await system.stop();

    expect(tracer.log).toEqual([
      '1 publish order from outside',
      '1 left',
      '/clock takes order from 1',
      '3 publish note from 2, detached',
      '3 left',
      '2 order ended: handled',
      '/clock takes every from 2',
      '4 every ended: handled',
      '/clock takes timer from 2',
      '5 failed: no',
      '5 timer ended: failed',
    ]);
  });

  it('follows a stream with its replies, and a call of a capability with its checks', async () => {
    const tracer = aTracer();
    const twice = capability('twice', {
      input: type<number>(),
      output: type<number>(),
      run: (n) => {
        if (n < 0) {
          throw new RangeError('less than nothing');
        }
        return n * 2;
      },
    });
    const speaker = defineAgent({
      name: 'speaker',
      subscribe: [Order],
      receive: (text) => bounded(of(text, text), { overflow: 'fail', capacity: 2 }),
    });
    const adder = defineAgent({ name: 'adder', capabilities: [twice] });
    const system = createSystem({ instrumentation: tracer.instrumentation, agents: [speaker, adder] });

    const heard: string[] = [];
    for await (const text of system.stream(Order, 'tea')) {
      heard.push(text);
    }
    await system.tool(twice, 2);
    await expect(system.tool(twice, -1)).rejects.toThrow();
    await expect(system.tool('nobody', 1)).rejects.toThrow();
    await expect(system.request(Note, 'x')).rejects.toThrow();
    await system.stop();

    expect(heard).toEqual(['tea', 'tea']);
    const of_ = (mark: string) => tracer.log.filter((line) => line.startsWith(`${mark} `));
    expect(of_('1')).toEqual([
      '1 stream order from outside',
      '1 left',
      '1 replied',
      '1 replied',
      '1 settled',
    ]);
    expect(tracer.log.filter((line) => / tool | settled/.test(line))).toEqual([
      '1 settled',
      '3 tool twice from outside',
      '3 settled',
      '5 tool twice from outside',
      '5 settled: CapabilityError',
      '7 tool nobody from outside',
      '7 settled: NoResponder',
      '8 settled: NoResponder',
    ]);
  });

  it('tells what never left: what was refused, what a step said that threw, and what came too late', async () => {
    const tracer = aTracer();
    const gate = Promise.withResolvers<void>();
    const slow = defineAgent({
      name: 'slow',
      subscribe: [Order],
      capacity: 1,
      receive: () => gate.promise,
    });
    const clumsy = defineAgent({
      name: 'clumsy',
      subscribe: [Note],
      effectsMax: 1,
      receive: (text, context) => {
        context.publish(Order, text);
        context.publish(Order, text);
      },
    });
    const system = createSystem({ instrumentation: tracer.instrumentation, agents: [slow, clumsy] });
    const sent: number[] = [];
    expect(() => {
      for (;;) {
        void system.publish(Order, 'tea');
        sent.push(1);
      }
    }).toThrow(MailboxFull);
    const refused = `${sent.length + 1} lost: MailboxFull`;
    system.publish(Note, 'tea');
    await vi.waitFor(() => expect(tracer.log.some((line) => line.endsWith('note ended: failed'))).toBe(true));
    void system.agents.find('/slow')!.ref.send('late' as never);
    gate.resolve();
    await system.stop();
    system.publish(Order, 'nobody');

    const lost = tracer.log.filter((line) => line.includes(' lost: '));
    expect(lost).toContain(refused);
    const said = tracer.log
      .filter((line) => /^\d+ (publish|tell) /.test(line))
      .map((line) => line.split(' ')[0]);
    const gone = new Set(
      tracer.log.filter((line) => / (left|lost: .*)$/.test(line)).map((line) => line.split(' ')[0]),
    );
    expect(said.filter((mark) => !gone.has(mark))).toEqual([]);
    expect(lost.at(-1)).toMatch(/ lost: Stopped$/);
  });

  it('does not follow what the system says about itself', async () => {
    const tracer = aTracer();
    const failing = defineAgent({
      name: 'failing',
      subscribe: [Order],
      receive: () => {
        throw new RangeError('no');
      },
    });
    const watcher = defineAgent({ name: 'watcher', subscribe: [systemFailures], receive: () => {} });
    const system = createSystem({ instrumentation: tracer.instrumentation, agents: [failing, watcher] });

    system.publish(Order, 'tea');
    await system.quiet();
    await system.stop();

    expect(tracer.log.filter((line) => line.includes('takes'))).toEqual(['/failing takes order from 1']);
  });

  it('tells whoever listens where a log and a handling stand', async () => {
    const tracer = aTracer();
    const shop = defineAgent({
      name: 'shop',
      subscribe: [Order],
      receive: (_, context) => context.log.info('sold'),
    });
    const system = createSystem({ instrumentation: tracer.instrumentation, agents: [shop] });
    const sums: [string, number][] = [];

    system.publish(Order, 'tea');
    await system.quiet();
    tracer.seen().eachAgent((definition, waiting) => sums.push([definition, waiting]));
    const named = [tracer.seen().definitionOf('/shop'), tracer.seen().definitionOf('/nobody')];
    await system.stop();

    const places = tracer.events.flatMap((event) =>
      event._tag === 'Logged' || event._tag === 'HandlingEnded' ? [event.traceparent] : [],
    );
    expect(places).toEqual(['2', '2']);
    expect(sums).toEqual([['shop', 0]]);
    expect(named).toEqual(['shop', undefined]);
  });

  it('tells whoever wants to hear it of replies, of their arrival, and of the ends that agents hear of', async () => {
    const log: string[] = [];
    const followed: HandlingTrace = { headers: noHeaders, within: (f) => f(), failed() {}, ended() {} };
    const instrumentation: Instrumentation = {
      attach: () => ({
        listener: { next() {} },
        tracing: {
          said: () => noHeaders,
          left() {},
          lost() {},
          asked: ({ topic }): RequestTrace => ({
            headers: noHeaders,
            replied: (payload, from) => log.push(`${from} replies ${payload} to ${topic}`),
            answered: (payload, from) => log.push(`${from} answers ${payload} to ${topic}`),
            settled: () => log.push(`${topic} is settled`),
            delivered: () => log.push(`${topic} is delivered`),
          }),
          taken: () => followed,
          terminated: (agent, ended) => log.push(`${agent} hears of the end of ${ended}`),
        },
      }),
    };
    const shop = defineAgent({ name: 'shop', subscribe: [Order], receive: (text) => `${text}!` });
    const readers = defineAgent({
      name: 'reader',
      subscribe: [Note],
      receive: async function* (text) {
        yield text;
      },
    });
    const system = createSystem({ instrumentation, agents: [readers] });
    const ref = system.spawn(shop);
    const heir = defineAgent({
      name: 'heir',
      onStart: (context) => context.watch(ref),
      on: [],
      onTerminated: () => {},
    });
    system.spawn(heir);

    await system.request(Order, 'tea');
    for await (const _ of system.stream(Note, 'milk')) {
      // Read to its end.
    }
    await system.stop(ref);
    await system.quiet();
    await system.stop();

    expect(log).toEqual([
      '/shop answers tea! to order',
      'order is settled',
      'order is delivered',
      '/reader replies milk to note',
      'note is settled',
      '/heir hears of the end of /shop',
    ]);
  });

  it('surrounds the step of a handler, and what begins behind it', async () => {
    const log: string[] = [];
    const followed: HandlingTrace = {
      headers: noHeaders,
      within: (f) => {
        log.push('(');
        try {
          return f();
        } finally {
          log.push(')');
        }
      },
      failed() {},
      ended() {},
    };
    const shop = defineAgent({
      name: 'shop',
      subscribe: [Order],
      receive: (text) => {
        log.push('step');
        return (async function* () {
          log.push('goes on');
          yield text;
        })();
      },
    });
    const system = createSystem({ instrumentation: followingOnly(followed), agents: [shop] });

    for await (const _ of system.stream(Order, 'tea')) {
      // Read to its end.
    }
    await system.stop();

    expect(log.slice(0, 6)).toEqual(['(', 'step', ')', '(', 'goes on', ')']);
  });

  it('hears of what a request failed', async () => {
    const settled: unknown[] = [];
    const attached = followingOnly({
      headers: noHeaders,
      within: (f) => f(),
      failed() {},
      ended() {},
    }).attach(undefined as never)!;
    const asked = (): RequestTrace => ({
      headers: noHeaders,
      replied() {},
      settled: (failure) => settled.push(failure?.failure),
    });
    const system = createSystem({
      instrumentation: { attach: () => ({ ...attached, tracing: { ...attached.tracing!, asked } }) },
    });
    const shop = system.spawn(
      defineAgent({ name: 'shop', subscribe: [Order], receive: () => new Promise(() => {}) }),
    );
    const gone = new AbortController();
    const request = system.request(shop, 'tea', { signal: gone.signal });

    gone.abort();
    await expect(request).rejects.toMatchObject({ _tag: 'Interrupted' });
    await system.stop();

    expect(settled).toMatchObject([{ _tag: 'Interrupted', agent: '/shop' }]);
  });

  it('need not hear of replies, of their arrival, nor of the ends that agents hear of', async () => {
    const followed: HandlingTrace = { headers: noHeaders, within: (f) => f(), failed() {}, ended() {} };
    const heard: string[] = [];
    const system = createSystem({ instrumentation: followingOnly(followed) });
    const shop = system.spawn(
      defineAgent({ name: 'shop', subscribe: [Order], receive: (text) => `${text}!` }),
    );
    system.spawn(
      defineAgent({
        name: 'heir',
        onStart: (context) => context.watch(shop),
        on: [],
        onTerminated: ({ path }) => void heard.push(path),
      }),
    );

    const reply = await system.request(shop, 'tea');
    await system.stop(shop);
    await system.quiet();
    const health = system.health();
    await system.stop();

    expect([reply, heard, health.status]).toEqual(['tea!', ['/shop'], 'up']);
  });

  it('that nobody would be told of is not attached, and messages carry what they inherit', async () => {
    const headers: Headers[] = [];
    const shop = defineAgent({
      name: 'shop',
      subscribe: [Order],
      receive: (_, context) => void headers.push(context.headers),
    });
    const system = createSystem({ instrumentation: { attach: () => undefined }, agents: [shop] });

    system.publish(Order, 'tea');
    await system.quiet();
    await system.stop();

    expect(headers).toEqual([noHeaders]);
  });
});

/** Follows every handling in this way, and wants to hear of nothing that it may leave out. */
function followingOnly(followed: HandlingTrace): Instrumentation {
  return {
    attach: () => ({
      listener: { next() {} },
      tracing: {
        said: () => noHeaders,
        left() {},
        lost() {},
        asked: (): RequestTrace => ({ headers: noHeaders, replied() {}, settled() {} }),
        taken: () => followed,
      },
    }),
  };
}
