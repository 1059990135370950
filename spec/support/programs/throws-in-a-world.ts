/** Explores a company in which something is thrown that nobody catches, and prints how often the process heard of it. */
import { defineAgent, defineTopic, type } from 'troupe';
import { explore } from 'troupe/testing';

const Go = defineTopic('go', { schema: type<number>() });
let heard = 0;
process.on('uncaughtException', () => {
  heard += 1;
});
const careless = defineAgent({
  name: 'careless',
  subscribe: [Go],
  receive: () =>
    void queueMicrotask(() => {
      throw new Error('nobody catches this');
    }),
});

const { runs } = await explore(
  (system) => {
    system.spawn(careless);
    void system.publish(Go, 1);
  },
  { runs: 3 },
  () => {},
);
console.log(`${runs} runs, heard ${heard}`);
