/** The programs of docs/guides/models-without-a-network.md that use the AI SDK. */
// #region loop
import { generateText, isStepCount, tool } from 'ai';
import { scriptedModel } from 'troupe/testing';
import { expect, it } from 'vitest';
import { z } from 'zod';

const weather = tool({
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `${city}: -3 °C`,
});

it('looks at the weather before it answers', async () => {
  const model = scriptedModel([
    { toolCalls: [{ toolName: 'weather', input: { city: 'Oslo' } }] },
    { text: 'It is cold.', expects: 'Oslo: -3 °C' },
  ]);

  const { text } = await generateText({
    model,
    prompt: 'Is it cold in Oslo?',
    tools: { weather },
    stopWhen: isStepCount(5),
  });

  expect(text).toBe('It is cold.');
  model.assertComplete();
});
// #endregion
