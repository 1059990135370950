/**
 * Latency under a mixed load: messages in the realtime lane, and timers, while others flood the background.
 *
 * Ten agents of the background lane are told 1 000 messages every 10 ms, all at once, and an agent of the
 * realtime lane is told one every millisecond, and sets a timer each time. Then the same without
 * any pause: the background is told as much as its mailboxes take. Beside each timer of ours one of the host
 * is set for the same time: what both are late by is the machine, the collector, or a loop that is held up.
 *
 * How late something is, is measured by the time that this process was computing. Its thread never
 * sleeps meanwhile, so that is the time of the clock without what the machine gave to others, which
 * would count as ours on a machine with neighbours. Collections of garbage count, those on
 * threads of their own too. (The time of one thread alone would be less than that, but Linux may tell
 * it only to within a tick of 4 ms.) The figures by the clock stand beside it.
 */
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { type AgentRef, createSystem, defineAgent, defineTopic, type } from 'troupe';
import type { Figures, Soak, SoakOptions } from './soak.ts';

const Work = defineTopic('work', { schema: type<number>() });
const Probe = defineTopic('probe', { schema: type<Instant>() });

const backgroundAgents = 10;
/** Of a flood of 100 000 messages a second. */
const burst = 1_000;
const burstEveryMs = 10;
const probeEveryMs = 1;
const timerDelaysMs = [5, 10, 20, 50];

const realtimeP99MsMax = 5;
const timerLateMsMax = 10;
/** Smaller slices show that it works, and not how fast. */
const tellingScale = 0.1;
/** Part of the flood that has to have been there for the figures to say anything. */
const reachedMin = 0.95;

/** A moment by the clock, and by how long this process had been computing until then, in milliseconds. */
interface Instant {
  readonly wallMs: number;
  readonly cpuMs: number;
}

export const soak: Soak = {
  claim: `with 100 000 background messages a second, 99 of 100 realtime messages are handled within ${realtimeP99MsMax} ms, and no timer is more than ${timerLateMsMax} ms behind one of the host`,
  run: async (options) => {
    const measured = await underLoad(options, true);
    const flooded = await underLoad(options, false);
    const { realtime, timers, hostTimers, behindHost, perSecond } = measured;
    const says = options.scale >= tellingScale;
    assert(
      !says || perSecond >= 100_000 * reachedMin,
      `the flood was only ${Math.round(perSecond)} messages a second`,
    );
    const figures = {
      'background messages a second of computing': Math.round(perSecond),
      ...figuresOf('realtime message', realtime),
      ...figuresOf('timer', timers),
      ...figuresOf('timer of the host', hostTimers),
      ...figuresOf('timer, behind that of the host', behindHost),
      'without a pause, background messages a second of computing': Math.round(flooded.perSecond),
      ...figuresOf('without a pause, realtime message', flooded.realtime),
      ...figuresOf('without a pause, timer', flooded.timers),
      ...figuresOf('without a pause, timer of the host', flooded.hostTimers),
    };
    const p99Ms = realtime.quantile(0.99).cpuMs;
    assert(!says || p99Ms <= realtimeP99MsMax, `realtime messages were late: ${JSON.stringify(figures)}`);
    assert(
      !says || behindHost.quantile(1).cpuMs <= timerLateMsMax,
      `a timer was late: ${JSON.stringify(figures)}`,
    );
    assert(
      !says || timers.quantile(0.99).cpuMs <= timerLateMsMax,
      `timers were late: ${JSON.stringify(figures)}`,
    );
    return figures;
  },
};

