import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lastEventId } from '../../../src/adapters/node/node-request.ts';
import { termsOf } from '../../../src/adapters/node/request-terms.ts';
import { sseText } from '../../../src/adapters/node/sse-event.ts';
import { traceIn, traceOut } from '../../../src/adapters/node/trace-headers.ts';
import { aServer } from '../../support/a-server.ts';

const from = (headers: Record<string, string>) => (name: string) => headers[name];
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('the terms of a request', () => {
  it.each([
    [{}, {}, 30_000],
    [{ 'x-request-timeout-ms': '50' }, {}, 50],
    [{ 'x-request-timeout-ms': '50000' }, {}, 30_000],
    [{ 'x-request-timeout-ms': '50000' }, { timeoutMs: Number.POSITIVE_INFINITY }, 50_000],
    [{ 'x-request-timeout-ms': '50' }, { timeoutMs: 5 }, 5],
    [{ 'x-request-timeout-ms': 'never' }, { timeoutHeader: false as const }, 30_000],
    [{ 'x-patience': '7' }, { timeoutHeader: 'X-Patience' }, 7],
  ])('with the headers %o and the options %o have a timeout of %d ms', (headers, options, timeoutMs) => {
    expect(termsOf(from(headers), options).timeoutMs).toBe(timeoutMs);
  });

  it.each(['', '0', '-5', '1.5', 'soon', '1e3', '9'.repeat(400)])(
    'are refused when the client waits for %j milliseconds',
    (wanted) => {
      expect(() => termsOf(from({ 'x-request-timeout-ms': wanted }), {})).toThrow(/expected a whole number/);
    },
  );

  it('have the trace of the client', () => {
    const terms = termsOf(from({ traceparent, tracestate: 'a=1' }), {});

    expect(terms.headers).toEqual({ traceparent, tracestate: 'a=1' });
    expect(traceOut({ ...terms.headers, tenant: 'acme' })).toEqual({ traceparent, tracestate: 'a=1' });
  });

  it.each([
    [{ traceparent: 'nonsense', tracestate: 'a=1' }, {}],
    [{ traceparent: `${traceparent}${'x'.repeat(9_999)}` }, {}],
    [{ traceparent: `cc${traceparent.slice(2)}-what-will-be` }, { traceparent }],
    [{ traceparent, tracestate: 'x'.repeat(513) }, { traceparent }],
    [{ traceparent, tracestate: '' }, { traceparent }],
  ])('have no more of the trace than can be understood: %#', (headers, expected) => {
    expect(traceIn(from(headers))).toEqual(expected);
  });
});

describe('the last event a client had', () => {
  it.each([
    ['41', '41'],
    ['', undefined],
    ['x'.repeat(1_025), undefined],
    [undefined, undefined],
    // Not UTF-8: as it came.
    ['caf\u00e9', 'caf\u00e9'],
  ])('%j is %j', (header, id) => {
    const headers = header === undefined ? {} : { 'last-event-id': header };

    expect(lastEventId({ headers })).toBe(id);
    expect(lastEventId(new Request('http://here', { headers }))).toBe(id);
  });

  it('law: is the id that was sent with it, in whatever script it is written', () => {
    const anId = fc
      .string({ unit: fc.constantFrom('a', '7', ' ', ':', 'é', 'ÿ', '→', '😀', '한') })
      // A header has no white space at its ends.
      .map((text) => `x${text}x`);
    fc.assert(
      fc.property(anId, (id) => {
        const sent = /^id: (.*)$/m.exec(sseText({ data: '', id }))![1]!;
        // As a client writes it, and as a server reads it.
        const headers = { 'last-event-id': Buffer.from(sent, 'utf8').toString('latin1') };

        expect(lastEventId({ headers })).toBe(id);
        expect(lastEventId(new Request('http://here', { headers }))).toBe(id);
        expect(lastEventId({ headers: { 'last-event-id': id } })).toBe(id);
      }),
    );
  });

  it('is read as UTF-8 from a real request', async () => {
    const ids: unknown[] = [];
    const { port } = await aServer((request, response) => {
      ids.push(lastEventId(request));
      response.end();
    });
    const socket = connect({ port, host: '127.0.0.1' });
    socket.write('GET / HTTP/1.1\r\nHost: here\r\nLast-Event-ID: é→7\r\nConnection: close\r\n\r\n');
    await once(socket.resume(), 'close');

    expect(ids).toEqual(['é→7']);
  });
});
