/** The agents that all these services put on the web: one answers, one tells a story word by word. */
import { createSystem, defineAgent, defineTopic, type } from 'troupe';
import { z } from 'zod';

export const Question = defineTopic('question', {
  schema: z.object({ text: z.string() }),
  reply: type<{ answer: string; trace: string | undefined }>(),
});
export const Story = defineTopic('story', { schema: z.object({ words: z.number() }), reply: type<string>() });

/** What has become of the stories, for whoever looks. */
export const told = { begun: 0, words: 0, ended: 0 };

const answerer = defineAgent({
  name: 'answerer',
  subscribe: [Question],
  receive: ({ text }, context) => ({
    answer: `You said: ${text}`,
    trace: context.envelope.headers.traceparent,
  }),
});

const storyteller = defineAgent({
  name: 'storyteller',
  subscribe: [Story],
  concurrency: 100,
  receive: async function* ({ words }) {
    told.begun += 1;
    try {
      // With 0 words it never ends by itself; its words are long then.
      for (let n = 1; words === 0 || n <= words; n += 1) {
        told.words += 1;
        yield words === 0 ? 'endless '.repeat(8_000) : `word ${n}`;
      }
    } finally {
      told.ended += 1;
    }
  },
});

export const system = createSystem({ agents: [answerer, storyteller] });
