/**
 * Gathering: several translators are asked the same, and one answer is made of theirs.
 *
 *   1. What most of them say counts, as soon as it is certain; the slow one is interrupted.
 *   2. Whoever has answered within 30 ms.
 *   3. The same for each question of a stream.
 *   4. A race, and a second try where the first is slow.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { from, lastValueFrom, map, toArray } from 'rxjs';
import {
  createSystem,
  defineAgent,
  defineTopic,
  fanin,
  fanout,
  gather,
  hedge,
  majority,
  NotGathered,
  quorum,
  race,
  type,
  withinMs,
} from 'troupe';

// #region translators
const Word = defineTopic('word', { schema: type<string>(), reply: type<string>() });

const translator = (name: string, takesMs: number, says: (word: string) => string) =>
  defineAgent({
    name,
    subscribe: [Word],
    receive: async (word, context) => {
      context.budget.spend('tokens', word.length); // What it costs, whether it wins or loses.
      await sleep(takesMs, undefined, { signal: context.signal });
      return says(word);
    },
  });

await using system = createSystem();
const dictionary: Record<string, string> = { cat: 'chat', dog: 'chien' };
const ada = system.spawn(translator('ada', 5, (word) => dictionary[word] ?? word));
const bob = system.spawn(translator('bob', 10, (word) => dictionary[word]?.toUpperCase() ?? word));
const eve = system.spawn(translator('eve', 300, () => 'souris'));
// #endregion

// #region majority
const vote = gather(
  [ada, bob, eve],
  majority((answer) => answer.toLowerCase()),
);
const { value, outcomes } = await system.request(vote, 'cat', { budget: { tokens: 100 } });
console.log(`they say '${value}'`);
for (const { agent, _tag, spent } of outcomes) {
  console.log(`${agent}: ${_tag}, ${spent.tokens} tokens`);
}
// #endregion
assert.equal(value, 'chat');
assert.deepEqual(
  outcomes.map(({ _tag, spent }) => [_tag, spent.tokens]),
  [
    ['Replied', 3],
    ['Replied', 3],
    ['Interrupted', 3],
  ],
);

// #region within
const soon = await system.request(gather([eve, bob, ada], withinMs(100)), 'dog');
console.log(`within 100 ms there were ${soon.value.join(' and ')}`); // In the order in which they were asked.

const failure = await system
  .request(
    gather(
      [ada, bob, eve],
      quorum(3, (answer) => answer),
    ),
    'dog',
  )
  .catch((thrown: unknown) => thrown);
console.log(String(failure)); // At once, when ada and bob differ: eve is not waited for.
// #endregion
assert.deepEqual(soon.value, ['CHIEN', 'chien']);
assert.ok(failure instanceof NotGathered);
assert.equal(failure.outcomes[2]?._tag, 'Interrupted');

// #region stream
const words = from(['cat', 'dog']).pipe(
  fanout([ada, bob, eve]),
  fanin(
    majority((answer) => answer.toLowerCase()),
    { concurrency: 2 },
  ),
  map(({ question, value: most }) => `${question}: ${most}`),
);
// #endregion
assert.deepEqual(await lastValueFrom(words.pipe(toArray())), ['cat: chat', 'dog: chien']);

// #region race
const first = await system.request(race([eve, ada]), 'cat'); // Both are asked; eve is interrupted.

const patient = hedge([eve, ada], { afterMs: 20 });
const second = await system.request(patient, 'cat'); // Ada is asked only when eve has said nothing for 20 ms.
// #endregion
assert.equal(first, 'chat');
assert.equal(second, 'chat');

await system.quiet();
const interrupted = system.statistics().agents.find(({ path }) => path === '/eve')?.interrupted;
console.log(`eve was interrupted ${interrupted} times`);
assert.ok(interrupted !== undefined && interrupted >= 5);
