/**
 * What does a message cost when there are a million agents instead of a thousand? Nanoseconds a message to one of them.
 *
 * The goal is for messages as a service meets them, to some agents more often than to others
 * (`harness/popularity.ts`). Beside it stand messages to all alike, and bare actors, of which each is
 * a fifth as large: what the same walk costs there is what the memory of the machine costs.
 *
 *     npm run bench -- scale-agents
 */
import { type AgentRef, createSystem, defineAgent, defineTopic, type } from 'troupe';
import { BareActor, BareDispatcher } from './harness/bare-actor.ts';
import { type Benchmark, justDoIt, type Variant } from './harness/benchmark.ts';
import { allAlike, byPopularity, type Drawn, Turns } from './harness/popularity.ts';

const Number_ = defineTopic('number', { schema: type<number>() });

/** At smoke size fewer. */
const peopleFor = (size: number, most: number): number => Math.min(most, 10 * size);

function troupe(most: number, draw: Drawn): Variant {
  return async ({ size, measure = justDoIt }) => {
    const turns = new Turns(size);
    const people = peopleFor(size, most);
    const places = draw(size, people);
    await using system = createSystem();
    const agent = defineAgent({ name: 'agent', subscribe: [Number_], receive: turns.over });
    const agents: AgentRef<number>[] = [];
    for (let n = 0; n < people; n += 1) {
      agents.push(system.spawn(agent, { subscribe: false }));
    }
    await system.quiet();

    const tell = (nth: number): void => void system.tell(agents[places[nth]!]!, nth);
    await turns.send(tell);
    await measure(() => turns.send(tell));

    return { checksum: turns.handled };
  };
}

function bareActors(most: number, draw: Drawn): Variant {
  return async ({ size, measure = justDoIt }) => {
    const turns = new Turns(size);
    const people = peopleFor(size, most);
    const places = draw(size, people);
    const dispatcher = new BareDispatcher();
    const actors = Array.from({ length: people }, () => new BareActor<number>(dispatcher, turns.over));

    const tell = (nth: number): void => void actors[places[nth]!]!.tell(nth);
    await turns.send(tell);
    await measure(() => turns.send(tell));

    return { checksum: turns.handled };
  };
}

const million = 1_000_000;

export const benchmark: Benchmark = {
  question: 'What does a message cost when there are a million agents instead of a thousand?',
  unit: 'message',
  size: 200_000,
  rounds: 3,
  variants: {
    'troupe, 1 000': troupe(1_000, byPopularity),
    'troupe, 1 000 000': troupe(million, byPopularity),
    'troupe, 1 000, all alike': troupe(1_000, allAlike),
    'troupe, 1 000 000, all alike': troupe(million, allAlike),
    'bare actors, 1 000': bareActors(1_000, byPopularity),
    'bare actors, 1 000 000': bareActors(million, byPopularity),
  },
  baseline: 'troupe, 1 000',
  goals: [{ variant: 'troupe, 1 000 000', beside: 'troupe, 1 000', timesMax: 1.3 }],
  rows: [
    { name: '1 M agents', variant: 'troupe, 1 000 000', beside: ['troupe, 1 000', 'bare actors, 1 000 000'] },
    {
      name: '1 M agents, all alike',
      variant: 'troupe, 1 000 000, all alike',
      beside: ['troupe, 1 000, all alike'],
    },
  ],
};
