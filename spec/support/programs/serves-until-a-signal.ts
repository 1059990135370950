/**
 * A service that ends by a signal, and says what happens.
 *
 *     node serves-until-a-signal.ts alone
 *     node serves-until-a-signal.ts 'with a system that handles signals'
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSystem, defineAgent, defineTopic, type } from 'troupe';
import { gracefulShutdown, sendReply } from 'troupe/node';

const [, , how] = process.argv;
const Ask = defineTopic('ask', { schema: type<string>(), reply: type<string>() });
const asked = once(process, 'SIGTERM').then(() => console.log('asked to end'));

const worker = defineAgent({
  name: 'worker',
  subscribe: [Ask],
  receive: async (work) => {
    console.log(`begins ${work}`);
    await asked;
    await (work === 'stuck' ? new Promise(() => {}) : undefined);
    return `${work}, done`;
  },
});
const system = createSystem({ agents: [worker], handleSignals: how !== 'alone' });
const server = createServer((request, response) => {
  void sendReply(response, (terms) => system.request(Ask, request.url!.slice(1), terms));
});
gracefulShutdown(server, {
  system,
  onEnd: ({ finished, cutOff }) => console.log(`finished ${finished}, cut off ${cutOff}`),
});
server.listen(0, '127.0.0.1', () => console.log(`listens ${(server.address() as AddressInfo).port}`));
