import { describe, expect, it } from 'vitest';
import type { Capability } from '../../src/actors/capability.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { capability } from '../../src/actors/define-capability.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { retry } from '../../src/primitives/retry.ts';
import { aWorld } from '../support/a-world.ts';
import { ask } from '../support/asking.ts';

const Task = defineTopic('task', { schema: type<string>(), reply: type<string>() });
const lengthOf: Capability<string, number> = capability('length', {
  input: type<string>(),
  output: type<number>(),
  run: (text) => text.length,
});
const guard = retry({ times: 1 });

describe('a wrapper', () => {
  it('goes around an agent, a topic, a capability or a procedure, and bears its name', async () => {
    const world = aWorld();
    const worker = world.system.spawn(
      defineAgent({
        name: 'worker',
        subscribe: [Task],
        capabilities: [lengthOf],
        receive: (word) => `${word}!`,
      }),
    );
    const shout = (word: string): string => word.toUpperCase();
    const guarded = [worker, Task, lengthOf, shout].map((one) => guard(one as typeof shout));

    const answers: unknown[] = [];
    for (const one of guarded) {
      const asked = await ask(world, one, 'four');
      await world.runUntilQuiet();
      answers.push(asked.value);
    }

    expect(answers).toEqual(['four!', 'four!', 4, 'FOUR']);
    expect(guarded.map(({ name }) => name)).toEqual(['/worker', 'task', 'length', 'shout']);
  });

  it.each([undefined, null, 7, 'worker', {}, { name: 7 }])('refuses what cannot be asked: %o', (work) => {
    expect(() => guard(work as never)).toThrow(RangeError);
    expect(() => guard(work as never)).toThrow("what a wrapper is put around is an agent's ref, a topic");
  });
});
