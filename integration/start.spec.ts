import { createSystem, defineAgent, defineTopic, type } from 'troupe';
import { expect, it } from 'vitest';

it('sees the sources of the library', async () => {
  const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });
  const greeter = defineAgent({
    name: 'greeter',
    subscribe: [Question],
    receive: (name) => `Hello, ${name}!`,
  });
  await using system = createSystem({ agents: [greeter] });

  expect(await system.request(Question, 'Ada')).toBe('Hello, Ada!');
});
