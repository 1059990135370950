/**
 * A program with a system that handles signals, and an agent that is at work when the signal comes.
 *
 *     node signalled-system.ts busy     needs a little longer for two messages
 *     node signalled-system.ts stuck    never comes to an end, and is given 50 ms
 */
import { once } from 'node:events';
import { createSystem, defineAgent, defineTopic, type } from 'troupe';

const [, , how] = process.argv;
const Job = defineTopic('job', { schema: type<string>() });
// Registered once, so that it does not keep the signal from ending the process later.
const asked = once(process, 'SIGTERM');

const worker = defineAgent({
  name: 'worker',
  subscribe: [Job],
  receive: async (job) => {
    console.log(`begins ${job}`);
    await (how === 'stuck' ? new Promise(() => {}) : asked);
    console.log(`has done ${job}`);
  },
  onStop: () => console.log('stops'),
});

const system = createSystem({ agents: [worker], handleSignals: how === 'stuck' ? { withinMs: 50 } : true });

setInterval(() => {}, 1_000_000);
void system.publish(Job, 'one');
void system.publish(Job, 'two');
