/**
 * What does OpenTelemetry cost? Nanoseconds a message, told from one agent to another.
 *
 * Without an SDK it should cost nothing that can be measured. The last two rows are
 * what the adapter itself costs, with spans and meters that do nothing; what an SDK
 * does with two spans for each message comes on top.
 *
 *     npm run bench -- otel     full size, prints a table
 *     npm test                  smoke size, keeps this file alive
 */
import { createNoopMeter, trace } from '@opentelemetry/api';
import { type AgentRef, createSystem, defineAgent, defineTopic, type SystemOptions, type } from 'troupe';
import { openTelemetry } from 'troupe/otel';
import { type Benchmark, justDoIt, type VariantOptions } from './harness/benchmark.ts';

const Number_ = defineTopic('number', { schema: type<number>() });
const Batch = defineTopic('batch', { schema: type<{ first: number; count: number }>() });

/** Messages an agent sends in one step. */
const perStep = 64;

async function told({ size, measure = justDoIt }: VariantOptions, options: SystemOptions) {
  const whole = Promise.withResolvers<void>();
  let total = 0;
  let count = 0;
  await using system = createSystem(options);
  const sink = system.spawn(
    defineAgent({
      name: 'sink',
      subscribe: [Number_],
      receive: (value) => {
        total += value;
        count += 1;
        if (count === size) {
          whole.resolve();
        }
      },
    }),
  );
  const source: AgentRef<{ first: number; count: number }, unknown> = system.spawn(
    defineAgent({
      name: 'source',
      subscribe: [Batch],
      receive: ({ first, count }, context) => {
        const most = Math.min(count, perStep);
        for (let value = first; value < first + most; value += 1) {
          context.tell(sink, value);
        }
        if (count > most) {
          context.tell(source, { first: first + most, count: count - most });
        }
      },
    }),
  );

  await measure(async () => {
    system.tell(source, { first: 0, count: size });
    await whole.promise;
  });

  return { checksum: total };
}

export function withoutAdapter(options: VariantOptions) {
  return told(options, {});
}

export function withoutSdk(options: VariantOptions) {
  return told(options, { instrumentation: openTelemetry() });
}

export function withIdleMeter(options: VariantOptions) {
  const noop = createNoopMeter();
  // Another object, since the one of the API means that nobody is registered.
  const meter: typeof noop = Object.create(noop);
  return told(options, { instrumentation: openTelemetry({ meterProvider: { getMeter: () => meter } }) });
}

export function withIdleSpans(options: VariantOptions) {
  const span = trace.wrapSpanContext({ traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 });
  const tracer = { startSpan: () => span, startActiveSpan: trace.getTracer('idle').startActiveSpan };
  return told(options, { instrumentation: openTelemetry({ tracerProvider: { getTracer: () => tracer } }) });
}

export const benchmark: Benchmark = {
  question: 'What does OpenTelemetry cost?',
  unit: 'message',
  size: 200_000,
  variants: {
    'no adapter': withoutAdapter,
    'adapter, no SDK': withoutSdk,
    'adapter, meter that does nothing': withIdleMeter,
    'adapter, spans that do nothing': withIdleSpans,
  },
  baseline: 'no adapter',
  goals: [{ variant: 'adapter, no SDK', beside: 'no adapter', timesMax: 1.1 }],
};
