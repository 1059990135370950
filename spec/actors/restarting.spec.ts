import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { Ask, aScene, Heard, type Scene } from '../support/a-scene.ts';
import { aTroupe } from '../support/a-troupe.ts';

describe('work in flight when its agent is restarted', () => {
  it('hears from its signal that the agent was restarted, and of what', async () => {
    let reason: unknown;
    const scene = aScene((_, context) => {
      context.signal.addEventListener('abort', () => {
        reason = context.signal.reason;
      });
      return new Promise(() => {});
    });
    await scene.tell('wait');

    scene.world.crash('/actor');
    await scene.settle();

    expect(reason).toMatchObject({
      _tag: 'Interrupted',
      agent: '/actor',
      reason: 'it was restarted',
      cause: expect.objectContaining({ _tag: 'SimulatedCrash' }),
    });
  });

  it('takes no slot of the agent that begins again', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a'));
    await troupe.cue('/a', 'wait');

    troupe.world.crash('/a');
    await troupe.cue('/a', 'go');

    expect(troupe.log).toEqual(['/a starts', '/a hears wait', '/a starts', '/a hears go']);
    expect(troupe.system.statistics().agents).toMatchObject([{ inFlight: 0, interrupted: 1, handled: 1 }]);
  });

  it('is interrupted when it is of a timer, and is no dead letter', async () => {
    let reason: unknown;
    const scene = aScene((_, context) => {
      context.schedule(10, (ringing) => {
        ringing.signal.addEventListener('abort', () => {
          reason = ringing.signal.reason;
        });
        return new Promise(() => {});
      });
    });
    await scene.tell('go');

    scene.world.crash('/actor');
    await scene.settle();

    expect(reason).toMatchObject({ _tag: 'Interrupted', reason: 'it was restarted' });
    expect(scene.causes()).toEqual({});
    expect(scene.system.statistics().agents.at(-1)).toMatchObject({ path: '/actor', inFlight: 0 });
  });
});

describe('an agent that is restarted', () => {
  it('has its detached requests interrupted', async () => {
    let failure: unknown;
    const scene: Scene = aScene((_, context) => {
      const detached = context.detach();
      detached.request(silent, 'go').catch((thrown: unknown) => {
        failure = thrown;
      });
    });
    const silent = scene.system.spawn(
      defineAgent({ name: 'silent', subscribe: [Ask], receive: () => new Promise(() => {}) }),
      { subscribe: false },
    );
    void scene.system.tell(scene.actor, 'go');
    await scene.turns();

    scene.world.crash('/actor');
    await scene.settle();

    expect(failure).toMatchObject({ _tag: 'Interrupted', agent: '/actor', reason: 'it was restarted' });
  });

  it('may still not wait for itself', async () => {
    const scene = aScene((message, context) => (message === 'go' ? context.request(scene.actor, 'on') : 'x'));
    scene.world.crash('/actor');
    await scene.settle();

    expect(await scene.ask('go')).toMatchObject({ _tag: 'WaitCycle' });
  });

  it('gets back what it had laid aside', async () => {
    const scene = aScene((message, context) => {
      if (message === 'later' && scene.heard.length === 0) {
        context.stash();
      } else {
        void context.publish(Heard, message);
      }
    });
    await scene.tell('later');
    await scene.tell('now');

    scene.world.crash('/actor');
    await scene.settle();

    expect(scene.heard).toEqual(['now', 'later']);
  });

  it('by two failures before its children have ended counts one restart', async () => {
    const troupe = aTroupe({ supervision: { jitter: 0 } });
    troupe.system.spawn(troupe.player('boss', { children: [troupe.player('leaf')] }));
    await troupe.settle();

    troupe.world.crash('/boss');
    await troupe.world.step();
    troupe.world.crash('/boss');
    await troupe.settle();

    expect(troupe.log.filter((line) => line === '/boss starts')).toHaveLength(2);
    expect(troupe.system.statistics().agents[0]).toMatchObject({ path: '/boss', restarts: 1 });
  });
});
