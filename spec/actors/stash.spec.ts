import { describe, expect, it } from 'vitest';
import type { AgentRef } from '../../src/actors/agent-ref.ts';
import type { Context } from '../../src/actors/context.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld } from '../support/a-world.ts';

const Word = defineTopic('word', { schema: type<string>() });

/** Stashes everything until it hears `open`; then it takes everything. */
function aDoorkeeper(options: { capacity?: number } = {}) {
  const world = aWorld();
  const heard: string[] = [];
  const keeper = defineAgent({
    name: 'keeper',
    ...options,
    subscribe: [Word],
    state: { open: false },
    receive: (word, context) => {
      if (word === 'open') {
        context.update(() => ({ open: true }));
        context.unstash();
      } else if (!context.state.open) {
        context.stash();
      } else if (word === 'fail') {
        throw new Error('no');
      } else {
        heard.push(word);
      }
    },
  });
  return { world, heard, ref: world.system.spawn(keeper) };
}

describe('the stash', () => {
  it('gives back what was laid aside in its order, before what came later', async () => {
    const { world, heard, ref } = aDoorkeeper();

    ['a', 'b', 'open', 'c'].forEach((word) => {
      world.system.tell(ref, word);
    });
    await world.runUntilQuiet();

    expect(heard).toEqual(['a', 'b', 'c']);
  });

  it('keeps the room of what was laid aside', async () => {
    const { world, ref } = aDoorkeeper({ capacity: 2 });
    ['a', 'b'].forEach((word) => {
      world.system.tell(ref, word);
    });
    await world.runUntilQuiet();

    const room = world.system.tell(ref, 'c');

    expect(room).toBeInstanceOf(Promise);
    expect(world.system.statistics().agents[0]).toMatchObject({ stashed: 2, waiting: 1 });
  });

  it('keeps nothing of a message whose handler failed after it was laid aside', async () => {
    const world = aWorld({ system: { supervision: { directives: { defect: 'resume' } } } });
    const keeper = defineAgent({
      name: 'keeper',
      subscribe: [Word],
      capacity: 1,
      receive(_word, context) {
        context.stash();
        throw new Error('no');
      },
    });
    const ref = world.system.spawn(keeper);
    void world.system.tell(ref, 'a');
    await world.runUntilQuiet();

    expect(world.system.statistics().agents[0]).toMatchObject({ stashed: 0, waiting: 0 });
    expect(world.system.tell(ref, 'b')).toBeUndefined();
  });

  it('keeps a message once, however often it is laid aside', async () => {
    const world = aWorld();
    const keeper = defineAgent({
      name: 'keeper',
      subscribe: [Word],
      capacity: 2,
      receive(_word, context) {
        context.stash();
        context.stash();
      },
    });
    const ref = world.system.spawn(keeper);
    void world.system.tell(ref, 'a');
    await world.runUntilQuiet();

    expect(world.system.statistics().agents[0]).toMatchObject({ stashed: 1, waiting: 0 });
    expect(world.system.tell(ref, 'b')).toBeUndefined();
  });

  it('takes no more than there is room for', async () => {
    const world = aWorld({ system: { supervision: { directives: { overload: 'resume' } } } });
    const keeper = defineAgent({
      name: 'keeper',
      subscribe: [Word],
      capacity: 1,
      concurrency: 2,
      async receive(_word, context) {
        await new Promise<void>((resolve) => void world.environment.schedule(5, resolve));
        context.stash();
      },
    });
    const ref = world.system.spawn(keeper);
    void world.system.tell(ref, 'a');
    const refused = world.system.request(ref as AgentRef<string, unknown>, 'b').catch((failure) => failure);
    await world.runUntilQuiet();

    expect(await refused).toMatchObject({
      _tag: 'MailboxFull',
      receiver: '/keeper',
      payload: 'b',
      capacity: 1,
    });
    expect(world.system.statistics().agents[0]).toMatchObject({ stashed: 1, failed: 1 });
  });

  it('keeps nothing where the step of another message that laid it aside threw', async () => {
    const world = aWorld({ system: { supervision: { directives: { defect: 'resume' } } } });
    const heard: string[] = [];
    const contexts: Context[] = [];
    const keeper = defineAgent({
      name: 'keeper',
      subscribe: [Word],
      concurrency: 2,
      receive(word, context) {
        contexts.push(context as Context);
        heard.push(word);
        if (word === 'a') {
          return new Promise<void>((resolve) => void world.environment.schedule(5, resolve));
        }
        contexts[0]!.stash();
        throw new Error('no');
      },
    });
    const ref = world.system.spawn(keeper);
    void world.system.tell(ref, 'a');
    void world.system.tell(ref, 'b');
    await world.runUntilQuiet();

    expect(world.system.statistics().agents[0]).toMatchObject({ handled: 1, failed: 1, stashed: 0 });
  });

  it('goes to the dead letters when its agent stops', async () => {
    const { world, ref } = aDoorkeeper();
    world.system.tell(ref, 'a');
    await world.runUntilQuiet();

    const stopped = world.system.stop(ref);
    await world.runUntilQuiet();
    await stopped;

    expect(world.system.deadLetters.list().map(({ envelope, cause }) => [envelope.payload, cause])).toEqual([
      ['a', 'Stopped'],
    ]);
  });

  it('comes back by itself when its agent is restarted', async () => {
    const world = aWorld();
    const heard: string[] = [];
    let lives = 0;
    const keeper = defineAgent({
      name: 'keeper',
      subscribe: [Word],
      onStart() {
        lives += 1;
      },
      receive(word, context) {
        if (lives === 1) {
          context.stash();
        } else {
          heard.push(word);
        }
      },
    });
    const ref = world.system.spawn(keeper);
    void world.system.tell(ref, 'a');
    void world.system.tell(ref, 'b');
    await world.runUntilQuiet();

    world.crash('/keeper');
    await world.runUntilQuiet();

    expect(heard).toEqual(['a', 'b']);
    expect(world.system.statistics().agents[0]).toMatchObject({ stashed: 0, waiting: 0 });
  });

  it('returns to the front when its agent is restarted', async () => {
    const { world, heard, ref } = aDoorkeeper();
    ['a', 'b'].forEach((word) => {
      world.system.tell(ref, word);
    });
    await world.runUntilQuiet();

    world.crash('/keeper');
    world.system.tell(ref, 'open');
    await world.runUntilQuiet();

    expect(heard).toEqual(['a', 'b']);
  });
});
