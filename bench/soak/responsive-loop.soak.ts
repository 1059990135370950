/**
 * The event loop under load: input, output and timers of the host have their turn
 * while a system is as busy as it can be.
 */
import assert from 'node:assert/strict';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { type AgentRef, createSystem, defineAgent, defineTopic, type System, type } from 'troupe';
import type { Soak, SoakOptions } from './soak.ts';

const Number_ = defineTopic('number', { schema: type<number>() });
const Ball = defineTopic('ball', { schema: type<number>(), reply: type<number>() });

/**
 * Most that the main thread may compute between two rounds of the event loop. The
 * dispatcher gives way after 10 ms; the rest is for the collector, and for a
 * handler that turns out slower than those before it. Wall time would also count what the
 * machine gives to others.
 */
const roundCpuMsMax = 50;

export const soak: Soak = {
  claim: 'the event loop goes round while agents are flooded, slow, or pass promises on for ever',
  run: async (options) => ({
    'longest round in a flood of tells, CPU ms': await flood(options),
    'longest round with slow handlers, CPU ms': await slowHandlers(options),
    'longest round in endless rallies, CPU ms': await endlessRallies(options),
  }),
};

/** One agent is told a million numbers, as fast as its mailbox takes them. */
async function flood({ scale, atRest }: SoakOptions): Promise<number> {
  const messages = Math.ceil(1_000_000 * scale);
  let sum = 0;
  await using system = createSystem();
  const sink = system.spawn(
    defineAgent({
      name: 'sink',
      subscribe: [Number_],
      receive: (value) => {
        sum += value;
      },
    }),
  );

  const longestMs = await longestRoundWhile(async () => {
    for (let n = 0; n < messages; n += 1) {
      const room = system.tell(sink, 1);
      if (room !== undefined) {
        await room;
      }
    }
    while (sum < messages) {
      await setImmediate();
    }
  });

  return checked(longestMs, system, atRest);
}

/** Thirty agents whose handlers compute for a tenth of a millisecond, and have much to do. */
async function slowHandlers({ scale, atRest }: SoakOptions): Promise<number> {
  const each = Math.ceil(1_000 * scale);
  let handled = 0;
  await using system = createSystem();
  const busy = defineAgent({
    name: 'busy',
    subscribe: [Number_],
    receive: (ms) => {
      const untilMs = performance.now() + ms;
      while (performance.now() < untilMs) {
        handled += 0;
      }
      handled += 1;
    },
  });
  const agents = Array.from({ length: 30 }, () => system.spawn(busy, { subscribe: false }));

  const longestMs = await longestRoundWhile(async () => {
    for (const agent of agents) {
      for (let n = 0; n < each; n += 1) {
        void system.tell(agent, 0.1);
      }
    }
    while (handled < each * agents.length) {
      await setImmediate();
    }
  });

  return checked(longestMs, system, atRest);
}

/** Pairs of agents, each of which asks the other and waits, so that there is always a promise to go on with. */
async function endlessRallies({ scale, atRest }: SoakOptions): Promise<number> {
  const forMs = 2_000 * Math.max(0.1, scale);
  let over = false;
  await using system = createSystem();
  const rallies = Array.from({ length: 10 }, async (_, pair) => {
    const wall = system.spawn(
      defineAgent({ name: 'wall', subscribe: [Ball], receive: async (hits) => hits + 1 }),
      { subscribe: false },
    );
    const player: AgentRef<number, number> = system.spawn(
      defineAgent({
        name: 'player',
        subscribe: [Ball],
        receive: async (first, context) => {
          let hits = first;
          while (!over) {
            hits = await context.request(wall, hits);
          }
          return hits;
        },
      }),
      { subscribe: false },
    );
    return await system.request(player, pair, { timeoutMs: Number.POSITIVE_INFINITY });
  });

  const longestMs = await longestRoundWhile(async () => {
    await setTimeout(forMs); // It rings, although there is never nothing to do.
    over = true;
    await Promise.all(rallies);
  });

  return checked(longestMs, system, atRest);
}

/** The most CPU time between two rounds of the event loop while something goes on. */
async function longestRoundWhile(goesOn: () => Promise<void>): Promise<number> {
  let longestMs = 0;
  let over = false;
  const watch = async (): Promise<void> => {
    let lastMs = cpuMs();
    while (!over) {
      await setImmediate();
      const nowMs = cpuMs();
      longestMs = Math.max(longestMs, nowMs - lastMs);
      lastMs = nowMs;
    }
  };
  const watching = watch();
  await goesOn();
  over = true;
  await watching;
  return longestMs;
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

function checked(longestMs: number, system: System, atRest: SoakOptions['atRest']): number {
  assert(
    longestMs < roundCpuMsMax,
    `the event loop did not go round for ${longestMs.toFixed(1)} ms of computing`,
  );
  atRest?.(system);
  return Number(longestMs.toFixed(1));
}
