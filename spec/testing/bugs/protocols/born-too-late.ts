/**
 * A room tells who joins it what was said so far, and then all that is said from now on. Between the two
 * something may be said. The mended one joins first, and puts the two together by their numbers.
 */
import { defineAgent, defineTopic, on, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Say = defineTopic('room.say', { schema: type<string>() });
const Said = defineTopic('room.said', { schema: type<string>() });
const History = defineTopic('room.history', { schema: type<null>(), reply: type<readonly string[]>() });
const Join = defineTopic('room.join', { schema: type<null>() });

export const bornTooLate: Bug = {
  name: 'what is said between the history and the joining is missed',
  quietest: [0, 0, 0, 0, 0, 0, 1],
  scenario: (broken) => {
    let said: string[];
    let heard: Set<string>;
    return {
      setup: (system) => {
        said = [];
        heard = new Set();
        system.spawn(
          defineAgent({
            name: 'room',
            on: [
              on(Say, (line, context) => {
                said.push(line);
                context.publish(Said, line);
              }),
              on(History, () => [...said]),
            ],
          }),
        );
        const ear = defineAgent({ name: 'ear', subscribe: [Said], receive: (line) => void heard.add(line) });
        system.spawn(
          defineAgent({
            name: 'guest',
            subscribe: [Join],
            receive: async (_, context) => {
              if (!broken) {
                context.spawn(ear);
              }
              for (const line of await context.request(History, null)) {
                heard.add(line);
              }
              if (broken) {
                context.spawn(ear);
              }
            },
          }),
        );
        system.spawn(
          defineAgent({
            name: 'speaker',
            subscribe: [Join],
            receive: (_, context) => {
              context.publish(Say, 'welcome!');
            },
          }),
        );
        system.publish(Say, 'hello');
        system.publish(Join, null);
      },
      options: { laws: lawPack() },
      atQuiet: () => said.every((line) => heard.has(line)),
      witness: () => said.length === 2 && heard.size === 2,
    };
  },
};
