import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Agent } from '../../src/actors/agent.ts';
import type { Context } from '../../src/actors/context.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { keyedAgent } from '../../src/actors/keyed-agent.ts';
import type { System } from '../../src/actors/system.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { type ExhaustiveOptions, exhaustive } from '../../src/testing/exhaustive.ts';
import { type Explored, type ExploreOptions, explore } from '../../src/testing/explore.ts';
import type { Law } from '../../src/testing/law.ts';
import { lawPack } from '../../src/testing/laws/law-pack.ts';
import type { Strategy } from '../../src/testing/strategy.ts';
import { eventuallyWithin, leadsTo } from '../../src/testing/temporal.ts';
import type { World } from '../../src/testing/world.ts';

/** What an agent does when it takes a message. */
type Deed =
  | { readonly does: 'tell' | 'ask' | 'ask for a moment' | 'ask all'; readonly whom: number }
  | { readonly does: 'wait' | 'defer' | 'set a timer' | 'throw dice' | 'spawn' | 'fail' };

interface Play {
  /** What each agent does with the first messages it takes; with later ones, nothing. */
  readonly parts: readonly (readonly (readonly Deed[])[])[];
  /** Whom the setup tells something, and whom it asks. */
  readonly told: readonly number[];
  readonly asked: readonly number[];
  readonly capacity: number;
  /** Whether all have begun before anything is said. */
  readonly begun: boolean;
}

const topics = Array.from({ length: 4 }, (_, n) =>
  defineTopic(`to.${n}`, { schema: type<string>(), reply: type<string>() }),
);
const All = defineTopic('to.all', { schema: type<string>(), reply: type<string>() });
const child = defineAgent({ name: 'child' });

/** An agent that writes down what happens to it, and does what its part says. */
function player(
  index: number,
  { parts, capacity }: Play,
  log: string[],
  world: World,
): Agent<string, string> {
  let taken = 0;
  const receive = async (word: string, context: Context<undefined, string>): Promise<string> => {
    const deeds = parts[index]![taken] ?? [];
    taken += 1;
    log.push(word);
    for (const [n, deed] of deeds.entries()) {
      const said = `${index}.${taken}.${n}`;
      const heard = (what: string) => () => void log.push(what);
      switch (deed.does) {
        case 'tell':
          void context.publish(topics[deed.whom]!, said);
          break;
        case 'ask':
        case 'ask for a moment':
        case 'ask all':
          await context
            .request(deed.does === 'ask all' ? All : topics[deed.whom]!, said, {
              timeoutMs: deed.does === 'ask for a moment' ? 1 : 50,
            })
            .then(
              (reply) => log.push(`heard ${reply}`),
              (failure: Error) => log.push(failure.name),
            );
          break;
        case 'wait':
          await undefined;
          break;
        case 'defer':
          world.environment.defer(() => {
            log.push('deferred');
            void world.system.publish(topics[0]!, `${index} deferred`);
          });
          break;
        case 'set a timer':
          world.environment.schedule(1, heard('ring'));
          break;
        case 'throw dice':
          log.push(String(world.environment.random()));
          break;
        case 'spawn':
          context.spawn(child);
          break;
        case 'fail':
          throw new Error('as it should');
      }
    }
    return `${index} says ${taken}`;
  };
  return defineAgent({
    name: `agent-${index}`,
    capacity,
    on: (on) => [on(topics[index]!, receive), ...(index < 2 ? [on(All, receive)] : [])],
  }) as unknown as Agent<string, string>;
}

/** Every end that the schedules of a play come to. */
async function endsOf(play: Play, options: ExhaustiveOptions, more: ExploreOptions = {}) {
  const ends = new Set<string>();
  let logs: string[][] = [];
  const explored = await explore(
    async (system: System, world: World) => {
      logs = play.parts.map(() => []);
      const outside: string[] = [];
      logs.push(outside);
      for (const index of play.parts.keys()) {
        system.spawn(player(index, play, logs[index]!, world));
      }
      if (play.begun) {
        await world.runUntilQuiet();
      }
      for (const whom of play.told) {
        void system.publish(topics[whom]!, 'go');
      }
      const asking = play.asked.map((whom) =>
        system.request(topics[whom]!, 'please', { timeoutMs: 40 }).then(
          (reply) => outside.push(reply),
          (failure: Error) => outside.push(failure.name),
        ),
      );
      await Promise.all(asking);
    },
    { runs: 4_000, strategy: exhaustive(options), ...more },
    (world) => {
      const letters = Object.entries(world.system.deadLetters.countByCause()).sort();
      ends.add(JSON.stringify([logs, letters, world.nowMs]));
    },
  );
  return { ends: [...ends].sort(), explored };
}

