import { capability, defineAgent, defineTopic, type } from 'troupe';
import { describe, expect, it } from 'vitest';
import { toolCallsAnswered } from '../../../src/testing/index.ts';
import { brokenBy } from '../../support/breaking-a-law.ts';
import { kernelOf } from '../../support/inside.ts';

const Ask = defineTopic('ask', { schema: type<string>() });
const lookUp = capability('dictionary.look-up', {
  input: type<string>(),
  output: type<string>(),
  run: (word) => {
    if (word === 'xyzzy') {
      throw new Error('no such word');
    }
    return word === 'wait' ? new Promise<string>(() => {}) : `${word}: a word`;
  },
});
const dictionary = defineAgent({ name: 'dictionary', capabilities: [lookUp] });
const reader = defineAgent({
  name: 'reader',
  subscribe: [Ask],
  receive: async (word, context) => {
    await context.tool(lookUp, word, { timeoutMs: Number.POSITIVE_INFINITY });
  },
});

describe('every tool call answered', () => {
  it('holds of results and of failures', async () => {
    const broken = await brokenBy([toolCallsAnswered()], async (system) => {
      system.spawn(dictionary);
      await system.tool(lookUp, 'actor');
      await system.tool(lookUp, 'xyzzy').catch(() => {});
      await system.tool('no.such.tool', 'x').catch(() => {});
    });

    expect(broken).toBeUndefined();
  });

  it('finds a call that has neither', async () => {
    const setup = (system: Parameters<Parameters<typeof brokenBy>[1]>[0]): void => {
      system.spawn(dictionary);
      system.spawn(reader);
      system.publish(Ask, 'wait');
    };

    expect(await brokenBy([toolCallsAnswered()], setup)).toBe(
      'every tool call answered: /reader called dictionary.look-up and got neither a result nor a failure',
    );
    // When the system stops it is interrupted: that is a failure.
    expect(await brokenBy([toolCallsAnswered({ unfinished: 'allow' })], setup)).toBeUndefined();
  });

  it('finds one that has neither when the system has stopped', async () => {
    const broken = await brokenBy([toolCallsAnswered({ unfinished: 'allow' })], (system) => {
      kernelOf(system).witness!.called(new Promise(() => {}), 'a.tool', undefined);
    });

    expect(broken).toContain('somebody outside called a.tool and got neither');
  });
});
