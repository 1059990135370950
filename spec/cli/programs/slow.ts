/** Twenty messages of 50 ms each; says so when the first is being handled. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineAgent, defineTopic, type } from 'troupe';
import { program } from 'troupe/cli';

const Work = defineTopic('work', { schema: type<number>() });

const worker = (stepMs: number) =>
  defineAgent({
    name: 'worker',
    subscribe: [Work],
    receive: async () => {
      await sleep(stepMs);
    },
  });

export default program({
  options: { step: { type: 'string', default: '50', description: 'milliseconds' } },
  async *run({ system, options, signal }) {
    system.spawn(worker(Number(options.step)));
    for (let n = 0; n < 20; n += 1) {
      await system.publish(Work, n);
    }
    yield 'working\n';
    if (!signal.aborted) await once(signal, 'abort');
    // Whoever leaves a timer behind does not keep the command from ending.
    setInterval(() => {}, 1_000);
    yield 'asked to stop\n';
    await new Promise(() => {});
  },
});
