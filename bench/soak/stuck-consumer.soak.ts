/**
 * A consumer that never finishes its first message, and a publisher that does not
 * care: one million publishes under each overflow policy.
 */
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import {
  createSystem,
  defineAgent,
  defineTopic,
  MailboxFull,
  type Overflow,
  type System,
  type,
} from 'troupe';
import { heldBytes } from '../harness/heap.ts';
import type { Figures, Soak } from './soak.ts';

interface Reading {
  readonly sensor: number;
  readonly values: readonly number[];
}

const Readings = defineTopic('readings', {
  schema: type<Reading>(),
  key: (reading) => reading.sensor,
});

const capacity = 1_024;
const sensors = 100;
const heapGrowthMbMax = 5;

/** What must have become of so many messages, when one is being handled and the mailbox is full. */
const fates: Record<Overflow, (published: number) => Fate> = {
  suspend: (published) => ({ waiting: 2 * capacity, thrown: published - 1 - 2 * capacity }),
  'drop-oldest': (published) => ({
    waiting: capacity,
    displaced: published - 1 - capacity,
    letters: { Displaced: published - 1 - capacity },
  }),
  'drop-newest': (published) => ({
    waiting: capacity,
    refused: published - 1 - capacity,
    letters: { Dropped: published - 1 - capacity },
  }),
  reject: (published) => ({
    waiting: capacity,
    refused: published - 1 - capacity,
    letters: { Rejected: published - 1 - capacity },
  }),
  conflate: (published) => ({ waiting: sensors, conflated: published - 1 - sensors }),
  // An overload is no reason to restart: its supervisor lets it go on, each time.
  fail: (published) => ({
    waiting: capacity,
    refused: published - 1 - capacity,
    letters: { MailboxFailed: published - 1 - capacity },
  }),
};

interface Fate {
  readonly waiting: number;
  readonly refused?: number;
  readonly displaced?: number;
  readonly conflated?: number;
  /** Publishes that threw `MailboxFull`: nobody got them. */
  readonly thrown?: number;
  readonly letters?: Readonly<Record<string, number>>;
}

export const soak: Soak = {
  claim:
    'a consumer that never finishes costs no memory and no message is lost uncounted, whatever the overflow',
  run: async ({ scale, atRest }) => {
    const published = Math.ceil(1_000_000 * scale);
    const figures: Record<string, number> = { published };
    for (const overflow of Object.keys(fates) as Overflow[]) {
      figures[`heap growth under ${overflow}, KB`] = await flood(overflow, published, atRest);
    }
    return figures satisfies Figures;
  },
};

async function flood(
  overflow: Overflow,
  published: number,
  atRest: ((system: System) => void) | undefined,
): Promise<number> {
  const stuck = defineAgent({
    name: 'stuck',
    subscribe: [Readings],
    capacity,
    overflow,
    receive: () => new Promise<never>(() => {}),
  });
  await using system = createSystem({ agents: [stuck] });
  let thrown = 0;
  let heapBefore = 0;
  for (let n = 0; n < published; n += 1) {
    try {
      void system.publish(Readings, { sensor: n % sensors, values: [n, n + 1, n + 2, n + 3] });
    } catch (failure) {
      assert(failure instanceof MailboxFull);
      thrown += 1;
    }
    if (n % 1_000 === 0) {
      await setImmediate(); // The first one has been taken from here on.
    }
    if (n === Math.floor(published / 10)) {
      heapBefore = heldBytes();
    }
  }
  const growth = heldBytes() - heapBefore;

  assert(growth < heapGrowthMbMax * 2 ** 20, `the heap grew by ${growth} bytes under ${overflow}`);
  checkCounts(system, overflow, published, thrown);
  atRest?.(system);
  return Math.round(growth / 1_024);
}

function checkCounts(system: System, overflow: Overflow, published: number, thrown: number): void {
  const { agents, topics, deadLetters } = system.statistics();
  const agent = agents.find(({ path }) => path === '/stuck')!;
  const topic = topics.find((one) => one.topic === Readings.name)!;
  const fate = fates[overflow](published);

  assert.deepEqual(
    {
      offered: agent.offered,
      inFlight: agent.inFlight,
      waiting: agent.waiting,
      refused: agent.refused,
      displaced: agent.displaced,
      conflated: agent.conflated,
      thrown,
      letters: deadLetters,
    },
    {
      offered: published - (fate.thrown ?? 0),
      inFlight: 1,
      waiting: fate.waiting,
      refused: fate.refused ?? 0,
      displaced: fate.displaced ?? 0,
      conflated: fate.conflated ?? 0,
      thrown: fate.thrown ?? 0,
      letters: fate.letters ?? {},
    },
    overflow,
  );
  assert.equal(topic.published, agent.offered);
  assert.equal(agent.offered, agent.accepted + agent.refused);
  assert.equal(agent.accepted, agent.inFlight + agent.waiting + agent.displaced + agent.conflated);
  assert.equal(system.deadLetters.total, system.deadLetters.size + system.deadLetters.dropped);
}
