/** Goes wrong in the way it is asked to. */
import { defineAgent, defineTopic, type } from 'troupe';
import { program } from 'troupe/cli';

const Work = defineTopic('work', { schema: type<string>(), reply: type<string>() });

const worker = defineAgent({
  name: 'worker',
  subscribe: [Work],
  receive: () => {
    throw new TypeError('the worker is broken');
  },
});

const never = (): Promise<never> => new Promise(() => {});

const ways: Readonly<Record<string, () => Promise<string>>> = {
  throws: async () => {
    throw new RangeError('the program is broken');
  },
  later: () => {
    setTimeout(() => {
      throw new RangeError('nobody can catch this');
    }, 5);
    return never();
  },
  rejects: () => {
    void Promise.reject(new RangeError('nobody looks at this'));
    return never();
  },
  waits: never,
  number: async () => 42 as unknown as string,
};

export default program({
  options: {
    way: { type: 'string', default: 'agent', description: 'agent, throws, later, rejects, waits, number' },
  },
  run: ({ system, options }) => {
    system.spawn(worker);
    return ways[options.way]?.() ?? system.request(Work, 'now');
  },
});
