/**
 * A budget that ends work in mid-stream, and what is left of it.
 *
 * The storyteller sends its story word by word and says what each word cost. The reader has given it 12 tokens:
 * when they are spent, the work is interrupted, the reader gets a typed failure, and the failure carries what
 * the storyteller had kept so far. Time is a budget too: it passes by itself.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { BudgetExceeded, createSystem, defineAgent, defineTopic, type } from 'troupe';

const Story = defineTopic('story', { schema: type<{ about: string }>(), reply: type<string>() });

let toldToStop = false;

// #region storyteller
const storyteller = defineAgent({
  name: 'storyteller',
  subscribe: [Story],
  receive: async function* ({ about }, context) {
    const told: string[] = [];
    try {
      for (const word of `Once upon a time there was ${about} who never came to an end`.split(' ')) {
        await sleep(1);
        context.budget.spend('tokens', word.length > 3 ? 2 : 1);
        told.push(word);
        context.keep(told.join(' '));
        yield word;
      }
    } finally {
      toldToStop = true;
    }
  },
});
// #endregion

// Nobody asks this one what time costs: it passes.
const Slowly = defineTopic('slowly', { schema: type<string>(), reply: type<string>() });
const thinker = defineAgent({
  name: 'thinker',
  subscribe: [Slowly],
  receive: async (question, context) => {
    context.keep(`half an answer to ${question}`);
    await sleep(10_000, undefined, { signal: context.signal });
    return 'the answer';
  },
});

await using system = createSystem({ agents: [storyteller, thinker] });

// #region read
const heard: string[] = [];
let failure: unknown;
try {
  for await (const word of system.stream(Story, { about: 'a tale' }, { budget: { tokens: 12 } })) {
    heard.push(word);
  }
} catch (thrown) {
  failure = thrown;
}
// #endregion
assert.ok(failure instanceof BudgetExceeded);
console.log(`heard: ${heard.join(' ')}`);
console.log(`then:  ${failure}`);
console.log(`kept:  ${failure.partial}`);

// #region time
const hurried = await system
  .request(Slowly, 'a long question', { budget: { timeMs: 20 } })
  .catch((thrown: unknown) => thrown);
// #endregion
assert.ok(hurried instanceof BudgetExceeded);
console.log(`in time: ${hurried}; kept: ${hurried.partial}`);

assert.deepEqual(heard, ['Once', 'upon', 'a', 'time', 'there', 'was', 'a']);
assert.equal(failure.partial, heard.join(' '));
assert.equal(failure.limit, 12);
assert.ok(failure.spent > 12 && failure.spent <= 14, 'over by at most the one word that passed the limit');
assert.ok(toldToStop, 'the generator was told to return');
