/** The programs of docs/guides/observing.md. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as Effect from 'effect/Effect';
import * as Stream from 'effect/Stream';
import {
  chromeTraceWriter,
  consoleWriter,
  createSystem,
  defineAgent,
  defineTopic,
  memoryWriter,
  systemFailures,
  type,
} from 'troupe';
import { Troupe } from 'troupe/effect';
import { fileWriter, traceIn, traceOut } from 'troupe/node';
import { openTelemetry } from 'troupe/otel';
import { expect, it, vi } from 'vitest';

const Order = defineTopic('orders.placed', { schema: type<{ id: number }>(), reply: type<string>() });

it('events are told to whoever listens', async () => {
  const lines: string[] = [];
  const write = (text: string) => void lines.push(text);
  // #region listen
  const shop = defineAgent({
    name: 'shop',
    subscribe: [Order],
    receive: ({ id }, context) => {
      context.log.info('sold', { id, apiKey: 'sk-123' });
      if (id === 13) throw new RangeError('bad luck');
      return `order ${id}`;
    },
  });

  const memory = memoryWriter({ capacity: 1_000 });
  const system = createSystem({ agents: [shop], events: [memory, consoleWriter({ write })] });
  await system.request(Order, { id: 7 });
  // #endregion
  await system.request(Order, { id: 13 }).catch(() => {});
  await system.stop();

  expect(lines[0]).toMatch(/INFO {2}\/shop sold \{"id":7,"apiKey":"\[redacted\]"\}/);
  expect(lines[2]).toMatch(/ERROR \/shop failed on 'orders.placed'.*RangeError: bad luck/);
  expect(memory.events.map((event) => event._tag)).toContain('HandlingEnded');
});

it('a trace opens in Perfetto', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'troupe-'));
  const path = join(folder, 'trace.json');
  const shop = defineAgent({ name: 'shop', subscribe: [Order], receive: ({ id }) => `order ${id}` });
  // #region perfetto
  const file = fileWriter(path);
  const trace = chromeTraceWriter({ write: file.write, processName: 'shop' });
  const system = createSystem({ agents: [shop], events: [trace] });
  await system.request(Order, { id: 7 });
  await system.stop(); // The writer is told, and closes the array.
  await file.close();
  // #endregion

  expect(JSON.parse(await readFile(path, 'utf8'))).toBeInstanceOf(Array);
  await rm(folder, { recursive: true });
});

it('failures are a topic like any other', async () => {
  const alarms: string[] = [];
  const page = (text: string) => void alarms.push(text);
  const shop = defineAgent({
    name: 'shop',
    subscribe: [Order],
    receive: () => {
      throw new RangeError('bad luck');
    },
  });
  // #region failures
  const pager = defineAgent({
    name: 'pager',
    subscribe: [systemFailures],
    receive: (report) => page(`${report.agent} failed: ${report.class}, ${report.directive}`),
  });
  // #endregion
  const system = createSystem({ agents: [shop, pager] });

  await system.request(Order, { id: 1 }).catch(() => {});
  await vi.waitFor(() => expect(alarms).toEqual(['/shop failed: defect, restart']));
  await system.stop();
});

it('health and statistics are figures at a moment', async () => {
  const shop = defineAgent({ name: 'shop', subscribe: [Order], receive: ({ id }) => `order ${id}` });
  const system = createSystem({ agents: [shop] });
  // #region figures
  await system.request(Order, { id: 7 });
  const { status, inFlight } = system.health();
  const [figures] = system.statistics().agents;
  expect({ status, inFlight }).toEqual({ status: 'up', inFlight: 0 });
  expect(figures).toMatchObject({ path: '/shop', accepted: 1, handled: 1, waiting: 0 });
  // #endregion
  await system.stop();
});

it('a system is followed through OpenTelemetry, and passes its trace on', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const request = new Request('http://shop/', { headers: { traceparent, cookie: 'session=1' } });
  const calls: (string | undefined)[] = [];
  const fetchRate = async (_: string, { headers }: { headers: Readonly<Record<string, string>> }) => {
    calls.push(headers['traceparent']);
    return 7;
  };
  // #region otel
  const Rate = defineTopic('rate', { schema: type<string>(), reply: type<number>() });
  const rates = defineAgent({
    name: 'rates',
    subscribe: [Rate],
    // What leaves the process carries the trace on.
    receive: (currency, context) => fetchRate(`/rates/${currency}`, { headers: traceOut(context.headers) }),
  });

  const system = createSystem({ agents: [rates], instrumentation: openTelemetry() });
  // What comes in from outside says which trace it belongs to.
  const rate = await system.request(Rate, 'EUR', {
    headers: traceIn((name) => request.headers.get(name) ?? undefined),
  });
  // #endregion
  await system.stop();

  expect(rate).toBe(7);
  expect(calls).toEqual([traceparent]);
});

it('a system is a service of Effect', async () => {
  const said: string[] = [];
  // #region effect
  const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });
  const speaker = defineAgent({
    name: 'speaker',
    subscribe: [Question],
    receive: async function* (text) {
      yield* text.split(' ');
    },
  });

  const program = Effect.gen(function* () {
    const troupe = yield* Troupe;
    const words = troupe.stream(Question, 'to be or not');
    yield* Stream.runForEach(Stream.take(words, 3), (word) => Effect.sync(() => said.push(word)));
    return yield* troupe
      .request(Question, 'to be', { timeoutMs: 500 })
      .pipe(Effect.catchTag('RequestTimeout', () => Effect.succeed('nothing')));
  });
  // The system starts with the layer, and drains when the program is done.
  const reply = await Effect.runPromise(Effect.provide(program, Troupe.layer({ agents: [speaker] })));
  // #endregion

  expect(said).toEqual(['to', 'be', 'or']);
  expect(reply).toBe('to');
});
