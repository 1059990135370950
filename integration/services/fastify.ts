/** A system inside a Fastify app: hijacked, its raw response is ours to write. */
import type { Server } from 'node:http';
import fastify from 'fastify';
import { sendHealth, sendReply, sendStream } from 'troupe/node';
import { Question, Story, system } from './agents.ts';

export async function serve(port: number): Promise<Server> {
  const app = fastify();

  app.post<{ Body: { text: string } }>('/ask', (request, reply) => {
    reply.hijack();
    void sendReply(reply.raw, (terms) => system.request(Question, request.body, terms));
  });
  // #region fastify
  app.get<{ Querystring: { words: string } }>('/story', (request, reply) => {
    reply.hijack();
    const words = Number(request.query.words);
    void sendStream(reply.raw, (terms) => system.stream(Story, { words }, terms));
  });
  // #endregion
  app.get('/live', (_, reply) => {
    reply.hijack();
    sendHealth(reply.raw, system, 'live');
  });
  app.get('/ready', (_, reply) => {
    reply.hijack();
    sendHealth(reply.raw, system, 'ready');
  });

  await app.listen({ port, host: '127.0.0.1' });
  return app.server;
}
