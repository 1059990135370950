import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LanguageModelV4, ModelAnswer, ModelCall } from '../../src/models/language-model.ts';
import { type Faulty, type FaultyModelOptions, faultyModel } from '../../src/testing/faulty-model.ts';
import { type ModelFault, modelFaults } from '../../src/testing/model-fault.ts';
import { type ScriptedModel, scriptedModel } from '../../src/testing/scripted-model.ts';
import type { ScriptedTurn } from '../../src/testing/scripted-turn.ts';
import { readTape } from '../../src/testing/tape.ts';
import { aWorld } from '../support/a-world.ts';
import { lawParameters } from '../support/law-runs.ts';
import { asking, type Part, type Reading, read, textIn, typesOf } from '../support/model-calls.ts';
import { disorderIn } from '../support/part-order.ts';
import { aTurn, aTurnThatMayFail } from '../support/scripts.ts';

const forecast: ScriptedTurn = {
  text: ['Let me ', 'look.'],
  toolCalls: [{ toolName: 'weather', input: { city: 'Oslo' } }],
};
const tools: ModelCall['tools'] = [
  { type: 'function', name: 'weather' },
  { type: 'function', name: 'clock' },
];

describe('a faulty model', () => {
  it('answers as the model does when nothing is chosen', async () => {
    const { model } = aFaulty('cut', [], { faultsMax: 0 });

    expect(await read(model)).toEqual(await read(scriptedModel([forecast])));
    expect(await aFaulty('cut', [], { faultsMax: 0 }).model.doGenerate(asking('Hello'))).toEqual(
      await scriptedModel([forecast]).doGenerate(asking('Hello')),
    );
    expect(model.faults).toEqual([]);
  });

  it('is of the version and name of the model', () => {
    const older = scriptedModel([], { specificationVersion: 'v3', modelId: 'm', provider: 'p' });

    const model = faultyModel(older, { choose: () => 0 });

    expect(model).toMatchObject({
      specificationVersion: 'v3',
      modelId: 'm',
      provider: 'p',
      supportedUrls: {},
    });
  });

  it('has at most faultsMax faults', async () => {
    const model = faultyModel(
      scriptedModel(() => 'Yes.'),
      { choose: readTape(Array(100).fill(1)), faults: ['rate-limited'] },
    );

    for (let n = 0; n < 5; n += 1) await read(model);

    expect(model.faults.map(({ call, what }) => `${call}: ${what}`)).toEqual([
      '0: 429, retry-after 30 s',
      '1: 429, retry-after 30 s',
      '2: 429, retry-after 30 s',
    ]);
  });

  it('names each of its choices', async () => {
    const asked: string[] = [];
    for (const fault of modelFaults) {
      const choose = (_count: number, what: string) => asked.push(what) && 1;
      await read(faultyModel(scriptedModel(['Yes.']), { choose, faults: [fault], slowMs: 0 }));
    }

    expect(asked.filter((what) => what === 'fault: what becomes of an answer')).toHaveLength(
      modelFaults.length,
    );
    expect(new Set(asked).size).toBe(14);
  });
});

