import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { defineAgent } from '../../../src/actors/define-agent.ts';
import { createSystem } from '../../../src/actors/system.ts';
import { readJson } from '../../../src/adapters/node/read-json.ts';
import {
  type ReplyOutcome,
  type SendReplyOptions,
  sendReply,
} from '../../../src/adapters/node/send-reply.ts';
import { type } from '../../../src/core/schema.ts';
import { defineTopic } from '../../../src/core/topic.ts';
import { aServer } from '../../support/a-server.ts';

const Ask = defineTopic('ask', { schema: type<unknown>(), reply: type<unknown>() });

describe('a reply, sent as a response', () => {
  it('is JSON', async () => {
    const { url, outcomes } = await aService();

    const response = await ask(url, { question: 'é' });

    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toEqual({ question: 'é' });
    expect(await outcomes[0]).toEqual({ _tag: 'Complete', status: 200 });
  });

  it('has the status it is given, and none of its own when there is nothing to say', async () => {
    const { url } = await aService({ status: 201 });

    expect((await ask(url, 'one')).status).toBe(201);
    expect((await ask(url, 'nothing')).status).toBe(204);
  });

  it.each([
    ['throw', 500, 'DEFECT'],
    ['silence', 502, 'NO_RESPONDER'],
    ['unwritable', 500, 'DEFECT'],
  ])('is a problem when the agent ends in %s', async (body, status, code) => {
    const { url, outcomes } = await aService();

    const response = await ask(url, body);

    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ status, code });
    expect(await outcomes[0]).toMatchObject({ _tag: 'Failed', status });
  });

  it('is a timeout when the agent takes longer than the client waits', async () => {
    const { url, ended } = await aService();

    const response = await ask(url, 'for ever', { 'x-request-timeout-ms': '20' });

    expect(response.status).toBe(504);
    await vi.waitFor(() => expect(ended).toEqual(['for ever']));
  });

  it.each([
    ['not JSON', '{', 400, {}],
    ['empty', '', 400, {}],
    ['not UTF-8', new Uint8Array([34, 255, 34]), 400, {}],
    ['of another type', 'a=1', 415, { 'content-type': 'application/x-www-form-urlencoded' }],
    ['compressed', '""', 415, { 'content-encoding': 'gzip' }],
    ['too large', JSON.stringify('x'.repeat(200)), 413, {}],
  ])('is a problem when the body is %s', async (_, body, status, headers) => {
    const { url } = await aService();

    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });

    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ status });
  });

  it('is a problem when a body without a length turns out too large, and closes the connection', async () => {
    const { port } = await aService();
    const socket = connect({ port, host: '127.0.0.1' });
    onTestFinished(() => void socket.destroy());
    socket.write('POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n');
    socket.write(`ff\r\n${'x'.repeat(255)}\r\n`);

    const [answer] = await once(socket, 'data');
    await once(socket, 'close');

    expect(String(answer)).toMatch(/^HTTP\/1.1 413 /);
    expect(String(answer).toLowerCase()).toContain('connection: close');
  });

  it('fails when the client leaves before its body is whole', async () => {
    const { port, outcomes } = await aService();
    const socket = connect({ port, host: '127.0.0.1' });
    socket.write('POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\n"half');
    await vi.waitFor(() => expect(outcomes).toHaveLength(1));

    socket.destroy();

    expect(await outcomes[0]).toMatchObject({ _tag: 'Left', failure: { code: 'BODY_CUT_OFF' } });
  });

  it('interrupts the work when its client leaves', async () => {
    const { url, outcomes, begun, ended } = await aService({}, 'for ever');
    const client = get(url);
    client.on('error', () => {});
    await vi.waitFor(() => expect(begun).toEqual(['for ever']));

    client.destroy();

    expect(await outcomes[0]).toMatchObject({
      _tag: 'Left',
      failure: { code: 'INTERRUPTED', reason: 'its client has left' },
    });
    await vi.waitFor(() => expect(ended).toEqual(['for ever']));
  });

  it('lets the work be done when its client leaves and it is detached', async () => {
    const { url, outcomes, begun, ended, gate } = await aService({ onDisconnect: 'detach' }, 'gated');
    const client = get(url);
    client.on('error', () => {});
    await vi.waitFor(() => expect(begun).toEqual(['gated']));
    client.destroy();
    await new Promise((resolve) => client.on('close', resolve));
    const before = [...ended];

    gate.resolve();

    expect(await outcomes[0]).toMatchObject({ _tag: expect.stringMatching(/Left|Complete/) });
    expect([before, ended]).toEqual([[], ['gated']]);
  });

  it('is refused for a response that has begun, and that is a warning', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    const outcomes: Promise<ReplyOutcome>[] = [];
    const { url } = await aServer((_, response) => {
      response.end('something else');
      outcomes.push(sendReply(response, () => 1));
    });

    expect(await (await fetch(url)).text()).toBe('something else');
    expect(await outcomes[0]).toMatchObject({ _tag: 'Failed', status: 200 });
    expect(warn).toHaveBeenCalledOnce();
  });

  it('is dropped when somebody else has answered meanwhile, and its work is interrupted', async () => {
    const outcomes: Promise<ReplyOutcome>[] = [];
    const signals: AbortSignal[] = [];
    const { url } = await aServer((_, response) => {
      const ask = async ({ signal }: { signal: AbortSignal }) => {
        signals.push(signal);
        await once(signal, 'abort');
        return 'too late';
      };
      outcomes.push(sendReply(response, ask));
      response.writeHead(503).end('too slow');
    });

    const response = await fetch(url);

    expect([response.status, await response.text()]).toEqual([503, 'too slow']);
    expect(await outcomes[0]).toEqual({ _tag: 'Left' });
    expect(`${signals[0]?.reason}`).toContain('somebody else has answered');
  });

  it('is dropped when somebody else has begun to answer, and so is its failure', async () => {
    const outcomes: Promise<ReplyOutcome>[] = [];
    const failure = new Error('too late');
    const { url } = await aServer(async (_, response) => {
      outcomes.push(sendReply(response, () => Promise.resolve(1)));
      outcomes.push(sendReply(response, () => Promise.reject(failure)));
      response.flushHeaders();
      await Promise.all(outcomes);
      response.end('something else');
    });

    expect(await (await fetch(url)).text()).toBe('something else');
    expect(await Promise.all(outcomes)).toEqual([{ _tag: 'Left' }, { _tag: 'Left', failure }]);
  });

  it('has no body where its status has none', async () => {
    const { url } = await aService({ status: 204 });

    const response = await ask(url, 'one');

    expect([response.status, response.headers.get('content-length')]).toEqual([204, null]);
  });

  it.each([{ status: 0 }, { detail: 1n as never }])(
    'is the usual problem when the service says %o instead',
    async (said) => {
      const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
      onTestFinished(() => warn.mockRestore());
      const { url, outcomes } = await aService({ problem: (_, usual) => ({ ...usual, ...said }) });

      expect((await ask(url, 'throw')).status).toBe(500);
      expect(await outcomes[0]).toMatchObject({ _tag: 'Failed', status: 500 });
      expect(warn).toHaveBeenCalledOnce();
    },
  );

  it('lets no client wait when somebody else has made the response unusable', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    const outcomes: Promise<ReplyOutcome>[] = [];
    const { url } = await aServer((_, response) => {
      response.setHeaders = () => {
        throw new Error('of a middleware');
      };
      outcomes.push(sendReply(response, () => 1));
    });

    await expect(fetch(url)).rejects.toThrow();
    expect(await outcomes[0]).toMatchObject({ _tag: 'Failed', failure: new Error('of a middleware') });
  });

  it('is not asked for when the client has gone already', async () => {
    const outcomes: Promise<ReplyOutcome>[] = [];
    const asked: string[] = [];
    const came = Promise.withResolvers<void>();
    const { url } = await aServer((_, response) => {
      came.resolve();
      response.on('close', () => {
        outcomes.push(sendReply(response, () => asked.push('asked')));
        outcomes.push(sendReply(response, () => asked.push('detached'), { onDisconnect: 'detach' }));
      });
    });
    const client = get(url);
    client.on('error', () => {});
    await came.promise;
    client.destroy();

    await vi.waitFor(() => expect(outcomes).toHaveLength(2));
    expect(await Promise.all(outcomes)).toEqual([{ _tag: 'Left' }, { _tag: 'Left' }]);
    expect(asked).toEqual(['detached']);
  });
});

