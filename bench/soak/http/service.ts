/**
 * A service that is ended by a signal while it is asked, and says then what it had
 * accepted and what became of that.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSystem, defineAgent, defineTopic, type } from 'troupe';
import { gracefulShutdown, readJson, sendReply, sendStream } from 'troupe/node';

const Echo = defineTopic('echo', { schema: type<unknown>(), reply: type<unknown>() });
const Count = defineTopic('count', { schema: type<unknown>(), reply: type<number>() });

const echo = defineAgent({
  name: 'echo',
  subscribe: [Echo],
  concurrency: 64,
  receive: async (body) => {
    await sleep(10);
    return body;
  },
});
const counter = defineAgent({
  name: 'counter',
  subscribe: [Count],
  concurrency: 64,
  receive: async function* () {
    for (let n = 1; n <= 5; n += 1) {
      await sleep(5);
      yield n;
    }
  },
});
const system = createSystem({ agents: [echo, counter] });
const told = { accepted: 0, finished: 0, cutOff: 0 };
const server = createServer((request, response) => {
  told.accepted += 1;
  response.once('close', () => {
    if (response.writableFinished) told.finished += 1;
    else told.cutOff += 1;
  });
  if (request.url === '/stream') {
    void sendStream(response, (terms) => system.stream(Count, undefined, terms));
  } else {
    void sendReply(response, async (terms) => system.request(Echo, await readJson(request), terms));
  }
});
gracefulShutdown(server, { system, onEnd: () => console.log(JSON.stringify(told)) });
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
