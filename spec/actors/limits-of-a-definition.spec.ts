import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';

const Order = defineTopic('order', { schema: type<string>() });

describe('a limit of a definition', () => {
  it.each(['capacity', 'spillMax', 'effectsMax'])('is refused at once when it is infinite: %s', (limit) => {
    const define = () =>
      defineAgent({ name: 'a', subscribe: [Order], receive: () => {}, [limit]: Number.POSITIVE_INFINITY });

    expect(define).toThrow(`${limit} of agent 'a' is finite, since everything is bounded; got Infinity`);
  });
});
