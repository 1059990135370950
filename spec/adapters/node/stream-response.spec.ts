import { once } from 'node:events';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { defineAgent } from '../../../src/actors/define-agent.ts';
import { createSystem } from '../../../src/actors/system.ts';
import { readJson } from '../../../src/adapters/node/read-json.ts';
import type { StreamOutcome } from '../../../src/adapters/node/reply-pump.ts';
import { ndjson, plainText } from '../../../src/adapters/node/stream-format.ts';
import {
  replyResponse,
  type StreamResponseOptions,
  streamResponse,
} from '../../../src/adapters/node/stream-response.ts';
import { type } from '../../../src/core/schema.ts';
import { defineTopic } from '../../../src/core/topic.ts';
import { clockwork } from '../../support/clockwork.ts';

const Ask = defineTopic('ask', { schema: type<string>(), reply: type<unknown>() });

describe('a body of a web Request', () => {
  const post = (
    body: string | Uint8Array | ReadableStream<Uint8Array>,
    headers: Record<string, string> = {},
  ) => new Request('http://here', { method: 'POST', body, headers, duplex: 'half' } as RequestInit);
  const inPieces = (...pieces: (Uint8Array | Error)[]) =>
    new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const piece = pieces.shift();
        if (piece === undefined) controller.close();
        else if (piece instanceof Error) controller.error(piece);
        else controller.enqueue(piece);
      },
    });
  const bytesOf = (text: string) => [...new TextEncoder().encode(text)].map((byte) => Uint8Array.of(byte));

  it('is read as JSON, in whatever pieces it comes', async () => {
    const text = JSON.stringify({ text: 'é→'.repeat(500) });

    expect(await readJson(post(text, { 'content-type': 'application/json' }))).toEqual(JSON.parse(text));
    expect(await readJson(post(inPieces(...bytesOf(text))))).toEqual(JSON.parse(text));
  });

  it.each([
    ['malformed', () => post('{', json), 400, 'BODY_MALFORMED'],
    ['none', () => new Request('http://here', { method: 'POST' }), 400, 'BODY_MALFORMED'],
    ['not UTF-8', () => post(Uint8Array.of(34, 255, 34)), 400, 'BODY_MALFORMED'],
    ['of another type', () => post('a=1', { 'content-type': 'text/plain' }), 415, 'BODY_NOT_JSON'],
    ['too large', () => post('"12345678901"', json), 413, 'BODY_TOO_LARGE'],
    ['said to be too large', () => post('1', { ...json, 'content-length': '11' }), 413, 'BODY_TOO_LARGE'],
    ['cut off', () => post(inPieces(Uint8Array.of(34), new Error('gone'))), 400, 'BODY_CUT_OFF'],
  ])('that is %s is a problem', async (_, make, status, code) => {
    const request = make();

    const response = await replyResponse(request, () => readJson(request, { bytesMax: 10 }));

    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
  });

  it('cannot be read twice, nor while somebody else reads it', async () => {
    const read = post('1', json);
    await readJson(read);
    const locked = post('1', json);
    locked.body!.getReader();

    await expect(readJson(read)).rejects.toMatchObject({ code: 'BODY_CUT_OFF' });
    await expect(readJson(locked)).rejects.toMatchObject({ code: 'BODY_CUT_OFF' });
  });
});

const json = { 'content-type': 'application/json' };

