import {
  type Attributes,
  type BatchObservableCallback,
  type Context,
  context,
  createNoopMeter,
  diag,
  type Logger,
  type LogRecord,
  type Meter,
  type Span,
  type SpanOptions,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { afterEach, describe, expect, it } from 'vitest';
import { defineAgent } from '../../../src/actors/define-agent.ts';
import { createSystem } from '../../../src/actors/system.ts';
import { type OpenTelemetryOptions, openTelemetry } from '../../../src/adapters/otel/open-telemetry.ts';
import { type } from '../../../src/core/schema.ts';
import { defineTopic } from '../../../src/core/topic.ts';

const Order = defineTopic('order', { schema: type<string>(), reply: type<string>() });
const shop = defineAgent({
  name: 'shop',
  subscribe: [Order],
  receive: async (text, context) => {
    context.log.info('sold', { text, apiKey: 'sk-1' });
    if (text === 'crash') {
      throw new RangeError('no');
    }
    return text;
  },
});

const tracers = (tracer: Tracer): OpenTelemetryOptions => ({ tracerProvider: { getTracer: () => tracer } });
const loggers = (logger: Logger): OpenTelemetryOptions => ({ loggerProvider: { getLogger: () => logger } });
const meters = (meter: Meter): OpenTelemetryOptions => ({ meterProvider: { getMeter: () => meter } });

afterEach(() => {
  context.disable();
  diag.disable();
});

describe('openTelemetry', () => {
  it('says 0 once more of agents that have ended, and then leaves', async () => {
    const observed: string[] = [];
    const callbacks = new Set<BatchObservableCallback>();
    const meter: Meter = {
      ...meterOf({ add: () => {}, record: () => {} }),
      createObservableGauge: (gauge) => gauge as unknown as ReturnType<Meter['createObservableGauge']>,
      addBatchObservableCallback: (callback) => void callbacks.add(callback),
      removeBatchObservableCallback: (callback) => void callbacks.delete(callback),
    };
    const read = () => {
      for (const callback of callbacks) {
        void callback({
          observe: (gauge, value, facts) =>
            void observed.push(`${gauge} ${facts!['troupe.agent.name']} ${value}`),
        });
      }
      return observed.splice(0);
    };
    const system = createSystem({ instrumentation: openTelemetry(meters(meter)), agents: [shop] });

    const before = read();
    await system.stop();

    expect(before).toEqual(['troupe.agents.active shop 1', 'troupe.mailbox.depth shop 0']);
    expect(read()).toEqual(['troupe.agents.active shop 0', 'troupe.mailbox.depth shop 0']);
    expect(callbacks.size).toBe(0);
  });

  it('attaches nothing when nobody is registered', () => {
    const system = { id: 'sys', definitionOf: () => undefined, eachAgent: () => {} };

    expect(openTelemetry().attach(system)).toBeUndefined();
  });

  it('refuses a number of names that cannot be', () => {
    expect(() => openTelemetry({ namesMax: 0 })).toThrow('namesMax is a whole number, at least 1; got 0');
  });

  it.each<[string, OpenTelemetryOptions]>([
    ['a tracer that throws when it begins a span', tracers(throwing<Tracer>())],
    ['spans that throw whatever is asked of them', tracers(tracerOf(() => throwing<Span>()))],
    ['spans that throw when they are told something', tracers(tracerOf(unwilling))],
    ['a meter that throws', meters(throwing<Meter>())],
    ['instruments that throw', meters(meterOf(throwing<ReturnType<Meter['createCounter']>>()))],
    ['a logger that throws', loggers({ enabled: () => true, emit: () => boom() })],
    ['a provider that throws', { tracerProvider: { getTracer: () => boom() } }],
  ])('%s does no harm', async (_, options) => {
    const told: string[] = [];
    const system = createSystem({ instrumentation: openTelemetry(options), agents: [shop] });
    system.listen({ next: (event) => event._tag === 'Failed' && told.push(String(event.report.failure)) });

    expect(await system.request(Order, 'tea', { headers: { tenant: 'a' } })).toBe('tea');
    await expect(system.request(Order, 'crash')).rejects.toThrow('no');
    expect(await system.request(Order, 'tea')).toBe('tea');
    await system.stop();

    expect(told).toEqual(['RangeError: no']);
  });

  it('a context manager that throws does no harm, before and after it has called', async () => {
    let after = false;
    context.setGlobalContextManager({
      active: () => trace.deleteSpan({} as Context),
      with: (_, f, thisArg, ...args) => {
        if (after) {
          f.call(thisArg as never, ...args);
        }
        throw new RangeError('with');
      },
      bind: (_, target) => target,
      enable() {
        return this;
      },
      disable() {
        return this;
      },
    });
    const calls: string[] = [];
    const counting = defineAgent({
      name: 'counting',
      subscribe: [Order],
      receive: (text) => {
        calls.push(text);
        return text;
      },
    });
    const options = tracers(tracerOf(() => trace.wrapSpanContext(spanContext)));
    const system = createSystem({ instrumentation: openTelemetry(options), agents: [counting] });

    expect(await system.request(Order, 'before')).toBe('before');
    after = true;
    expect(await system.request(Order, 'after')).toBe('after');
    await system.stop();

    expect(calls).toEqual(['before', 'after']);
  });

  it('a span of what never left ends as an error, and texts on spans are cut', async () => {
    const spans = new Map<string, { attributes: Attributes; ended: number; error?: string | undefined }>();
    const options = tracers({
      startActiveSpan: boom,
      startSpan: (name, given) => {
        const told = { attributes: { ...given?.attributes }, ended: 0 } as {
          attributes: Attributes;
          ended: number;
          error?: string | undefined;
        };
        spans.set(name, told);
        const span = {
          spanContext: () => spanContext,
          setAttribute: (key: string, value: string) => {
            told.attributes[key] = value;
            return span;
          },
          setStatus: ({ message = '' }) => {
            told.error = message;
            return span;
          },
          end: () => {
            told.ended += 1;
          },
        } as unknown as Span;
        return span;
      },
    });
    const Said = defineTopic('said', { schema: type<string>() });
    const rash = defineAgent({
      name: 'rash',
      subscribe: [Order],
      receive: (text, context) => {
        context.publish(Said, text);
        throw new RangeError('no');
      },
    });
    const system = createSystem({ instrumentation: openTelemetry(options), agents: [rash] });

    await expect(system.request(Order, 'tea', { threadId: 'x'.repeat(1e6) })).rejects.toThrow('no');
    await system.stop();
    system.publish(Order, 'too late');

    expect(spans.get('publish said')).toMatchObject({
      ended: 1,
      error: 'RangeError: no',
      attributes: { 'error.type': 'RangeError' },
    });
    expect(spans.get('publish order')).toMatchObject({
      ended: 1,
      error: '',
      attributes: { 'error.type': 'Stopped', 'troupe.dead_letter.cause': 'Stopped' },
    });
    expect([...spans.values()].map(({ ended }) => ended)).toEqual([1, 1, 1, 1]);
    expect(String(spans.get('request order')!.attributes['messaging.message.conversation_id'])).toHaveLength(
      1_000,
    );
  });

  it('a diagnostic logger that throws does no harm either', async () => {
    const loud = { error: boom, warn: boom, info: boom, debug: boom, verbose: boom };
    diag.setLogger(loud, { suppressOverrideMessage: true });
    const options = tracers(throwing<Tracer>());
    const system = createSystem({ instrumentation: openTelemetry(options), agents: [shop] });

    expect(await system.request(Order, 'tea')).toBe('tea');
    await system.stop();
  });

  it('logs carry their fields without secrets, and the place of their handling', async () => {
    const records: LogRecord[] = [];
    const logger: Logger = { enabled: () => true, emit: (record) => void records.push(record) };
    const options = { ...loggers(logger), ...tracers(tracerOf(() => trace.wrapSpanContext(spanContext))) };
    const system = createSystem({ instrumentation: openTelemetry(options), agents: [shop] });

    await system.request(Order, 'tea');
    await system.stop();

    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({
      severityText: 'INFO',
      body: 'sold',
      attributes: {
        'troupe.agent.path': '/shop',
        'troupe.field.text': 'tea',
        'troupe.field.apiKey': '[redacted]',
      },
    });
    expect(trace.getSpanContext(records[0]!.context!)).toMatchObject({ spanId: spanContext.spanId });
  });

  it('metrics tell apart the first names and no more, and nothing is watched after the end', async () => {
    const added: Attributes[] = [];
    const callbacks = new Set<unknown>();
    const meter: Meter = {
      ...meterOf({ add: (_, facts) => void added.push(facts!), record: () => {} } as Instrument),
      addBatchObservableCallback: (callback) => void callbacks.add(callback),
      removeBatchObservableCallback: (callback) => void callbacks.delete(callback),
    };
    const instrumentation = openTelemetry({ ...meters(meter), namesMax: 2 });
    const systems = [createSystem({ instrumentation }), createSystem({ instrumentation })];

    for (const name of ['a', 'b', 'c', 'd', 'a']) {
      systems[0]!.publish(defineTopic(name, { schema: type<string>() }), 'x');
    }
    const watched = callbacks.size;
    await systems[0]!.stop();
    const stillWatched = callbacks.size;
    await systems[1]!.stop();

    expect(added.map((facts) => facts['messaging.destination.name'])).toEqual([
      'a',
      'b',
      'other',
      'other',
      'a',
    ]);
    expect([watched, stillWatched, callbacks.size]).toEqual([1, 1, 0]);
  });
});

const spanContext = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: 1,
};