const aDeed = (agents: number): fc.Arbitrary<Deed> => {
  const whom = fc.nat(agents - 1);
  return fc.oneof(
    { weight: 5, arbitrary: fc.record({ does: fc.constantFrom('tell' as const, 'ask' as const), whom }) },
    {
      weight: 1,
      arbitrary: fc.record({ does: fc.constantFrom('ask for a moment' as const, 'ask all' as const), whom }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        does: fc.constantFrom(
          'wait' as const,
          'defer' as const,
          'set a timer' as const,
          'throw dice' as const,
          'spawn' as const,
          'fail' as const,
        ),
      }),
    },
  );
};

const aPlay: fc.Arbitrary<Play> = fc.integer({ min: 2, max: 3 }).chain((agents) =>
  fc.record({
    parts: fc.array(fc.array(fc.array(aDeed(agents), { maxLength: 2 }), { maxLength: 2 }), {
      minLength: agents,
      maxLength: agents,
    }),
    told: fc.array(fc.nat(agents - 1), { minLength: 1, maxLength: 2 }),
    asked: fc.array(fc.nat(agents - 1), { maxLength: 2 }),
    capacity: fc.constantFrom(1, 8),
    begun: fc.boolean(),
  }),
);

/** Three agents that have nothing to do with each other: each begins, and takes one message. */
const apart = async (strategy: Strategy, more: ExploreOptions = {}): Promise<Explored> =>
  explore(
    (system) => {
      for (const topic of topics.slice(0, 3)) {
        system.spawn(defineAgent({ name: 'apart', subscribe: [topic], receive: () => 'thanks' }));
        void system.publish(topic, 'go');
      }
    },
    { strategy, ...more },
    () => {},
  );

describe('an exhaustive search', () => {
  it('law: comes to every end, although it looks at equal states once', async () => {
    let [compared, all, fewer] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(aPlay, async (play) => {
        const bare = await endsOf(play, { hashing: false });
        fc.pre(bare.explored.complete);
        const hashed = await endsOf(play, {});

        expect(hashed.ends).toEqual(bare.ends);
        expect(hashed.explored.complete).toBe(true);
        expect(hashed.explored.runs).toBeLessThanOrEqual(bare.explored.runs);
        compared += 1;
        all += bare.explored.runs;
        fewer += hashed.explored.runs;
      }),
      { numRuns: 60, seed: 1, interruptAfterTimeLimit: 45_000 },
    );
    expect(compared).toBeGreaterThan(5);
    expect(fewer).toBeLessThan(all);
  });

  it('tells those apart who have the same name', async () => {
    const part: readonly (readonly Deed[])[] = [[{ does: 'defer' }]];
    const play: Play = { parts: [[], part, part], told: [1, 2], asked: [], capacity: 8, begun: true };

    const bare = await endsOf(play, { hashing: false }, { runs: 50_000 });
    const hashed = await endsOf(play, {}, { runs: 50_000 });

    expect(bare.explored.complete).toBe(true);
    expect(hashed.ends).toEqual(bare.ends);
    expect(hashed.ends.length).toBeGreaterThan(1);
  });

  it.each<[string, ExploreOptions]>([
    ['crashes', { faults: ['crash'], faultsMax: 1 }],
    ['lost messages', { faults: ['drop'], faultsMax: 1 }],
    ['late and doubled messages', { faults: ['delay', 'duplicate'], faultsMax: 1 }],
    ['a slow machine', { faults: ['slow'] }],
  ])('comes to every end, also with %s', async (_, more) => {
    const play: Play = {
      parts: [[[{ does: 'tell', whom: 1 }]], [[{ does: 'ask for a moment', whom: 0 }]]],
      told: [0],
      asked: [],
      capacity: 8,
      begun: true,
    };

    const bare = await endsOf(play, { hashing: false }, { ...more, runs: 50_000 });
    const hashed = await endsOf(play, {}, { ...more, runs: 50_000 });

    expect(bare.explored.complete).toBe(true);
    expect(hashed.explored.complete).toBe(true);
    expect(hashed.ends).toEqual(bare.ends);
    expect(hashed.ends.length).toBeGreaterThan(1);
  });

  it('comes to every end of agents with keys', async () => {
    const endsOfKeys = async (options: ExhaustiveOptions) => {
      const ends = new Set<string>();
      let heard: string[] = [];
      const agent = defineAgent({
        name: 'one',
        subscribe: [topics[0]!],
        receive: (word: string) => {
          heard.push(word);
          return word;
        },
      });
      const explored = await explore(
        (system) => {
          heard = [];
          system.spawn(keyedAgent({ name: 'all', agent, keyed: (word) => word, passivate: 'forget' }));
          void system.publish(topics[0]!, 'a');
          void system.publish(topics[0]!, 'b');
        },
        { runs: 10_000, strategy: exhaustive(options) },
        () => void ends.add(heard.join()),
      );
      return { ends, explored };
    };

    const hashed = await endsOfKeys({});

    expect(hashed.explored.complete).toBe(true);
    expect(hashed.ends).toEqual((await endsOfKeys({ hashing: false })).ends);
  });

  it('looks once at schedules that differ only in the order of independent steps', async () => {
    const bare = await apart(exhaustive({ hashing: false }));
    const hashed = await apart(exhaustive());

    // 6! orders of six steps, where those of an agent have just one.
    expect(bare).toMatchObject({ runs: 720 / 2 ** 3, cut: 0, complete: true, ended: 'strategy' });
    // 3 ** 3 states, and 54 steps between them: one run goes to the end, the others to where somebody has been.
    expect(hashed).toMatchObject({ runs: 54 - 26 + 1, cut: 54 - 26, complete: true });
  });

  it('looks only at schedules with so few answers that are not quiet', async () => {
    expect(await apart(exhaustive({ deviationsMax: 0 }))).toMatchObject({ runs: 1, complete: true });
    expect(await apart(exhaustive({ deviationsMax: 1 }))).toMatchObject({ complete: true });
    expect(await apart(exhaustive({ deviationsMax: 6 }))).toMatchObject({ runs: 90, cut: 0, complete: true });
  });

  it.each<[string, ExhaustiveOptions, ExploreOptions]>([
    ['its runs are spent', {}, { runs: 3 }],
    ['a schedule has more choices than a tape', {}, { tapeMax: 1 }],
    ['it remembers no more states', { statesMax: 2 }, {}],
  ])('does not say that it is complete when %s', async (_, options, more) => {
    expect((await apart(exhaustive(options), more)).complete).toBe(false);
  });

  it('looks at schedules one by one when it remembers no more states', async () => {
    expect(await apart(exhaustive({ statesMax: 0 }))).toMatchObject({ runs: 90, cut: 0 });
  });

  it('says what it does', () => {
    expect(exhaustive().name).toBe('exhaustive, by states');
    expect(exhaustive({ hashing: false }).name).toBe('exhaustive, by schedules');
    expect(exhaustive({ deviationsMax: 2 }).name).toBe('exhaustive, 2 deviations');
  });

  it('refuses limits that cannot be', () => {
    expect(() => exhaustive({ statesMax: -1 })).toThrow('statesMax is a number, at least 0; got -1');
    expect(() => exhaustive({ deviationsMax: Number.NaN })).toThrow(
      'deviationsMax is a number, at least 0; got NaN',
    );
  });
});