describe('a stream of replies as a web Response', () => {
  it('is read to its end as server-sent events', async () => {
    const { stream, outcomes } = aService();

    const response = await stream('three');

    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(await response.text()).toBe('data: 1\n\ndata: 2\n\ndata: 3\n\nevent: end\ndata: {}\n\n');
    await vi.waitFor(() => expect(outcomes).toEqual([{ _tag: 'Complete', sent: 3, dropped: 0 }]));
  });

  it.each([
    ['whose pieces are empty', 'interrupt', false],
    ['whose replies are dropped', 'detach', true],
  ] as const)(
    'lets others have a turn while it carries what never waits: one %s',
    async (_, onDisconnect, leaves) => {
      const client = new AbortController();
      const outcomes: StreamOutcome[] = [];
      let turns = 0;
      let made = 0;
      const turn = () => {
        turns += 1;
        if (turns < 10) setImmediate(turn);
      };
      setImmediate(turn);
      const response = streamResponse(
        new Request('http://here', { signal: client.signal }),
        async function* () {
          while (turns < 10 && made < 100_000) {
            made += 1;
            if (leaves) client.abort();
            yield '';
          }
        },
        { format: plainText(), onDisconnect, onEnd: (outcome) => outcomes.push(outcome) },
      );
      await response;
      await vi.waitFor(() => expect(outcomes).toHaveLength(1));

      expect(made).toBeLessThan(100_000);
      expect(outcomes[0]!.sent + outcomes[0]!.dropped).toBe(made);
    },
  );

  it('is pulled by its reader: nothing is made ahead but what the stream may hold', async () => {
    const { stream, made } = aService();
    const response = await stream('endless', { capacity: 4 });
    const reader = response.body!.getReader();

    await vi.waitFor(() => expect(made()).toBeGreaterThan(4));
    const before = made();
    // Room is told of when half of it is free.
    for (let n = 0; n < 4; n += 1) await reader.read();
    await vi.waitFor(() => expect(made()).toBeGreaterThan(before));

    expect(before).toBeLessThan(10);
    expect(made()).toBeLessThan(14);
    await reader.cancel();
  });

  it('is interrupted when its body is cancelled, and when the request is aborted', async () => {
    const { stream, outcomes, ended } = aService();
    const abort = new AbortController();
    const first = await stream('endless');
    const second = await stream('endless', {}, abort.signal);

    await first.body!.cancel();
    abort.abort();

    await vi.waitFor(() => expect(outcomes.map(({ _tag }) => _tag)).toEqual(['Left', 'Left']));
    await vi.waitFor(() => expect(ended).toEqual(['endless', 'endless']));
    await expect(second.text()).rejects.toThrow();
  });

  it('has a response even when its client left before there was one', async () => {
    const { stream, begun, ended } = aService();
    const abort = new AbortController();
    const asked = stream('for ever', { headWithinMs: Number.POSITIVE_INFINITY }, abort.signal);
    await vi.waitFor(() => expect(begun).toEqual(['for ever']));

    abort.abort();

    expect((await asked).status).toBe(499);
    expect((await stream('three', {}, abort.signal)).status).toBe(499);
    await vi.waitFor(() => expect(ended).toEqual(['for ever']));
  });

  it('runs on to its end when it is detached', async () => {
    const { stream, outcomes, ended } = aService();
    const response = await stream('three', { onDisconnect: 'detach' });

    await response.body!.cancel();

    await vi.waitFor(() => expect(outcomes).toHaveLength(1));
    expect(outcomes[0]).toMatchObject({ _tag: 'Left', dropped: expect.any(Number) });
    expect(outcomes[0]!.sent + outcomes[0]!.dropped).toBe(3);
    expect(ended).toEqual(['three']);
  });

  it('is a problem when it fails before the first byte', async () => {
    const { stream } = aService();

    const response = await stream('throws');

    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ code: 'DEFECT' });
  });

  it('ends in an event error, or breaks off, when it fails after the first byte', async () => {
    const { stream, outcomes } = aService();

    expect(await (await stream('throws later')).text()).toContain('event: error\ndata: {');
    const broken = await stream('throws later', { format: ndjson() });
    const reader = broken.body!.getReader();
    const first = await reader.read();

    expect(new TextDecoder().decode(first.value)).toBe('1\n');
    await expect(reader.read()).rejects.toThrow('not whole');
    await vi.waitFor(() => expect(outcomes.map(({ _tag }) => _tag)).toEqual(['Failed', 'Failed']));
  });

  it('is cut off when it is not pulled for too long', async () => {
    const clock = clockwork();
    const { stream, outcomes, ended } = aService();
    const response = await stream('endless', { environment: clock.environment, stalledMs: 1_000 });
    await vi.waitFor(() => expect(clock.pending()).toBe(2));

    clock.wait(1_000);

    await vi.waitFor(() => expect(outcomes).toMatchObject([{ _tag: 'Stalled' }]));
    await vi.waitFor(() => expect(ended).toEqual(['endless']));
    await expect(response.text()).rejects.toThrow();
    expect(clock.pending()).toBe(0);
  });

  it('begins before the first reply when that takes long', async () => {
    const clock = clockwork();
    const { stream } = aService();
    const asked = stream('for ever', { environment: clock.environment });
    clock.wait(25);

    const response = await asked;
    const { value } = await response.body!.getReader().read();

    expect(new TextDecoder().decode(value)).toBe(': open\n\n');
  });

  it.each(['GET', 'HEAD'])(
    'is a problem for %s when a header of its format cannot be sent',
    async (method) => {
      const { system, outcomes } = aService();
      const format = { ...ndjson(), headers: { 'x name': 'a' } };

      const response = await streamResponse(
        new Request('http://here', { method }),
        () => system.stream(Ask, 'three'),
        { format, onEnd: (outcome) => outcomes.push(outcome) },
      );

      expect(response.status).toBe(500);
      expect(outcomes).toMatchObject([{ _tag: 'Failed', failure: expect.any(TypeError) }]);
      expect(system.statistics().agents[0]?.offered).toBe(0);
    },
  );

  it.each(['GET', 'HEAD'])('warns when who is told of the end of %s throws', async (method) => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    const { system } = aService();

    const response = await streamResponse(
      new Request('http://here', { method }),
      () => system.stream(Ask, 'three'),
      {
        onEnd: () => {
          throw new Error('of the service');
        },
      },
    );

    expect(response.status).toBe(200);
    await response.text();
    await vi.waitFor(() => expect(warn).toHaveBeenCalledWith(new Error('of the service')));
  });

  it('is a problem when its work fails and throws when it is left', async () => {
    const replies = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.reject(new Error('next')),
        return: () => {
          throw new Error('return');
        },
      }),
    };

    const response = await streamResponse(new Request('http://here'), () => replies);

    expect(response.status).toBe(500);
  });

  it('answers HEAD with its head', async () => {
    const { system, outcomes } = aService();
    const open = () => system.stream(Ask, 'three');

    const response = await streamResponse(new Request('http://here', { method: 'HEAD' }), open, {
      onEnd: (outcome) => outcomes.push(outcome),
    });

    expect(response.headers.get('cache-control')).toBe('no-cache, no-transform');
    expect(outcomes).toEqual([{ _tag: 'Complete', sent: 0, dropped: 0 }]);
  });
});

