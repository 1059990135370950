/** A system inside a bare node:http server. */
import { createServer, type Server } from 'node:http';
import { readJson, sendHealth, sendReply, sendStream } from 'troupe/node';
import { Question, Story, system } from './agents.ts';

export async function serve(port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://here');
    switch (`${request.method} ${pathname}`) {
      case 'POST /ask':
        void sendReply(response, async (terms) =>
          system.request(Question, (await readJson(request)) as { text: string }, terms),
        );
        break;
      case 'GET /story':
        void sendStream(response, (terms) =>
          system.stream(Story, { words: Number(searchParams.get('words')) }, terms),
        );
        break;
      case 'GET /live':
        sendHealth(response, system, 'live');
        break;
      case 'GET /ready':
        sendHealth(response, system, 'ready');
        break;
      default:
        response.writeHead(404).end();
    }
  });
  return server.listen(port, '127.0.0.1');
}
