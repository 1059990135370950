import { get } from 'node:http';
import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { createSystem, defineAgent, defineTopic, type } from 'troupe';
import { openTelemetry } from 'troupe/otel';
import { describe, expect, it } from 'vitest';
import type { PointSeen } from './support/otlp.ts';
import { telemetry } from './support/telemetry.ts';

const Order = defineTopic('orders.placed', { schema: type<number>(), reply: type<number>() });
const Slow = defineTopic('slow', { schema: type<number>() });

/** A shop that fails once and spends, and somebody whose mailbox overflows. */
function aBusySystem() {
  const gate = Promise.withResolvers<void>();
  const shop = defineAgent({
    name: 'shop',
    subscribe: [Order],
    receive: (n, context) => {
      context.log.warn('an order', { n, password: 'hunter2' });
      context.budget.spend('tokens', 7);
      if (n === 13) {
        throw new RangeError('bad luck');
      }
      return n;
    },
  });
  const slow = defineAgent({
    name: 'slow',
    subscribe: [Slow],
    capacity: 1,
    overflow: 'drop-newest',
    receive: () => gate.promise,
  });
  const system = createSystem({
    instrumentation: openTelemetry(),
    agents: [shop, slow],
  });
  return { system, gate };
}

async function beBusy({ system }: ReturnType<typeof aBusySystem>) {
  await system.request(Order, 1, { budget: { tokens: 100 } });
  await system.request(Order, 13, { budget: { tokens: 100 } }).catch(() => {});
  system.publish(Slow, 1);
  await new Promise((resolve) => setImmediate(resolve));
  system.publish(Slow, 2);
  system.publish(Slow, 3);
  await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('metrics', () => {
  it('reach an OTLP receiver with their names, units and attributes', async () => {
    await using seen = await telemetry();
    const busy = aBusySystem();

    await beBusy(busy);
    await seen.flush();
    busy.gate.resolve();
    await busy.system.stop();

    const { points } = seen.receiver;
    expect(sumOf(points, 'messaging.client.sent.messages', { 'messaging.destination.name': 'slow' })).toBe(3);
    expect(
      sumOf(points, 'messaging.process.duration', {
        'troupe.agent.name': 'shop',
        'troupe.outcome': 'handled',
      }),
    ).toBe(1);
    expect(
      sumOf(points, 'troupe.request.duration', { 'troupe.verb': 'request', 'error.type': 'AgentDefect' }),
    ).toBe(1);
    expect(sumOf(points, 'troupe.mailbox.drops', { 'troupe.dead_letter.cause': 'Dropped' })).toBe(1);
    expect(sumOf(points, 'troupe.dead_letters', { 'troupe.dead_letter.cause': 'Dropped' })).toBe(1);
    expect(
      sumOf(points, 'troupe.failures', { 'troupe.failure.class': 'defect', 'troupe.agent.name': 'shop' }),
    ).toBe(1);
    expect(sumOf(points, 'troupe.agent.restarts', { 'troupe.agent.name': 'shop' })).toBe(1);
    expect(sumOf(points, 'troupe.budget.spent', { 'troupe.budget.resource': 'tokens' })).toBe(14);
    expect(sumOf(points, 'troupe.mailbox.depth', { 'troupe.agent.name': 'slow' })).toBe(1);
    expect(sumOf(points, 'troupe.agents.active', { 'troupe.agent.name': 'shop' })).toBe(1);
    expect(points.find((point) => point.metric === 'messaging.process.duration')?.unit).toBe('s');
  });

  it('are scraped by Prometheus over a socket', async () => {
    const exporter = new PrometheusExporter({ port: 0, host: '127.0.0.1', preventServerStart: true });
    const provider = new MeterProvider({ readers: [exporter] });
    metrics.setGlobalMeterProvider(provider);
    const busy = aBusySystem();

    await exporter.startServer();
    const { port } = (exporter as unknown as { _server: { address(): { port: number } } })._server.address();
    await beBusy(busy);
    const text = await scraped(port);
    busy.gate.resolve();
    await busy.system.stop();
    const after = await scraped(port);
    await provider.shutdown();
    metrics.disable();

    expect(text).toMatch(
      /^messaging_process_duration(?:_seconds)?_count\{.*troupe_agent_name="shop".*\} 1$/m,
    );
    expect(text).toMatch(/^troupe_mailbox_depth\{.*troupe_agent_name="slow".*\} 1$/m);
    expect(text).toMatch(/^troupe_agent_restarts_total\{.*troupe_agent_name="shop".*\} 1$/m);
    expect(text).not.toContain('/shop');
    expect(after).toMatch(/^troupe_agents_active\{.*troupe_agent_name="slow".*\} 0$/m);
  });
});

describe('logs', () => {
  it('reach an OTLP receiver in the trace of their handling, without secrets', async () => {
    await using seen = await telemetry();
    const busy = aBusySystem();

    await beBusy(busy);
    busy.gate.resolve();
    await busy.system.stop();
    await seen.flush();

    const { logs, spans } = seen.receiver;
    const handlings = spans
      .filter((span) => span.name === 'process orders.placed')
      .map((span) => span.spanId);
    const lines = logs.filter((log) => log.body === 'an order');
    expect(lines.map((log) => log.spanId).toSorted()).toEqual(handlings.toSorted());
    expect(lines[0]).toMatchObject({
      severity: 'WARN',
      attributes: {
        'troupe.agent.path': '/shop',
        'troupe.field.n': 1,
        'troupe.field.password': '[redacted]',
      },
    });
    expect(logs.find((log) => log.eventName === 'troupe.failure')).toMatchObject({
      severity: 'ERROR',
      body: '/shop failed, restart: RangeError: bad luck',
      attributes: { 'exception.type': 'RangeError', 'troupe.failure.class': 'defect' },
    });
    expect(logs.map((log) => log.eventName)).toEqual(
      expect.arrayContaining(['troupe.dead_letter', 'troupe.agent.restart']),
    );
  });

  it('and spans that nobody takes do no harm: the receiver is gone, the queue is bounded', async () => {
    const seen = await telemetry();
    await seen.receiver[Symbol.asyncDispose]();
    const busy = aBusySystem();

    for (let n = 0; n < 5_000; n += 1) {
      expect(await busy.system.request(Order, 1)).toBe(1);
    }
    busy.gate.resolve();
    await busy.system.stop();
    await Promise.resolve(seen[Symbol.asyncDispose]()).catch(() => {});
  });
});

function sumOf(points: readonly PointSeen[], metric: string, facts: Readonly<Record<string, string>>) {
  const found = points.filter(
    (point) =>
      point.metric === metric &&
      Object.entries(facts).every(([key, value]) => point.attributes[key] === value),
  );
  return found.length === 0
    ? `none of ${JSON.stringify(points.filter((point) => point.metric === metric))}`
    : found.reduce((sum, point) => sum + point.value, 0);
}

const scraped = (port: number) =>
  new Promise<string>((resolve, reject) => {
    get({ port, host: '127.0.0.1', path: '/metrics' }, async (response) => {
      let text = '';
      for await (const chunk of response) {
        text += chunk;
      }
      resolve(text);
    }).on('error', reject);
  });
