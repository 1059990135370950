/** The real SDK with everything that exports, to a receiver of our own. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, context, logs, metrics, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { otlpReceiver, type Receiver, type SpanSeen } from './otlp.ts';

export interface Telemetry extends AsyncDisposable {
  readonly receiver: Receiver;
  /** Sends what was gathered. */
  flush(): Promise<void>;
  /** The only span of that name and, where there are several, that agent. */
  span(name: string, agentPath?: string): SpanSeen;
}

/** Registers an SDK, as a service does before anything else. */
export async function telemetry(): Promise<Telemetry> {
  const receiver = await otlpReceiver();
  const spans = new TracerProvider({
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url: `${receiver.url}/v1/traces`, timeoutMillis: 1_000 }),
      }),
    ],
  });
  const meters = new MeterProvider({
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter({ url: `${receiver.url}/v1/metrics`, timeoutMillis: 1_000 }),
        exportIntervalMillis: 3_600_000,
      }),
    ],
  });
  const records = new LoggerProvider({
    processors: [
      new BatchLogRecordProcessor({
        exporter: new OTLPLogExporter({ url: `${receiver.url}/v1/logs`, timeoutMillis: 1_000 }),
      }),
    ],
  });
  context.setGlobalContextManager(contextManager());
  trace.setGlobalTracerProvider(spans);
  metrics.setGlobalMeterProvider(meters);
  logs.setGlobalLoggerProvider(records);
  return {
    receiver,
    async flush() {
      await spans.forceFlush();
      await meters.forceFlush();
      await records.forceFlush();
    },
    span(name, agentPath) {
      const found = receiver.spans.filter(
        (span) =>
          span.name === name &&
          (agentPath === undefined || span.attributes['troupe.agent.path'] === agentPath),
      );
      if (found.length !== 1) {
        throw new Error(
          `${found.length} spans '${name}'; there are ${receiver.spans.map((span) => span.name)}`,
        );
      }
      return found[0]!;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([spans.shutdown(), meters.shutdown(), records.shutdown()]);
      for (const api of [context, trace, metrics, logs]) {
        api.disable();
      }
      await receiver[Symbol.asyncDispose]();
    },
  };
}

/** What @opentelemetry/context-async-hooks does, in short. */
function contextManager() {
  const storage = new AsyncLocalStorage<Context>();
  const manager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: <A extends unknown[], F extends (...args: A) => ReturnType<F>>(
      active: Context,
      f: F,
      thisArg?: ThisParameterType<F>,
      ...args: A
    ): ReturnType<F> => storage.run(active, () => f.call(thisArg, ...args) as ReturnType<F>),
    bind: <T>(_: Context, target: T): T => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}
