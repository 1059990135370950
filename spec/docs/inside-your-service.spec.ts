/** The programs of docs/guides/inside-your-service.md that are not examples of their own. */
import { createServer } from 'node:http';
import { createSystem, defineAgent, defineTopic, Failure, type } from 'troupe';
import {
  gracefulShutdown,
  lastEventId,
  ndjson,
  type Problem,
  type StreamOutcome,
  sendReply,
  sendStream,
  sse,
  traceOut,
} from 'troupe/node';
import { expect, it, onTestFinished, vi } from 'vitest';
import { aServer } from '../support/a-server.ts';

const Report = defineTopic('report', { schema: type<string>(), reply: type<string>() });

it('a work that is detached goes on when its client has left', async () => {
  const outcomes: StreamOutcome[] = [];
  const written: string[] = [];
  const writer = defineAgent({
    name: 'writer',
    subscribe: [Report],
    receive: async function* (title) {
      for (const part of ['one', 'two', 'three']) {
        written.push(`${title} ${part}`);
        yield part;
      }
    },
  });
  const system = createSystem({ agents: [writer] });
  onTestFinished(() => system.stop());
  const { url } = await aServer(async (_, response) => {
    response.destroy();

    // #region detach
    const outcome = await sendStream(response, (terms) => system.stream(Report, 'taxes', terms), {
      onDisconnect: 'detach',
      timeoutMs: 10 * 60_000, // It may take so long, whoever still reads.
    });
    // { _tag: 'Left', sent: 0, dropped: 3 }
    // #endregion
    outcomes.push(outcome);
  });

  await fetch(url).catch(() => {});

  await vi.waitFor(() => expect(outcomes).toEqual([{ _tag: 'Left', sent: 0, dropped: 3 }]));
  expect(written).toEqual(['taxes one', 'taxes two', 'taxes three']);
});

it('formats, ids, problems and traces are chosen by the service', async () => {
  const Feed = defineTopic('feed', { schema: type<{ after: number }>(), reply: type<{ id: number }>() });
  const feeder = defineAgent({
    name: 'feeder',
    subscribe: [Feed],
    receive: async function* ({ after }) {
      yield { id: after + 1 };
      yield { id: after + 2 };
    },
  });

  // #region problem
  class SoldOut extends Failure {
    readonly _tag = 'SoldOut';
    readonly code = 'SOLD_OUT';
    readonly class = 'permanent';
  }

  const problem = (failure: unknown, usual: Problem): Problem =>
    failure instanceof SoldOut ? { ...usual, status: 409, detail: 'Nothing is left of it.' } : usual;
  // #endregion
  const seller = defineAgent({
    name: 'seller',
    subscribe: [Report],
    receive: () => {
      throw new SoldOut();
    },
  });
  const upstream: Record<string, string>[] = [];
  const Price = defineTopic('price', { schema: type<string>(), reply: type<string>() });
  const get = async (url: string, { headers }: { headers: Record<string, string> }) => {
    upstream.push(headers);
    return url;
  };
  // #region trace
  const broker = defineAgent({
    name: 'broker',
    subscribe: [Price],
    receive: async (share, context) =>
      get(`https://prices.example/${share}`, { headers: traceOut(context.envelope.headers) }),
  });
  // #endregion
  const system = createSystem({ agents: [feeder, seller, broker] });
  onTestFinished(() => system.stop());

  const { url } = await aServer((request, response) => {
    switch (request.url) {
      case '/feed': {
        // #region ids
        const after = Number(lastEventId(request) ?? 0);
        const format = sse<{ id: number }>({
          event: (reply) => ({ id: String(reply.id), data: JSON.stringify(reply) }),
        });
        void sendStream(response, (terms) => system.stream(Feed, { after }, terms), { format });
        // #endregion
        break;
      }
      case '/lines':
        // #region lines
        void sendStream(response, (terms) => system.stream(Feed, { after: 0 }, terms), { format: ndjson() });
        // #endregion
        break;
      case '/price':
        void sendReply(response, (terms) => system.request(Price, 'ABC', terms));
        break;
      default:
        void sendReply(response, (terms) => system.request(Report, 'sale', terms), { problem });
    }
  });
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

  const feed = await (await fetch(`${url}/feed`, { headers: { 'last-event-id': '41' } })).text();
  const lines = await (await fetch(`${url}/lines`)).text();
  const sold = await fetch(url);
  await fetch(`${url}/price`, { headers: { traceparent } });

  expect(feed).toContain('id: 42\ndata: {"id":42}\n\nid: 43\n');
  expect(lines).toBe('{"id":1}\n{"id":2}\n');
  expect([sold.status, ((await sold.json()) as Problem).detail]).toEqual([409, 'Nothing is left of it.']);
  expect(upstream).toEqual([{ traceparent }]);
});

it('a shutdown lingers for balancers', async () => {
  const system = createSystem();
  const server = createServer();
  const db = { close: vi.fn() };
  // #region linger
  const shutdown = gracefulShutdown(server, {
    system,
    lingerMs: 100, // As long as your balancer needs to see that readiness says 503: seconds, usually.
    withinMs: 20_000,
    onEnd: async ({ cutOff }) => {
      if (cutOff > 0) console.warn(`${cutOff} responses were cut off`);
      await db.close();
    },
  });
  // #endregion

  await shutdown.begin();

  expect(db.close).toHaveBeenCalledOnce();
});
