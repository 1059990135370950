/** Agents that call models, under exploration: what the faults are for. */
import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import type { System } from '../../src/actors/system.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { answerOfParts } from '../../src/models/answer-of-parts.ts';
import type { LanguageModelV4, StreamPartV4 } from '../../src/models/language-model.ts';
import type { CounterexampleFound } from '../../src/testing/counterexample.ts';
import { explore } from '../../src/testing/explore.ts';
import { faultyModel } from '../../src/testing/faulty-model.ts';
import { type ModelFault, modelFaults } from '../../src/testing/model-fault.ts';
import { type ScriptedModel, scriptedModel } from '../../src/testing/scripted-model.ts';
import type { World } from '../../src/testing/world.ts';
import { lawExploration, lawTimeoutMs } from '../support/law-runs.ts';
import { asking } from '../support/model-calls.ts';

const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });

/** What an agent makes of the model's answer, as it should be. */
const expected = 'cold; weather {"city":"Oslo"}; 9 tokens';

type Answer = (model: LanguageModelV4, signal: AbortSignal) => Promise<string>;

/** Looks at nothing but what it wants to see. */
const credulous: Answer = async (model, signal) => said(await heard(model, signal));

/** Looks at everything that may be wrong with an answer. */
const careful: Answer = async (model, signal) => {
  const parts = await heard(model, signal);
  const { content, finishReason, usage } = answerOfParts(parts);
  const calls = content.filter((part) => part.type === 'tool-call');
  const deltas = parts.flatMap((part) => ('delta' in part ? [`${part.id} ${part.delta}`] : []));
  const doubts = {
    'an error came': parts.some(({ type }) => type === 'error'),
    'it is not complete': finishReason.unified !== 'tool-calls',
    'a chunk came twice': new Set(deltas).size < deltas.length,
    'there is not one call': calls.length !== 1,
    'the tool is unknown': calls.some(({ toolName }) => toolName !== 'weather'),
    'the input is none': calls.some(({ input }) => input !== '{"city":"Oslo"}'),
    'its tokens are unknown': usage.outputTokens.total === undefined,
  };
  const doubt = Object.entries(doubts).find(([, holds]) => holds)?.[0];
  if (doubt !== undefined) throw new Error(doubt);
  return said(parts);
};

async function heard(model: LanguageModelV4, signal: AbortSignal): Promise<StreamPartV4[]> {
  const tools = [{ type: 'function', name: 'weather' }] as const;
  const { stream } = await model.doStream(asking('?', { abortSignal: signal, tools }));
  const parts: StreamPartV4[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

function said(parts: readonly StreamPartV4[]): string {
  const { content, usage } = answerOfParts(parts);
  const told = content.map((part) =>
    part.type === 'text' ? part.text : part.type === 'tool-call' ? `${part.toolName} ${part.input}` : '',
  );
  return [...told, `${usage.outputTokens.total} tokens`].join('; ');
}

/** One agent asks a faulty model; what it replied, if it did. */
function asks(answer: Answer, faults: readonly ModelFault[]) {
  const seen: { reply?: string | undefined; model?: ScriptedModel } = {};
  const setup = async (system: System, world: World): Promise<void> => {
    const pace = world.environment;
    const script = scriptedModel(
      [
        {
          text: ['co', 'ld'],
          toolCalls: [{ toolName: 'weather', input: { city: 'Oslo' } }],
          usage: { outputTokens: 9 },
        },
      ],
      { pace },
    );
    const choose = (count: number, what: string): number => world.choose(count, what);
    const model = faultyModel(script, { choose, pace, faults });
    seen.model = script;
    const receive = (_question: string, { signal }: { signal: AbortSignal }) => answer(model, signal);
    system.spawn(defineAgent({ name: 'asker', subscribe: [Question], receive }));
    seen.reply = await system.request(Question, '?', { timeoutMs: 30_000 }).catch(() => undefined);
  };
  return { seen, setup };
}

describe('an agent that calls a faulty model', () => {
  it.each<ModelFault>([
    'cut',
    'duplicated',
    'malformed-arguments',
    'wrong-tool',
    'refusal',
    'missing-usage',
    'server-error',
  ])('and believes everything is found out by the fault %s within 1 000 runs', async (fault) => {
    const { seen, setup } = asks(credulous, [fault]);

    const found: unknown = await explore(setup, { runs: 1_000, seed: 1 }, () => {
      return seen.reply === undefined || seen.reply === expected;
    }).catch((failure: unknown) => failure);

    expect(found).toMatchObject({ name: 'CounterexampleFound' });
    // The quietest way to it has one fault in it, with at most two answers that say how and where.
    const { tape } = found as CounterexampleFound;
    expect(tape.filter((answer) => answer > 0).length).toBeLessThanOrEqual(3);
  });

  it(
    'law: and looks at everything replies rightly or not at all, and leaves no call open',
    async () => {
      const { seen, setup } = asks(careful, modelFaults);

      await explore(setup, { ...lawExploration, faults: ['crash', 'slow'] }, ({ environment }) => {
        const isLeft = seen.model!.calls.some(({ end }) => end === 'open') || environment.timerCount > 0;
        return (seen.reply === undefined || seen.reply === expected) && !isLeft;
      });
    },
    lawTimeoutMs,
  );
});
