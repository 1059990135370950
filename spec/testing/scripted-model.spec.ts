import { describe, expect, it } from 'vitest';
import type { ModelCall } from '../../src/models/language-model.ts';
import { providerError } from '../../src/testing/provider-error.ts';
import { ScriptExhausted, ScriptIncomplete, UnexpectedCall } from '../../src/testing/script.ts';
import { scriptedModel } from '../../src/testing/scripted-model.ts';
import { aWorld } from '../support/a-world.ts';
import { asking, generated, read, textIn, typesOf } from '../support/model-calls.ts';

describe('a scripted model', () => {
  it('answers the first call with the first turn and the second with the second', async () => {
    const model = scriptedModel(['one', 'two']);

    const first = await read(model);
    const second = await model.doGenerate(asking('Hello'));

    expect(textIn(first.parts)).toBe('one');
    expect(second.content).toEqual([{ type: 'text', text: 'two' }]);
    model.assertComplete();
  });

  it('gives turns in the order of the calls, however long each takes', async () => {
    const model = scriptedModel([{ text: 'slow', delayMs: 20 }, 'quick']);
    const order: string[] = [];

    const both = ['first', 'second'].map(async (who) => {
      const { parts } = await read(model);
      order.push(`${who}: ${textIn(parts)}`);
    });
    await Promise.all(both);

    expect(order).toEqual(['second: quick', 'first: slow']);
  });

  it('fails a call for which there is no turn, and says what was asked', async () => {
    const model = scriptedModel(['only this']);
    await model.doGenerate(asking('Hello'));

    const { failure } = await read(
      model,
      asking('and now?', { tools: [{ type: 'function', name: 'clock' }] }),
    );

    expect(failure).toBeInstanceOf(ScriptExhausted);
    expect(failure).toMatchObject({ code: 'SCRIPT_EXHAUSTED', class: 'invalid', turns: 1 });
    expect(String(failure)).toBe(
      "ScriptExhausted: 'scripted' has nothing more to say: its 1 turn has been taken, and it was asked once more. Asked: user: and now? (message 1; tools clock). Add a turn, or give one function instead of a list",
    );
  });

  it('says how many turns it had', async () => {
    const model = scriptedModel([]);

    expect((await read(model)).failure).toMatchObject({
      message: expect.stringContaining('its 0 turns have been taken') as string,
    });
  });

  it('is complete when no turn is left, and otherwise says which are', () => {
    const model = scriptedModel(
      ['one', { toolCalls: [{ toolName: 'clock' }] }, () => 'two', { error: new Error('gone') }],
      { modelId: 'planner' },
    );

    expect(() => model.assertComplete()).toThrow(ScriptIncomplete);
    expect(() => model.assertComplete()).toThrow(
      "'planner' was asked 0 times and 4 of its turns are left: 1. 'one'; 2. calls clock; 3. a function; 4. an error",
    );
  });

  it('tells what it was asked, as it was then, and what became of each call', async () => {
    const model = scriptedModel(['one', { error: new Error('gone') }, 'three']);
    const messages: ModelCall['prompt'][number][] = [{ role: 'system', content: 'Be brief.' }];
    await model.doGenerate({ prompt: messages, temperature: 0.5 });
    messages.push({ role: 'user', content: [{ type: 'text', text: 'later' }] });
    await generated(model);
    const { stream } = await model.doStream(asking('Hello'));

    await stream.cancel();

    expect(model.calls[0]?.call).toEqual({
      prompt: [{ role: 'system', content: 'Be brief.' }],
      temperature: 0.5,
    });
    expect(model.calls.map(({ method, turn, end }) => ({ method, turn, end }))).toEqual([
      { method: 'doGenerate', turn: 0, end: 'finished' },
      { method: 'doGenerate', turn: 1, end: 'failed' },
      { method: 'doStream', turn: 2, end: 'cancelled' },
    ]);
  });

  it('answers without an end when it is one function', async () => {
    const model = scriptedModel((call, index) => `${index}: ${call.prompt.length}`);

    const texts = [await read(model), await read(model), await read(model)].map(({ parts }) => textIn(parts));

    expect(texts).toEqual(['0: 1', '1: 1', '2: 1']);
    expect(model.left).toEqual([]);
    model.assertComplete();
  });

  it('makes a turn of what is asked, also later', async () => {
    const model = scriptedModel([async () => ({ reasoning: 'Hm.', text: 'Yes.' })]);

    const { content } = await model.doGenerate(asking('Hello'));

    expect(content).toEqual([
      { type: 'reasoning', text: 'Hm.' },
      { type: 'text', text: 'Yes.' },
    ]);
  });

  it('fails a call of what its function throws', async () => {
    const model = scriptedModel([
      () => {
        throw new RangeError('too far');
      },
    ]);

    expect(await read(model)).toEqual({ parts: [], failure: new RangeError('too far') });
    expect(model.calls[0]?.end).toBe('failed');
  });

  it('is of version 3 where that is wanted', () => {
    const model = scriptedModel(['one'], { specificationVersion: 'v3', provider: 'p', modelId: 'm' });

    expect(model).toMatchObject({
      specificationVersion: 'v3',
      provider: 'p',
      modelId: 'm',
      supportedUrls: {},
    });
  });
});