describe('exhaustive, under laws that remember', () => {
  const steps = {
    a: defineTopic('step.a', { schema: type<undefined>() }),
    b: defineTopic('step.b', { schema: type<undefined>() }),
  };
  const done = { a: false, b: false };

  /** Two agents that know nothing of each other, in either order. */
  const twoSteps = (system: System): void => {
    Object.assign(done, { a: false, b: false });
    for (const name of ['a', 'b'] as const) {
      system.spawn(
        defineAgent({
          name,
          subscribe: [steps[name]],
          receive: () => {
            done[name] = true;
          },
        }),
      );
      void system.publish(steps[name], undefined);
    }
  };
  const lawOf = async (...laws: Law[]): Promise<unknown> =>
    explore(twoSteps, { strategy: exhaustive(), seed: 1, laws }, () => {}).then(
      ({ complete, cut }) => ({ complete, cuts: cut > 0 }),
      (failure: Error) => failure.message.split('\n')[0]!.replace(/^.*?: /, ''),
    );

  it('tells states apart by what a law remembers of the way there', async () => {
    // Only where b comes before a is the conclusion owed when both have come.
    const owed = leadsTo(
      'b alone leads to nothing',
      () => done.b && !done.a,
      () => false,
      { withinMs: Number.POSITIVE_INFINITY },
    );

    expect(await lawOf(owed)).toMatch(/^b alone leads to nothing: .* never came$/);
    expect(await lawOf(eventuallyWithin(0, 'a is done', () => done.a))).toEqual({
      complete: true,
      cuts: true,
    });
    expect(await lawOf(...lawPack())).toEqual({ complete: true, cuts: true });
  });

  it('ends no run early where a law does not say what it remembers', async () => {
    let order = '';
    const remembers: Law = {
      name: 'a is first',
      begin: () => {
        order = '';
        return {
          afterStep: () => {
            for (const name of ['a', 'b'] as const) if (done[name] && !order.includes(name)) order += name;
          },
          atQuiet: () => {
            if (order !== 'ab') throw new Error(order);
          },
        };
      },
    };

    expect(await lawOf(remembers)).toBe('a is first: ba');
  });
});
