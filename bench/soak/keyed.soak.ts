/**
 * A million keys, of which ten thousand have an agent at the same time. Each key hears
 * in order what it is told, whatever becomes of its agent in between; one of them
 * fails all the time and disturbs nobody; and a passive key costs nothing.
 */
import assert from 'node:assert/strict';
import { createSystem, defineAgent, defineTopic, keyedAgent, systemFailures, type } from 'troupe';
import { heldBytes } from '../harness/heap.ts';
import { countedEnvironment } from './counted-environment.ts';
import type { Soak } from './soak.ts';

interface Entry {
  readonly key: number;
  /** The how manieth thing this key is told. */
  readonly place: number;
}

const Entered = defineTopic('entered', { schema: type<Entry>() });

const heapGrowthMbMax = 8;

export const soak: Soak = {
  claim:
    'a million keys hear in order what they are told, ten thousand have an agent at a time, one that crashes disturbs none, and the passive ones cost nothing',
  run: async ({ scale, atRest }) => {
    const keys = Math.ceil(1_000_000 * scale);
    const activeMax = Math.ceil(10_000 * scale);
    const environment = countedEnvironment();
    const told = new Int32Array(keys);
    const heard = new Int32Array(keys);
    const crashing = 7;
    let activations = 0;
    const active = new Set<string>();
    let activeAtMost = 0;
    let outOfOrder = 0;
    const failing = new Set<string>();
    await using system = createSystem({ environment });
    system.observe(systemFailures, { overflow: 'drop-newest' }).subscribe(({ agent }) => failing.add(agent));
    const ledger = system.spawn(
      keyedAgent({
        name: 'ledger',
        agent: defineAgent({
          name: 'account',
          subscribe: [Entered],
          capacity: 64,
          onStart: ({ self }) => {
            activations += 1;
            active.add(self.path);
            activeAtMost = Math.max(activeAtMost, active.size);
          },
          onStop: ({ self }) => {
            active.delete(self.path);
          },
          receive: ({ key, place }) => {
            outOfOrder += place > heard[key]! ? 0 : 1;
            heard[key] = place;
            if (key === crashing) {
              throw new Error('this key is broken');
            }
          },
        }),
        keyed: ({ key }) => key,
        activeMax,
        idleMs: 250,
        coolDownMs: 20,
        passivate: 'forget',
        supervision: { backoffMs: 1, jitter: 0 },
      }),
    );
    const tell = async (key: number): Promise<void> => {
      told[key]! += 1;
      const room = system.tell(ledger, { key, place: told[key]! });
      if (room !== undefined) {
        await room;
      }
    };
    /** Tells so many keys something, most of them twice, and now and then the one that crashes. */
    const enter = async (from: number, to: number): Promise<void> => {
      for (let n = from; n < to; n += 1) {
        // Every key once, in an order that jumps; and one of those that were told something lately.
        await tell((n * 7_919) % keys);
        await tell(((n - (n % 512)) * 7_919) % keys);
        if (n % 1_000 === 0) {
          await tell(crashing);
        }
      }
    };
    const allPassive = async (): Promise<void> => {
      await system.quiet();
      for (let left = 200; active.size > 0; left -= 1) {
        assert.ok(left > 0, `${active.size} keys are still active`);
        await new Promise((resolve) => void environment.schedule(50, () => resolve(undefined)));
      }
    };

    await enter(0, Math.ceil(keys / 10));
    await allPassive();
    const heapBefore = heldBytes();
    await enter(0, keys);
    const figures = system.statistics().agents;
    assert.equal(figures.length, 1, 'the statistics speak of the group, not of its keys');
    await allPassive();
    const growthMb = (heldBytes() - heapBefore) / 2 ** 20;

    const { offered, accepted, handled, failed, waiting, inFlight, unhandledAtStop, refused } =
      system.statistics().agents[0]!;
    assert.equal(outOfOrder, 0, 'messages out of order');
    assert.ok(activeAtMost <= activeMax, `${activeAtMost} were active; ${activeMax} may be`);
    assert.deepEqual([...failing], [`/ledger/${crashing}`], 'nobody else fails');
    assert.equal(offered, accepted + refused);
    assert.equal(accepted, handled + failed + unhandledAtStop);
    assert.deepEqual({ waiting, inFlight }, { waiting: 0, inFlight: 0 });
    const unheard = heard.reduce(
      (sum, last, key) => sum + (last === told[key]! || key === crashing ? 0 : 1),
      0,
    );
    assert.equal(unheard, 0, 'keys that have not heard all they were told');
    assert.ok(growthMb < heapGrowthMbMax, `the heap grew by ${growthMb} MB over ${keys} keys`);
    atRest?.(system);
    return {
      keys,
      'messages handled': handled,
      activations,
      'active at most': activeAtMost,
      'failures of the one that crashes': failed,
      'refused while it cooled down': refused,
      'heap growth, MB': Number(growthMb.toFixed(2)),
    };
  },
};
