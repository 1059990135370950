/** The programs of docs/guides/models-without-a-network.md that need no library. */
import { join } from 'node:path';
import { capability, defineAgent, defineTopic, type } from 'troupe';
import { cassetteFile } from 'troupe/node';
import {
  type Cassette,
  explore,
  faultyModel,
  type LanguageModelV4,
  memoryStorage,
  openCassette,
  providerError,
  type ScriptedModel,
  scriptedModel,
  scriptedTool,
} from 'troupe/testing';
import { expect, it } from 'vitest';
import { aFolder } from '../support/a-folder.ts';

const Article = defineTopic('article', { schema: type<string>(), reply: type<string>() });

const asking = (text: string) => ({
  prompt: [{ role: 'user' as const, content: [{ type: 'text', text }] }],
});

const textOf = (answer: Awaited<ReturnType<LanguageModelV4['doGenerate']>>) =>
  answer.content.map((part) => (part.type === 'text' ? part.text : '')).join('');

it('says turns of many kinds', async () => {
  // #region turns
  const model = scriptedModel([
    'Just text, sent word by word.',
    { reasoning: 'I must look it up.', toolCalls: [{ toolName: 'weather', input: { city: 'Oslo' } }] },
    { text: ['sent in ', 'these chunks'], usage: { outputTokens: 5 }, finishReason: 'length' },
    { error: providerError(429, { responseHeaders: { 'retry-after': '2' } }) },
    { text: 'This breaks off', error: new TypeError('terminated') },
    { text: 'One chunk a second', delayMs: 5_000, chunkDelayMs: 1_000 },
    (call) => `You sent ${call.prompt.length} messages.`,
  ]);
  // #endregion

  expect(model.left).toHaveLength(7);
  expect(textOf(await model.doGenerate(asking('Hi')))).toBe('Just text, sent word by word.');
});

it('expects what it is asked', async () => {
  // #region expects
  const model = scriptedModel([
    { text: 'Which city?', expects: 'weather' },
    { text: 'Cold.', expects: /in (Oslo|Bergen)/ },
    { text: 'Bye.', expects: (call) => call.prompt.length === 1 },
  ]);

  await expect(Promise.resolve(model.doGenerate(asking('What time is it?')))).rejects.toThrow(
    "turn 1 of 'scripted' expects 'weather' in the last message; asked: user: What time is it? (message 1).",
  );
  // #endregion
});

// #region summariser
const summariser = (model: LanguageModelV4) =>
  defineAgent({
    name: 'summariser',
    subscribe: [Article],
    receive: async (article, { signal }) => {
      const { stream } = await model.doStream({
        prompt: [{ role: 'user', content: [{ type: 'text', text: `Summarise: ${article}` }] }],
        abortSignal: signal,
      });
      let summary = '';
      for await (const part of stream) {
        if (part.type === 'text-delta') summary += part.delta;
      }
      return summary;
    },
  });
// #endregion

it('finds what a summariser does not look at', async () => {
  // #region explore
  let summary: string | undefined;

  const exploring = explore(
    async (system, world) => {
      const pace = world.environment;
      const model = scriptedModel(['The cat sat on the mat.'], { pace });
      system.spawn(summariser(faultyModel(model, { choose: world.chance, pace, faults: ['cut', 'slow'] })));
      summary = await system.request(Article, 'A long story.').catch(() => undefined);
    },
    { runs: 500, seed: 1 },
    () => summary === undefined || summary === 'The cat sat on the mat.',
  );

  await expect(exploring).rejects.toThrow('a schedule breaks the property');
  // #endregion
});

it('stands in for tools', async () => {
  // #region tool
  const lookUp = scriptedTool<{ city: string }, string>('weather', [
    { output: 'cold', expects: ({ city }) => city === 'Oslo' },
    { error: new Error('the station does not answer'), delayMs: 5_000 },
  ]);
  const Weather = capability('weather', {
    input: type<{ city: string }>(),
    output: type<string>(),
    run: lookUp.run,
  });
  const station = defineAgent({ name: 'station', capabilities: [Weather] });
  // #endregion

  expect(station.name).toBe('station');
  expect(await lookUp.run({ city: 'Oslo' })).toBe('cold');
});

it('records once and replays from then on', async () => {
  const path = join(aFolder(), 'cassettes/cats.json');
  const realModel = scriptedModel(['Cats purr.']);
  const env = { RECORD: '1' } as Record<string, string | undefined>;

  // #region cassette
  const cassette = await openCassette(cassetteFile(path));
  const model = env['RECORD'] ? cassette.record<LanguageModelV4>(realModel) : cassette.replay();

  const answer = await model.doGenerate(asking('What do cats do?'));
  // #endregion

  expect(textOf(answer)).toBe('Cats purr.');
  await replays(await openCassette(cassetteFile(path)));
});

async function replays(cassette: Cassette): Promise<void> {
  // #region strict
  const replayed = cassette.replay();
  await replayed.doGenerate(asking('What do cats do?'));

  await expect(Promise.resolve(replayed.doGenerate(asking('What do dogs do?')))).rejects.toThrow(
    'prompt.0.content.0.text: recorded "What do cats do?", asked "What do dogs do?"',
  );
  replayed.assertComplete(); // No recording is left that nobody asked for.
  // #endregion
}

it('redacts what only you know', async () => {
  const realModel: ScriptedModel = scriptedModel(['Customer 4711-0815 is Ada.']);
  const storage = memoryStorage();

  // #region redact
  const cassette = await openCassette(storage, {
    redact: (text) => text.replaceAll(/\b\d{4}-\d{4}\b/g, '[customer]'),
  });
  // #endregion
  await cassette.record<LanguageModelV4>(realModel).doGenerate(asking('Who is 4711-0815?'));

  expect(storage.text).not.toContain('4711');
});
