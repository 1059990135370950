/**
 * A desk sends questions to an expert and takes whatever comes back for the answer to the
 * question it asked last. The mended one looks which question an answer names.
 */
import { defineAgent, defineTopic, on, type } from 'troupe';
import { lawPack } from 'troupe/testing';
import type { Bug } from '../bug.ts';

const Asked = defineTopic('desk.asked', { schema: type<number>() });
const Question = defineTopic('expert.question', { schema: type<number>() });
const Answer = defineTopic('expert.answer', { schema: type<{ to: number; text: string }>() });

export const answersCrossed: Bug = {
  name: 'an answer is taken for that to another question',
  quietest: [0, 0, 0, 0, 1],
  scenario: (broken) => {
    let answers: Map<number, string>;
    return {
      setup: (system) => {
        let last = 0;
        answers = new Map();
        system.spawn(
          defineAgent({
            name: 'desk',
            on: [
              on(Asked, (n, context) => {
                last = n;
                context.publish(Question, n);
              }),
              on(Answer, ({ to, text }) => {
                answers.set(broken ? last : to, text);
              }),
            ],
          }),
        );
        system.spawn(
          defineAgent({
            name: 'expert',
            subscribe: [Question],
            receive: (n, context) => {
              context.publish(Answer, { to: n, text: `answer ${n}` });
            },
          }),
        );
        system.publish(Asked, 1);
        // The next one asks when the first should have its answer.
        system.spawn(
          defineAgent({
            name: 'next',
            subscribe: [Answer],
            onStart: (context) => {
              context.schedule(20, (later) => later.publish(Asked, 2));
            },
            receive: () => {},
          }),
        );
      },
      options: { faults: ['delay', 'slow'], laws: lawPack() },
      atQuiet: () => [1, 2].every((n) => answers.get(n) === `answer ${n}`),
      witness: () => answers.size === 2,
    };
  },
};
