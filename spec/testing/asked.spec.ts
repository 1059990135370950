import { describe, expect, it } from 'vitest';
import { describeCall, lastText, textOf } from '../../src/testing/asked.ts';

describe('what a model was asked', () => {
  it('is the text of a message and what its tools gave', () => {
    const message = {
      role: 'tool' as const,
      content: [
        { type: 'text', text: 'Here:' },
        { type: 'tool-result', toolCallId: '1', toolName: 'a', output: { type: 'text', value: 'cold' } },
        { type: 'tool-result', toolCallId: '2', toolName: 'b', output: { type: 'json', value: { n: 1 } } },
        { type: 'tool-call', toolCallId: '3', toolName: 'c', input: {} },
      ],
    };

    expect(textOf(message)).toBe('Here:\ncold\n{"n":1}');
  });

  it('is nothing when there is no message', () => {
    expect(lastText({ prompt: [] })).toBe('');
    expect(describeCall({ prompt: [] })).toBe('nothing (message 0)');
  });

  it('in one line has no line break and is not long', () => {
    const words = describeCall({ prompt: [{ role: 'system', content: `a\nb${'c'.repeat(1_000)}` }] });

    expect(words).toMatch(/^system: a\\nbc+… \(message 1\)$/);
    expect(words.length).toBeLessThan(400);
  });
});
