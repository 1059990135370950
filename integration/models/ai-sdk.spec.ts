/** Scripted, faulty and recorded models under the AI SDK itself, as somebody would use them who has no agents of ours. */
import { APICallError } from '@ai-sdk/provider';
import { generateText, isStepCount, RetryError, streamText, tool } from 'ai';
import {
  faultyModel,
  type LanguageModelV4,
  memoryStorage,
  modelFaults,
  openCassette,
  providerError,
  readTape,
  ScriptExhausted,
  scriptedModel,
} from 'troupe/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const weather = tool({
  description: 'The weather in a city',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => ({ city, celsius: -3 }),
});

/** A model that looks at the weather and says what it has seen. */
const forecaster = () =>
  scriptedModel([
    { reasoning: 'I must look.', toolCalls: [{ toolName: 'weather', input: { city: 'Oslo' } }] },
    { text: 'It is cold.', expects: /-3/ },
  ]);

const ask = (model: LanguageModelV4) =>
  generateText({ model, prompt: 'Is it cold in Oslo?', tools: { weather }, stopWhen: isStepCount(5) });

describe('generateText', () => {
  it('takes a scripted model through a loop of tools', async () => {
    const model = forecaster();

    const { text, steps, totalUsage } = await ask(model);

    expect(text).toBe('It is cold.');
    expect(steps[0]?.toolResults).toMatchObject([{ output: { city: 'Oslo', celsius: -3 } }]);
    expect(steps[0]?.reasoningText).toBe('I must look.');
    expect(totalUsage.outputTokens).toBeGreaterThan(0);
    expect(model.calls[0]?.call.tools).toMatchObject([{ type: 'function', name: 'weather' }]);
    model.assertComplete();
  });

  it('takes one of version 3', async () => {
    const model = scriptedModel(['Hello.'], { specificationVersion: 'v3' });

    expect((await generateText({ model, prompt: 'Hi' })).text).toBe('Hello.');
  });

  it('tries again what a provider says is worth it, after the time it says', async () => {
    const error = providerError(429, { responseHeaders: { 'retry-after-ms': '1' } });
    const model = scriptedModel([{ error }, 'Hello.']);

    expect((await generateText({ model, prompt: 'Hi' })).text).toBe('Hello.');
    expect(model.calls.map(({ end }) => end)).toEqual(['failed', 'finished']);
  });

  it('knows the errors of a provider, and does not try again where there is no hope', async () => {
    const hopeless = await generateText({
      model: scriptedModel([{ error: providerError(401) }]),
      prompt: 'Hi',
    }).catch((failure: unknown) => failure);
    const worn = await generateText({
      model: scriptedModel(() => ({
        error: providerError(500, { responseHeaders: { 'retry-after-ms': '1' } }),
      })),
      prompt: 'Hi',
      maxRetries: 1,
    }).catch((failure: unknown) => failure);

    expect(APICallError.isInstance(hopeless)).toBe(true);
    expect(RetryError.isInstance(worn)).toBe(true);
  });

  it('passes on that a script is exhausted', async () => {
    await expect(ask(scriptedModel([]))).rejects.toBeInstanceOf(ScriptExhausted);
  });
});