describe('an expectation of a turn', () => {
  it.each([
    'the weather in Oslo',
    /weather in \w+/,
    /weather/g,
    (call: ModelCall) => call.prompt.length === 1,
    (call: ModelCall) => void expect(call.prompt).toHaveLength(1),
  ])('%s is met by the call it speaks of', async (expects) => {
    const model = scriptedModel([
      { text: 'Cold.', expects },
      { text: 'Cold.', expects },
    ]);

    await model.doGenerate(asking('What is the weather in Oslo?'));
    await model.doGenerate(asking('What is the weather in Oslo?'));

    model.assertComplete();
  });

  it.each([
    ['the weather', "'the weather' in the last message"],
    [/weather/, '/weather/ in the last message'],
    [() => false, 'what its function says'],
  ])('%s that is not met fails the call and leaves the turn', async (expects, expected) => {
    const model = scriptedModel([{ text: 'Cold.', expects }]);

    const { failure } = await read(model, asking('What time is it?'));

    expect(failure).toBeInstanceOf(UnexpectedCall);
    expect(failure).toMatchObject({ turn: 1, expected, left: ["1. 'Cold.'"], code: 'UNEXPECTED_CALL' });
    expect(String(failure)).toBe(
      `UnexpectedCall: turn 1 of 'scripted' expects ${expected}; asked: user: What time is it? (message 1). Left: 1. 'Cold.'`,
    );
    expect(() => model.assertComplete()).toThrow(ScriptIncomplete);
  });

  it('that throws says why', async () => {
    const cause = new Error('no such tool');
    const model = scriptedModel([
      {
        text: 'Cold.',
        expects: () => {
          throw cause;
        },
      },
    ]);

    const { failure } = await read(model);

    expect(failure).toMatchObject({
      cause,
      expected: 'what its function says, which threw: Error: no such tool',
    });
  });

  it('of a turn that a function makes is looked at too', async () => {
    const model = scriptedModel([() => ({ text: 'Cold.', expects: 'weather' })]);

    expect((await read(model)).failure).toBeInstanceOf(UnexpectedCall);
  });
});

describe('a turn that fails', () => {
  it.each(['doGenerate', 'doStream'] as const)('%s rejects when it says nothing', async (method) => {
    const error = providerError(429, { responseHeaders: { 'retry-after': '2' } });
    const model = scriptedModel([{ error }]);

    await expect(Promise.resolve(model[method](asking('Hello')))).rejects.toBe(error);
  });

  it('breaks its stream after what it says, without a finish', async () => {
    const error = new TypeError('terminated');
    const model = scriptedModel([{ text: 'Hello, Ada', error }]);

    const { parts, failure } = await read(model);

    expect(typesOf(parts)).not.toContain('finish');
    expect(textIn(parts)).toBe('Hello, Ada');
    expect(failure).toBe(error);
    expect(model.calls[0]?.end).toBe('failed');
  });

  it('fails doGenerate although it says something', async () => {
    const error = new TypeError('terminated');

    expect(await generated(scriptedModel([{ text: 'Hello, Ada', error }]))).toEqual({ failure: error });
    expect(await generated(scriptedModel([{ parts: [{ type: 'error', error }] }]))).toEqual({
      failure: error,
    });
  });
});

