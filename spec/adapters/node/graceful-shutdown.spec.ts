import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { defineAgent } from '../../../src/actors/define-agent.ts';
import { createSystem } from '../../../src/actors/system.ts';
import {
  type GracefulShutdownOptions,
  gracefulShutdown,
} from '../../../src/adapters/node/graceful-shutdown.ts';
import { healthReport } from '../../../src/adapters/node/health-report.ts';
import { type ReplyOutcome, sendReply } from '../../../src/adapters/node/send-reply.ts';
import { sendStream } from '../../../src/adapters/node/send-stream.ts';
import { type } from '../../../src/core/schema.ts';
import { defineTopic } from '../../../src/core/topic.ts';
import { aServer } from '../../support/a-server.ts';
import { childProgram } from '../../support/child-program.ts';

const Ask = defineTopic('ask', { schema: type<string>(), reply: type<string>() });

describe('a graceful shutdown', () => {
  it('lets accepted requests finish, tells their clients to come no more, and then stops the system', async () => {
    const { url, begun, gate, shutdown, system } = await aService();
    const asked = fetch(`${url}/gated`);
    await vi.waitFor(() => expect(begun).toEqual(['gated']));

    const ended = shutdown.begin();
    expect(healthReport(system, 'ready').status).toBe(503);
    await vi.waitFor(() => expect(fetch(url)).rejects.toThrow());
    gate.resolve();
    const response = await asked;

    expect(response.headers.get('connection')).toBe('close');
    expect(await response.json()).toBe('gated, done');
    expect(await ended).toMatchObject({ cutOff: 0 });
    expect(system.health().status).toBe('stopped');
    expect(shutdown.begin()).toBe(ended);
  });

  it('answers a request that comes on an idle connection, and closes the connection then', async () => {
    const { url, shutdown } = await aService({ idleMs: 2_000 });
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    await read(await getWith(url, agent));

    const ended = shutdown.begin();
    await vi.waitFor(() => expect(fetch(url)).rejects.toThrow());
    const response = await getWith(url, agent);

    expect(response.headers.connection).toBe('close');
    expect(await read(response)).toBe('"/, done"');
    expect(await ended).toMatchObject({ cutOff: 0 });
  });

  it('answers all that was accepted on one connection, and what comes behind it', async () => {
    const { server, port, begun, gate, shutdown, outcomes } = await aService();
    const { socket, said } = aPipeliningClient(port);
    socket.write(requestFor('gated').repeat(2));
    await vi.waitFor(() => expect(begun).toEqual(['gated', 'gated']));

    const ended = shutdown.begin();
    await vi.waitFor(() => expect(server.listening).toBe(false));
    socket.write(requestFor('late'));
    await vi.waitFor(() => expect(begun).toHaveLength(3));
    gate.resolve();

    expect(await ended).toEqual({ finished: 3, cutOff: 0 });
    expect(said().match(/"(gated|late), done"/g)).toEqual(['"gated, done"', '"gated, done"', '"late, done"']);
    expect(await Promise.all(outcomes)).toEqual(Array(3).fill({ _tag: 'Complete', status: 200 }));
  });

  it('takes back that a connection ends when another request comes on it in time', async () => {
    const { server, port, begun, gate, shutdown } = await aService();
    const { socket, said } = aPipeliningClient(port);
    socket.write(requestFor('gated'));
    await vi.waitFor(() => expect(begun).toEqual(['gated']));

    const ended = shutdown.begin();
    await vi.waitFor(() => expect(server.listening).toBe(false));
    socket.write(requestFor('gated'));
    await vi.waitFor(() => expect(begun).toHaveLength(2));
    gate.resolve();

    expect(await ended).toEqual({ finished: 2, cutOff: 0 });
    expect(said().match(/"gated, done"/g)).toHaveLength(2);
  });

  it('counts as cut off what stood behind a response whose client left', async () => {
    const { server, port, begun, shutdown, outcomes } = await aService({ withinMs: 60_000 });
    const { socket } = aPipeliningClient(port);
    socket.write(requestFor('gated') + requestFor('quick'));
    await vi.waitFor(() => expect(begun).toEqual(['gated', 'quick']));

    const ended = shutdown.begin();
    await vi.waitFor(() => expect(server.listening).toBe(false));
    socket.destroy();

    expect(await ended).toEqual({ finished: 0, cutOff: 2 });
    expect(await Promise.all(outcomes)).toMatchObject([{ _tag: 'Left' }, { _tag: 'Left' }]);
  });

  it('closes connections that stay idle', async () => {
    const { port, shutdown } = await aService({ idleMs: 20 });
    const socket = connect({ port, host: '127.0.0.1' });
    onTestFinished(() => void socket.destroy());
    socket.write('GET / HTTP/1.1\r\nHost: here\r\n\r\n');
    await once(socket, 'data');

    const ended = shutdown.begin();
    await once(socket, 'close');

    expect(await ended).toEqual({ finished: 0, cutOff: 0 });
  });

  it('ends streams that do not end by themselves with a failure that their clients are told', async () => {
    const { url, shutdown } = await aService({ withinMs: 50 });
    const response = await getWith(`${url}/endless`, undefined);
    const events = read(response);

    expect(await shutdown.begin()).toEqual({ finished: 1, cutOff: 0 });
    expect((await events).slice(-300)).toMatch(/event: error\ndata: .*"code":"INTERRUPTED".*\n\n$/);
  });

  it('cuts off what does not even take its last words', async () => {
    const { port, begun, shutdown } = await aService({ withinMs: 50 });
    const socket = connect({ port, host: '127.0.0.1' });
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    socket.resume();
    socket.write('GET /stuck HTTP/1.1\r\nHost: here\r\n\r\n');
    await vi.waitFor(() => expect(begun).toEqual(['stuck']));

    expect(await shutdown.begin()).toEqual({ finished: 0, cutOff: 1 });
    await once(socket, 'close');
  });

  it('goes on as before for a while when it is to linger', async () => {
    const { url, shutdown, system } = await aService({ lingerMs: 1_000 });

    const ended = shutdown.begin();
    const response = await fetch(url);

    expect(response.status).toBe(200);
    expect(healthReport(system, 'ready').status).toBe(503);
    expect(await ended).toMatchObject({ cutOff: 0 });
  });

  it('tells when all is over, and what that throws is a warning', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    const { shutdown } = await aService({
      onEnd: () => {
        throw 'a string';
      },
    });

    expect(await shutdown.begin()).toEqual({ finished: 0, cutOff: 0 });
    expect(warn).toHaveBeenCalledWith(new Error('a string'));
  });

  it('lets go of the server and the signals when it is forgotten, and not once it has begun', async () => {
    const before = process.listenerCount('SIGTERM');
    const { server, shutdown } = await aService({ signals: true });
    const during = process.listenerCount('SIGTERM');

    shutdown.forget();

    expect([during, process.listenerCount('SIGTERM')]).toEqual([before + 1, before]);
    expect(server.listenerCount('request')).toBe(1);
    const ended = shutdown.begin();
    shutdown.forget();
    await ended;
  });

  it.each(['withinMs', 'idleMs', 'lingerMs'])('refuses a %s that cannot be', async (name) => {
    const { server } = await aServer(() => {});

    expect(() => gracefulShutdown(server, { [name]: -1 })).toThrow(new RegExp(`${name} .* -1`));
    expect(() => gracefulShutdown(server, { [name]: Number.POSITIVE_INFINITY })).toThrow(name);
  });

  it.each([
    [createHttp2Server(), 'Http2Server'],
    [undefined, 'undefined'],
  ])('refuses what is no server of node:http at once', (server, name) => {
    expect(() => gracefulShutdown(server as never)).toThrow(
      `gracefulShutdown expects a server of node:http or node:https; got ${name}`,
    );
  });

  it.each(['alone', 'with a system that handles signals'])(
    'begins by a signal, %s, and the process ends by it when what was accepted is answered',
    async (how) => {
      const program = childProgram('serves-until-a-signal.ts', how);
      await vi.waitFor(() => expect(program.lines[0]).toMatch(/^listens/), { timeout: 20_000 });
      const url = `http://127.0.0.1:${program.lines[0]!.split(' ')[1]}`;
      const asked = fetch(`${url}/slow`);
      await program.said('begins slow');

      program.kill('SIGTERM');

      expect(await (await asked).json()).toBe('slow, done');
      expect(await program.ended).toBe('SIGTERM');
      expect(program.lines).toContain('finished 1, cut off 0');
    },
  );

  it('ends the process at once by a second signal', async () => {
    const program = childProgram('serves-until-a-signal.ts', 'alone');
    await vi.waitFor(() => expect(program.lines[0]).toMatch(/^listens/), { timeout: 20_000 });
    const url = `http://127.0.0.1:${program.lines[0]!.split(' ')[1]}`;
    const asked = fetch(`${url}/stuck`);
    await program.said('begins stuck');

    program.kill('SIGTERM');
    await program.said('asked to end');
    program.kill('SIGTERM');

    await expect(asked).rejects.toThrow();
    expect(await program.ended).toBe('SIGTERM');
    expect(program.lines).not.toContain('finished 1, cut off 0');
  });
});

