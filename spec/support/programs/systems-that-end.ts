/**
 * A program that starts systems, keeps them busy, ends each in one of the ways
 * there are, and says what is left of them in the process: timers that do not hold
 * it included.
 */
import { createHook } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import * as Effect from 'effect/Effect';
import { createSystem, defineAgent, defineTopic, type System, type SystemOptions, type } from 'troupe';

const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });

const timers = new Map<number, string>();
createHook({
  init: (id, kind) => {
    if (kind === 'Timeout' || kind === 'Immediate') {
      timers.set(id, kind);
    }
  },
  destroy: (id) => timers.delete(id),
}).enable();

const thinker = defineAgent({
  name: 'thinker',
  subscribe: [Question],
  concurrency: 8,
  onStart: (context) => {
    context.schedule(60_000, () => {});
  },
  receive: (question) => (question === 'now?' ? 'now' : Effect.as(Effect.sleep(100_000), 'later')),
});

const metronome = defineAgent({
  name: 'metronome',
  onStart: (context) => {
    context.schedule(1, () => {}, { every: true });
  },
});

const listenerCounts = (): string =>
  process
    .eventNames()
    .map((name) => `${String(name)} ${process.listenerCount(name)}`)
    .toSorted()
    .join();

/** Lets the host finish what has been closed. */
const rest = () => delay(20);

async function busy(options: SystemOptions = {}): Promise<System> {
  const system = createSystem({ agents: [thinker], ...options });
  const reader = system.observe(Question, { overflow: 'drop-oldest' })[Symbol.asyncIterator]();
  void reader.next();
  void system.request(Question, 'later?', { timeoutMs: Number.POSITIVE_INFINITY }).catch(() => {});
  void system.request(Question, 'later?', { timeoutMs: 90_000 }).catch(() => {});
  system.stream(Question, 'later?', { timeoutMs: 90_000 }).subscribe({ error: () => {} });
  await system.request(Question, 'now?');
  return system;
}

const ways: readonly (() => Promise<void>)[] = [
  async () => (await busy()).stop(),
  async () => (await busy()).drain({ withinMs: 5 }),
  async () => (await busy({ agents: [thinker, metronome] })).stop(),
  async () => (await busy({ handleSignals: true })).stop(),
  async () => (await busy({ handleSignals: { withinMs: 5 } })).drain({ withinMs: 5 }),
  async () => {
    await using _system = await busy();
  },
  // In the turn in which it began.
  () => createSystem({ agents: [thinker] }).stop(),
];

const processNow = () => ({
  listeners: listenerCounts(),
  resources: process.getActiveResourcesInfo().toSorted().join(),
  timers: [...timers.values()].join(),
});

// The first line opens what it is written to.
console.log('begins');
await rest();
const before = processNow();
for (const end of ways) {
  await end();
}
await rest();
await rest();
const after = processNow();
for (const what of ['listeners', 'resources', 'timers'] as const) {
  console.log(
    `${what}: ${before[what] === after[what] ? 'none more' : `${before[what]} before, ${after[what]} after`}`,
  );
}
