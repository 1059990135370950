import { once } from 'node:events';
import { get, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { defineAgent } from '../../../src/actors/define-agent.ts';
import { createSystem } from '../../../src/actors/system.ts';
import type { StreamOutcome } from '../../../src/adapters/node/reply-pump.ts';
import { type SendStreamOptions, sendStream } from '../../../src/adapters/node/send-stream.ts';
import { ndjson, plainText, sse } from '../../../src/adapters/node/stream-format.ts';
import type { Envelope } from '../../../src/core/envelope.ts';
import { type } from '../../../src/core/schema.ts';
import { defineTopic } from '../../../src/core/topic.ts';
import { aReluctantClient, aServer } from '../../support/a-server.ts';
import { clockwork } from '../../support/clockwork.ts';

type Work = 'three' | 'endless' | 'silent' | 'throws' | 'throws later' | 'nothing' | 'big' | 'gated';
const Ask = defineTopic('ask', { schema: type<Work>(), reply: type<unknown>() });

describe('a stream of replies, sent as a response', () => {
  it('is read to its end as server-sent events', async () => {
    const { url, outcomes } = await aService();

    const response = await fetch(`${url}/three`);

    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-cache, no-transform');
    expect(await response.text()).toBe('data: 1\n\ndata: 2\n\ndata: 3\n\nevent: end\ndata: {}\n\n');
    expect(await outcomes[0]).toEqual({ _tag: 'Complete', sent: 3, dropped: 0 });
  });

  it('is read to its end as lines of JSON, and as text', async () => {
    const lines = await aService({ format: ndjson() });
    const plain = await aService({ format: { ...plainText(), encode: String } });

    expect(await (await fetch(`${lines.url}/three`)).text()).toBe('1\n2\n3\n');
    expect(await (await fetch(`${plain.url}/three`)).text()).toBe('123');
  });

  it('may have no replies', async () => {
    const { url } = await aService();
    const bare = await aService({ format: sse({ endEvent: false }) });

    expect(await (await fetch(`${url}/nothing`)).text()).toBe('event: end\ndata: {}\n\n');
    expect(await (await fetch(`${bare.url}/nothing`)).text()).toBe('');
  });

  it('has events with names and ids of their own', async () => {
    const event = (reply: unknown, number: number) => ({ data: `${reply}`, id: `${number}`, event: 'count' });
    const { url } = await aService({ format: sse({ event, endEvent: false }) });

    expect(await (await fetch(`${url}/nothing`)).text()).toBe('');
    expect((await (await fetch(`${url}/three`)).text()).split('\n\n')[0]).toBe(
      'event: count\nid: 0\ndata: 1',
    );
  });

  it('sends its head before the first reply when that takes long, so that the client knows that it is at work', async () => {
    const clock = clockwork();
    const { environment } = clock;
    const { url, gate } = await aService({ environment, headWithinMs: 25 });
    const asked = fetch(`${url}/gated`);
    await vi.waitFor(() => expect(clock.pending()).toBe(1));

    clock.wait(25);
    const response = await asked;
    gate.resolve();

    expect(response.status).toBe(200);
    expect(await response.text()).toBe(': open\n\ndata: "at last"\n\nevent: end\ndata: {}\n\n');
  });

  it('says something now and then while it has nothing to say', async () => {
    const clock = clockwork();
    const { environment } = clock;
    const { url, gate } = await aService({ environment, headWithinMs: 0, keepAliveMs: 1_000 });
    const asked = fetch(`${url}/gated`);
    await vi.waitFor(() => expect(clock.pending()).toBe(1));
    clock.wait(0);
    const response = await asked;

    for (let n = 0; n < 8; n += 1) clock.wait(500);
    gate.resolve();

    const comments = (await response.text()).split(': still here\n\n').length - 1;
    expect(comments).toBe(4);
    expect(clock.pending()).toBe(0);
  });

  it('fails with a status and a problem when it fails before the first byte', async () => {
    const { url, outcomes } = await aService();

    const response = await fetch(`${url}/throws`);

    expect(response.status).toBe(500);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ status: 500, code: 'DEFECT' });
    expect(await outcomes[0]).toMatchObject({ _tag: 'Failed', sent: 0, failure: { code: 'DEFECT' } });
  });

  it('fails with a status when it cannot even be opened', async () => {
    const { url } = await aService({ timeoutHeader: 'accept-language' });

    const response = await fetch(`${url}/three`, { headers: { 'accept-language': 'at once' } });

    expect(response.status).toBe(422);
  });

  it('ends in an event error when it fails after the first byte', async () => {
    const { url, outcomes } = await aService();

    const response = await fetch(`${url}/throws later`);
    const events = await response.text();

    expect(response.status).toBe(200);
    expect(events).toMatch(
      /^data: 1\n\nevent: error\ndata: \{"type":"about:blank".*"code":"DEFECT".*\}\n\n$/,
    );
    expect(events).not.toContain('hunter2');
    expect(await outcomes[0]).toMatchObject({ _tag: 'Failed', sent: 1 });
  });

  it('is cut off when it fails after the first byte and its format has no word for that', async () => {
    const { url, outcomes } = await aService({ format: ndjson() });

    const response = await opened(`${url}/throws later`);
    const chunks: string[] = [];
    response.on('data', (chunk) => chunks.push(`${chunk}`));
    await new Promise((resolve) => response.on('close', resolve));

    expect(chunks).toEqual(['1\n']);
    expect(response.complete).toBe(false);
    expect(await outcomes[0]).toMatchObject({ _tag: 'Failed', sent: 1 });
  });

  it('fails when a reply cannot be encoded, and its work is interrupted', async () => {
    const { url, outcomes, ended } = await aService({
      format: { contentType: 'x/y', encode: () => `${BigInt('x')}` },
    });

    const response = await fetch(`${url}/endless`);

    expect(response.status).toBe(500);
    expect(await outcomes[0]).toMatchObject({ _tag: 'Failed', sent: 0, failure: expect.any(SyntaxError) });
    await vi.waitFor(() => expect(ended).toEqual(['endless']));
  });

  it('is not read ahead of a client that does not read', async () => {
    const { port, made, outcomes, ended } = await aService({ stalledMs: Number.POSITIVE_INFINITY });
    const socket = await aReluctantClient(port, '/big');

    const most = await untilStill(() => made());
    await setImmediate();
    const still = made();
    // Kernels hold some megabytes for a connection of this machine; a reply has 64 KiB.
    expect(most).toBeLessThan(400);
    expect(still).toBe(most);

    let bytes = 0;
    socket.on('data', (chunk) => {
      bytes += chunk.length;
    });
    socket.resume();
    await vi.waitFor(() => expect(made()).toBeGreaterThan(most + 20));
    expect(bytes).toBeGreaterThan(0);
    socket.destroy();
    expect(await outcomes[0]).toMatchObject({ _tag: 'Left' });
    await vi.waitFor(() => expect(ended).toEqual(['big']));
  });

  it('is interrupted when its client leaves in mid-stream', async () => {
    const { url, outcomes, ended } = await aService();
    const response = await opened(`${url}/endless`);
    await once(response, 'data');

    response.destroy();

    const outcome = await outcomes[0]!;
    expect(outcome._tag).toBe('Left');
    expect(outcome.dropped).toBeLessThan(2); // One may have been on its way.
    await vi.waitFor(() => expect(ended).toEqual(['endless']));
  });

  it('is interrupted when its client leaves before the first byte', async () => {
    const { url, outcomes, ended } = await aService({ headWithinMs: Number.POSITIVE_INFINITY });
    const client = get(`${url}/gated`);
    client.on('error', () => {});
    await vi.waitFor(() => expect(outcomes).toHaveLength(1));

    client.destroy();

    expect(await outcomes[0]).toEqual({ _tag: 'Left', sent: 0, dropped: 0 });
    await vi.waitFor(() => expect(ended).toEqual(['gated']));
  });

  it('is interrupted when its client leaves while it waits for its turn on the connection', async () => {
    const { port, outcomes, begun, ended, system } = await aService();
    const socket = await aReluctantClient(port, '/endless');
    for (let n = 0; n < 20; n += 1) socket.write('GET /gated HTTP/1.1\r\nHost: here\r\n\r\n');
    await vi.waitFor(() => expect([outcomes.length, begun()]).toEqual([21, 10]), 20_000);

    socket.destroy();

    expect((await Promise.all(outcomes)).map(({ _tag }) => _tag)).toEqual(Array(21).fill('Left'));
    await vi.waitFor(() => expect(ended).toHaveLength(begun()));
    expect(system.health().inFlight).toBe(0);
  });

  it('is not even begun for a client that has left already', async () => {
    const { url, outcomes, ended, system } = await aService({}, async (response) => {
      await once(response, 'close');
    });
    const client = get(`${url}/three`);
    client.on('error', () => {});
    await once(client, 'socket');
    client.flushHeaders();
    await vi.waitFor(() => expect(outcomes).toHaveLength(1));

    client.destroy();

    expect(await outcomes[0]).toEqual({ _tag: 'Left', sent: 0, dropped: 0 });
    expect(ended).toEqual([]);
    expect(system.statistics().agents[0]?.offered).toBe(0);
  });

  it('runs on to its end when it is detached, and what nobody reads is counted', async () => {
    const { url, outcomes, gate, ended, closed } = await aService({
      onDisconnect: 'detach',
      headWithinMs: 0,
    });
    const response = await opened(`${url}/gated`);
    response.destroy();
    await vi.waitFor(() => expect(closed()).toBe(1));

    gate.resolve();

    expect(await outcomes[0]).toEqual({ _tag: 'Left', sent: 0, dropped: 1 });
    expect(ended).toEqual(['gated']);
  });

  it('runs on to its deadline at most when it is detached', async () => {
    const { url, outcomes, closed } = await aService({
      onDisconnect: 'detach',
      headWithinMs: 0,
      timeoutMs: 2_000,
    });
    const response = await opened(`${url}/gated`);
    response.destroy();
    await vi.waitFor(() => expect(closed()).toBe(1));

    expect(await outcomes[0]).toMatchObject({ _tag: 'Left', sent: 0, failure: { code: 'TIMEOUT' } });
  });

  it('cuts off a client that takes nothing for too long, and its work is interrupted', async () => {
    const clock = clockwork();
    const { environment } = clock;
    const { port, made, outcomes, ended } = await aService({ environment, stalledMs: 5_000 });
    await aReluctantClient(port, '/big');
    await untilStill(() => made());

    clock.wait(4_999);
    await setImmediate();
    const before = [...ended];
    clock.wait(1);

    expect(await outcomes[0]).toMatchObject({ _tag: 'Stalled', dropped: 0 });
    expect(before).toEqual([]);
    await vi.waitFor(() => expect(ended).toEqual(['big']));
    expect(clock.pending()).toBe(0);
  });

  it('cuts off a client that does not take the end of a stream that failed', async () => {
    const clock = clockwork();
    const { port, outcomes } = await aService({
      environment: clock.environment,
      stalledMs: 5_000,
      format: { ...ndjson(), encode: () => 'x'.repeat(2 ** 25) },
    });
    await aReluctantClient(port, '/throws later'.replace(' ', '%20'));
    await vi.waitFor(() => expect(clock.pending()).toBe(1));

    clock.wait(5_000);

    expect(await outcomes[0]).toMatchObject({ _tag: 'Stalled', sent: 1 });
  });

  it('cuts off a client that takes not even what keeps the connection alive', async () => {
    const clock = clockwork();
    const { port, outcomes, ended } = await aService({
      environment: clock.environment,
      headWithinMs: 0,
      keepAliveMs: 1_000,
      stalledMs: 5_000,
      format: { ...sse(), keepAlive: `: ${'x'.repeat(2 ** 25)}\n\n` },
    });
    await aReluctantClient(port, '/gated');
    await vi.waitFor(() => expect(clock.pending()).toBe(1));
    clock.wait(0);

    clock.wait(5_999);
    const before = [...ended];
    clock.wait(1);

    expect(await outcomes[0]).toMatchObject({ _tag: 'Stalled', sent: 0 });
    expect(before).toEqual([]);
    await vi.waitFor(() => expect(ended).toEqual(['gated']));
  });

  it('answers HEAD with its head, without the work', async () => {
    const { url, system } = await aService();

    const response = await fetch(`${url}/three`, { method: 'HEAD' });

    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(system.statistics().agents[0]?.offered).toBe(0);
  });

  it('is refused for a response that has begun, and that is a warning', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    const { url, outcomes } = await aService({}, (response) => {
      response.writeHead(200).end('something else');
    });

    expect(await (await fetch(`${url}/three`)).text()).toBe('something else');
    expect(await outcomes[0]).toMatchObject({ _tag: 'Failed', failure: expect.any(RangeError) });
    expect(warn).toHaveBeenCalledOnce();
  });

  it('answers HEAD with a problem when a header of its format cannot be sent', async () => {
    const { url } = await aService({ format: { ...sse(), headers: { 'x-name': 'é\n' } } });

    expect((await fetch(`${url}/three`, { method: 'HEAD' })).status).toBe(500);
  });

  it('is a problem when a header of its format cannot be sent, and the work is not begun', async () => {
    const { url, outcomes, system } = await aService({ format: { ...sse(), headers: { 'x name': 'a' } } });

    expect((await fetch(`${url}/three`)).status).toBe(500);
    expect(await outcomes[0]).toMatchObject({ _tag: 'Failed', failure: expect.any(TypeError) });
    expect(system.statistics().agents[0]?.offered).toBe(0);
  });

  it('is interrupted when somebody else answers before its first reply', async () => {
    const clock = clockwork();
    const { url, outcomes, ended } = await aService({ environment: clock.environment }, (response) => {
      void setImmediate().then(() => response.writeHead(503).end('too slow'));
    });

    const response = await fetch(`${url}/gated`);

    expect([response.status, await response.text()]).toEqual([503, 'too slow']);
    expect(await outcomes[0]).toEqual({ _tag: 'Left', sent: 0, dropped: 0 });
    expect(clock.pending()).toBe(0);
    await vi.waitFor(() => expect(ended).toEqual(['gated']));
  });

  it('is interrupted when it would begin, and somebody else has', async () => {
    const clock = clockwork();
    const responses: ServerResponse[] = [];
    const { url, outcomes, ended } = await aService({ environment: clock.environment }, (response) => {
      responses.push(response);
    });
    const asked = fetch(`${url}/gated`);
    await vi.waitFor(() => expect(clock.pending()).toBe(1));
    responses[0]!.flushHeaders();

    clock.wait(10);

    expect(await outcomes[0]).toEqual({ _tag: 'Left', sent: 0, dropped: 0 });
    await vi.waitFor(() => expect(ended).toEqual(['gated']));
    responses[0]!.end('something else');
    expect(await (await asked).text()).toBe('something else');
  });

  it.each<Work>(['gated', 'endless'])(
    'is interrupted when somebody else ends what was begun, and it is %s',
    async (work) => {
      const clock = clockwork();
      const responses: ServerResponse[] = [];
      const { environment } = clock;
      const { url, outcomes, ended } = await aService({ environment, headWithinMs: 0 }, (response) => {
        responses.push(response);
      });
      const asked = fetch(`${url}/${work}`);
      await vi.waitFor(() => expect(clock.pending()).toBeGreaterThan(0));
      clock.wait(0);
      const response = await asked;

      responses[0]!.end('enough');

      expect(await response.text()).toMatch(/enough$/);
      expect(await outcomes[0]).toMatchObject({ _tag: 'Left' });
      expect(clock.pending()).toBe(0);
      await vi.waitFor(() => expect(ended).toEqual([work]));
    },
  );

  it('is the usual problem when the service says what cannot be sent', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    const bad = await aService({ problem: (_, usual) => ({ ...usual, status: 0 }) });
    const worse = await aService({ problem: (_, usual) => ({ ...usual, detail: 1n as never }) });

    expect((await fetch(`${bad.url}/throws`)).status).toBe(500);
    expect(await (await fetch(`${worse.url}/throws later`)).text()).toContain('event: error');
    expect(warn).toHaveBeenCalledTimes(2);
  });

  it('is cut off when its problem cannot be told, and that is a warning', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    const encodeProblem = () => {
      throw new Error('no words');
    };
    const { url, outcomes } = await aService({ format: { ...sse(), encodeProblem } });

    const response = await fetch(`${url}/throws later`);

    await expect(response.text()).rejects.toThrow();
    expect(await outcomes[0]).toMatchObject({ _tag: 'Failed', sent: 1, failure: { code: 'DEFECT' } });
    expect(warn).toHaveBeenCalledWith(new Error('no words'));
  });

  it.each([
    ['opening', { opening: 5 as never }],
    ['what keeps it alive', { keepAlive: 5 as never }],
  ])('is cut off when %s cannot be sent, and its work is interrupted', async (_, said) => {
    const clock = clockwork();
    const { environment } = clock;
    const { url, outcomes, ended } = await aService({
      environment,
      headWithinMs: 0,
      keepAliveMs: 1_000,
      format: { ...sse(), ...said },
    });
    const asked = fetch(`${url}/gated`).then((response) => response.text());
    asked.catch(() => {});
    await vi.waitFor(() => expect(clock.pending()).toBe(1));

    for (let n = 0; n < 4; n += 1) clock.wait(500);

    expect(await outcomes[0]).toMatchObject({ _tag: 'Failed', sent: 0, failure: expect.any(TypeError) });
    await expect(asked).rejects.toThrow();
    await vi.waitFor(() => expect(ended).toEqual(['gated']));
    expect(clock.pending()).toBe(0);
  });

  it('fails of a reply that becomes a promise, and one that fails ends nobody', async () => {
    const encode = () => Promise.reject(new Error('later')) as never;
    const { url, outcomes } = await aService({ format: { contentType: 'x/y', encode } });

    expect((await fetch(`${url}/three`)).status).toBe(500);
    expect(await outcomes[0]).toMatchObject({ _tag: 'Failed', sent: 0, failure: expect.any(TypeError) });
  });

  it.each<[string, () => AsyncIterable<number>, unknown]>([
    [
      'nothing is thrown',
      // biome-ignore lint/correctness/useYield: it throws before.
      async function* () {
        throw undefined;
      },
      undefined,
    ],
    ['a promise is opened', () => Promise.reject(new Error('later')) as never, expect.any(TypeError)],
    ['its work throws when it is left', () => leftInAnger(Promise.reject('next')), 'next'],
  ])('fails when %s', async (_, open, failure) => {
    const outcomes: Promise<StreamOutcome>[] = [];
    const { url } = await aServer((_request, response) => {
      outcomes.push(sendStream(response, open));
    });

    expect((await fetch(url)).status).toBe(500);
    expect(await outcomes[0]).toEqual({ _tag: 'Failed', sent: 0, dropped: 0, failure });
  });

  it('is left even when its work throws when it is left', async () => {
    const outcomes: Promise<StreamOutcome>[] = [];
    const { url } = await aServer((_, response) => {
      outcomes.push(sendStream(response, () => leftInAnger(Promise.resolve({ done: false, value: 1 }))));
    });
    const response = await opened(url);
    await once(response, 'data');

    response.destroy();

    expect(await outcomes[0]).toMatchObject({ _tag: 'Left' });
  });

  it('gives the deadline and the trace of its client to the agent', async () => {
    const { url, envelopes } = await aService();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

    await (await fetch(`${url}/three`, { headers: { traceparent, 'x-request-timeout-ms': '5000' } })).text();

    expect(envelopes[0]?.headers).toEqual({ traceparent });
    expect(envelopes[0]!.deadlineMs - performance.now()).toBeLessThan(5_000);
  });

  it('leaves no timer of ours and no request behind', async () => {
    const clock = clockwork();
    const { environment } = clock;
    const { url, system } = await aService({ environment });

    await (await fetch(`${url}/three`)).text();
    await (await fetch(`${url}/throws later`)).text();

    await vi.waitFor(() => expect(clock.pending()).toBe(0));
    expect(system.health().inFlight).toBe(0);
  });
});