describe('a slow answer', () => {
  it('has one chunk that comes late', async () => {
    const world = aWorld();
    const { model } = aFaulty('slow', [3], { pace: world.environment });
    const at: string[] = [];

    await world.run(async () => {
      const { stream } = await model.doStream(asking('Hello'));
      for await (const part of stream as AsyncIterable<Part> & typeof stream) {
        at.push(`${world.nowMs} ${part.type}`);
      }
    });

    expect(at.slice(2, 5)).toEqual(['0 text-start', '60000 text-delta', '60000 text-delta']);
    expect(model.faults).toEqual([{ call: 0, fault: 'slow', what: 'slow after 3 parts' }]);
  });

  it('comes late as a whole', async () => {
    const world = aWorld();
    const { model } = aFaulty('slow', [3], { pace: world.environment, slowMs: 5_000 });

    await world.run(() => model.doGenerate(asking('Hello')));

    expect(world.nowMs).toBe(5_000);
  });

  it.each(['doStream', 'doGenerate'] as const)('of %s is not waited for after an abort', async (method) => {
    const aborting = new AbortController();
    const { model } = aFaulty('slow', [0]);
    const call = asking('Hello', { abortSignal: aborting.signal });
    const answer =
      method === 'doStream'
        ? model.doStream(call).then(({ stream }) => stream.getReader().read())
        : model.doGenerate(call);
    setImmediate(() => aborting.abort('enough'));

    await expect(answer).rejects.toBe('enough');
  });

  it('is not waited for by a reader who left', async () => {
    const { model, inner } = aFaulty('slow', [0]);
    const { stream } = await model.doStream(asking('Hello'));
    const reader = stream.getReader();
    const waiting = reader.read();

    await reader.cancel();

    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(inner.calls[0]?.end).toBe('cancelled');
  });
});

describe('a cut answer', () => {
  it('breaks in the middle', async () => {
    const { model, inner } = aFaulty('cut', [4, 0]);

    const { parts, failure } = await read(model);

    expect(textIn(parts)).toBe('Let me ');
    expect(failure).toEqual(new TypeError('terminated'));
    expect(inner.calls[0]?.end).toBe('cancelled');
    expect(model.faults[0]?.what).toBe('cut after 4 parts, broken');
  });

  it('is said to be incomplete, with its blocks ended', async () => {
    const { parts, failure } = await read(aFaulty('cut', [4, 1]).model);

    expect(failure).toBeUndefined();
    expect(typesOf(parts).slice(-3)).toEqual(['text-delta', 'text-end', 'finish']);
    expect(parts.at(-1)).toMatchObject({ finishReason: { unified: 'interrupted' } });
  });

  it('is said to be incomplete in a word of version 3', async () => {
    const older = scriptedModel([forecast], { specificationVersion: 'v3' });
    const choose = readTape([1, 15, 1]);

    const { parts } = await read(faultyModel(older, { choose, faults: ['cut'] }));

    expect(parts.at(-1)).toMatchObject({ finishReason: { unified: 'other' } });
  });

  it.each([1, 2])('that ends at its beginning has begun', async (end) => {
    const { parts } = await read(aFaulty('cut', [0, end]).model);

    expect(disorderIn(parts)).toEqual([]);
  });

  it('closes as if all were well', async () => {
    const { parts, failure } = await read(aFaulty('cut', [15, 2]).model);

    expect(failure).toBeUndefined();
    expect(parts.at(-1)?.type).toBe('tool-call');
  });

  it('fails as a whole', async () => {
    await expect(aFaulty('cut', [4, 1]).model.doGenerate(asking('Hello'))).rejects.toThrow('terminated');
  });
});

describe('a duplicated chunk', () => {
  it('comes twice', async () => {
    const { model } = aFaulty('duplicated', [1]);

    expect(textIn((await read(model)).parts)).toBe('Let me look.look.');
    expect(model.faults[0]?.what).toBe('chunk 2 twice');
  });

  it('may be a tool call, also of an answer as a whole', async () => {
    const streamed = await read(aFaulty('duplicated', [4]).model);
    const { content } = await aFaulty('duplicated', [0]).model.doGenerate(asking('Hello'));

    expect(typesOf(streamed.parts).slice(-3)).toEqual(['tool-call', 'tool-call', 'finish']);
    expect(content.map(({ type }) => type)).toEqual(['text', 'tool-call', 'tool-call']);
  });

  it('that there is not does not happen', async () => {
    const { model } = aFaulty('duplicated', [15]);

    expect(disorderIn((await read(model)).parts)).toEqual([]);
    expect(model.faults).toEqual([]);
    const whole = aFaulty('duplicated', [15]).model;
    await whole.doGenerate(asking('Hello'));
    expect(whole.faults).toEqual([]);
  });
});

