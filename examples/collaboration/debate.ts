/**
 * A debate: two agents argue in turns, each hearing all that was said, until a judge has heard enough or the rounds
 * are over.
 *
 *     ┌──> pro ──> con ──> judge ── not yet ──┐
 *     └──────────────────────────────────────┘
 */
import assert from 'node:assert/strict';
import { type AgentRef, createSystem, defineAgent, defineTopic, loopUntil, type Scope, type } from 'troupe';

export type Speech = { readonly by: string; readonly argument: string; readonly weight: number };
type Transcript = readonly Speech[];

export const Argue = defineTopic('debate.argue', { schema: type<Transcript>(), reply: type<Speech>() });
export const Judge = defineTopic('debate.judge', { schema: type<Transcript>(), reply: type<boolean>() });

/** A debater: a stand-in for a model; it answers the last speech with its next argument. */
export const debater = (name: string, weights: readonly number[]) =>
  defineAgent({
    name,
    subscribe: [Argue],
    receive: (transcript) => {
      const weight = weights[Math.floor(transcript.length / 2)] ?? 0;
      return { by: name, argument: `argument ${transcript.length + 1}`, weight };
    },
  });

/** A side has won when it leads by `lead`; more is not worth hearing. */
export const judge = (lead: number) =>
  defineAgent({
    name: 'judge',
    subscribe: [Judge],
    receive: (transcript) => Math.abs(scoreOf(transcript)) >= lead,
  });

/** What the first side is ahead by. */
export const scoreOf = (transcript: Transcript): number =>
  transcript.reduce((score, { weight }, turn) => score + (turn % 2 === 0 ? weight : -weight), 0);

// #region debate
export const debateOf = (
  pro: AgentRef<Transcript, Speech>,
  con: AgentRef<Transcript, Speech>,
  decides: AgentRef<Transcript, boolean>,
  roundsMax: number,
) =>
  loopUntil({
    step: async (soFar: Transcript, scope: Scope) => {
      const opened = [...soFar, await scope.request(pro, soFar)];
      return [...opened, await scope.request(con, opened)];
    },
    until: decides,
    iterationsMax: roundsMax,
  });
// #endregion

await using system = createSystem();
const debate = debateOf(
  system.spawn(debater('pro', [3, 5, 8])),
  system.spawn(debater('con', [3, 2, 1])),
  system.spawn(judge(3)),
  5,
);

const transcript = await system.request(debate, [], { timeoutMs: 1_000 });
assert.deepEqual(
  transcript.map(({ by }) => by),
  ['pro', 'con', 'pro', 'con'],
);
assert.equal(scoreOf(transcript), 3);
console.log(`decided after ${transcript.length / 2} rounds: ${scoreOf(transcript)} ahead`);