/** A service with one agent that does as the path says, and streams. */
async function aService(
  options: SendStreamOptions<unknown> = {},
  before: (response: ServerResponse) => unknown = () => {},
) {
  const outcomes: Promise<StreamOutcome>[] = [];
  const ended: string[] = [];
  const envelopes: Envelope[] = [];
  const gate = Promise.withResolvers<void>();
  let made = 0;
  let closed = 0;
  const worker = defineAgent({
    name: 'worker',
    subscribe: [Ask],
    concurrency: 10,
    receive: async function* (work, context) {
      envelopes.push(context.envelope);
      try {
        if (work === 'three' || work === 'throws later') yield 1;
        if (work.startsWith('throws')) throw new Error('hunter2');
        if (work === 'three') {
          yield 2;
          yield 3;
        }
        if (work === 'gated') {
          await Promise.race([gate.promise, once(context.signal, 'abort')]);
          yield 'at last';
        }
        while (work === 'endless' || work === 'big') {
          made += 1;
          yield work === 'big' ? 'x'.repeat(65_536) : made;
        }
      } finally {
        ended.push(work);
      }
    },
  });
  const system = createSystem({ agents: [worker] });
  onTestFinished(() => system.stop());
  const server = await aServer((incoming, response) => {
    const work = decodeURIComponent(incoming.url!.slice(1)) as Work;
    response.once('close', () => {
      closed += 1;
    });
    const waited = before(response);
    const sent = async () => {
      await waited;
      return sendStream(response, (terms) => system.stream(Ask, work, terms), options);
    };
    outcomes.push(sent());
  });
  return {
    ...server,
    system,
    outcomes,
    ended,
    envelopes,
    gate,
    begun: () => envelopes.length,
    made: () => made,
    closed: () => closed,
  };
}

/** Replies that throw, at once, when nobody wants more of them. */
const leftInAnger = (next: Promise<IteratorResult<number>>): AsyncIterable<number> => ({
  [Symbol.asyncIterator]: () => ({
    next: () => next,
    return: () => {
      throw new Error('return');
    },
  }),
});

const opened = (url: string) =>
  new Promise<IncomingMessage>((resolve) => {
    const client = request(url);
    client.on('error', () => {});
    client.on('response', (response) => {
      response.on('error', () => {});
      resolve(response);
    });
    client.end();
  });

/** Waits until a figure grows no more. */
async function untilStill(figure: () => number): Promise<number> {
  let before = -1;
  await vi.waitFor(
    () => {
      const now = figure();
      const moved = now !== before || now === 0;
      before = now;
      expect(moved).toBe(false);
    },
    { interval: 50, timeout: 20_000 },
  );
  return before;
}