describe('streamText', () => {
  it('streams a scripted model word by word', async () => {
    const { textStream, usage } = streamText({ model: scriptedModel(['one two three']), prompt: 'Hi' });
    const words: string[] = [];
    for await (const word of textStream) words.push(word);

    expect(words).toEqual(['one ', 'two ', 'three']);
    expect((await usage).outputTokens).toBe(4);
  });

  it('is aborted in mid-stream', async () => {
    const aborting = new AbortController();
    const model = scriptedModel([{ text: ['one', 'two'], chunkDelayMs: 3_600_000 }]);
    const { fullStream } = streamText({ model, prompt: 'Hi', abortSignal: aborting.signal });
    const types: string[] = [];
    for await (const { type } of fullStream) {
      types.push(type);
      if (type === 'text-delta') aborting.abort();
    }

    expect(types.filter((type) => type === 'text-delta')).toHaveLength(1);
    expect(types.at(-1)).toBe('abort');
    expect(model.calls[0]?.end).toBe('aborted');
  });

  it.each(modelFaults)('comes to an end of a stream that has the fault %s', async (fault) => {
    for (const answers of [
      [0, 0, 0],
      [1, 1, 3],
      [3, 2, 1],
    ]) {
      const model = faultyModel(forecaster(), {
        choose: readTape([1, ...answers]),
        faults: [fault],
        faultsMax: 1,
        slowMs: 1,
      });
      const { fullStream } = streamText({
        model,
        prompt: 'Is it cold in Oslo?',
        tools: { weather },
        stopWhen: isStepCount(3),
        maxRetries: 0,
        onError: () => {},
      });
      const types: string[] = [];
      try {
        for await (const { type } of fullStream) types.push(type);
      } catch (failure) {
        types.push(String(failure));
      }

      expect(types.at(-1)).toMatch(/^(finish|error|TypeError: terminated)$/);
    }
  });

  it('sees malformed arguments as an invalid tool call, and does not run the tool', async () => {
    const model = faultyModel(forecaster(), {
      choose: readTape([1, 0, 1]),
      faults: ['malformed-arguments'],
    });
    let isRun = false;
    const { steps } = await generateText({
      model,
      prompt: 'Is it cold in Oslo?',
      tools: { weather: { ...weather, execute: async () => (isRun = true) } },
    });

    expect(steps[0]?.toolCalls[0]).toMatchObject({ invalid: true, input: 'Sure! {"city":"Oslo"}' });
    expect(isRun).toBe(false);
  });
});

describe('a cassette', () => {
  it('replays a loop of tools without its model', async () => {
    const storage = memoryStorage();
    const recorded = await ask((await openCassette(storage)).record<LanguageModelV4>(forecaster()));

    const replayed = (await openCassette(storage)).replay();
    const again = await ask(replayed);

    expect(again.text).toBe(recorded.text);
    expect(again.steps.map(({ content }) => content)).toEqual(recorded.steps.map(({ content }) => content));
    expect(again.totalUsage).toEqual(recorded.totalUsage);
    replayed.assertComplete();
  });

  it('replays a stream and an error of the provider', async () => {
    const storage = memoryStorage();
    const error = providerError(429, { responseHeaders: { 'retry-after-ms': '1' } });
    const live = () => scriptedModel([{ error }, 'one two three']);
    const listen = async (model: LanguageModelV4) => {
      const words: string[] = [];
      for await (const word of streamText({ model, prompt: 'Hi' }).textStream) words.push(word);
      return words;
    };
    const recorded = await listen((await openCassette(storage)).record<LanguageModelV4>(live()));

    const replayed = (await openCassette(storage)).replay();

    expect(await listen(replayed)).toEqual(recorded);
    expect(replayed.replayed).toBe(2);
  });

  it('is asked with the address of a picture that its model fetches itself, and nobody else fetches it', async () => {
    const storage = memoryStorage();
    const supportedUrls = { 'image/*': [/^https:\/\/pictures\./] };
    const live = () => scriptedModel(['A cat.'], { supportedUrls });
    const picture = {
      type: 'file',
      mediaType: 'image/png',
      data: new URL('https://pictures.invalid/cat.png'),
    } as const;
    const look = async (model: LanguageModelV4) => {
      const { text } = await generateText({
        model,
        messages: [{ role: 'user', content: [picture] }],
        maxRetries: 0,
      });
      return text;
    };
    await look((await openCassette(storage)).record(live()));

    const replayed = (await openCassette(storage)).replay();
    const orLive = (await openCassette(storage)).replay({ otherwise: live() });

    expect([await look(replayed), await look(orLive)]).toEqual(['A cat.', 'A cat.']);
    expect([replayed.replayed, orLive.replayed]).toEqual([1, 1]);
  });

  it('says what differs when the prompt is another one', async () => {
    const storage = memoryStorage();
    await ask((await openCassette(storage)).record<LanguageModelV4>(forecaster()));
    const model = (await openCassette(storage)).replay();

    const asking = generateText({ model, prompt: 'Is it cold in Rome?', tools: { weather } });

    await expect(asking).rejects.toThrow(
      'prompt.0.content.0.text: recorded "Is it cold in Oslo?", asked "Is it cold in Rome?"',
    );
  });
});
