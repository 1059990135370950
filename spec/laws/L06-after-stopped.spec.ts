/**
 * L6: after `stopped` no effect of that agent is observed.
 *
 * Its old code may go on, in promises, Effects, streams and timers, and with
 * detached verbs: each time it does something then, everything that could be
 * observed is as before, dead letters aside.
 */
import * as Effect from 'effect/Effect';
import {
  type AgentRef,
  type Context,
  defineAgent,
  defineTopic,
  type Result,
  type System,
  type,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import type { Cell } from '../../src/actors/cell.ts';
import { LocalRef } from '../../src/actors/local-ref.ts';
import { explore, type World } from '../../src/testing/index.ts';
import { lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

const Said = defineTopic('said', { schema: type<string>(), reply: type<string>() });
const Cue = defineTopic('cue', { schema: type<string>(), reply: type<string>() });

describe('a stopped agent', () => {
  it(
    'law: after stopped no effect of that agent is observed',
    async () => {
      let deedsOfGhosts = 0;
      const explored = await explore(
        async (system, world) => {
          deedsOfGhosts += await new Afterlife(system, world).perform();
        },
        { ...lawExploration, faults: ['crash', 'slow', 'drop', 'duplicate', 'delay'], tapeMax: 256 },
        () => true,
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
      expect(deedsOfGhosts).toBeGreaterThan(lawRuns / 4);
    },
    lawTimeoutMs,
  );
});

class Afterlife {
  readonly #system: System;
  readonly #world: World;
  #logged = 0;
  #deedsOfGhosts = 0;
  #broken: Error | undefined;

  constructor(system: System, world: World) {
    this.#system = system;
    this.#world = world;
  }

  /** Lets agents talk and stops them; says how often one did something after that. */
  async perform(): Promise<number> {
    const listener = this.#system.spawn(
      defineAgent({ name: 'listener', subscribe: [Said], receive: (word) => word }),
    );
    this.#system.observe(Said, { overflow: 'drop-oldest' }).subscribe();
    this.#system.listen({
      next: ({ _tag }) => {
        this.#logged += _tag === 'Logged' ? 1 : 0;
      },
    });
    const agents = Array.from({ length: 3 }, () => this.#system.spawn(this.#talker(listener)));
    for (let left = 5 + this.#world.choose(14, 'errands'); left > 0; left -= 1) {
      await this.#run(agents[this.#world.choose(agents.length, 'whom')]!);
    }
    await Promise.all(agents.map((ref) => this.#stop(ref)));
    await this.#nap(100);
    if (this.#broken !== undefined) {
      throw this.#broken;
    }
    return this.#deedsOfGhosts;
  }

  #run(ref: AgentRef<string, string>): unknown {
    switch (this.#world.choose(8, 'errand')) {
      case 3:
      case 6:
      case 7:
        return void this.#stop(ref);
      case 4:
        return void this.#read(ref);
      case 5:
        return this.#nap();
      default:
        return void this.#system.request(ref, 'go', { timeoutMs: 20 }).catch(() => {});
    }
  }

  #stop(ref: AgentRef<string, string>): Promise<void> {
    return this.#system.stop(ref as never, { drain: this.#world.choose(2, 'drain') === 1, withinMs: 10 });
  }

  async #read(ref: AgentRef<string, string>): Promise<void> {
    try {
      for await (const _ of this.#system.stream(ref, 'go', { timeoutMs: 20, capacity: 1 })) {
        // It is only read.
      }
    } catch {
      // It was cut off.
    }
  }

  #talker(listener: AgentRef<string, string>) {
    return defineAgent({
      name: 'talker',
      concurrency: 2,
      subscribe: [Cue],
      receive: (_, context) => this.#talk(context as Context<unknown, string>, listener),
    });
  }

  #talk(context: Context<unknown, string>, listener: AgentRef<string, string>): Result<string> {
    const cell = LocalRef.cellOf(context.self)!;
    const detached = context.detach();
    const deeds: readonly (() => unknown)[] = [
      () => context.publish(Said, 'published'),
      () => context.tell(listener, 'told'),
      () => context.reply('replied'),
      () => context.log.info('logged'),
      () => context.update(() => 'updated'),
      () => context.schedule(1, deed),
      () => context.watch(listener as never),
      () => context.request(listener, 'asked', { timeoutMs: 5 }).catch(() => {}),
      () => detached.publish(Said, 'published, detached'),
      () => detached.tell(listener, 'told, detached'),
      () => detached.request(listener, 'asked, detached', { timeoutMs: 5 }).catch(() => {}),
    ];
    const deed = (): void => this.#does(cell, deeds[this.#world.choose(deeds.length, 'deed')]!);
    deed();
    switch (this.#world.choose(5, 'how')) {
      case 0:
      case 1:
        return this.#goesOn(deed);
      case 2:
        return Effect.sleep(3).pipe(Effect.andThen(Effect.sync(deed)), Effect.as('done'));
      case 3:
        return this.#chunks(deed);
      default:
        return 'done';
    }
  }

  async #goesOn(deed: () => void): Promise<string> {
    for (let n = 0; n < 4; n += 1) {
      await this.#nap();
      deed();
    }
    return 'done';
  }

  async *#chunks(deed: () => void): AsyncGenerator<string> {
    for (let n = 0; n < 3; n += 1) {
      yield 'chunk';
      await this.#nap();
      deed();
    }
  }

  #does(cell: Cell, deed: () => unknown): void {
    if (cell.phase !== 'stopped') {
      deed();
      return;
    }
    this.#deedsOfGhosts += 1;
    const before = this.#observable(cell);
    deed();
    const after = this.#observable(cell);
    if (after !== before) {
      this.#broken ??= new Error(`an agent that had stopped changed ${before} to ${after}`);
    }
  }

  /** Everything an effect would change at once. */
  #observable(cell: Cell): string {
    const { agents, topics } = this.#system.statistics();
    const { requestCount } = this.#system as unknown as { requestCount: number };
    return JSON.stringify({
      published: topics
        .filter(({ published }) => published > 0)
        .map(({ topic, published }) => [topic, published]),
      offered: agents.map(({ path, offered }) => [path, offered]),
      timers: this.#world.environment.timerCount,
      requests: requestCount,
      logged: this.#logged,
      state: String(cell.state),
      kept: [cell.requests?.size ?? 0, cell.timers?.size ?? 0, cell.outbox?.size ?? 0, cell.open],
    });
  }

  #nap(delayMs = 1 + this.#world.choose(6, 'for how long')): Promise<void> {
    return new Promise((resolve) => {
      this.#world.environment.schedule(delayMs, resolve);
    });
  }
}
