/**
 * The live dispatcher: gives turns to whoever is ready, by lane, fairly.
 *
 * There are three lanes, realtime, normal and background. In a round each lane
 * gives as many turns as it weighs, in the order in which they were asked for; a
 * turn takes at most `batch` messages, and who has more goes to the back of its
 * lane. After `sliceMs` the event loop is let in, also when every turn is short
 * but promises keep making new ones.
 *
 * How far it goes between two looks at the clock is found by trying: each slice
 * begins with short turns and a look after each, and doubles both while that was
 * quick. So handlers that take long hold the event loop up by a few of them.
 *
 * Guarantees: in a lane of weight w whoever is ready waits at most for
 * `ready in that lane / w` rounds, each of at most the sum of the weights in
 * turns; no lane starves another (L16).
 *
 * Cost: one deferred call per burst, two clock readings per burst, none per message.
 */
import type { Dispatcher, Environment, Runnable } from './environment.ts';
import { Ring } from './ring.ts';

export interface LaneOptions {
  /** Most messages per turn. */
  readonly batch: number;
  /** How long the event loop may be kept waiting, in milliseconds. */
  readonly sliceMs: number;
}

/** Turns per round: realtime, normal, background. */
const weights = [8, 4, 1] as const;

/** Most turns between two looks at the clock: 16 turns of 64 short messages take about 0.1 ms. */
const paceMax = 16;

/** A look that comes later than this, in milliseconds, came too late; one in a quarter of it, too early. */
const lookEveryMs = 1;

export class LaneDispatcher implements Dispatcher {
  turnMs = -1;
  readonly #environment: Environment;
  readonly #batch: number;
  readonly #sliceMs: number;
  readonly #lanes = [new Ring<Runnable>(), new Ring<Runnable>(), new Ring<Runnable>()] as const;
  /** When the event loop was last known to have gone round; negative when not known. */
  #sliceBeganMs = -1;
  #waiting = false;
  /** Turns until the next look at the clock; turns are shorter, too, when it is low. */
  #pace = 1;
  readonly #burst = (): void => this.#takeTurns();
  readonly #wentRound = (): void => {
    this.#sliceBeganMs = -1;
  };
  readonly #burstAfterIo = (): void => {
    this.#sliceBeganMs = -1;
    this.#takeTurns();
  };

  constructor(environment: Environment, { batch, sliceMs }: LaneOptions) {
    this.#environment = environment;
    this.#batch = batch;
    this.#sliceMs = sliceMs;
  }

  ready(runnable: Runnable): void {
    this.#lanes[runnable.lane as 0].push(runnable);
    if (!this.#waiting) {
      this.#waiting = true;
      this.#environment.defer(this.#burst);
    }
  }

  #takeTurns(): void {
    try {
      this.#goRound();
    } finally {
      // Also when something threw that should not have: the others still get their turns.
      this.turnMs = -1;
      this.#waiting = this.#anyReady();
      if (this.#waiting) {
        this.#environment.deferPastIo(this.#burstAfterIo);
      }
    }
  }

  #goRound(): void {
    const environment = this.#environment;
    let nowMs = environment.nowMs();
    if (this.#sliceBeganMs < 0) {
      this.#sliceBeganMs = nowMs;
      this.#pace = 1;
      environment.deferPastIo(this.#wentRound);
    }
    const untilMs = this.#sliceBeganMs + this.#sliceMs;
    let turns = 0;
    let batch = this.#batchNow();

    this.turnMs = nowMs;
    while (nowMs < untilMs && this.#anyReady()) {
      for (let lane = 0; lane < weights.length; lane += 1) {
        const ring = this.#lanes[lane as 0];
        for (let left = weights[lane as 0] as number; left > 0; left -= 1) {
          const runnable = ring.shift();
          if (runnable === undefined) {
            break;
          }
          if (runnable.run(batch)) {
            ring.push(runnable);
          }
          turns += 1;
        }
      }
      if (turns >= this.#pace) {
        turns = 0;
        nowMs = environment.nowMs();
        this.#setPace(nowMs - this.turnMs);
        this.turnMs = nowMs;
        batch = this.#batchNow();
      }
    }
  }

  #batchNow(): number {
    return Math.max(1, Math.floor((this.#batch * (this.#pace - 1)) / (paceMax - 1)));
  }

  #setPace(tookMs: number): void {
    if (tookMs > lookEveryMs) {
      this.#pace = 1;
    } else if (tookMs < lookEveryMs / 4) {
      this.#pace = Math.min(paceMax, this.#pace * 2);
    }
  }

  #anyReady(): boolean {
    return this.#lanes[0].size > 0 || this.#lanes[1].size > 0 || this.#lanes[2].size > 0;
  }
}
