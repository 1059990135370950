/** The program of docs/guides/command-line.md. */
import { createSystem, defineAgent, defineTopic, type } from 'troupe';
import { program } from 'troupe/cli';
import { expect, it } from 'vitest';

it('a program gets a system and its options, and answers piece by piece', async () => {
  // #region program
  const Greeting = defineTopic('greeting', { schema: type<string>(), reply: type<string>() });
  const greeter = defineAgent({
    name: 'greeter',
    subscribe: [Greeting],
    receive: (name) => `Hello, ${name}!`,
  });

  const greet = program({
    description: 'Greets whom it is told to greet.',
    options: {
      name: { type: 'string', multiple: true, default: ['Ada'], description: 'whom to greet' },
    },
    async *run({ system, options, progress }) {
      const ref = system.spawn(greeter);
      for (const [index, name] of options.name.entries()) {
        yield `${await system.request(ref, name)}\n`;
        progress({ greeted: index + 1 });
      }
      return { notes: ['nobody was greeted twice'] };
    },
  });
  // In its own file: export default greet
  // #endregion

  await using system = createSystem();
  const shown: unknown[] = [];
  const answer = greet.run({
    system,
    options: { name: ['Ada', 'Grace'] },
    progress: (figures) => shown.push(figures),
    signal: new AbortController().signal,
  });
  const said = [];
  for await (const piece of answer as AsyncGenerator<string>) said.push(piece);
  expect(said).toEqual(['Hello, Ada!\n', 'Hello, Grace!\n']);
  expect(shown).toEqual([{ greeted: 1 }, { greeted: 2 }]);
});
