/**
 * Consensus: agents with different opinions hear each other's, revise their own, and go on until all agree.
 *
 *     opinions ──> everybody revises ──> opinions ──> … ──> one opinion
 */
import assert from 'node:assert/strict';
import {
  type AgentRef,
  all,
  createSystem,
  defineAgent,
  defineTopic,
  gather,
  loopUntil,
  pipeline,
  type,
} from 'troupe';

export type Opinions = readonly number[];

export const Revise = defineTopic('opinion.revise', { schema: type<Opinions>(), reply: type<number>() });

/**
 * A member: a stand-in for a model. It goes to whichever opinion of the others is nearest to the one in the middle,
 * never further than its `stubbornness` lets it, and never past it.
 */
export const member = (name: string, place: number, stepMax: number) =>
  defineAgent({
    name,
    subscribe: [Revise],
    receive: (opinions) => {
      const own = opinions[place]!;
      const middle = middleOf(opinions);
      const step = Math.min(stepMax, Math.abs(middle - own));
      return middle > own ? own + step : own - step;
    },
  });

/** The opinion in the middle: half of the others are not above, and half not below it. */
export const middleOf = (opinions: Opinions): number =>
  opinions.toSorted((a, b) => a - b)[Math.floor((opinions.length - 1) / 2)]!;

export const agreeOn = (opinions: Opinions): boolean => new Set(opinions).size === 1;

// #region consensus
export const consensusOf = (members: readonly AgentRef<Opinions, number>[], roundsMax: number) =>
  loopUntil({
    step: pipeline(gather(members, all()), ({ value }): Opinions => value),
    until: agreeOn,
    iterationsMax: roundsMax,
  });
// #endregion

await using system = createSystem();
const members = [1, 5, 2, 4].map((stepMax, place) => system.spawn(member(`m${place}`, place, stepMax)));

const agreed = await system.request(consensusOf(members, 20), [10, 40, 20, 30], { timeoutMs: 1_000 });
assert.deepEqual(agreed, [20, 20, 20, 20]);
console.log(`all agree on ${agreed[0]}`);