describe('an abort', () => {
  it('before the call takes no turn', async () => {
    const model = scriptedModel(['one']);

    const { failure } = await read(model, asking('Hello', { abortSignal: AbortSignal.abort('enough') }));

    expect(failure).toBe('enough');
    expect(model.left).toEqual(["1. 'one'"]);
    expect(model.calls[0]).toMatchObject({ turn: undefined, end: 'aborted' });
  });

  it.each(['doGenerate', 'doStream'] as const)('ends the wait of %s', async (method) => {
    const { signal, abort } = anAbort();
    const model = scriptedModel([{ error: new Error('never'), delayMs: 3_600_000 }]);
    const answer = Promise.resolve(model[method](asking('Hello', { abortSignal: signal })));

    abort('enough');

    await expect(answer).rejects.toBe('enough');
    expect(model.calls[0]).toMatchObject({ turn: 0, end: 'aborted' });
  });

  it('ends a function that has not answered yet', async () => {
    const { signal, abort } = anAbort();
    const model = scriptedModel([() => new Promise(() => {})]);
    const answer = Promise.resolve(model.doGenerate(asking('Hello', { abortSignal: signal })));

    abort('enough');

    await expect(answer).rejects.toBe('enough');
  });

  it('ends the stream for a reader who waits for the next part', async () => {
    const { signal, abort } = anAbort();
    const model = scriptedModel([{ text: ['a', 'b'], chunkDelayMs: 3_600_000 }]);
    const { stream } = await model.doStream(asking('Hello', { abortSignal: signal }));
    const reader = stream.getReader();
    for (let n = 0; n < 4; n += 1) await reader.read();
    const waiting = reader.read();

    abort('enough');

    await expect(waiting).rejects.toBe('enough');
    await expect(reader.read()).rejects.toBe('enough');
    expect(model.calls[0]?.end).toBe('aborted');
  });

  it('ends the stream for a reader who comes later', async () => {
    const { signal, abort } = anAbort();
    const { stream } = await scriptedModel(['one']).doStream(asking('Hello', { abortSignal: signal }));

    abort('enough');

    await expect(stream.getReader().read()).rejects.toBe('enough');
  });

  it('after the end changes nothing', async () => {
    const { signal, abort } = anAbort();
    const model = scriptedModel(['one']);
    const { parts } = await read(model, asking('Hello', { abortSignal: signal }));

    abort('enough');

    expect(textIn(parts)).toBe('one');
    expect(model.calls[0]?.end).toBe('finished');
  });
});

describe('a scripted model in a world', () => {
  it('takes its delays from the time of the world', async () => {
    const world = aWorld();
    const model = scriptedModel([{ text: ['a', 'b'], delayMs: 60_000, chunkDelayMs: 1_000 }], {
      pace: world.environment,
    });
    const heard: string[] = [];

    await world.run(async () => {
      const { stream } = await model.doStream(asking('Hello'));
      for await (const part of stream as AsyncIterable<{ type: string }> & typeof stream) {
        if (part.type === 'text-delta') heard.push(`${world.nowMs}`);
      }
    });

    expect(heard).toEqual(['60000', '61000']);
  });

  it('sends each chunk in a step of its own, and no more steps than chunks', async () => {
    const world = aWorld();
    const model = scriptedModel([{ text: ['a', 'b', 'c'] }], { pace: world.environment });

    await world.run(() => read(model));

    // That it answers, three chunks, the finish.
    expect(world.steps).toBe(5);
  });

  it('lets the world choose which of two answers goes on', async () => {
    const heardWhenLastGoesFirst = await heardBy(aWorld({ choose: (count) => count - 1 }));
    const heardWhenQuiet = await heardBy(aWorld());

    expect(heardWhenQuiet).toBe('aAbB');
    expect(heardWhenLastGoesFirst).toBe('ABab');
  });
});

/** Two streams read at once: what was heard, in its order. */
async function heardBy(world: ReturnType<typeof aWorld>): Promise<string> {
  const model = scriptedModel([{ text: ['a', 'b'] }, { text: ['A', 'B'] }], { pace: world.environment });
  let heard = '';
  const listen = async (): Promise<void> => {
    const { stream } = await model.doStream(asking('Hello'));
    for await (const part of stream as AsyncIterable<{ type: string; delta?: string }> & typeof stream) {
      if (part.type === 'text-delta') heard += part.delta;
    }
  };
  await world.run(() => Promise.all([listen(), listen()]));
  return heard;
}

function anAbort(): { signal: AbortSignal; abort: (reason: unknown) => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (reason) => controller.abort(reason) };
}