describe('malformed arguments', () => {
  it.each([
    [0, '{"city":"Oslo', '{"city":"Oslo"'],
    [1, 'Sure! {"city":"Oslo"}', 'Sure! {"city":"Oslo"}'],
    [2, '[]', '[]'],
  ])('of kind %d are %s, and %s as a whole', async (kind, streamed, whole) => {
    const reading = await read(aFaulty('malformed-arguments', [0, kind]).model);
    const { content } = await aFaulty('malformed-arguments', [0, kind]).model.doGenerate(asking('Hello'));

    expect(inputsIn(reading.parts)).toEqual([streamed]);
    expect(disorderIn(reading.parts)).toEqual([]);
    expect(inputsIn(content)).toEqual([whole]);
  });

  it('are those of one call among several', async () => {
    const turn: ScriptedTurn = { toolCalls: [{ toolName: 'clock' }, { toolName: 'clock' }] };
    const { model } = aFaulty('malformed-arguments', [1, 0], {}, turn);

    expect(inputsIn((await read(model)).parts)).toEqual(['{}', '{']);
    expect(model.faults[0]?.what).toBe('arguments of tool call 2 cut');
  });
});

describe('a wrong tool', () => {
  it.each([
    [0, 'weather_that_is_not'],
    [1, 'weather_that_is_not'],
    [2, 'clock'],
  ])('of kind %d is %s', async (kind, toolName) => {
    const { model } = aFaulty('wrong-tool', [0, kind]);

    const { parts } = await read(model, asking('Hello', { tools }));

    expect(parts.flatMap((part) => ('toolName' in part ? [part.toolName] : []))).toEqual([
      toolName,
      toolName,
    ]);
  });

  it('can be any, when none is offered', async () => {
    const { content } = await aFaulty('wrong-tool', [0, 0]).model.doGenerate(asking('Hello'));

    expect(content[1]).toMatchObject({ toolName: 'weather_that_is_not' });
  });
});

describe('an answer that the model never gave', () => {
  it('is a refusal, and the turn is still there', async () => {
    const { model, inner } = aFaulty('refusal', [0]);

    const { parts } = await read(model);

    expect(parts.at(-1)).toMatchObject({ finishReason: { unified: 'content-filter' } });
    expect(inner.left).toHaveLength(1);
    expect(textIn((await read(aFaulty('refusal', [1]).model)).parts)).toBe(
      "I'm sorry, but I can't help with that.",
    );
  });

  it.each([
    [0, { 'retry-after': '1' }],
    [2, undefined],
  ])('is 429', async (kind, responseHeaders) => {
    const { model, inner } = aFaulty('rate-limited', [kind]);

    const { failure } = await read(model);

    expect(failure).toMatchObject({ statusCode: 429, isRetryable: true, responseHeaders });
    await expect(aFaulty('rate-limited', [kind]).model.doGenerate(asking('Hello'))).rejects.toEqual(failure);
    expect(inner.left).toHaveLength(1);
  });

  it.each([
    [0, 500],
    [1, 503],
  ])('is an error of the server', async (kind, statusCode) => {
    const world = aWorld();
    const { model } = aFaulty('server-error', [kind, 0], { pace: world.environment });
    let reading: Reading | undefined;

    await world.run(async () => {
      reading = await read(model);
    });

    expect(reading?.failure).toMatchObject({ statusCode });
    expect(world.steps).toBe(1);
  });
});

describe('an error of the server in mid-stream', () => {
  it('is a part, and then the answer is over', async () => {
    const { model } = aFaulty('server-error', [1, 1, 4]);

    const { parts, failure } = await read(model);

    expect(failure).toBeUndefined();
    expect(typesOf(parts).slice(-3)).toEqual(['error', 'text-end', 'finish']);
    expect(parts.at(-1)).toMatchObject({ finishReason: { unified: 'error' } });
    expect(model.faults[0]?.what).toBe('an error after 4 parts');
  });

  it('fails an answer as a whole', async () => {
    await expect(aFaulty('server-error', [1, 1, 4]).model.doGenerate(asking('Hello'))).rejects.toMatchObject({
      statusCode: 503,
    });
  });
});

