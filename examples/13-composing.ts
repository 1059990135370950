/**
 * Composing: a travel desk made of agents and functions. What it is made of is asked one
 * after another, at once, by choice, again and again; and what was booked is undone when
 * the rest fails.
 */
import assert from 'node:assert/strict';
import {
  createSystem,
  defineAgent,
  defineTopic,
  fallback,
  gate,
  joinThread,
  loopUntil,
  mapReduce,
  parallel,
  pipeline,
  route,
  SagaFailed,
  saga,
  threadTopics,
  type,
} from 'troupe';

const Place = defineTopic('place', { schema: type<string>(), reply: type<string>() });
const Text = defineTopic('text', { schema: type<string>(), reply: type<string>() });

const system = createSystem();
const weather = system.spawn(
  defineAgent({ name: 'weather', subscribe: [Place], receive: (place) => `sun in ${place}` }),
  { subscribe: false },
);
const guide = system.spawn(
  defineAgent({
    name: 'guide',
    subscribe: [Place],
    receive: async (place) => {
      if (place === 'Atlantis') throw new RangeError(`${place} has sunk`);
      return `walks in ${place}`;
    },
  }),
  { subscribe: false },
);
const writer = system.spawn(
  defineAgent({ name: 'writer', subscribe: [Text], receive: (text) => `${text}!` }),
  { subscribe: false },
);

// #region pipeline
const brochure = pipeline(
  parallel({ weather, sights: fallback(guide, (place: string) => `the sea at ${place}`) }),
  ({ weather, sights }) => `${weather}, ${sights}`,
  writer,
);

assert.equal(await system.request(brochure, 'Rome', { timeoutMs: 5_000 }), 'sun in Rome, walks in Rome!');
assert.equal(await system.request(brochure, 'Atlantis'), 'sun in Atlantis, the sea at Atlantis!');
// #endregion

// #region failed
const failed = await system.request(parallel({ weather, guide }), 'Atlantis').catch((failed) => failed);

assert.equal(failed.message, "parallel 'guide' (/guide): agent '/guide' threw: Atlantis has sunk");
assert.deepEqual(failed.parts, [{ of: 'parallel', name: 'guide', responder: '/guide' }]);
// #endregion

// #region route
const desk = route((text: string) => (text.endsWith('?') ? 'question' : 'place'), {
  question: (text: string) => `nobody knows ${text}`,
  place: brochure,
});

assert.equal(await system.request(desk, 'why?'), 'nobody knows why?');
// #endregion

// #region mapReduce
const journey = mapReduce({
  map: brochure,
  reduce: ([before, after]) => `${before} Then ${after}`,
  concurrency: 2,
});

assert.equal(
  await system.request(journey, ['Rome', 'Oslo']),
  'sun in Rome, walks in Rome! Then sun in Oslo, walks in Oslo!',
);
// #endregion

// #region loop
const louder = loopUntil({ step: writer, until: (text) => text.endsWith('!!!'), iterationsMax: 10 });

assert.equal(await system.request(louder, 'to Rome'), 'to Rome!!!');
// #endregion

// #region saga
const booked = new Set<string>();
const book = (what: string) => ({
  name: what,
  act: (place: string) => {
    booked.add(`${what} in ${place}`);
    return place;
  },
  compensate: ({ input }: { readonly input: string }) => booked.delete(`${what} in ${input}`),
});
const trip = saga([
  book('hotel'),
  book('car'),
  {
    name: 'flight',
    act: (place: string): string => {
      throw new RangeError(`no flight to ${place}`);
    },
  },
]);

const cancelled = await system.request(trip, 'Rome').catch((failed) => failed);

assert.ok(cancelled instanceof SagaFailed);
assert.deepEqual(cancelled.compensated, ['car', 'hotel']);
assert.equal(booked.size, 0);
// #endregion

// #region gate
const boarding = gate<string>({ parties: 2, withinMs: 1_000 });

assert.deepEqual(await Promise.all(['Ada', 'Bob'].map((who) => system.request(boarding, who))), [
  ['Ada', 'Bob'],
  ['Ada', 'Bob'],
]);
// #endregion

// #region thread
const said = { broadcast: type<{ place: string }>(), reply: type<{ from: string; likes: boolean }>() };
const votes: string[] = [];

const traveller = (name: string, likes: string) =>
  defineAgent({
    name,
    onStart: (context) => {
      joinThread(context, 'trip-7', {
        ...said,
        onBroadcast: ({ place }, member, thread) =>
          void thread.answer(member, { from: name, likes: place === likes }),
      });
    },
  });
system.spawn(traveller('ada', 'Rome'));
system.spawn(traveller('bob', 'Oslo'));
joinThread(system, 'trip-7', { ...said, onReply: ({ from, likes }) => void votes.push(`${from}: ${likes}`) });

await system.quiet(); // Until both have joined.
system.publish(threadTopics('trip-7', said).broadcast, { place: 'Rome' });
await system.drain();

assert.deepEqual(votes.toSorted(), ['ada: true', 'bob: false']);
// #endregion

console.log(votes.toSorted().join(', '));