async function aService(options: GracefulShutdownOptions = {}) {
  const begun: string[] = [];
  const gate = Promise.withResolvers<void>();
  const worker = defineAgent({
    name: 'worker',
    subscribe: [Ask],
    concurrency: 10,
    receive: async function* (work, context) {
      begun.push(work);
      if (work === 'gated') await gate.promise;
      if (work === 'stuck') await new Promise(() => {});
      while (work === 'endless' && !context.signal.aborted) yield 'more';
      yield `${work}, done`;
    },
  });
  const system = createSystem({ agents: [worker] });
  onTestFinished(() => system.stop());
  const outcomes: Promise<ReplyOutcome>[] = [];
  const served = await aServer((request, response) => {
    const work = request.url === '/' ? '/' : request.url!.slice(1);
    if (work === 'endless') {
      void sendStream(response, (terms) => system.stream(Ask, work, terms));
    } else if (work === 'stuck') {
      // Its response is never ended by anybody.
      response.flushHeaders();
      void system.request(Ask, work).catch(() => {});
    } else {
      outcomes.push(sendReply(response, (terms) => system.request(Ask, work, terms)));
    }
  });
  const shutdown = gracefulShutdown(served.server, { system, signals: false, idleMs: 50, ...options });
  onTestFinished(() => shutdown.forget());
  return { ...served, system, shutdown, begun, gate, outcomes };
}

/** A connection that may send requests before it has its answers, and all that was said on it. */
function aPipeliningClient(port: number) {
  const socket = connect({ port, host: '127.0.0.1' });
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.on('error', () => {});
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
  });
  return { socket, said: () => text };
}

const requestFor = (work: string) => `GET /${work} HTTP/1.1\r\nHost: here\r\n\r\n`;

const getWith = (url: string, agent: Agent | undefined) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    get(url, agent === undefined ? {} : { agent }, resolve).on('error', reject);
  });

const read = (response: IncomingMessage) => text(response);
