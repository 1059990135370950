/**
 * A hundred publishers and one consumer that is slower than any of them: each
 * publisher goes on, and none much faster than another.
 *
 * Publishers outside await every publish; agents publish once in a step and then
 * tell themselves to go on.
 */
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { createSystem, defineAgent, defineTopic, type System, type } from 'troupe';
import type { Soak, SoakOptions } from './soak.ts';

const Facts = defineTopic('facts', { schema: type<number>() });
const GoOn = defineTopic('go-on', { schema: type<number>() });

const publishers = 100;
const capacity = 32;

/** A publisher may be ahead of another by what it publishes in one turn, which is at most 64 messages. */
const leadMax = 64;

export const soak: Soak = {
  claim: 'of a hundred publishers at one full mailbox none starves',
  run: async (options) => ({
    'lead among publishers outside': await crowd(options, publishOutside),
    'lead among agents': await crowd(options, publishAsAgents),
  }),
};

/** Lets all publish until so many messages were consumed; returns the greatest lead of one over another. */
async function crowd(
  { scale, atRest }: SoakOptions,
  begin: (system: System, isOver: () => boolean) => Promise<unknown>,
): Promise<number> {
  const wanted = Math.ceil(200_000 * scale);
  const consumed = new Array<number>(publishers).fill(0);
  let total = 0;
  let leadSeen = 0;
  const consumer = defineAgent({
    name: 'consumer',
    subscribe: [Facts],
    capacity,
    spillMax: publishers, // Each publisher outside may have one envelope in line.
    receive: async (publisher) => {
      consumed[publisher]! += 1;
      total += 1;
      if (total % publishers === 0) {
        leadSeen = Math.max(leadSeen, Math.max(...consumed) - Math.min(...consumed));
      }
      if (total % 16 === 0) {
        await setImmediate(); // Now and then it is slow.
      }
    },
  });
  await using system = createSystem({ agents: [consumer] });

  await begin(system, () => total >= wanted);

  assert(Math.min(...consumed) > 0, 'a publisher starved');
  assert(leadSeen <= leadMax, `a publisher was ${leadSeen} messages ahead of another`);
  assert.equal(system.deadLetters.total, 0);
  atRest?.(system);
  return leadSeen;
}

async function publishOutside(system: System, isOver: () => boolean): Promise<void> {
  const publish = async (publisher: number): Promise<void> => {
    while (!isOver()) {
      await system.publish(Facts, publisher);
    }
  };
  await Promise.all(Array.from({ length: publishers }, (_, publisher) => publish(publisher)));
}

async function publishAsAgents(system: System, isOver: () => boolean): Promise<void> {
  const ended = Array.from({ length: publishers }, async (_, publisher) => {
    const ref = system.spawn(
      defineAgent({
        name: 'publisher',
        subscribe: [GoOn],
        receive: (round, context) => {
          if (isOver()) {
            context.stop();
            return;
          }
          context.publish(Facts, publisher);
          context.tell(context.self as typeof ref, round + 1);
        },
      }),
      { subscribe: false },
    );
    await system.tell(ref, 0);
    await system.watch(ref);
  });
  await Promise.all(ended);
}
