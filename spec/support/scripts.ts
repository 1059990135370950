/** Arbitrary turns of a script, as providers could have answered. */
import fc from 'fast-check';
import type { ScriptedTurn } from '../../src/testing/scripted-turn.ts';

const aText = fc.oneof(fc.string({ unit: 'grapheme' }), fc.array(fc.string(), { maxLength: 4 }));

const aToolCall = fc.record(
  { toolName: fc.constantFrom('clock', 'weather'), input: fc.jsonValue() },
  { requiredKeys: ['toolName'] },
);

/** A turn that says something, in any of the ways it can, and ends well. */
export const aTurn: fc.Arbitrary<ScriptedTurn> = fc.record(
  {
    reasoning: aText,
    text: aText,
    toolCalls: fc.array(aToolCall, { maxLength: 3 }),
    content: fc.array(
      fc.constantFrom(
        { type: 'text', text: 'also this' } as const,
        { type: 'text', text: 'also this', providerMetadata: { p: { cited: 1 } } } as const,
        { type: 'source', sourceType: 'url', id: '1', url: 'https://example.com' } as const,
        {
          type: 'file',
          mediaType: 'image/png',
          data: { type: 'data', data: new Uint8Array([1, 2]) },
        } as const,
      ),
      { maxLength: 2 },
    ),
    finishReason: fc.constantFrom('stop', 'length', 'content-filter'),
    usage: fc.constantFrom('unknown' as const, { inputTokens: 3 }, { outputTokens: 5 }),
    providerMetadata: fc.constant({ troupe: { cached: true } }),
  },
  { requiredKeys: [] },
);

/** A turn that may also break off. */
export const aTurnThatMayFail: fc.Arbitrary<ScriptedTurn> = fc
  .tuple(aTurn, fc.boolean())
  .map(([turn, fails]) => (fails ? { ...turn, error: new TypeError('terminated') } : turn));
