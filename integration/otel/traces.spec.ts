import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { trace } from '@opentelemetry/api';
import { SimpleSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { map } from 'rxjs';
import {
  capability,
  createSystem,
  defineAgent,
  defineTopic,
  type Headers,
  keyedAgent,
  machineAgent,
  mapAsync,
  publish,
  streamAgent,
  type,
} from 'troupe';
import { traceIn, traceOut } from 'troupe/node';
import { openTelemetry } from 'troupe/otel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMachine, fromPromise } from 'xstate';
import type { SpanSeen } from './support/otlp.ts';
import { type Telemetry, telemetry } from './support/telemetry.ts';

const Order = defineTopic('orders.placed', { schema: type<{ id: number }>(), reply: type<string>() });
const Note = defineTopic('notes', { schema: type<string>(), reply: type<string>() });
const Price = defineTopic('price', { schema: type<number>(), reply: type<number>() });
const Words = defineTopic('words', { schema: type<string>(), reply: type<string>() });

let seen: Telemetry;
beforeEach(async () => {
  seen = await telemetry();
});
afterEach(() => seen[Symbol.asyncDispose]());

const within = (child: SpanSeen, parent: SpanSeen) =>
  child.parentSpanId === parent.spanId && child.traceId === parent.traceId;

describe('spans of a system', () => {
  it('have their parents right across publish, tell, request and a tool', async () => {
    const tax = capability('tax', {
      input: type<number>(),
      output: type<number>(),
      run: (amount) => amount / 5,
    });
    const audit = defineAgent({ name: 'audit', subscribe: [Note], receive: () => 'kept' });
    const books = defineAgent({ name: 'books', subscribe: [Order], receive: () => {} });
    const prices = defineAgent({ name: 'prices', subscribe: [Price], receive: (n) => n * 2 });
    const taxes = defineAgent({ name: 'taxes', capabilities: [tax] });
    const system = createSystem({
      id: 'sys',
      instrumentation: openTelemetry(),
      agents: [books, prices, taxes, audit],
    });
    const auditRef = system.agents.find('/audit')!.ref;
    system.spawn(
      defineAgent({
        name: 'shop',
        subscribe: [Order],
        receive: async (_, context) => {
          const price = await context.request(Price, 10);
          const taxed = await context.tool(tax, price);
          context.tell(auditRef as never, `${taxed}` as never, { topic: Note });
        },
      }),
    );

    system.publish(Order, { id: 1 }, { threadId: 'cart-7' });
    await system.quiet();
    await system.stop();
    await seen.flush();

    const published = seen.span('publish orders.placed');
    const shopping = seen.span('process orders.placed', '/shop');
    const booking = seen.span('process orders.placed', '/books');
    const asking = seen.span('request price');
    const pricing = seen.span('process price');
    const calling = seen.span('execute_tool tax');
    const taxing = seen.receiver.spans.find((span) => span.attributes['troupe.agent.path'] === '/taxes')!;
    const telling = seen.span('tell notes');
    const noting = seen.span('process notes');
    expect(published).toMatchObject({
      parentSpanId: '',
      kind: 'PRODUCER',
      scope: 'troupe 1',
      status: 'UNSET',
    });
    expect(published.attributes).toEqual({
      'messaging.system': 'troupe',
      'messaging.operation.name': 'publish',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'orders.placed',
      'messaging.message.id': expect.stringMatching(/^sys\/\d+$/),
      'messaging.message.conversation_id': 'cart-7',
    });
    expect(shopping.kind).toBe('CONSUMER');
    expect(shopping.attributes).toEqual({
      'messaging.system': 'troupe',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'orders.placed',
      'messaging.message.id': published.attributes['messaging.message.id'],
      'messaging.message.conversation_id': 'cart-7',
      'troupe.agent.path': '/shop',
      'troupe.agent.name': 'shop',
      'troupe.hops': 0,
      'troupe.outcome': 'handled',
    });
    expect(within(shopping, published)).toBe(true);
    expect(within(booking, published)).toBe(true);
    expect(asking.kind).toBe('CLIENT');
    expect(within(asking, shopping)).toBe(true);
    expect(within(pricing, asking)).toBe(true);
    expect(calling.kind).toBe('INTERNAL');
    expect(calling.attributes).toMatchObject({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'tax',
    });
    expect(within(calling, shopping)).toBe(true);
    expect(within(taxing, calling)).toBe(true);
    expect(within(telling, shopping)).toBe(true);
    expect(within(noting, telling)).toBe(true);
    expect(seen.receiver.spans).toHaveLength(9);
  });

  it('of a stream end with it, with how many replies it had', async () => {
    const speaker = defineAgent({
      name: 'speaker',
      subscribe: [Words],
      receive: async function* (text) {
        yield* text.split(' ');
      },
    });
    const system = createSystem({ instrumentation: openTelemetry(), agents: [speaker] });

    const words: string[] = [];
    for await (const word of system.stream(Words, 'to be or')) {
      words.push(word);
    }
    await system.stop();
    await seen.flush();

    expect(words).toEqual(['to', 'be', 'or']);
    const streaming = seen.span('stream words');
    expect(streaming).toMatchObject({ kind: 'CLIENT', attributes: { 'troupe.stream.replies': 3 } });
    expect(within(seen.span('process words'), streaming)).toBe(true);
  });

  it('of a stream agent and of a keyed agent have their parents right, too', async () => {
    const account = defineAgent({
      name: 'account',
      subscribe: [Price],
      receive: (n) => n + 1,
    });
    const accounts = keyedAgent({ agent: account, keyed: (n) => n, passivate: 'forget' });
    const pipeline = streamAgent({
      name: 'pipeline',
      subscribe: [Order],
      stream: (inbox, context) =>
        inbox.pipe(
          mapAsync(2, ({ id }: { id: number }) => context.request(Price, id)),
          map((price) => `${price}`),
        ),
    });
    const system = createSystem({ instrumentation: openTelemetry(), agents: [accounts, pipeline] });

    const replies = await Promise.all([system.request(Order, { id: 1 }), system.request(Order, { id: 2 })]);
    await system.stop();
    await seen.flush();

    expect(replies).toEqual(['2', '3']);
    const { spans } = seen.receiver;
    const byId = (id: string) => spans.find((span) => span.spanId === id)!;
    const keyed = spans.filter((span) => span.name === 'process price');
    expect(keyed.map((span) => span.attributes['troupe.agent.path']).toSorted()).toEqual([
      '/account/1',
      '/account/2',
    ]);
    const chains = keyed.map((span) => {
      const asking = byId(span.parentSpanId);
      const piping = byId(asking.parentSpanId);
      const asked = byId(piping.parentSpanId);
      return [asking, piping, asked].map(({ name }) => name);
    });
    expect(chains).toEqual(
      Array(2).fill(['request price', 'process orders.placed', 'request orders.placed']),
    );
    expect(new Set(keyed.map((span) => span.traceId)).size).toBe(2);
  });

  it('of a detached chain and of a timer that rings again begin a trace of their own, with a link', async () => {
    const rang = Promise.withResolvers<void>();
    const clock = defineAgent({
      name: 'clock',
      subscribe: [Order],
      receive: (_, context) => {
        context.detach().publish(Note, 'alone');
        context.schedule(0, (later) => void later.publish(Price, 1));
        const every = context.schedule(
          0,
          () => {
            every.cancel();
            rang.resolve();
          },
          { every: true },
        );
      },
    });
    const system = createSystem({ instrumentation: openTelemetry(), agents: [clock] });

    system.publish(Order, { id: 1 });
    await rang.promise;
    await system.stop();
    await seen.flush();

    const handling = seen.span('process orders.placed');
    const link = [{ traceId: handling.traceId, spanId: handling.spanId }];
    const detached = seen.span('publish notes');
    expect(detached).toMatchObject({ parentSpanId: '', links: link });
    expect(detached.traceId).not.toBe(handling.traceId);
    const timers = seen.receiver.spans.filter((span) => span.name === 'timer');
    const once = timers.find((span) => span.parentSpanId !== '')!;
    const every = timers.find((span) => span.parentSpanId === '')!;
    expect(within(once, handling)).toBe(true);
    expect(within(seen.span('publish price'), once)).toBe(true);
    expect(every).toMatchObject({ kind: 'INTERNAL', parentSpanId: '', links: link });
  });

  it('say what went wrong, without secrets; what a step said that threw is an error, too', async () => {
    const faulty = defineAgent({
      name: 'faulty',
      subscribe: [Order],
      receive: (_, context) => {
        context.publish(Note, 'never');
        throw Object.assign(new RangeError('too far'), { password: 'hunter2' });
      },
    });
    const system = createSystem({ instrumentation: openTelemetry(), agents: [faulty] });

    await expect(system.request(Order, { id: 1 })).rejects.toThrow('too far');
    await system.stop();
    await seen.flush();

    const handling = seen.span('process orders.placed');
    expect(handling).toMatchObject({ status: 'ERROR', statusMessage: 'RangeError: too far' });
    expect(handling.attributes).toMatchObject({ 'error.type': 'RangeError', 'troupe.outcome': 'failed' });
    expect(seen.span('request orders.placed')).toMatchObject({
      status: 'ERROR',
      attributes: { 'error.type': 'AgentDefect' },
    });
    expect(seen.span('publish notes')).toMatchObject({ status: 'ERROR' });
    expect(within(seen.span('publish notes'), handling)).toBe(true);
    const failure = seen.receiver.logs.find((log) => log.eventName === 'troupe.failure')!;
    expect(failure).toMatchObject({ severity: 'ERROR', traceId: handling.traceId, spanId: handling.spanId });
    expect(JSON.stringify([...seen.receiver.spans, ...seen.receiver.logs])).not.toContain('hunter2');
  });

  it('made by others in a handler are children of it, after an await and in a generator, too', async () => {
    const tracer = trace.getTracer('database');
    const user = defineAgent({
      name: 'user',
      subscribe: [Order],
      receive: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        tracer.startSpan('SELECT').end();
      },
    });
    const speaker = defineAgent({
      name: 'speaker',
      subscribe: [Words],
      receive: async function* (text) {
        yield text;
        await new Promise((resolve) => setImmediate(resolve));
        tracer.startSpan('INSERT').end();
        yield text;
      },
    });
    const system = createSystem({ instrumentation: openTelemetry(), agents: [user, speaker] });

    await tracer.startActiveSpan('GET /orders', async (span) => {
      system.publish(Order, { id: 1 });
      for await (const _ of system.stream(Words, 'a')) {
        // Read to its end.
      }
      span.end();
    });
    await system.quiet();
    await system.stop();
    await seen.flush();

    expect(within(seen.span('publish orders.placed'), seen.span('GET /orders'))).toBe(true);
    expect(within(seen.span('SELECT'), seen.span('process orders.placed'))).toBe(true);
    expect(within(seen.span('INSERT'), seen.span('process words'))).toBe(true);
  });

  it.each<[string, SpanExporter['export']]>([
    [
      'throws',
      () => {
        throw new RangeError('disk full');
      },
    ],
    ['never answers', () => {}],
  ])('go to an exporter that %s, and the system does not mind', async (_, take) => {
    const exporter: SpanExporter = { export: take, forceFlush: async () => {}, shutdown: async () => {} };
    const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
    const quiet = defineAgent({ name: 'quiet', subscribe: [Note], receive: (text) => text });
    const failures: unknown[] = [];
    const system = createSystem({
      instrumentation: openTelemetry({ tracerProvider: provider }),
      agents: [quiet],
      events: [{ next: (event) => event._tag === 'Failed' && failures.push(event.report.failure) }],
    });

    for (let n = 0; n < 1_000; n += 1) {
      expect(await system.request(Note, 'a')).toBe('a');
    }
    await system.stop();

    expect(failures).toEqual([]);
  });

  it('of a machine agent are the parents of what its actions say', async () => {
    const machine = createMachine({
      initial: 'closed',
      states: {
        closed: { on: { 'orders.placed': { target: 'open', actions: publish(Note, 'opened') } } },
        open: {},
      },
    });
    const door = machineAgent({ name: 'door', machine, subscribe: [Order] });
    const system = createSystem({ instrumentation: openTelemetry(), agents: [door] });

    system.publish(Order, { id: 1 });
    await system.quiet();
    await system.stop();
    await seen.flush();

    const handling = seen.span('process orders.placed', '/door');
    expect(within(handling, seen.span('publish orders.placed'))).toBe(true);
    expect(within(seen.span('publish notes'), handling)).toBe(true);
  });

  it('of the children and delays of a machine have the handling as parent in which those began', async () => {
    const machine = createMachine({
      initial: 'idle',
      states: {
        idle: { on: { 'orders.placed': 'looks' } },
        looks: {
          invoke: { id: 'look', src: fromPromise(async () => 'seen'), onDone: 'rests' },
        },
        rests: { entry: publish(Note, 'looked'), after: { 5: 'done' } },
        done: { entry: publish(Note, 'rested') },
      },
    });
    const system = createSystem({
      instrumentation: openTelemetry(),
      agents: [machineAgent({ name: 'looker', machine, subscribe: [Order] })],
    });
    const rested = new Promise<void>((resolve) => {
      system.observe(Note, { overflow: 'suspend' }).subscribe((text) => text === 'rested' && resolve());
    });

    system.publish(Order, { id: 1 });
    await rested;
    await system.stop();
    await seen.flush();

    const handling = seen.span('process orders.placed', '/looker');
    const child = seen.span('child', '/looker');
    expect(within(child, handling)).toBe(true);
    expect(child.attributes['troupe.machine.child']).toBe('/looker/look');
    expect(within(seen.span('timer', '/looker'), child)).toBe(true);
  });
});