type Instrument = ReturnType<Meter['createCounter']> & ReturnType<Meter['createHistogram']>;

function boom(): never {
  throw new RangeError('telemetry');
}

/** Something that throws whatever is done to it. */
function throwing<T extends object>(): T {
  return new Proxy({} as T, { get: boom });
}

const tracerOf = (spanFor: (options: SpanOptions | undefined) => Span): Tracer => ({
  startSpan: (_, options) => spanFor(options),
  startActiveSpan: boom,
});

/** A span that can be asked where it stands, and nothing else. */
const unwilling = (): Span =>
  new Proxy({} as Span, { get: (_, key) => (key === 'spanContext' ? () => spanContext : boom()) });

const meterOf = (instrument: object): Meter => ({
  ...createNoopMeterOf(),
  createCounter: () => instrument as Instrument,
  createHistogram: () => instrument as Instrument,
});

function createNoopMeterOf(): Meter {
  const noop = createNoopMeter();
  return {
    createGauge: (...given) => noop.createGauge(...given),
    createHistogram: (...given) => noop.createHistogram(...given),
    createCounter: (...given) => noop.createCounter(...given),
    createUpDownCounter: (...given) => noop.createUpDownCounter(...given),
    createObservableGauge: (...given) => noop.createObservableGauge(...given),
    createObservableCounter: (...given) => noop.createObservableCounter(...given),
    createObservableUpDownCounter: (...given) => noop.createObservableUpDownCounter(...given),
    addBatchObservableCallback: () => {},
    removeBatchObservableCallback: () => {},
  };
}
