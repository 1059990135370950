import {
  createSystem,
  defineAgent,
  defineTopic,
  fallback,
  gather,
  majority,
  mapRequest,
  pipeline,
  retry,
  streamAgent,
  type,
} from 'troupe';
import { describe, expect, it } from 'vitest';

const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });
const Draft = defineTopic('draft', { schema: type<string>(), reply: type<string>() });

describe('the guide to primitives', () => {
  it('nests what it names', async () => {
    const answers = (name: string, answer: string) =>
      defineAgent({ name, subscribe: [Question], receive: () => answer });
    await using system = createSystem();
    const [ada, bob, cyd] = ['four', 'four', 'five'].map((answer, n) =>
      system.spawn(answers(`adviser-${n}`, answer), { subscribe: false }),
    );
    const writer = system.spawn(
      defineAgent({ name: 'writer', subscribe: [Draft], receive: (answer) => `It is ${answer}.` }),
    );
    // #region nesting
    const advise = pipeline(
      gather(
        [ada!, bob!, cyd!],
        majority((answer) => answer),
      ),
      ({ value }) => value,
      fallback(retry({ times: 2 })(writer), (answer: string) => answer),
    );
    const text = await system.request(advise, 'What is two and two?', { timeoutMs: 5_000 });
    // #endregion

    expect(text).toBe('It is four.');
  });

  it('asks for each message of a stream agent', async () => {
    const writer = defineAgent({
      name: 'writer',
      subscribe: [Draft],
      receive: (answer) => `It is ${answer}.`,
    });
    // #region stream
    const desk = streamAgent({
      name: 'desk',
      subscribe: [Question],
      // Eight questions are with the writer at once; the next waits in the mailbox.
      stream: (inbox) => inbox.pipe(mapRequest(8, Draft)),
    });
    // #endregion
    await using system = createSystem({ agents: [writer, desk] });

    expect(await system.request(Question, 'four')).toBe('It is four.');
  });
});
