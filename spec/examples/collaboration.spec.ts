/**
 * One law for each way of working together in examples/collaboration: what must hold in
 * whatever order agents take their turns, and when messages are late or doubled and
 * agents crash.
 */
import { defineAgent, gather, majority, type Responder, type System } from 'troupe';
import { describe, expect, it } from 'vitest';
import { agreeOn, consensusOf, member, type Opinions } from '../../examples/collaboration/consensus.ts';
import {
  Argue,
  debateOf,
  debater,
  judge,
  type Speech,
  scoreOf,
} from '../../examples/collaboration/debate.ts';
import { classifier } from '../../examples/collaboration/ensemble.ts';
import {
  judge as matchJudge,
  tournamentOf,
  wordsIn,
  writer,
} from '../../examples/collaboration/tournament.ts';
import { explore, type World } from '../../src/testing/index.ts';
import { lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

const runs = Math.ceil(lawRuns / 4);

/** Explores what `ask` comes to, with whatever may go wrong on the way. */
async function exploring<T>(
  ask: (system: System, world: World) => Promise<T>,
  law: (outcome: T | undefined, world: World) => void,
  faults: readonly ('delay' | 'duplicate' | 'crash')[] = ['delay', 'duplicate', 'crash'],
): Promise<void> {
  const outcomes = new WeakMap<World, T>();
  const explored = await explore(
    async (system, world) => {
      await ask(system, world).then(
        (outcome) => void outcomes.set(world, outcome),
        () => {},
      );
    },
    { ...lawExploration, runs, faults },
    (world) => law(outcomes.get(world), world),
  );
  expect(explored.runs).toBeGreaterThanOrEqual(runs);
}

const request = <I, O>(system: System, responder: Responder<I, O>, input: I): Promise<O> =>
  system.request(responder, input as never, { timeoutMs: 300_000 });

describe('working together', () => {
  it(
    'law: an ensemble says what most of its members say, and never anything else',
    async () => {
      await exploring(
        (system) => {
          const members = (['praise', 'complaint', 'praise', 'question', 'praise'] as const).map(
            (label, place) => system.spawn(classifier(`c${place}`, () => label)),
          );
          return request(
            system,
            gather(
              members,
              majority(({ label }) => label),
            ),
            'text',
          );
        },
        (gathered, world) => {
          expect(gathered?.value.label ?? 'praise').toBe('praise');
          // Only a crash can keep three of three from being heard.
          const crashes = world.faults.filter(({ _tag }) => _tag === 'Crashed').length;
          expect(gathered !== undefined || crashes > 0).toBe(true);
        },
      );
    },
    lawTimeoutMs,
  );

  it(
    'law: in a debate sides take turns, each hears all that was said before, and it ends as soon as it is decided',
    async () => {
      const heard: number[] = [];
      const listening = (name: string, weights: readonly number[]) =>
        defineAgent({
          name,
          subscribe: [Argue],
          receive: (transcript: readonly Speech[]) => {
            heard.push(transcript.length);
            return { by: name, argument: `${transcript.length}`, weight: weights[transcript.length >> 1]! };
          },
        });
      await exploring(
        (system) => {
          const debate = debateOf(
            system.spawn(listening('pro', [3, 5, 8])),
            system.spawn(debater('con', [3, 3, 1])),
            system.spawn(judge(3)),
            5,
          );
          return request(system, debate, []);
        },
        (transcript, world) => {
          if (transcript === undefined) {
            expect(world.faults.some(({ _tag }) => _tag === 'Crashed')).toBe(true);
            return;
          }
          expect(transcript.map(({ by }) => by)).toEqual(['pro', 'con', 'pro', 'con', 'pro', 'con']);
          expect(transcript.filter(({ by }) => by === 'pro').map(({ argument }) => argument)).toEqual([
            '0',
            '2',
            '4',
          ]);
          expect(Math.abs(scoreOf(transcript.slice(0, 4)))).toBeLessThan(3);
        },
      );
      expect(new Set(heard)).toEqual(new Set([0, 2, 4]));
    },
    lawTimeoutMs,
  );

  it(
    'law: a consensus is one opinion, which somebody had at the beginning',
    async () => {
      const opinions: Opinions = [70, 10, 40, 20, 90];
      await exploring(
        (system) => {
          const members = [1, 9, 4, 7, 20].map((stepMax, place) =>
            system.spawn(member(`m${place}`, place, stepMax)),
          );
          return request(system, consensusOf(members, 100), opinions);
        },
        (agreed, world) => {
          if (agreed === undefined) {
            expect(world.faults.some(({ _tag }) => _tag === 'Crashed')).toBe(true);
            return;
          }
          expect(agreeOn(agreed)).toBe(true);
          expect(opinions).toContain(agreed[0]);
        },
      );
    },
    lawTimeoutMs,
  );

  it(
    'law: the best draft wins a tournament, whichever matches are first, and there is one match less than drafts',
    async () => {
      await exploring(
        async (system) => {
          const subjects = ['one', 'one two', 'one two three four', 'one two', 'one two three', 'two'];
          const writers = subjects.map((text, place) => system.spawn(writer(`w${place}`, () => text)));
          const compare = system.spawn(matchJudge());
          const winner = await request(system, tournamentOf(writers, compare, 3), 'subject');
          return { winner, matches: system.statistics().agents.find(({ path }) => path === compare.path)! };
        },
        (outcome, world) => {
          if (outcome === undefined) {
            expect(world.faults.some(({ _tag }) => _tag === 'Crashed')).toBe(true);
            return;
          }
          expect(outcome.winner.by).toBe('w2');
          expect(wordsIn(outcome.winner)).toBe(4);
          const copies = world.faults.filter(({ _tag }) => _tag === 'Duplicated').length;
          expect(outcome.matches.handled).toBeLessThanOrEqual(5 + copies);
          expect(outcome.matches.handled).toBeGreaterThanOrEqual(5);
        },
      );
    },
    lawTimeoutMs,
  );
});
