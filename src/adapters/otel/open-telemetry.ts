/**
 * OpenTelemetry: spans, metrics and logs of a system, through its API. Entry point: `troupe/otel`.
 *
 * The API is all that is needed here: who collects, samples and exports is the SDK
 * that the service registers. It is looked for when a system begins, so register it
 * before. Where there is none, nothing is attached, and a message costs one branch.
 *
 * Guarantees: what a tracer, meter, logger or exporter throws never reaches an
 * agent. When the system has stopped, nothing of it is held here any more.
 */
import {
  createNoopMeter,
  type Logger,
  type LoggerProvider,
  logs,
  type Meter,
  type MeterProvider,
  metrics,
  type ProxyTracerProvider,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import type { IsSecret } from '../../core/redact.ts';
import type { EventListener } from '../../core/system-event.ts';
import type { Attached, Instrumentation, Instrumented } from '../../core/tracing.ts';
import { checkNamesMax } from './bounded-names.ts';
import { guarded } from './guard.ts';
import { LogRecords } from './log-records.ts';
import { Measures } from './measures.ts';
import { scope } from './names.ts';
import { Spans } from './spans.ts';

export interface OpenTelemetryOptions {
  /** Who makes spans; the registered one when not given. */
  readonly tracerProvider?: TracerProvider;
  /** Who measures; the registered one when not given. */
  readonly meterProvider?: MeterProvider;
  /** Who keeps logs; the registered one when not given. */
  readonly loggerProvider?: LoggerProvider;
  /** Most names of definitions, of topics and of errors that metrics tell apart, of each; 100 when not given. The rest is `other`. */
  readonly namesMax?: number;
  /** Which names hold secrets; those that usually do when not given. */
  readonly isSecret?: IsSecret;
}

/**
 * Makes the instrumentation of a system.
 *
 * Errors: `RangeError` for a `namesMax` that cannot be.
 *
 * Cost: with an SDK, two spans for each message; it decides by sampling which of
 * them are kept. Without one, one branch.
 *
 * @example
 * const system = createSystem({ instrumentation: openTelemetry() })
 * system.health().status // => 'up'
 * await system.stop()
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Instrumentation {
  const namesMax = options.namesMax ?? 100;
  checkNamesMax(namesMax);
  return { attach: (system) => guarded(() => attach(system, options, namesMax), undefined) };
}

function attach(system: Instrumented, options: OpenTelemetryOptions, namesMax: number): Attached | undefined {
  const tracer = tracerFrom(options.tracerProvider);
  const meter = meterFrom(options.meterProvider);
  const logger = loggerFrom(options.loggerProvider);
  if (tracer === undefined && meter === undefined && logger === undefined) {
    return undefined;
  }
  const measures = new Measures(meter ?? createNoopMeter(), namesMax);
  const records = logger === undefined ? undefined : new LogRecords(logger, options.isSecret);
  const spans = new Spans({
    tracer: tracer ?? trace.getTracer(scope.name, scope.version),
    measures,
    systemId: system.id,
    isSecret: options.isSecret,
  });
  const unwatch = measures.watch(system);
  const listener: EventListener = {
    next: (event) => {
      guarded(() => measures.told(event, system), undefined);
      guarded(() => records?.told(event, (failure) => spans.contextOfFailure(failure)), undefined);
    },
    complete: () => guarded(unwatch, undefined),
  };
  return { listener, tracing: spans };
}

function tracerFrom(provider: TracerProvider | undefined): Tracer | undefined {
  const { name, version } = scope;
  if (provider !== undefined) {
    return provider.getTracer(name, version);
  }
  const registered = trace.getTracerProvider() as TracerProvider & Partial<ProxyTracerProvider>;
  return registered.getDelegateTracer === undefined
    ? registered.getTracer(name, version)
    : registered.getDelegateTracer(name, version);
}

function meterFrom(provider: MeterProvider | undefined): Meter | undefined {
  const meter = (provider ?? metrics.getMeterProvider()).getMeter(scope.name, scope.version);
  return meter === createNoopMeter() ? undefined : meter;
}

/** A logger that nobody is behind says that it is not enabled. */
function loggerFrom(provider: LoggerProvider | undefined): Logger | undefined {
  const logger = (provider ?? logs).getLogger(scope.name, scope.version);
  return logger.enabled() ? logger : undefined;
}
