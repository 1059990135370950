import { deepStrictEqual } from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { CounterexampleFound } from '../../src/testing/counterexample.ts';
import { type ExploreOptions, explore } from '../../src/testing/explore.ts';
import { LawBroken } from '../../src/testing/law.ts';

const Said = defineTopic('said', { schema: type<string>() });

const listen: Parameters<typeof explore>[0] = (system) => {
  system.spawn(defineAgent({ name: 'listener', subscribe: [Said], receive: () => {} }));
  system.publish(Said, 'hello');
};

function fail(): never {
  throw new Error('no');
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

async function foundBy(
  atQuiet: () => unknown,
  options: ExploreOptions = {},
  setup = listen,
): Promise<CounterexampleFound> {
  const thrown = await explore(setup, { runs: 3, seed: 1, ...options }, atQuiet).catch((one: unknown) => one);
  expect(thrown).toBeInstanceOf(CounterexampleFound);
  return thrown as CounterexampleFound;
}

describe('a counterexample', () => {
  it('tells the story, what differs, and how to run it again', async () => {
    const found = await foundBy(() => false, { tape: [] });

    expect(found.message).toMatchInlineSnapshot(`
      "a schedule breaks the property: the property does not hold at quiet

       outside  /listener
          ●────────▷│       (1) said "hello"
          │         ○       starts: /listener
          ○────────▶┃       (1) said "hello"
      ════════════════════  broken: the property does not hold at quiet

      this is the quiet run: first come, first served, and nothing goes wrong
      replay it with explore(setup, { …, tape: [] }, atQuiet)"
    `);
    expect(found).toMatchObject({ tape: [], seed: 1, runs: 1, law: undefined });
    expect(found.why).toBe('the property does not hold at quiet');
    expect(found.story.mermaid).toContain('sequenceDiagram\n  participant p0 as outside');
    expect(String(found.story)).toBe(found.story.text);
  });

  it('keeps what an assertion has to say: its message whole, and itself as the cause', async () => {
    const found = await foundBy(() => deepStrictEqual({ a: 1 }, { a: 2 }));

    expect(found.message).toContain('Expected values to be strictly deep-equal:');
    expect(found.message).toContain('+   a: 1');
    expect(found.cause).toMatchObject({ code: 'ERR_ASSERTION', actual: { a: 1 }, expected: { a: 2 } });
    expect(found.story.text).toMatch(/broken: Expected values to be strictly deep-equal: \+ actual/);
  });

  it('does not repeat a message without end', async () => {
    const found = await foundBy(() => {
      throw new Error(Array.from({ length: 1_000 }, (_, n) => `line ${n}`).join('\n'));
    });

    expect(found.message.split('\n').length).toBeLessThan(100);
    expect(found.why.split('\n')).toHaveLength(1_000);
  });

  it.each<[string, () => unknown, string]>([
    ['an object without a prototype', () => Object.create(null), '{}'],
    ['a plain object', () => ({ code: 'E_X', left: 2 }), '{"code":"E_X","left":2}'],
    ['an object that cannot be written', () => ({ toString: () => fail() }), '{"toString":"[Function]"}'],
    ['an error whose message is none', () => Object.assign(new Error('x'), { message: 42 }), '42'],
    [
      'an error whose message throws',
      () => Object.defineProperty(new Error('x'), 'message', { get: fail }),
      'something that cannot be described',
    ],
    ['what tells nothing', () => revoked(), 'something that cannot be described'],
    ['a symbol', () => Symbol('x'), 'Symbol(x)'],
    ['nothing', () => undefined, 'undefined'],
  ])('says whatever was thrown: %s', async (_what, thrown, why) => {
    const cause = thrown();
    const throws = () => {
      throw cause;
    };

    const found = await foundBy(throws);
    const lawful = await foundBy(() => {}, { laws: [{ name: 'a law', begin: () => ({ atQuiet: throws }) }] });

    expect(found.why).toBe(why);
    expect(found.tape).toEqual([]);
    expect(found.cause === cause).toBe(true);
    expect(lawful.why).toBe(`a law: ${why}`);
  });

  it('is no longer than can be read, and has nothing that a terminal would obey but colours', async () => {
    const message = `\u001b[31mred\u001b[39m\ta\u001b[2J\u202eb${'y'.repeat(1e6)}`;

    const found = await foundBy(() => {
      throw new Error(message);
    });
    const source = found.regressionTest({ runner: 'vitest', from: './a.ts' });

    expect(found.why).toBe(message);
    expect(found.message).toContain('\u001b[31mred\u001b[39m\ta\\u001b[2J\\u202eb');
    expect(found.message.length).toBeLessThan(20_000);
    expect(found.story.mermaid.length + found.story.text.length).toBeLessThan(20_000);
    expect(source.length).toBeLessThan(20_000);
    expect(/^test\(.*$/m.exec(source)![0].length).toBeLessThan(200);
  });

  it('has no control character of a log or a failure in its trace, its difference and its test', async () => {
    const nasty = 'hi\n\u001b[2J */\u202e';
    const logs = defineAgent({
      name: 'logs',
      subscribe: [Said],
      receive: (_text, context) => {
        context.log.info(nasty);
        throw new Error(nasty);
      },
    });

    const found = await foundBy(
      () => false,
      { runs: 100, tape: [1] },
      (system, world) => {
        system.spawn(logs);
        system.publish(Said, nasty);
        world.choose(2, nasty);
      },
    );

    const told = [
      ...found.trace,
      ...found.difference,
      ...found.regressionTest({ runner: 'vitest', from: './a.ts' }).split('\n'),
      ...found.story.text.split('\n'),
      ...found.story.mermaid.split('\n'),
    ];
    expect(told.filter((line) => /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(line))).toEqual([]);
    expect(found.trace).toContain('0 ms  /logs says: hi\\n\\u001b[2J */\\u202e');
  });

  it('names the law that was broken', async () => {
    const law = {
      name: 'never quiet',
      begin: () => ({
        atQuiet: () => {
          throw new Error('it is quiet');
        },
      }),
    };

    const found = await foundBy(() => {}, { laws: [law] });

    expect(found.law).toBe('never quiet');
    expect(found.why).toBe('never quiet: it is quiet');
    expect(found.cause).toBeInstanceOf(LawBroken);
  });

  it('compares with the quiet run when it has just been found, not when it is replayed', async () => {
    const setup: typeof listen = (system, world) => {
      listen(system, world);
      if (world.choose(2, 'heads or tails') === 1) {
        system.publish(Said, 'tails');
      }
    };
    let said = 0;
    const count = () => {
      said += 1;
    };
    const counted: typeof listen = (system, world) => {
      said = 0;
      system.spawn(defineAgent({ name: 'counter', subscribe: [Said], receive: count }));
      return setup(system, world);
    };

    const found = await foundBy(() => said < 2, { runs: 100 }, counted);
    const again = await foundBy(() => said < 2, { tape: found.tape }, counted);

    expect(found.difference).toMatchInlineSnapshot(`
      [
        "the quiet run keeps the property; this one differs from it:",
        "  * heads or tails: 1 (of 0 to 1; quiet is 0) (at 0 ms)",
        "only here:",
        "  outside → all: said",
        "  /counter handled said",
        "  /listener handled said",
      ]
    `);
    expect(again.difference).toEqual([
      'this run differs from the quiet one:',
      '  * heads or tails: 1 (of 0 to 1; quiet is 0) (at 0 ms)',
    ]);
    expect(again.story.text).toBe(found.story.text);
  });

  it('shows a test runner no more than it has to: its message, tape and seed, and no frame of ours', async () => {
    const found = await foundBy(() => false);

    expect(Object.keys(found)).toEqual(['tape', 'seed']);
    expect(found.stack).toMatch(/^CounterexampleFound: a schedule breaks the property/);
    expect(found.stack).not.toContain('src/testing/');
    expect(found.runs).toBe(1);
  });

  it('is shown to whoever asked for it before explore rejects', async () => {
    const shown: CounterexampleFound[] = [];

    const found = await foundBy(() => false, { onCounterexample: async (one) => void shown.push(one) });

    expect(shown).toEqual([found]);
    expect(shown[0]).toBe(found);
  });

  it('writes a test that replays it, without colours', async () => {
    const found = await foundBy(
      () => {
        throw new Error('\u001b[31mred\u001b[39m');
      },
      { faults: ['delay'] },
    );

    const source = found.regressionTest({ runner: 'vitest', from: './a.ts' });

    expect(source).toContain('await explore(setup, { faults: ["delay"], tape: [] }, atQuiet);');
    expect(source).toContain('broken: red');
    expect(source).not.toContain('\u001b');
    expect(found.story.text).not.toContain('\\u001b');
  });
});
