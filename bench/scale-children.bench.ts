/**
 * What does it cost to have ten thousand children instead of a thousand? Nanoseconds a message to one of them, or a child that comes and goes.
 *
 * The parent tells its children, to some more often than to others (`harness/popularity.ts`), 64
 * of them in a step. Or it makes one child more, which ends with its first message, 64 at a time.
 *
 *     npm run bench -- scale-children
 */
import { type AgentRef, createSystem, defineAgent, defineTopic, type } from 'troupe';
import { type Benchmark, justDoIt, type Variant } from './harness/benchmark.ts';
import { byPopularity, perTurn, Turns } from './harness/popularity.ts';

const Number_ = defineTopic('number', { schema: type<number>() });
/** From which message on the parent sends the next ones. */
const From = defineTopic('from', { schema: type<number>() });

function troupe(children: number, comeAndGo: boolean): Variant {
  return async ({ size, measure = justDoIt }) => {
    const turns = new Turns(size);
    const places = byPopularity(size, children);
    await using system = createSystem();
    const child = defineAgent({ name: 'child', subscribe: [Number_], receive: turns.over });
    const shortLived = defineAgent({
      name: 'short-lived',
      subscribe: [Number_],
      receive: (_, context) => {
        turns.over();
        context.stop();
      },
    });
    const refs: AgentRef<number>[] = [];
    const parent = system.spawn(
      defineAgent({
        name: 'parent',
        subscribe: [From],
        onStart: async (context) => {
          for (let n = 0; n < children; n += 1) {
            refs.push(context.spawn(child, { subscribe: false }));
            if (n % perTurn === 0) {
              await undefined; // A step may have so many effects.
            }
          }
        },
        receive: (first, context) => {
          for (let nth = first; nth < Math.min(first + perTurn, size); nth += 1) {
            const ref = comeAndGo ? context.spawn(shortLived, { subscribe: false }) : refs[places[nth]!]!;
            context.tell(ref, nth);
          }
        },
      }),
    );
    await system.quiet();

    const send = (nth: number): void => {
      if (nth % perTurn === 0) {
        system.tell(parent, nth);
      }
    };
    await turns.send(send);
    await system.quiet();
    await measure(() => turns.send(send));
    await system.quiet();

    return { checksum: turns.handled };
  };
}

export const benchmark: Benchmark = {
  question: 'What does it cost to have ten thousand children instead of a thousand?',
  unit: 'message',
  size: 100_000,
  variants: {
    'troupe, a message, 1 000 children': troupe(1_000, false),
    'troupe, a message, 10 000 children': troupe(10_000, false),
    'troupe, one child more, 1 000 children': troupe(1_000, true),
    'troupe, one child more, 10 000 children': troupe(10_000, true),
  },
  baseline: 'troupe, a message, 1 000 children',
  goals: [
    {
      variant: 'troupe, a message, 10 000 children',
      beside: 'troupe, a message, 1 000 children',
      timesMax: 1.3,
    },
    {
      variant: 'troupe, one child more, 10 000 children',
      beside: 'troupe, one child more, 1 000 children',
      timesMax: 1.3,
    },
  ],
};
