import { describe, expect, it } from 'vitest';
import { answerOfParts, unknownUsage } from '../../src/models/answer-of-parts.ts';

describe('the answer that parts amount to', () => {
  it('has the content in the order in which it began', () => {
    const { content } = answerOfParts([
      { type: 'reasoning-start', id: '1' },
      { type: 'text-start', id: '1', providerMetadata: { p: { at: 'start' } } },
      { type: 'text-delta', id: '1', delta: 'Hel' },
      { type: 'reasoning-delta', id: '1', delta: 'Hm.' },
      { type: 'tool-input-start', id: '2', toolName: 'clock' },
      { type: 'tool-input-delta', id: '2', delta: '{}' },
      { type: 'tool-input-end', id: '2' },
      { type: 'tool-call', toolCallId: '2', toolName: 'clock', input: '{}' },
      { type: 'text-delta', id: '1', delta: 'lo' },
      { type: 'reasoning-end', id: '1' },
      { type: 'text-end', id: '1', providerMetadata: { p: { at: 'end' } } },
    ]);

    expect(content).toEqual([
      { type: 'reasoning', text: 'Hm.' },
      { type: 'text', text: 'Hello', providerMetadata: { p: { at: 'end' } } },
      { type: 'tool-call', toolCallId: '2', toolName: 'clock', input: '{}' },
    ]);
  });

  it('has what is said of the answer', () => {
    const usage = { ...unknownUsage };

    const answer = answerOfParts([
      { type: 'stream-start', warnings: [{ type: 'other', message: 'beware' }] },
      { type: 'response-metadata', id: 'r1', modelId: 'm' },
      { type: 'raw', rawValue: 1 },
      { type: 'ping' },
      {
        type: 'finish',
        finishReason: { unified: 'stop', raw: 'end_turn' },
        usage,
        providerMetadata: { p: { a: 1 } },
      },
    ]);

    expect(answer).toEqual({
      content: [],
      warnings: [{ type: 'other', message: 'beware' }],
      response: { id: 'r1', modelId: 'm' },
      finishReason: { unified: 'stop', raw: 'end_turn' },
      usage,
      providerMetadata: { p: { a: 1 } },
    });
  });

  it('of a stream that broke off has what there was, and no reason', () => {
    const answer = answerOfParts([
      { type: 'text-start', id: '1' },
      { type: 'text-delta', id: '1', delta: 'Hel' },
      { type: 'error', error: 'gone' },
    ]);

    expect(answer).toEqual({
      content: [{ type: 'text', text: 'Hel' }],
      warnings: [],
      finishReason: { unified: 'other', raw: undefined },
      usage: unknownUsage,
    });
  });

  it('leaves out pieces of a block that never began', () => {
    const { content } = answerOfParts([
      { type: 'text-delta', id: '1', delta: 'Hel' },
      { type: 'text-end', id: '1', providerMetadata: { p: {} } },
    ]);

    expect(content).toEqual([]);
  });
});
