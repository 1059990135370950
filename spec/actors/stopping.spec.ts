import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import type { SystemEvent } from '../../src/core/system-event.ts';
import { Ask, aScene, Heard, later, type Scene } from '../support/a-scene.ts';
import { aTroupe } from '../support/a-troupe.ts';

describe('an agent that is stopped', () => {
  it('is told of to whoever listens, with why it ended', async () => {
    const troupe = aTroupe();
    const events: SystemEvent[] = [];
    troupe.system.listen({ next: (event) => void events.push(event) });
    const a = troupe.system.spawn(troupe.player('a'));
    troupe.system.spawn(troupe.player('b'));
    await troupe.settle();

    await troupe.cue('/b', 'finish');
    void troupe.system.stop(a);
    await troupe.settle();

    expect(events.filter(({ _tag }) => _tag === 'AgentStopped')).toMatchObject([
      { agent: '/b', reason: 'finished', atMs: 0 },
      { agent: '/a', reason: 'stopped', atMs: 0 },
    ]);
  });

  it('hears its topics no more', async () => {
    const scene = aScene(() => {});
    const subscribers = () =>
      scene.system.statistics().topics.find(({ topic }) => topic === 'ask')?.subscribers;
    void scene.system.publish(Ask, 'go');
    await scene.settle();
    const before = subscribers();

    void scene.system.stop(scene.actor);
    await scene.settle();
    void scene.system.publish(Ask, 'anybody?');
    await scene.settle();

    expect([before, subscribers()]).toEqual([1, 0]);
    expect(scene.causes()).toEqual({});
  });

  it('gives what it had laid aside, and what waits, to the dead letters', async () => {
    const scene = aScene((message, context) => {
      if (message === 'aside') context.stash();
      else return new Promise(() => {});
      return undefined;
    });
    await scene.tell('aside', 'work', 'waits');

    void scene.system.stop(scene.actor);
    await scene.settle();

    expect(scene.causes()).toEqual({ Stopped: 3 });
  });

  it('has its work and its requests interrupted, which hear why', async () => {
    const failures: unknown[] = [];
    const scene: Scene = aScene((_, context) => {
      const told = (failure: unknown) => void failures.push(failure);
      context.request(silent, 'go').catch(told);
      context.detach().request(silent, 'go').catch(told);
      context.signal.addEventListener('abort', () => told(context.signal.reason));
      return new Promise(() => {});
    });
    const silent = scene.system.spawn(
      defineAgent({ name: 'silent', subscribe: [Ask], concurrency: 2, receive: () => new Promise(() => {}) }),
      { subscribe: false },
    );
    void scene.system.tell(scene.actor, 'go');
    await scene.turns();

    void scene.system.stop(scene.actor);
    await scene.turns();

    expect(failures.length).toBeGreaterThan(0);
    for (const failure of failures) {
      expect(failure).toMatchObject({ _tag: 'Interrupted', agent: '/actor', reason: 'it was stopped' });
    }
    expect(scene.system.statistics().agents.at(-1)).toMatchObject({ path: '/silent', inFlight: 0 });
    expect(scene.world.environment.timerCount).toBe(0);
  });

  it('is told why its last step was ended, when that took too long', async () => {
    let reason: unknown;
    const scene: Scene = aScene(() => {}, {
      stopWithinMs: 10,
      onStop: (context) => {
        context.signal.addEventListener('abort', () => {
          reason = context.signal.reason;
        });
        return later(scene, 1_000);
      },
    });
    await scene.settle();

    void scene.system.stop(scene.actor);
    await scene.settle();

    expect(reason).toMatchObject({ agent: '/actor', reason: 'onStop took longer than 10 ms' });
    expect(scene.system.agents.list().map(({ path }) => path)).toEqual(['/listener']);
  });

  it('while it drains leaves the others to be drained', async () => {
    const troupe = aTroupe();
    const [a, b, c] = ['a', 'b', 'c'].map((name) => troupe.system.spawn(troupe.player(name)));
    await troupe.cue('/a', 'wait');
    await troupe.cue('/b', 'wait');
    void troupe.system.stop(a!, { drain: true });
    void troupe.system.stop(b!, { drain: true });
    await troupe.settle();

    void troupe.system.stop(a!);
    void troupe.system.stop(c!);
    await troupe.settle();
    const left = troupe.paths();
    await troupe.go();
    await troupe.go();

    expect([left, troupe.paths()]).toEqual([['/b'], []]);
  });

  it('in its last step may still say something, of which nothing stays behind', async () => {
    const scene: Scene = aScene(() => {}, {
      onStop: (context) => void context.publish(Heard, 'farewell'),
    });
    await scene.settle();

    void scene.system.stop(scene.actor);
    await scene.settle();

    expect(scene.heard).toEqual(['farewell']);
    expect(scene.causes()).toEqual({});
  });

  it('stops its children, of whom it is told that they were stopped', async () => {
    const troupe = aTroupe();
    const boss = troupe.system.spawn(troupe.player('boss', { children: [troupe.player('leaf')] }));
    await troupe.settle();
    const ended = troupe.system.watch(troupe.ref('/boss/leaf'));

    void troupe.system.stop(boss);
    await troupe.settle();

    expect(await ended).toMatchObject({ path: '/boss/leaf', reason: 'stopped' });
  });
});