async function underLoad({ scale, atRest }: SoakOptions, paced: boolean) {
  const clock = new Samples();
  const forMs = 20_000 * scale;
  const begunAt = clock.now();
  // By then the code is compiled.
  const countedFromMs = begunAt.cpuMs + forMs / 5;
  const realtime = new Latencies();
  const timers = new Latencies();
  const hostTimers = new Latencies();
  const behindHost = new Latencies();
  let sum = 0;
  let timersPending = 0;
  await using system = createSystem();
  const background = Array.from({ length: backgroundAgents }, () =>
    system.spawn(
      defineAgent({
        name: 'background',
        lane: 'background',
        subscribe: [Work],
        receive: (value) => {
          sum += value;
        },
      }),
    ),
  );
  const probe: AgentRef<Instant> = system.spawn(
    defineAgent({
      name: 'probe',
      lane: 'realtime',
      subscribe: [Probe],
      receive: (told, context) => {
        const now = clock.now();
        if (told.cpuMs < countedFromMs) {
          return;
        }
        realtime.add({ wallMs: now.wallMs - told.wallMs, cpuMs: now.cpuMs - told.cpuMs });
        const delayMs = timerDelaysMs[realtime.count % timerDelaysMs.length]!;
        const dueMs = now.wallMs + delayMs;
        timersPending += 2;
        // Whichever rings last knows by how much ours was later than that of the host.
        let other: Instant | undefined;
        const rung = (ours: boolean): void => {
          const late = clock.since(dueMs);
          timersPending -= 1;
          (ours ? timers : hostTimers).add(late);
          if (other !== undefined) {
            const sign = ours ? 1 : -1;
            behindHost.add({
              wallMs: sign * (late.wallMs - other.wallMs),
              cpuMs: sign * (late.cpuMs - other.cpuMs),
            });
          }
          other = late;
        };
        context.schedule(delayMs, () => rung(true));
        setTimeout(() => rung(false), delayMs);
      },
    }),
  );
  const hold = new Array<Promise<void> | undefined>(backgroundAgents).fill(undefined);
  let sent = 0;
  /** Says whether that one has room for more. */
  const tell = (to: number): boolean => {
    sent += 1;
    const room = system.tell(background[to]!, 1);
    if (room === undefined) {
      return true;
    }
    hold[to] = room.then(() => {
      hold[to] = undefined;
    });
    return false;
  };

  let burstDueMs = 0;
  let probeDueMs = 0;
  let passedMs = 0;
  while (passedMs < forMs) {
    if (!paced) {
      for (let to = 0; to < backgroundAgents; to += 1) {
        while (hold[to] === undefined && tell(to)) {}
      }
    } else if (passedMs >= burstDueMs) {
      burstDueMs += burstEveryMs;
      for (let nth = 0; nth < burst; nth += 1) {
        const to = nth % backgroundAgents;
        if (hold[to] === undefined) {
          tell(to);
        }
      }
    }
    while (passedMs >= probeDueMs) {
      // From when it should have been sent: else what the loop is late by would count for nobody.
      const lateMs = clock.now().cpuMs - begunAt.cpuMs - probeDueMs;
      system.tell(probe, clock.before(lateMs));
      probeDueMs += probeEveryMs;
    }
    await setImmediate(); // The thread computes on, and everything else has its turn.
    passedMs = clock.now().cpuMs - begunAt.cpuMs;
  }
  while (timersPending > 0) {
    await setImmediate();
    clock.now();
  }
  await system.quiet();
  assert.equal(sum, sent);
  atRest?.(system);
  return { realtime, timers, hostTimers, behindHost, perSecond: sent / (passedMs / 1_000) };
}

/** What time it was at the last moments that were looked at, by both clocks. In arrays of numbers, since garbage would count. */
class Samples {
  static readonly #kept = 2 ** 17;
  readonly #wallMs = new Float64Array(Samples.#kept);
  readonly #cpuMs = new Float64Array(Samples.#kept);
  #looked = 0;

  now(): Instant {
    const { user, system } = process.cpuUsage();
    const now = { wallMs: performance.now(), cpuMs: (user + system) / 1_000 };
    const at = this.#looked % Samples.#kept;
    this.#wallMs[at] = now.wallMs;
    this.#cpuMs[at] = now.cpuMs;
    this.#looked += 1;
    return now;
  }

  /** So long ago, by both clocks: what the machine gave to others then is not known. */
  before(agoMs: number): Instant {
    const { wallMs, cpuMs } = this.now();
    return { wallMs: wallMs - agoMs, cpuMs: cpuMs - agoMs };
  }

  /** How long ago that was. By computing time it is at most so long: since the last moment before that is known. */
  since(dueMs: number): Instant {
    const now = this.now();
    let nth = this.#looked - 1;
    while (nth > 0 && nth > this.#looked - Samples.#kept && this.#wallMs[nth % Samples.#kept]! > dueMs) {
      nth -= 1;
    }
    const wallMs = Math.max(0, now.wallMs - dueMs);
    return { wallMs, cpuMs: Math.min(wallMs, now.cpuMs - this.#cpuMs[nth % Samples.#kept]!) };
  }
}

/** How late things were, by both clocks. */
class Latencies {
  readonly #wallMs: number[] = [];
  readonly #cpuMs: number[] = [];

  get count(): number {
    return this.#wallMs.length;
  }

  add({ wallMs, cpuMs }: Instant): void {
    this.#wallMs.push(wallMs);
    this.#cpuMs.push(cpuMs);
  }

  /** The one below which such a part of all is. */
  quantile(part: number): Instant {
    const of = (all: readonly number[]): number =>
      all.toSorted((a, b) => a - b)[Math.min(all.length - 1, Math.floor(part * all.length))] ?? 0;
    return { wallMs: of(this.#wallMs), cpuMs: of(this.#cpuMs) };
  }
}

function figuresOf(name: string, latencies: Latencies): Figures {
  const rounded = (ms: number): number => Number(ms.toFixed(2));
  const [p50, p99, most] = [0.5, 0.99, 1].map((part) => latencies.quantile(part)) as [
    Instant,
    Instant,
    Instant,
  ];
  return {
    [`${name}, count`]: latencies.count,
    [`${name}, late by ms of computing, p50`]: rounded(p50.cpuMs),
    [`${name}, late by ms of computing, p99`]: rounded(p99.cpuMs),
    [`${name}, late by ms of computing, most`]: rounded(most.cpuMs),
    [`${name}, late by ms of the clock, p99`]: rounded(p99.wallMs),
  };
}
