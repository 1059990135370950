import { describe, expect, it } from 'vitest';
import type { AgentRef } from '../../src/actors/agent-ref.ts';
import { defineAgent, on } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aTroupe } from '../support/a-troupe.ts';
import { aWorld } from '../support/a-world.ts';

type Someone = AgentRef<never, unknown>;
const Watch = defineTopic('watch', { schema: type<Someone>() });
const Unwatch = defineTopic('unwatch', { schema: type<Someone>() });
const Say = defineTopic('say', { schema: type<string>() });

/** A watcher that writes down what it hears, and somebody to be watched who says what it is told. */
function aWatch() {
  const world = aWorld();
  const { system } = world;
  const heard: string[] = [];
  const watcher = system.spawn(
    defineAgent({
      name: 'watcher',
      on: [
        on(Watch, (ref, context) => context.watch(ref)),
        on(Unwatch, (ref, context) => context.unwatch(ref)),
        on(Say, (word) => void heard.push(word)),
      ],
      onTerminated: ({ path, reason, failure }) => {
        heard.push(`${path} ${reason}${failure === undefined ? '' : ` of ${String(failure)}`}`);
      },
    }),
  );
  const watched = system.spawn(
    defineAgent({
      name: 'watched',
      subscribe: [Say],
      receive: (word, context) => {
        if (word === 'fail') throw new Error('boom');
        context.tell(watcher, word, { topic: Say });
        context.stop();
      },
    }),
    { subscribe: false, kind: 'temporary' },
  );
  return { world, system, heard, watcher, watched: watched as unknown as Someone, says: watched };
}

describe('death watch', () => {
  it('tells a watcher once, after what the other had said', async () => {
    const { world, system, heard, watcher, watched, says } = aWatch();
    system.tell(watcher, watched, { topic: Watch });
    system.tell(watcher, watched, { topic: Watch });
    await world.runUntilQuiet();

    system.tell(says, 'farewell');
    await world.runUntilQuiet();

    expect(heard).toEqual(['farewell', '/watched finished']);
  });

  it('tells what the other failed of', async () => {
    const { world, system, heard, watcher, watched, says } = aWatch();
    system.tell(watcher, watched, { topic: Watch });
    await world.runUntilQuiet();

    system.tell(says, 'fail');
    await world.runUntilQuiet();

    expect(heard).toEqual(['/watched failed of Error: boom']);
  });

  it('tells at once who asks when the other has ended already', async () => {
    const { world, system, heard, watcher, watched, says } = aWatch();
    system.tell(says, 'bye');
    await world.runUntilQuiet();

    system.tell(watcher, watched, { topic: Watch });
    await world.runUntilQuiet();

    expect(heard).toEqual(['bye', '/watched finished']);
  });

  it('tells once who asks twice when the other has ended already', async () => {
    const { world, system, heard, watcher, watched, says } = aWatch();
    system.tell(says, 'bye');
    await world.runUntilQuiet();

    system.tell(watcher, watched, { topic: Watch });
    system.tell(watcher, watched, { topic: Watch });
    await world.runUntilQuiet();

    expect(heard).toEqual(['bye', '/watched finished']);
  });

  it('tells nothing to who has ceased to watch', async () => {
    const { world, system, heard, watcher, watched, says } = aWatch();
    system.tell(watcher, watched, { topic: Watch });
    system.tell(watcher, watched, { topic: Unwatch });
    await world.runUntilQuiet();

    system.tell(says, 'bye');
    await world.runUntilQuiet();

    expect(heard).toEqual(['bye']);
  });

  it('tells nothing to who ceased to watch while the notice was on its way', async () => {
    const { world, system, heard, watcher, watched } = aWatch();
    system.tell(watcher, watched, { topic: Watch });
    await world.runUntilQuiet();
    const stopped = system.stop(watched);
    system.tell(watcher, watched, { topic: Unwatch });

    await world.runUntilQuiet();
    await stopped;

    expect(heard).toEqual([]);
  });

  it('is not ended by a restart of the watcher', async () => {
    const { world, system, heard, watcher, watched, says } = aWatch();
    system.tell(watcher, watched, { topic: Watch });
    await world.runUntilQuiet();

    world.crash('/watcher');
    await world.runUntilQuiet();
    system.tell(says, 'bye');
    await world.runUntilQuiet();

    expect(heard).toEqual(['bye', '/watched finished']);
  });

  it('is over when the watcher has ended', async () => {
    const { world, system, heard, watcher, watched, says } = aWatch();
    system.tell(watcher, watched, { topic: Watch });
    await world.runUntilQuiet();
    const stopped = system.stop(watcher as unknown as Someone);
    await world.runUntilQuiet();
    await stopped;

    system.tell(says, 'bye');
    await world.runUntilQuiet();

    expect(heard).toEqual([]);
  });

  it('does nothing when it is ended without having begun', async () => {
    const { world, system, heard, watcher, watched } = aWatch();

    system.tell(watcher, watched, { topic: Unwatch });
    system.tell(watcher, 'fine', { topic: Say });
    await world.runUntilQuiet();

    expect(heard).toEqual(['fine']);
    expect(system.statistics().agents[0]).toMatchObject({ path: '/watcher', failed: 0, restarts: 0 });
  });

  it('lets a watcher be stopped that has not yet heard of an end', async () => {
    const troupe = aTroupe();
    const one = troupe.system.spawn(troupe.player('one'));
    const heard: string[] = [];
    const two = troupe.system.spawn(
      troupe.player('two', {
        onStart: (context) => context.watch(one as unknown as Someone),
        onTerminated: ({ path }) => void heard.push(path),
      }),
    );
    await troupe.cue('/two', 'wait');
    await troupe.cue('/one', 'finish');

    void troupe.system.stop(two);
    await troupe.settle();

    expect(heard).toEqual([]);
    expect(troupe.failures).toEqual([]);
    expect(troupe.paths()).toEqual([]);
  });
});
