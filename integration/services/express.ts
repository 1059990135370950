/** A system inside an Express 5 app. */
import type { Server } from 'node:http';
import express from 'express';
import { sendHealth, sendReply, sendStream } from 'troupe/node';
import { Question, Story, system } from './agents.ts';

export async function serve(port: number): Promise<Server> {
  // #region express
  const app = express();
  app.use(express.json());

  app.post('/ask', (request, response) => {
    void sendReply(response, (terms) => system.request(Question, request.body, terms));
  });
  app.get('/story', (request, response) => {
    const words = Number(request.query['words']);
    void sendStream(response, (terms) => system.stream(Story, { words }, terms));
  });
  app.get('/live', (_, response) => sendHealth(response, system, 'live'));
  app.get('/ready', (_, response) => sendHealth(response, system, 'ready'));
  // #endregion

  return app.listen(port, '127.0.0.1');
}