describe('trace context', () => {
  it('crosses HTTP in both directions: in by the headers of a request, out by those of a handling', async () => {
    const heard: Headers[] = [];
    const downstream = createServer((request, response) => {
      heard.push(request.headers as Headers);
      response.end('7');
    });
    const gateway = defineAgent({
      name: 'gateway',
      subscribe: [Price],
      receive: async (_, context) => {
        const answer = await fetch(urlOf(downstream), { headers: traceOut(context.headers) });
        return Number(await answer.text());
      },
    });
    const system = createSystem({ instrumentation: openTelemetry(), agents: [gateway] });
    const upstream = createServer(async (request, response) => {
      const headers = traceIn((name) => request.headers[name] as string | undefined);
      response.end(String(await system.request(Price, 1, { headers })));
    });
    await Promise.all([listening(upstream), listening(downstream)]);

    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const answer = await fetch(urlOf(upstream), {
      headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01`, tracestate: 'vendor=1' },
    });
    expect(await answer.text()).toBe('7');
    await system.stop();
    for (const server of [upstream, downstream]) {
      server.closeAllConnections();
      server.close();
    }
    await seen.flush();

    const asking = seen.span('request price');
    const handling = seen.span('process price');
    expect(asking).toMatchObject({ traceId, parentSpanId: 'b7ad6b7169203331', traceState: 'vendor=1' });
    expect(within(handling, asking)).toBe(true);
    expect(heard[0]).toMatchObject({
      traceparent: expect.stringMatching(new RegExp(`^00-${traceId}-${handling.spanId}-0[13]$`)),
      tracestate: 'vendor=1',
    });
  });

  it('comes from the nearer span where the server of a request is instrumented, too', async () => {
    const quiet = defineAgent({ name: 'quiet', subscribe: [Note], receive: () => 'yes' });
    const system = createSystem({ instrumentation: openTelemetry(), agents: [quiet] });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const headers = { traceparent };

    await trace.getTracer('http').startActiveSpan('GET /', async (span) => {
      const { traceId } = span.spanContext();
      await system.request(Note, 'same', { headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` } });
      await system.request(Note, 'other', { headers });
      span.end();
    });
    await system.stop();
    await seen.flush();

    const server = seen.span('GET /');
    const requests = seen.receiver.spans.filter((span) => span.name === 'request notes');
    expect(requests.map((span) => [span.traceId, span.parentSpanId])).toEqual([
      [server.traceId, server.spanId],
      [traceparent.slice(3, 35), traceparent.slice(36, 52)],
    ]);
  });
});

const listening = (server: ReturnType<typeof createServer>) =>
  new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

const urlOf = (server: ReturnType<typeof createServer>) =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