describe('a reply as a web Response', () => {
  it.each([
    ['one', {}, 200],
    ['one', { status: 201 }, 201],
    ['nothing', {}, 204],
    ['one', { status: 204 }, 204],
    ['throws', {}, 500],
  ])('of %j with %o has the status %i', async (question, options, status) => {
    const { system } = aService();

    const response = await replyResponse(
      new Request('http://here'),
      (terms) => system.request(Ask, question, terms),
      options,
    );

    expect(response.status).toBe(status);
  });

  it('interrupts the work when the request is aborted, unless it is detached', async () => {
    const { system, begun, ended } = aService();
    const abort = new AbortController();
    const request = new Request('http://here', { signal: abort.signal });
    const ask = (terms: object) => system.request(Ask, 'for ever', terms);
    const asked = replyResponse(request, ask);
    const detached = replyResponse(request, ask, { onDisconnect: 'detach', timeoutMs: 1_000 });
    await vi.waitFor(() => expect(begun).toHaveLength(2));

    abort.abort();

    expect((await asked).status).toBe(503);
    await vi.waitFor(() => expect(ended).toEqual(['for ever']));
    expect((await detached).status).toBe(504);
  });
});

function aService() {
  const outcomes: StreamOutcome[] = [];
  const begun: string[] = [];
  const ended: string[] = [];
  let made = 0;
  const worker = defineAgent({
    name: 'worker',
    subscribe: [Ask],
    concurrency: 10,
    receive: async function* (work, context) {
      begun.push(work);
      try {
        if (work === 'nothing') yield { toJSON: () => undefined };
        if (work !== 'throws' && work !== 'for ever') yield 1;
        if (work.startsWith('throws')) throw new Error('hunter2');
        if (work === 'three') {
          yield 2;
          yield 3;
        }
        if (work === 'for ever') await once(context.signal, 'abort');
        while (work === 'endless') {
          made += 1;
          yield made;
        }
      } finally {
        ended.push(work);
      }
    },
  });
  const system = createSystem({ agents: [worker] });
  onTestFinished(() => system.stop());
  const stream = (
    work: string,
    options: StreamResponseOptions<unknown> & { capacity?: number } = {},
    signal?: AbortSignal,
  ) =>
    streamResponse(
      new Request('http://here', signal === undefined ? {} : { signal }),
      (terms) =>
        system.stream(Ask, work, {
          ...terms,
          ...(options.capacity === undefined ? {} : { capacity: options.capacity }),
        }),
      { ...options, onEnd: (outcome) => outcomes.push(outcome) },
    );
  return { system, outcomes, begun, ended, made: () => made, stream };
}
