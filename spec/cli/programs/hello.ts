import { defineAgent, defineTopic, type } from 'troupe';
import { program } from 'troupe/cli';

const Name = defineTopic('name', { schema: type<string>(), reply: type<string>() });
const greeter = defineAgent({ name: 'greeter', subscribe: [Name], receive: (name) => `Hello, ${name}!` });

export default program({
  description: 'Greets.',
  options: {
    name: { type: 'string', default: 'Ada', description: 'whom to greet' },
    loud: { type: 'boolean', description: 'in capital letters' },
  },
  run: async ({ system, options, progress }) => {
    system.spawn(greeter);
    progress({ asked: 1 });
    const greeting = await system.request(Name, options.name);
    return options.loud ? greeting.toUpperCase() : greeting;
  },
});