describe('a body', () => {
  it.each([0, 1.5, Number.NaN])('cannot have a limit of %d bytes', async (bytesMax) => {
    await expect(readJson({} as never, { bytesMax })).rejects.toThrow(/bytesMax/);
  });

  it('is copied as it comes, so that a byte holds no more than a byte', async () => {
    const request = aRequest();
    const body = readJson(request, { bytesMax: 5 });
    const chunk = Buffer.alloc(1);

    for (const byte of '12345') {
      chunk.write(byte);
      request.emit('data', chunk);
    }
    request.emit('end');

    expect(await body).toBe(12_345);
  });

  it('may be text already, and is measured in bytes all the same', async () => {
    const [short, long] = [aRequest(), aRequest()];
    for (const request of [short, long]) request.setEncoding('utf8');
    const bodies = [readJson(short, { bytesMax: 4 }), readJson(long, { bytesMax: 4 })];

    short.end('"é"');
    long.end('"éé"');

    expect(await bodies[0]).toBe('é');
    await expect(bodies[1]).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' });
  });

  it('cannot be read twice', async () => {
    const codes: unknown[] = [];
    const { url } = await aServer(async (request, response) => {
      await readJson(request);
      await readJson(request).catch((failure) => codes.push(failure.code));
      response.end();
    });

    await fetch(url, { method: 'POST', body: '1', headers: { 'content-type': 'application/problem+json' } });

    expect(codes).toEqual(['BODY_CUT_OFF']);
  });
});

const aRequest = () =>
  Object.assign(new PassThrough(), { headers: {} }) as unknown as IncomingMessage & PassThrough;

const ask = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });

/** A service with one agent that does as it is asked; a GET asks `whenGet`. */
async function aService(options: SendReplyOptions = {}, whenGet?: unknown) {
  const outcomes: Promise<ReplyOutcome>[] = [];
  const begun: unknown[] = [];
  const ended: unknown[] = [];
  const gate = Promise.withResolvers<void>();
  const worker = defineAgent({
    name: 'worker',
    subscribe: [Ask],
    concurrency: 10,
    receive: async (body, context) => {
      begun.push(body);
      if (body === 'throw') throw new Error('hunter2');
      if (body === 'silence') return undefined;
      if (body === 'unwritable') return 1n;
      if (body === 'gated') await gate.promise;
      if (body === 'for ever') await once(context.signal, 'abort');
      ended.push(body);
      return body === 'nothing' ? { toJSON: () => undefined } : body;
    },
  });
  const system = createSystem({ agents: [worker] });
  onTestFinished(() => system.stop());
  const server = await aServer((request, response) => {
    outcomes.push(
      sendReply(
        response,
        async (terms) => {
          const body = request.method === 'GET' ? whenGet : await readJson(request, { bytesMax: 100 });
          return await system.request(Ask, body, terms);
        },
        options,
      ),
    );
  });
  return { ...server, outcomes, begun, ended, gate };
}
