/**
 * A receiver of OTLP over HTTP, with a decoder of its own.
 *
 * The messages are written out by hand from the public .proto files
 * (opentelemetry-proto 1.9: common, resource, trace, metrics, logs), as far as they are
 * looked at here, and read by protobufjs: nothing of the exporters' own code takes part.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs';

const proto = `
syntax = "proto3";
message AnyValue {
  oneof value {
    string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
    ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7;
  }
}
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message Scope { string name = 1; string version = 2; }

message TraceRequest { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { repeated ScopeSpans scope_spans = 2; }
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5;
  int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
  repeated Link links = 13; Status status = 15;
}
message Link { bytes trace_id = 1; bytes span_id = 2; }
message Status { string message = 2; int32 code = 3; }

message LogsRequest { repeated ResourceLogs resource_logs = 1; }
message ResourceLogs { repeated ScopeLogs scope_logs = 2; }
message ScopeLogs { Scope scope = 1; repeated LogRecord log_records = 2; }
message LogRecord {
  fixed64 time_unix_nano = 1; int32 severity_number = 2; string severity_text = 3; AnyValue body = 5;
  repeated KeyValue attributes = 6; bytes trace_id = 9; bytes span_id = 10; string event_name = 12;
}

message MetricsRequest { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { repeated ScopeMetrics scope_metrics = 2; }
message ScopeMetrics { Scope scope = 1; repeated Metric metrics = 2; }
message Metric { string name = 1; string description = 2; string unit = 3; Points gauge = 5; Points sum = 7; Histogram histogram = 9; }
message Points { repeated Point data_points = 1; }
message Point { double as_double = 4; sfixed64 as_int = 6; repeated KeyValue attributes = 7; }
message Histogram { repeated HistogramPoint data_points = 1; }
message HistogramPoint { fixed64 count = 4; double sum = 5; repeated KeyValue attributes = 9; }
`;

const { root } = protobuf.parse(proto);

type Value = string | number | boolean | undefined;
type Facts = Readonly<Record<string, Value>>;

export interface SpanSeen {
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly attributes: Facts;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: string;
  readonly statusMessage: string;
  readonly scope: string;
}

export interface LogSeen {
  readonly severity: string;
  readonly body: Value;
  readonly eventName: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Facts;
}

export interface PointSeen {
  readonly metric: string;
  readonly unit: string;
  readonly value: number;
  readonly attributes: Facts;
}

export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly spans: SpanSeen[];
  readonly logs: LogSeen[];
  /** Of the last export. */
  points: PointSeen[];
}

const kinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const statuses = ['UNSET', 'OK', 'ERROR'];

export async function otlpReceiver(): Promise<Receiver> {
  const spans: SpanSeen[] = [];
  const logs: LogSeen[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
    }
    const raw = Buffer.concat(chunks);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    switch (request.url) {
      case '/v1/traces':
        spans.push(...spansIn(body));
        break;
      case '/v1/logs':
        logs.push(...logsIn(body));
        break;
      default:
        receiver.points = pointsIn(body);
    }
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    logs,
    points: [],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}

// biome-ignore lint/suspicious/noExplicitAny: what protobufjs reads has no type.
type Decoded = any;

function decode(type: string, body: Buffer): Decoded {
  const message = root.lookupType(type);
  return message.toObject(message.decode(body), {
    longs: Number,
    bytes: (value: Uint8Array) => Buffer.from(value).toString('hex'),
    defaults: true,
    arrays: true,
  });
}

const hex = (bytes: Uint8Array | string): string =>
  typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('hex');

function spansIn(body: Buffer): SpanSeen[] {
  return decode('TraceRequest', body).resourceSpans.flatMap((resource: Decoded) =>
    resource.scopeSpans.flatMap((scoped: Decoded) =>
      scoped.spans.map((span: Decoded) => ({
        name: span.name,
        kind: kinds[span.kind],
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentSpanId: hex(span.parentSpanId),
        traceState: span.traceState,
        attributes: factsOf(span.attributes),
        links: span.links.map((link: Decoded) => ({ traceId: hex(link.traceId), spanId: hex(link.spanId) })),
        status: statuses[span.status?.code ?? 0],
        statusMessage: span.status?.message ?? '',
        scope: `${scoped.scope.name} ${scoped.scope.version}`,
      })),
    ),
  );
}

function logsIn(body: Buffer): LogSeen[] {
  return decode('LogsRequest', body).resourceLogs.flatMap((resource: Decoded) =>
    resource.scopeLogs.flatMap((scoped: Decoded) =>
      scoped.logRecords.map((record: Decoded) => ({
        severity: record.severityText,
        body: plainOf(record.body),
        eventName: record.eventName,
        traceId: hex(record.traceId),
        spanId: hex(record.spanId),
        attributes: factsOf(record.attributes),
      })),
    ),
  );
}

function pointsIn(body: Buffer): PointSeen[] {
  return decode('MetricsRequest', body).resourceMetrics.flatMap((resource: Decoded) =>
    resource.scopeMetrics.flatMap((scoped: Decoded) =>
      scoped.metrics.flatMap((metric: Decoded) => {
        const numbers = [...(metric.gauge?.dataPoints ?? []), ...(metric.sum?.dataPoints ?? [])];
        const histograms = metric.histogram?.dataPoints ?? [];
        const seen = (point: Decoded, value: number): PointSeen => ({
          metric: metric.name,
          unit: metric.unit,
          value,
          attributes: factsOf(point.attributes),
        });
        return [
          ...numbers.map((point: Decoded) => seen(point, point.asDouble || point.asInt)),
          ...histograms.map((point: Decoded) => seen(point, point.count)),
        ];
      }),
    ),
  );
}

const factsOf = (attributes: readonly Decoded[]): Facts =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, plainOf(value)]));

const plainOf = (value: Decoded): Value =>
  value === null || value === undefined ? undefined : (Object.values(value)[0] as Value);
