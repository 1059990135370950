/**
 * A proposal passes with two votes of three. A vote that was doubled counts twice, so one
 * voter is a quorum. The mended one counts voters.
 */
import { defineAgent, defineTopic, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Proposed = defineTopic('council.proposed', { schema: type<null>() });
const Vote = defineTopic('council.vote', { schema: type<{ from: string; yes: boolean }>() });

export const quorumOfOne: Bug = {
  name: 'one voter is a quorum when a vote was doubled',
  quietest: [0, 0, 0, 0, 0, 1],
  scenario: (broken) => {
    let passed: boolean;
    let votes: { from: string; yes: boolean }[];
    return {
      setup: (system) => {
        votes = [];
        passed = false;
        system.spawn(
          defineAgent({
            name: 'teller',
            subscribe: [Vote],
            receive: (vote) => {
              votes.push(vote);
              const yes = votes.filter((one) => one.yes);
              passed ||= (broken ? yes.length : new Set(yes.map(({ from }) => from)).size) >= 2;
            },
          }),
        );
        for (const from of ['ada', 'grace', 'mary']) {
          system.spawn(
            defineAgent({
              name: from,
              subscribe: [Proposed],
              receive: (_, context) => {
                context.publish(Vote, { from, yes: from === 'ada' });
              },
            }),
          );
        }
        system.publish(Proposed, null);
      },
      options: { faults: ['duplicate', 'delay'], only: [Vote], laws: lawPack() },
      atQuiet: () => !passed,
      witness: () => votes.length === 3 && votes.some(({ yes }) => yes),
    };
  },
};
