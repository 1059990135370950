/**
 * L8: each watcher gets exactly one `Terminated`, after everything that agent had
 * sent it.
 *
 * Talkers say words to watchers by telling and publishing, in a step and after an
 * await, into mailboxes that are too small, and end in every way; watchers begin
 * and cease to watch at any time, and fail.
 */

import {
  type AgentRef,
  type Context,
  defineAgent,
  defineTopic,
  on,
  type System,
  type Topic,
  type,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import { explore, type World } from '../../src/testing/index.ts';
import { lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

interface Word {
  readonly from: string;
  readonly place: number;
}

type Someone = AgentRef<never, unknown>;
const Said = defineTopic('said', { schema: type<Word>() });
const Cue = defineTopic('cue', { schema: type<'talk' | 'finish' | 'fail'>() });
const Watch = defineTopic('watch', { schema: type<{ ref: Someone; watch: boolean }>() });

describe('death watch', () => {
  it(
    'law: each watcher gets exactly one Terminated, after everything that agent had sent it',
    async () => {
      const wakes = new WeakMap<World, Wake>();
      const explored = await explore(
        (system, world) => {
          const wake = new Wake(system, world);
          wakes.set(world, wake);
          return wake.perform();
        },
        { ...lawExploration, faults: ['crash', 'slow', 'drop', 'delay'], faultsMax: 2, tapeMax: 128 },
        (world) => wakes.get(world)!.check(),
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

class Wake {
  readonly #system: System;
  readonly #world: World;
  /** What each watcher heard, in order: words by their author, or an end. */
  readonly #heard = new Map<string, { readonly from: string; readonly end: boolean }[]>();
  /** Whom each watcher watches when all is quiet. */
  readonly #watching = new Map<string, Set<string>>();
  #place = 0;

  constructor(system: System, world: World) {
    this.#system = system;
    this.#world = world;
  }

  async perform(): Promise<void> {
    const watchers = ['w1', 'w2'].map((id) => this.#system.spawn(this.#watcher(), { id }));
    const talkers = ['t1', 't2', 't3'].map((id) => this.#system.spawn(this.#talker(watchers), { id }));
    for (let left = 6 + this.#world.choose(16, 'errands'); left > 0; left -= 1) {
      const watcher = watchers[this.#world.choose(2, 'watcher')]!;
      const talker = talkers[this.#world.choose(3, 'talker')]!;
      switch (this.#world.choose(7, 'errand')) {
        case 0:
        case 1:
          this.#send(talker, 'talk', Cue);
          break;
        case 2:
          this.#send(watcher, { ref: talker as never as Someone, watch: true }, Watch);
          break;
        case 3:
          this.#send(watcher, { ref: talker as never as Someone, watch: false }, Watch);
          break;
        case 4:
          this.#send(talker, 'finish', Cue);
          break;
        case 5:
          void this.#system.stop(talker as never as Someone, { drain: this.#world.choose(2, 'drain') === 1 });
          break;
        default:
          await this.#nap();
      }
    }
    await this.#nap(1_000);
    for (const talker of talkers) {
      await this.#system.stop(talker as never as Someone);
    }
  }

  check(): void {
    this.#check('/w1');
    this.#check('/w2');
  }

  /** What there is no room for is not said. */
  #send<M>(to: AgentRef<M, unknown>, message: M, topic: Topic<M>): void {
    try {
      void this.#system.tell(to, message as never, { topic });
    } catch {
      // There was no room.
    }
  }

  #check(watcher: string): void {
    const heard = this.#heard.get(watcher) ?? [];
    const alive = this.#system.agents.find(watcher) !== undefined;
    for (const talker of ['/t1', '/t2', '/t3']) {
      const ends = heard.filter(({ from, end }) => from === talker && end).length;
      const last = heard.findLastIndex(({ from, end }) => from === talker && !end);
      const end = heard.findIndex(({ from, end: isEnd }) => from === talker && isEnd);
      if (ends > 1 && !this.#rewatched.has(`${watcher} ${talker}`)) {
        throw new Error(`${watcher} was told ${ends} times that ${talker} had ended`);
      }
      if (alive && this.#watching.get(watcher)?.has(talker) === true && ends === 0) {
        throw new Error(`${watcher} was never told that ${talker} had ended`);
      }
      if (end >= 0 && last > end) {
        throw new Error(`${watcher} heard of the end of ${talker} before its last word`);
      }
    }
  }

  /** Whoever asks again after the end is told again. */
  readonly #rewatched = new Set<string>();

  #watcher() {
    return defineAgent({
      name: 'watcher',
      capacity: 1 + this.#world.choose(3, 'capacity'),
      on: [
        on(Said, ({ from }: Word, context: Context) => {
          this.#hear(context.self.path, from, false);
          return this.#world.choose(3, 'slow') === 2 ? this.#nap() : undefined;
        }),
        on(Watch, ({ ref, watch }, context: Context) => {
          const { path } = context.self;
          const mine = this.#watching.get(path) ?? new Set<string>();
          this.#watching.set(path, mine);
          if (watch) {
            if (this.#heard.get(path)?.some(({ from, end }) => from === ref.path && end) === true) {
              this.#rewatched.add(`${path} ${ref.path}`);
            }
            context.watch(ref);
            mine.add(ref.path);
          } else {
            context.unwatch(ref);
            mine.delete(ref.path);
          }
        }),
      ],
      onTerminated: ({ path }, context) => {
        this.#hear(context.self.path, path, true);
      },
    });
  }

  #talker(watchers: readonly AgentRef<Word | { ref: Someone; watch: boolean }, unknown>[]) {
    const say = (context: Context): void => {
      const word = { from: context.self.path, place: this.#place++ };
      try {
        if (this.#world.choose(2, 'publish') === 1) {
          void context.publish(Said, word);
        } else {
          void context.tell(watchers[this.#world.choose(2, 'to whom')]!, word, { topic: Said });
        }
      } catch {
        // There was no room, and it was not said.
      }
    };
    return defineAgent({
      name: 'talker',
      subscribe: [Cue],
      receive: async (cue, context) => {
        for (let left = this.#world.choose(4, 'words'); left > 0; left -= 1) say(context as Context);
        if (cue === 'finish') context.stop();
        if (this.#world.choose(2, 'goes on') === 1) {
          await this.#nap();
          for (let left = this.#world.choose(3, 'more words'); left > 0; left -= 1) say(context as Context);
        }
      },
    });
  }

  #hear(watcher: string, from: string, end: boolean): void {
    const heard = this.#heard.get(watcher) ?? [];
    this.#heard.set(watcher, heard);
    heard.push({ from, end });
  }

  #nap(delayMs = 1 + this.#world.choose(6, 'for how long')): Promise<void> {
    return new Promise((resolve) => {
      this.#world.environment.schedule(delayMs, resolve);
    });
  }
}
