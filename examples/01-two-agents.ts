/**
 * Two agents: one that answers, and one that asks it.
 *
 *     npm exec node -- examples/01-two-agents.ts
 */
import assert from 'node:assert/strict';

// #region hello
import { createSystem, defineAgent, defineTopic, type } from 'troupe';

const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });
const greeter = defineAgent({
  name: 'greeter',
  subscribe: [Question],
  receive: (name) => `Hello, ${name}!`,
});
await using system = createSystem({ agents: [greeter] });
console.log(await system.request(Question, 'Ada'));
// #endregion

// #region second
const Visit = defineTopic('visit', { schema: type<{ name: string }>(), reply: type<string>() });
const receptionist = defineAgent({
  name: 'receptionist',
  subscribe: [Visit],
  state: { visits: 0 },
  receive: async ({ name }, context) => {
    context.update(({ visits }) => ({ visits: visits + 1 }));
    const greeting = await context.request(Question, name);
    return `${greeting} You are visitor ${context.state.visits}.`;
  },
});
// #endregion

// #region ask
const desk = system.spawn(receptionist);
const answers = [
  await system.request(desk, { name: 'Grace' }),
  await system.request(Visit, { name: 'Alan' }),
];
console.log(answers.join('\n'));
// #endregion

for (const { path, handled } of system.statistics().agents) {
  console.log(`${path} handled ${handled} messages`);
}

assert.deepEqual(answers, ['Hello, Grace! You are visitor 1.', 'Hello, Alan! You are visitor 2.']);
assert.equal(await system.request(Question, 'Ada'), 'Hello, Ada!');
assert.deepEqual(
  system.statistics().agents.map(({ path, handled }) => [path, handled]),
  [
    ['/greeter', 4],
    ['/receptionist', 2],
  ],
);
