/**
 * L5: a signal acts before any message that waits.
 *
 * From the moment an agent is stopped no message begins in it; from the moment it
 * is interrupted none begins before the work in hand has been told; and from the
 * moment it is to be restarted none begins before it has begun anew.
 */

import { defineAgent, defineTopic, type System, type } from 'troupe';
import { describe, expect, it } from 'vitest';
import { explore, type World } from '../../src/testing/index.ts';
import { everyFault, lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

const Word = defineTopic('word', { schema: type<number>() });

describe('signals', () => {
  it(
    'law: a signal acts before any message that waits',
    async () => {
      const explored = await explore(
        (system, world) => new Signalled(system, world).perform(),
        { ...lawExploration, faults: everyFault, tapeMax: 96 },
        () => true,
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

/** One busy agent, and somebody who sends it messages and signals. */
class Signalled {
  readonly #system: System;
  readonly #world: World;
  /** What must not happen before something else has: why no message may begin now. */
  #notBefore: string | undefined;
  readonly #open = new Set<AbortSignal>();

  constructor(system: System, world: World) {
    this.#system = system;
    this.#world = world;
  }

  async perform(): Promise<void> {
    const concurrency = 1 + this.#world.choose(3, 'window');
    const worker = defineAgent({
      name: 'worker',
      concurrency,
      subscribe: [Word],
      onStart: () => {
        if (this.#notBefore === 'it has begun anew') this.#notBefore = undefined;
      },
      receive: (_, context) => {
        if (this.#notBefore !== undefined) {
          throw this.#broken();
        }
        if (this.#world.choose(2, 'asynchronous') === 0) return undefined;
        this.#open.add(context.signal);
        context.signal.addEventListener('abort', () => this.#isTold(context.signal));
        return this.#nap().then(() => this.#isTold(context.signal));
      },
    });
    const ref = this.#system.spawn(worker);
    for (let left = 4 + this.#world.choose(12, 'errands'); left > 0; left -= 1) {
      switch (this.#world.choose(6, 'errand')) {
        case 3:
          await this.#nap();
          break;
        case 4:
          if (this.#open.size > 0) this.#notBefore ??= 'its work has been told';
          this.#system.interrupt(ref);
          break;
        case 5:
          this.#notBefore = 'it has begun anew';
          this.#world.crash('/worker');
          break;
        default:
          void this.#system.tell(ref, left);
      }
      this.#check();
    }
    const stopped = this.#system.stop(ref);
    this.#notBefore = 'never, because it was stopped';
    await stopped;
    await this.#nap();
    this.#check();
  }

  #failure: Error | undefined;

  #broken(): Error {
    this.#failure ??= new Error(`a message began before ${this.#notBefore}`);
    return this.#failure;
  }

  #check(): void {
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
  }

  /** This work is over, or has been told to end. */
  #isTold(signal: AbortSignal): void {
    this.#open.delete(signal);
    if (this.#open.size === 0 && this.#notBefore === 'its work has been told') {
      this.#notBefore = undefined;
    }
  }

  #nap(): Promise<void> {
    return new Promise((resolve) => {
      this.#world.environment.schedule(1 + this.#world.choose(5, 'for how long'), resolve);
    });
  }
}
