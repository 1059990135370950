/** Each service over a real socket: streams, slow readers, clients that leave, health, and an end by a signal. */
import { once } from 'node:events';
import { get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { aReluctantClient } from '../../spec/support/a-server.ts';
import { childProgram } from '../../spec/support/child-program.ts';
import { system, told } from './agents.ts';
import { serve as serveExpress } from './express.ts';
import { serve as serveFastify } from './fastify.ts';
import { serve as serveHono } from './hono.ts';
import { serve as serveNest } from './nest.ts';
import { serve as serveNodeHttp } from './node-http.ts';

const services = [
  ['node-http', serveNodeHttp],
  ['express', serveExpress],
  ['fastify', serveFastify],
  ['hono', serveHono],
  ['nest', serveNest],
] as const;

/** Those whose bodies our own reader reads. */
const ours: ReadonlySet<string> = new Set(['node-http', 'hono']);

afterAll(() => system.stop());

describe.each(services)('a system inside %s', (name, serve) => {
  let server: Server;
  let port = 0;
  let url = '';

  beforeAll(async () => {
    server = await serve(0);
    if (!server.listening) await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
    url = `http://127.0.0.1:${port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const ask = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${url}/ask`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });

  const post = (body: string) =>
    fetch(`${url}/ask`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });

  it('answers a request, with its trace', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

    const response = await ask({ text: 'hello' }, { traceparent });

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ answer: 'You said: hello', trace: traceparent });
  });

  it('tells what is wrong with a request', async () => {
    const response = await ask({ text: 7 });

    expect(response.status).toBe(422);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ code: 'INVALID_PARAMS', issues: [{ path: 'text' }] });
  });

  it('refuses malformed JSON, and a body that is too large, without asking the system', async () => {
    const before = system.statistics();
    const malformed = await post('{"text":');
    const tooLarge = await post(JSON.stringify({ text: 'x'.repeat(2_000_000) }));

    expect([malformed.status, tooLarge.status]).toEqual([400, 413]);
    expect(system.statistics()).toEqual(before);
    if (ours.has(name)) {
      expect(await malformed.json()).toMatchObject({ code: 'BODY_MALFORMED' });
      expect(await tooLarge.json()).toMatchObject({ code: 'BODY_TOO_LARGE' });
    }
  });

  it('streams server-sent events to the end', async () => {
    const response = await fetch(`${url}/story?words=3`);

    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(await response.text()).toBe(
      'data: "word 1"\n\ndata: "word 2"\n\ndata: "word 3"\n\nevent: end\ndata: {}\n\n',
    );
  });

  it('goes at the pace of a client that reads slowly, and ends the work when it leaves', async () => {
    const before = { ...told };
    const socket = await aReluctantClient(port, '/story?words=0');
    const most = await untilStill(() => told.words);

    // 64 KB a word: what the kernel takes, and a window; it would be thousands otherwise.
    expect(most - before.words).toBeLessThan(400);
    socket.resume();
    await vi.waitFor(() => expect(told.words).toBeGreaterThan(most + 20));

    socket.destroy();

    await vi.waitFor(() => expect(told.ended - before.ended).toBe(1));
    expect(told.begun - before.begun).toBe(1);
  });

  it('ends the work of clients that leave in mid-stream', async () => {
    const before = { ...told };
    const responses = await Promise.all(Array.from({ length: 10 }, () => begun(`${url}/story?words=0`)));

    for (const response of responses) response.destroy();

    await vi.waitFor(() => expect(told.ended - before.ended).toBe(10));
    expect(system.health().inFlight).toBe(0);
  });

  it('tells that it is live and ready', async () => {
    expect((await fetch(`${url}/live`)).status).toBe(200);
    expect(await (await fetch(`${url}/ready`)).json()).toEqual({ status: 'up' });
  });

  it('lets what it has accepted finish when a signal ends it', async () => {
    const program = childProgram('../../../integration/services/main.ts', name);
    await vi.waitFor(() => expect(program.lines.at(-1)).toMatch(/^listens/), { timeout: 30_000 });
    const port = Number(program.lines.at(-1)!.split(' ')[1]);
    const socket = await aReluctantClient(port, '/story?words=200000');
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.resume();
    await vi.waitFor(() => expect(text).toContain('word 1'));

    program.kill('SIGTERM');

    expect(await program.ended).toBe('SIGTERM');
    expect(text).toMatch(/"word 200000"\n\n\r\n[\s\S]*event: end\ndata: \{\}\n\n\r\n0\r\n\r\n$/);
    expect(program.lines).toContain('finished 1, cut off 0');
  });
});

const begun = (url: string) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    get(url, (response) => {
      response.on('error', () => {});
      response.once('data', () => resolve(response));
    }).on('error', reject);
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
    { interval: 100, timeout: 20_000 },
  );
  return before;
}
