/** A system inside a Hono app, which speaks web Requests and Responses. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { serve as serveOnNode } from '@hono/node-server';
import { Hono } from 'hono';
import { healthResponse, readJson, replyResponse, streamResponse } from 'troupe/node';
import { Question, Story, system } from './agents.ts';

export async function serve(port: number): Promise<Server> {
  const app = new Hono();

  // #region hono
  app.post('/ask', (c) =>
    replyResponse(c.req.raw, async (terms) => {
      const body = (await readJson(c.req.raw)) as { text: string }; // Checked by the topic's schema.
      return system.request(Question, body, terms);
    }),
  );
  app.get('/story', (c) => {
    const words = Number(c.req.query('words'));
    return streamResponse(c.req.raw, (terms) => system.stream(Story, { words }, terms));
  });
  // #endregion
  app.get('/live', () => healthResponse(system, 'live'));
  app.get('/ready', () => healthResponse(system, 'ready'));

  const server = serveOnNode({ fetch: app.fetch, port, hostname: '127.0.0.1' }) as Server;
  await once(server, 'listening');
  return server;
}
