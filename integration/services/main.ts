/**
 * Runs one of these services until a signal ends it, and loses nothing then.
 *
 *     npm exec node -- integration/services/main.ts express
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gracefulShutdown } from 'troupe/node';
import { system } from './agents.ts';

const { serve } = (await import(`./${process.argv[2]}.ts`)) as { serve: (port: number) => Promise<Server> };
const server = await serve(Number(process.env['PORT'] ?? 0));
gracefulShutdown(server, {
  system,
  onEnd: ({ finished, cutOff }) => console.log(`finished ${finished}, cut off ${cutOff}`),
});
if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
console.log(`listens ${(server.address() as AddressInfo).port}`);
