import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerOfParts } from '../../src/models/answer-of-parts.ts';
import { scriptedModel } from '../../src/testing/scripted-model.ts';
import { describeTurn, type ScriptedTurn, sayTurn } from '../../src/testing/scripted-turn.ts';
import { lawParameters } from '../support/law-runs.ts';
import { asking, read, typesOf } from '../support/model-calls.ts';
import { aTurn, aTurnThatMayFail } from '../support/scripts.ts';

const facts = { call: asking('Hello'), modelId: 'm', index: 1 };
const partsOf = (turn: ScriptedTurn) => sayTurn(turn, facts).parts;

describe('a scripted turn', () => {
  it('is said in the order that providers keep', () => {
    const parts = partsOf({
      toolCalls: [{ toolName: 'clock' }],
      text: 'Let me see.',
      reasoning: 'The time?',
    });

    expect(typesOf(parts)).toEqual([
      'stream-start',
      'response-metadata',
      'reasoning-start',
      'reasoning-delta',
      'reasoning-delta',
      'reasoning-end',
      'text-start',
      'text-delta',
      'text-delta',
      'text-delta',
      'text-end',
      'tool-input-start',
      'tool-input-delta',
      'tool-input-end',
      'tool-call',
      'finish',
    ]);
  });

  it('fills in what is not said', () => {
    const parts = partsOf({ text: 'four', toolCalls: [{ toolName: 'clock', input: { in: 'Oslo' } }] });

    expect(parts).toContainEqual({ type: 'response-metadata', id: 'm-2', modelId: 'm' });
    expect(parts).toContainEqual({
      type: 'tool-call',
      toolCallId: 'm-call-2-1',
      toolName: 'clock',
      input: '{"in":"Oslo"}',
    });
    expect(parts.at(-1)).toEqual({
      type: 'finish',
      finishReason: { unified: 'tool-calls', raw: 'tool-calls' },
      usage: {
        // 'Hello' is 5 characters, 'four' and the input 17.
        inputTokens: { total: 2, noCache: 2, cacheRead: 0, cacheWrite: 0 },
        outputTokens: { total: 5, text: 5, reasoning: 0 },
      },
    });
  });

  it('says what its author says instead', () => {
    const turn: ScriptedTurn = {
      text: ['one chunk', ' and one'],
      toolCalls: [{ toolName: 'clock', input: '{"in":', toolCallId: 'c1' }],
      finishReason: 'length',
      usage: { inputTokens: 3, outputTokens: 5 },
      providerMetadata: { p: { cached: true } },
      warnings: [{ type: 'other', message: 'beware' }],
    };

    const answer = answerOfParts(partsOf(turn));

    expect(answer).toMatchObject({
      content: [
        { type: 'text', text: 'one chunk and one' },
        { type: 'tool-call', toolCallId: 'c1', input: '{"in":' },
      ],
      finishReason: { unified: 'length', raw: 'length' },
      usage: { inputTokens: { total: 3 }, outputTokens: { total: 5 } },
      providerMetadata: { p: { cached: true } },
      warnings: [{ type: 'other', message: 'beware' }],
      response: { id: 'm-2', modelId: 'm' },
    });
  });

  it('says nothing of tokens when the provider does not', () => {
    expect(partsOf({ text: 'Hi', usage: 'unknown' }).at(-1)).toMatchObject({
      usage: { inputTokens: { total: undefined }, outputTokens: { total: undefined } },
    });
  });

  it('counts reasoning among the output', () => {
    const { usage } = answerOfParts(partsOf({ reasoning: '12345678', text: '1234' }));

    expect(usage.outputTokens).toEqual({ total: 3, text: 1, reasoning: 2 });
    expect(
      answerOfParts(partsOf({ reasoning: '12345678', usage: { outputTokens: 1 } })).usage.outputTokens,
    ).toEqual({
      total: 1,
      text: 0,
      reasoning: 1,
    });
  });

  it('ends as a stop when only the provider has called a tool', () => {
    const content = [
      { type: 'tool-call', toolCallId: '1', toolName: 'search', input: '{}', providerExecuted: true },
    ] as const;

    expect(partsOf({ content }).at(-1)).toMatchObject({ finishReason: { unified: 'stop' } });
  });

  it('can be parts, to the letter', () => {
    const parts = [{ type: 'text-delta', id: 'never begun', delta: 'a' }] as const;

    expect(partsOf({ parts, text: 'not this' })).toBe(parts);
  });

  it('says of each part whether it has a chunk of its own', () => {
    const turn: ScriptedTurn = {
      reasoning: ['a', 'b'],
      text: ['c'],
      toolCalls: [{ toolName: 'clock' }],
      delayMs: 100,
      chunkDelayMs: 5,
    };

    const { parts, arrivals } = sayTurn(turn, facts);

    expect(parts.map(({ type }, n) => `${type} ${arrivals[n] ?? ''}`)).toEqual([
      'stream-start ',
      'response-metadata ',
      'reasoning-start 100',
      'reasoning-delta ',
      'reasoning-delta 5',
      'reasoning-end ',
      'text-start 5',
      'text-delta ',
      'text-end ',
      'tool-input-start 5',
      'tool-input-delta ',
      'tool-input-end ',
      'tool-call ',
      'finish 0',
    ]);
  });

  it('calls a tool with nothing at all, when that is the input', () => {
    const parts = partsOf({ toolCalls: [{ toolName: 'clock', input: '' }] });

    expect(typesOf(parts)).not.toContain('tool-input-delta');
    expect(parts).toContainEqual(expect.objectContaining({ type: 'tool-call', input: '' }));
  });

  it('waits before a finish with nothing before it', () => {
    expect(sayTurn({ delayMs: 100 }, facts).arrivals).toEqual([undefined, undefined, 100, 0]);
  });

  it.each([
    [{}, 'nothing'],
    [{ text: ['a', 'b'], toolCalls: [{ toolName: 'clock' }], error: 1 }, "'ab', calls clock, an error"],
    [{ parts: [] }, '0 parts'],
  ])('%j in words is %s', (turn, words) => {
    expect(describeTurn(turn)).toBe(words);
  });

  it('law: whatever a turn says, its parts put together are the answer', async () => {
    await fc.assert(
      fc.asyncProperty(aTurn, async (turn) => {
        const streamed = await read(scriptedModel([turn]));
        const answer = await scriptedModel([turn]).doGenerate(asking('Hello'));

        expect(answerOfParts(streamed.parts)).toEqual(answer);
        expect(said(answer.content)).toEqual([textOf(turn.reasoning), textOf(turn.text)]);
      }),
      lawParameters,
    );
  });

  it('law: an abort at any part ends the stream there, and nothing comes after it', async () => {
    await fc.assert(
      fc.asyncProperty(aTurnThatMayFail, fc.nat({ max: 20 }), fc.boolean(), async (turn, after, waiting) => {
        const whole = await read(scriptedModel([turn]));
        const aborting = new AbortController();
        const model = scriptedModel([turn]);
        const call = model.doStream(asking('Hello', { abortSignal: aborting.signal }));
        const reader = await Promise.resolve(call).then(
          ({ stream }) => stream.getReader(),
          () => undefined,
        );
        if (reader === undefined || after >= whole.parts.length) return;

        const parts: unknown[] = [];
        for (let n = 0; n < after; n += 1) parts.push((await reader.read()).value);
        const isAsked = waiting ? reader.read() : undefined; // Sent already, because nothing delays it.
        aborting.abort('enough');
        if (isAsked !== undefined) parts.push((await isAsked).value);
        const then = await Promise.allSettled([reader.read(), reader.read()]);

        expect(parts).toEqual(whole.parts.slice(0, parts.length));
        if (parts.length < whole.parts.length) {
          expect(then).toEqual(then.map(() => ({ status: 'rejected', reason: 'enough' })));
          expect(model.calls[0]?.end).toBe('aborted');
        }
      }),
      lawParameters,
    );
  });
});

const textOf = (text: string | readonly string[] | undefined): string =>
  typeof text === 'string' ? text : (text ?? []).join('');

const said = (content: readonly { type: string; text?: string }[]): string[] =>
  ['reasoning', 'text'].map(
    (type) => content.find((part) => part.type === type && part.text !== 'also this')?.text ?? '',
  );