describe('missing usage', () => {
  it('is said of no tokens', async () => {
    const { parts } = await read(aFaulty('missing-usage', []).model);
    const answer: ModelAnswer = await aFaulty('missing-usage', []).model.doGenerate(asking('Hello'));

    expect(parts.at(-1)).toMatchObject({ usage: { outputTokens: { total: undefined } } });
    expect(answer.usage.outputTokens.total).toBeUndefined();
  });
});

describe('an abort of a faulty answer', () => {
  it('ends it, whatever the model does', async () => {
    const aborting = new AbortController();
    const deaf = scriptedModel([forecast]);
    const model = faultyModel(
      { ...deaf, doStream: ({ prompt }: ModelCall) => deaf.doStream({ prompt }) } as ScriptedModel,
      { choose: readTape([1]), faults: ['missing-usage'] },
    );
    const { stream } = await model.doStream(asking('Hello', { abortSignal: aborting.signal }));
    const reader = stream.getReader();
    await reader.read();

    aborting.abort('enough');

    await expect(reader.read()).rejects.toBe('enough');
    expect(deaf.calls[0]?.end).toBe('cancelled');
  });

  it('passes on what the model fails of', async () => {
    const { model } = aFaulty('missing-usage', [], {}, { text: 'a', error: new Error('gone') });

    expect((await read(model)).failure).toEqual(new Error('gone'));
  });
});

describe('faults', () => {
  it('law: whatever is chosen, parts come in an order that providers keep', async () => {
    const orderly = modelFaults.filter((fault) => fault !== 'duplicated');
    await fc.assert(
      fc.asyncProperty(aTurnThatMayFail, fc.array(fc.nat({ max: 20 })), async (turn, tape) => {
        const model = faultyModel(scriptedModel([turn]), {
          choose: readTape(tape),
          faults: orderly,
          slowMs: 0,
        });

        const { parts } = await read(model, asking('Hello', { tools }));

        expect(disorderIn(parts)).toEqual([]);
      }),
      lawParameters,
    );
  });

  it('law: no fault that is told is one that nobody could see', async () => {
    await fc.assert(
      fc.asyncProperty(aTurn, fc.array(fc.nat({ max: 20 })), async (turn, tape) => {
        const model = faultyModel(scriptedModel([turn]), { choose: readTape(tape), slowMs: 0 });

        const reading = await read(model, asking('Hello', { tools }));
        const well = await read(scriptedModel([turn]), asking('Hello', { tools }));

        const isSeen = !same(reading, well) || model.faults[0]?.fault === 'slow' || isUnknown(turn);
        expect(isSeen).toBe(model.faults.length > 0 || isUnknown(turn));
      }),
      lawParameters,
    );
  });
});

/** A model with one fault, drawn with these answers. */
function aFaulty(
  fault: ModelFault,
  answers: readonly number[],
  options: Partial<FaultyModelOptions> = {},
  turn: ScriptedTurn = forecast,
): { model: LanguageModelV4 & Faulty; inner: ScriptedModel } {
  const { pace } = options;
  const inner = scriptedModel([turn], pace === undefined ? {} : { pace });
  const choose = readTape([1, ...answers]);
  return { model: faultyModel(inner, { choose, faults: [fault], ...options }), inner };
}

const inputsIn = (content: readonly { type: string; input?: string }[]): (string | undefined)[] =>
  content.filter(({ type }) => type === 'tool-call').map(({ input }) => input);

const same = (a: Reading, b: Reading): boolean =>
  JSON.stringify(a) === JSON.stringify(b) && String(a.failure) === String(b.failure);

/** Where the model itself says nothing of tokens, nobody sees that it is missing. */
const isUnknown = (turn: ScriptedTurn): boolean => turn.usage === 'unknown';
