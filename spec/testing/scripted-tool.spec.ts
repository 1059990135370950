import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { capability } from '../../src/actors/define-capability.ts';
import { type } from '../../src/core/schema.ts';
import { ScriptExhausted, ScriptIncomplete, UnexpectedCall } from '../../src/testing/script.ts';
import { scriptedTool } from '../../src/testing/scripted-tool.ts';
import { aWorld } from '../support/a-world.ts';

type Where = { readonly city: string };

describe('a scripted tool', () => {
  it('answers from its script, and tells what it was asked', async () => {
    const error = new Error('no such city');
    const weather = scriptedTool<Where, string>('weather', [
      { output: 'cold', expects: ({ city }) => city === 'Oslo' },
      { error },
      async ({ city }, index) => `${city} ${index}`,
    ]);

    expect(weather.left).toEqual(['1. "cold"', '2. an error', '3. a function']);
    expect(await weather.run({ city: 'Oslo' })).toBe('cold');
    await expect(weather.run({ city: 'Nowhere' })).rejects.toBe(error);
    expect(await weather.run({ city: 'Rome' })).toBe('Rome 2');

    weather.assertComplete();
    expect(weather.calls).toEqual([{ city: 'Oslo' }, { city: 'Nowhere' }, { city: 'Rome' }]);
  });

  it('fails a call for which there is no turn, or another one', async () => {
    const weather = scriptedTool<Where, string>('weather', [
      { output: 'cold', expects: ({ city }) => city === 'Oslo' },
    ]);

    await expect(weather.run({ city: 'Rome' })).rejects.toThrow(
      `turn 1 of 'weather' expects what its function says; asked: {"city":"Rome"}. Left: 1. "cold"`,
    );
    await weather.run({ city: 'Oslo' });
    await expect(weather.run({ city: 'Rome' })).rejects.toBeInstanceOf(ScriptExhausted);
  });

  it('says why an expectation threw', async () => {
    const cause = new RangeError('too far');
    const weather = scriptedTool<Where, string>('weather', [
      {
        error: 1,
        expects: () => {
          throw cause;
        },
      },
    ]);

    const failure: unknown = await weather.run({ city: 'Rome' }).catch((thrown: unknown) => thrown);

    expect(failure).toBeInstanceOf(UnexpectedCall);
    expect(failure).toMatchObject({ cause });
    expect(() => weather.assertComplete()).toThrow(ScriptIncomplete);
    expect(weather.left).toEqual(['1. an error']);
  });

  it('answers without an end when it is one function', async () => {
    const double = scriptedTool('double', (n: number) => n * 2);

    expect([await double.run(1), await double.run(2)]).toEqual([2, 4]);
    expect(double.left).toEqual([]);
  });

  it.each(['signal', 'abortSignal'])('is aborted by the %s of its caller', async (name) => {
    const aborting = new AbortController();
    const weather = scriptedTool('weather', [{ output: 'cold', delayMs: 3_600_000 }]);
    const answer = weather.run(undefined, { [name]: aborting.signal });

    aborting.abort('enough');

    await expect(answer).rejects.toBe('enough');
  });

  it('is the capability of an agent, in the time of a world', async () => {
    const world = aWorld();
    const weather = scriptedTool<Where, string>('weather', [{ output: 'cold', delayMs: 5_000 }], {
      pace: world.environment,
    });
    const Weather = capability('weather', { input: type<Where>(), output: type<string>(), run: weather.run });
    world.system.spawn(defineAgent({ name: 'station', capabilities: [Weather] }));
    let answer: string | undefined;

    await world.run(async () => {
      answer = await world.system.request(Weather, { city: 'Oslo' });
    });

    expect([answer, world.nowMs]).toEqual(['cold', 5_000]);
  });
});
