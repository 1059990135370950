/**
 * A tournament: drafts are compared two by two, several matches at once, until one is left.
 *
 *     a ─┐
 *     b ─┴─ judge ─┐
 *     c ─┐         ├─ judge ── winner
 *     d ─┴─ judge ─┘
 */
import assert from 'node:assert/strict';
import { type AgentRef, createSystem, defineAgent, defineTopic, mapReduce, pipeline, type } from 'troupe';

export type Draft = { readonly by: string; readonly text: string };
type Match = readonly [Draft, Draft];

export const Write = defineTopic('draft.write', { schema: type<string>(), reply: type<Draft>() });
export const Compare = defineTopic('draft.compare', { schema: type<Match>(), reply: type<Draft>() });

/** A writer: a stand-in for a model with a style of its own. */
export const writer = (name: string, style: (subject: string) => string) =>
  defineAgent({ name, subscribe: [Write], receive: (subject) => ({ by: name, text: style(subject) }) });

/** A judge sees two drafts only; here the one with more different words is better, and a tie goes to the first. */
export const judge = (name = 'judge', concurrency = 2) =>
  defineAgent({
    name,
    concurrency,
    subscribe: [Compare],
    receive: ([one, other]) => (wordsIn(other) > wordsIn(one) ? other : one),
  });

export const wordsIn = ({ text }: Draft): number => new Set(text.toLowerCase().match(/\w+/g)).size;

// #region tournament
export const tournamentOf = (
  writers: readonly AgentRef<string, Draft>[],
  compare: AgentRef<Match, Draft>,
  matchesAtOnce: number,
) =>
  pipeline(
    (subject: string) => writers.map((author) => ({ author, subject })),
    mapReduce({
      map: ({ author, subject }: { author: AgentRef<string, Draft>; subject: string }, scope) =>
        scope.request(author, subject),
      reduce: compare,
      concurrency: matchesAtOnce,
    }),
  );
// #endregion

await using system = createSystem();
const writers = [
  writer('plain', (subject) => `All about ${subject}`),
  writer('lively', (subject) => `Why ${subject} matters, and what nobody tells you about it`),
  writer('terse', (subject) => subject),
  writer('echo', (subject) => `${subject}, ${subject} and ${subject}`),
].map((agent) => system.spawn(agent));

const winner = await system.request(tournamentOf(writers, system.spawn(judge()), 3), 'mailboxes', {
  timeoutMs: 1_000,
});
assert.equal(winner.by, 'lively');
console.log(`${winner.by} wins: ${winner.text}`);
