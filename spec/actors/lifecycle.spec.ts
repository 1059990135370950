import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { createSystem } from '../../src/actors/system.ts';
import { memoryWriter } from '../../src/core/memory-writer.ts';
import { Ask, aScene, Heard } from '../support/a-scene.ts';
import { aTroupe, type Troupe } from '../support/a-troupe.ts';
import { boom } from '../support/boom.ts';

const never = () => new Promise<never>(() => {});
const phaseOf = (troupe: Troupe, path: string) => troupe.system.agents.find(path)?.phase;

/** An agent whose `onStart` waits until it is let go. */
function aSlowStarter() {
  const gate = Promise.withResolvers<void>();
  const troupe = aTroupe({ supervision: { jitter: 0, backoffMs: 10 } });
  const ref = troupe.system.spawn(
    troupe.player('a', {
      onStart: async () => {
        troupe.log.push('/a starts');
        await gate.promise;
      },
    }),
  );
  return { ...troupe, troupe, ref, gate };
}

describe('an agent that starts', () => {
  it('takes no message before its first step is over', async () => {
    const { log, cue, gate, settle } = aSlowStarter();

    await cue('/a', 'go');
    const before = [...log];
    gate.resolve();
    await settle();

    expect(before).toEqual(['/a starts']);
    expect(log).toEqual(['/a starts', '/a hears go']);
  });

  it('is restarted when its first step fails', async () => {
    const { log, settle, gate } = aSlowStarter();

    await settle();
    gate.reject(new Error('no key'));
    await settle();

    expect(log.slice(0, 2)).toEqual(['/a starts', '/a starts']);
  });

  it('runs when its first step fails and its supervisor resumes it', async () => {
    const troupe = aTroupe({ supervision: { directives: { defect: 'resume' } } });
    troupe.system.spawn(troupe.player('a', { onStart: boom }));

    await troupe.cue('/a', 'go');

    expect(troupe.log).toEqual(['/a hears go']);
  });

  it('is given up when its first step fails too often', async () => {
    const troupe = aTroupe({ supervision: { restartsMax: 2 } });
    troupe.system.spawn(troupe.player('a', { onStart: boom }));

    await troupe.settle();

    expect(troupe.failures.map(({ directive }) => directive)).toEqual(['restart', 'restart', 'escalate']);
    expect(troupe.system.health()).toMatchObject({ status: 'degraded', givenUp: ['/a'] });
  });

  it('is stopped while it starts, and does not run any more', async () => {
    const { log, cue, gate, system, ref, settle, troupe } = aSlowStarter();
    await cue('/a', 'go');

    void system.stop(ref);
    gate.resolve();
    await settle();

    expect(log).toEqual(['/a starts', '/a stops']);
    expect(troupe.system.deadLetters.countByCause()).toEqual({ Stopped: 1 });
  });

  it('and is stopped at once does both', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));

    void troupe.system.stop(ref);
    await troupe.settle();

    expect(troupe.log).toEqual(['/a starts', '/a stops']);
  });

  it('finishes in its first step', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a', { onStart: (context) => context.stop() }));

    await troupe.settle();

    expect(troupe.paths()).toEqual([]);
  });

  it('is restarted when its state cannot be made', async () => {
    let attempts = 0;
    const troupe = aTroupe();
    troupe.system.spawn(
      troupe.player('a', {
        state: () => {
          attempts += 1;
          return attempts === 1 ? boom() : 7;
        },
      }),
    );

    await troupe.cue('/a', 'go');

    expect(troupe.log).toEqual(['/a starts', '/a hears go']);
    expect(troupe.failures).toMatchObject([{ failure: new Error('boom'), directive: 'restart' }]);
  });

  it('is stopped when its state cannot be made and its supervisor would resume it', async () => {
    const troupe = aTroupe({ supervision: { directives: { defect: 'resume' } } });
    troupe.system.spawn(troupe.player('a', { state: boom }));

    await troupe.settle();

    expect(troupe.paths()).toEqual([]);
    expect(troupe.log).toEqual([]);
  });

  it('drains as soon as it runs, when it is asked to meanwhile', async () => {
    const { log, cue, gate, system, ref, settle } = aSlowStarter();
    await cue('/a', 'go');

    void system.stop(ref, { drain: true });
    await settle();
    const before = [...log];
    gate.resolve();
    await settle();

    expect(before).toEqual(['/a starts']);
    expect(log).toEqual(['/a starts', '/a hears go', '/a stops']);
  });
});

describe('an agent that is restarted', () => {
  it('keeps its ref, its mailbox and its subscriptions', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));

    await troupe.cue('/a', 'fail', 'next');

    expect(troupe.ref('/a')).toBe(ref);
    expect(troupe.log).toEqual(['/a starts', '/a hears fail', '/a starts', '/a hears next']);
    expect(troupe.system.agents.withTopic('cue')).toHaveLength(1);
  });

  it('waits for its backoff, during which it is suspended', async () => {
    const troupe = aTroupe({ supervision: { backoffMs: 100, jitter: 0 } });
    troupe.system.spawn(troupe.player('a'));
    await troupe.settle();

    void troupe.system.tell(troupe.ref('/a'), 'fail');
    await troupe.turns();
    const health = troupe.system.health();
    await troupe.settle();

    expect(health.suspended).toEqual(['/a']);
    expect(phaseOf(troupe, '/a')).toBe('running');
    expect(troupe.world.nowMs).toBe(100);
  });

  it('loses timers, requests, children and work, and begins with its first state', async () => {
    const scene = aScene(
      async (message, context) => {
        context.update(() => 'changed');
        context.spawn(defineAgent({ name: 'child', subscribe: [Heard], receive: () => {} }));
        context.schedule(1_000, (ringing) => void ringing.publish(Heard, 'ring'));
        void context.publish(Heard, message);
        await never();
      },
      { state: 'new' },
    );
    void scene.system.tell(scene.actor, 'go');
    await scene.turns();

    scene.world.crash('/actor');
    await scene.settle();

    expect(scene.heard).toEqual(['go']);
    expect(scene.system.agents.list().map(({ path }) => path)).toEqual(['/listener', '/actor']);
    expect(scene.actor.getSnapshot().context).toBe('new');
    expect(scene.causes()).toEqual({ Restarted: 1 });
  });

  it('may be stopped while it waits for its backoff', async () => {
    const troupe = aTroupe({ supervision: { backoffMs: 100, jitter: 0 } });
    const ref = troupe.system.spawn(troupe.player('a'));
    await troupe.settle();
    void troupe.system.tell(ref, 'fail');
    await troupe.turns();

    void troupe.system.stop(ref);
    await troupe.settle();

    expect(troupe.log).toEqual(['/a starts', '/a hears fail', '/a stops']);
    expect(troupe.world.nowMs).toBe(0);
    expect(troupe.world.environment.timerCount).toBe(0);
  });

  it('while it drains goes on draining', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a', { redeliver: { attemptsMax: 2 } }));
    await troupe.cue('/a', 'wait', 'next');

    void troupe.system.stop(ref, { drain: true });
    await troupe.go(new Error('broken'));
    await troupe.go();

    expect(troupe.log).toEqual([
      '/a starts',
      '/a hears wait',
      '/a starts',
      '/a hears wait',
      '/a hears next',
      '/a stops',
    ]);
    expect(troupe.system.deadLetters.total).toBe(0);
  });

  it('with its supervisor is not restarted by itself, when both happen', async () => {
    const troupe = aTroupe({ supervision: { jitter: 0 } });
    troupe.system.spawn(troupe.player('boss', { children: [troupe.player('leaf')] }));
    await troupe.settle();
    troupe.log.length = 0;

    troupe.world.crash('/boss');
    troupe.world.crash('/boss/leaf');
    await troupe.settle();

    expect(troupe.log).toEqual(['/boss/leaf stops', '/boss starts', '/boss/leaf starts']);
  });

  it('tells whoever listens that it was', async () => {
    const memory = memoryWriter({ capacity: 50 });
    const troupe = aTroupe({ events: [memory] });
    troupe.system.spawn(troupe.player('a'));

    await troupe.cue('/a', 'fail');

    expect(memory.events.filter(({ _tag }) => _tag.startsWith('Agent'))).toMatchObject([
      { _tag: 'AgentStarted', agent: '/a', definition: 'a' },
      { _tag: 'AgentRestarted', agent: '/a', restarts: 1 },
    ]);
  });

  it('has its observers told', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a', { state: 5 }));
    await troupe.settle();
    const seen: unknown[] = [];
    ref.subscribe(({ context }) => seen.push(context));

    await troupe.cue('/a', 'fail');

    expect(seen).toEqual([5]);
  });
});

describe('messages in flight at a restart', () => {
  it('are dead letters', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a', { concurrency: 2 }));

    await troupe.cue('/a', 'wait', 'fail', 'next');

    expect(troupe.system.deadLetters.list()).toMatchObject([
      { cause: 'Restarted', attempts: 1, envelope: { payload: 'fail' } },
      { cause: 'Restarted', attempts: 1, envelope: { payload: 'wait' } },
    ]);
    expect(troupe.log.at(-1)).toBe('/a hears next');
  });

  it('are handled again, in their order, before all others, with redeliver', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a', { concurrency: 3, redeliver: { attemptsMax: 2 } }));

    await troupe.cue('/a', 'wait', 'wait', 'fail', 'next');

    expect(troupe.log.slice(4)).toEqual([
      '/a starts',
      '/a hears wait',
      '/a hears wait',
      '/a hears fail',
      '/a starts',
      '/a hears next',
    ]);
    expect(troupe.system.deadLetters.countByCause()).toEqual({ RedeliveriesSpent: 3 });
  });

  it('are handled as often as was said, and then are dead letters that say how often', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a', { redeliver: { attemptsMax: 3 } }));

    await troupe.cue('/a', 'fail');

    expect(troupe.log.filter((line) => line.endsWith('fail'))).toHaveLength(3);
    expect(troupe.system.deadLetters.list()).toMatchObject([{ cause: 'RedeliveriesSpent', attempts: 3 }]);
    expect(troupe.system.statistics().agents).toMatchObject([{ redelivered: 2, failed: 1, handled: 0 }]);
  });

  it('are handled again without their requesters being told', async () => {
    const scene = aScene(() => (++attempts === 1 ? boom() : attempts), { redeliver: { attemptsMax: 2 } });
    let attempts = 0;

    expect(await scene.ask()).toBe(2);
  });

  it('fail their requesters when they are handled no more', async () => {
    const scene = aScene(boom, { redeliver: { attemptsMax: 2 } });

    expect(await scene.ask()).toMatchObject({ _tag: 'AgentDefect' });
    expect(scene.failures).toHaveLength(2);
  });

  it('of its own, like a timer, are not handled again', async () => {
    const scene = aScene(
      (_, context) => {
        context.schedule(10, async (ringing) => {
          void ringing.publish(Heard, 'ring');
          await never();
        });
      },
      { redeliver: { attemptsMax: 2 } },
    );
    await scene.tell('go');

    scene.world.crash('/actor');
    await scene.settle();

    expect(scene.heard).toEqual(['ring']);
    expect(scene.causes()).toEqual({});
  });

  it('that were put back are dead letters when the agent is stopped before it begins anew', async () => {
    const troupe = aTroupe({ supervision: { backoffMs: 100 } });
    const ref = troupe.system.spawn(troupe.player('a', { redeliver: { attemptsMax: 2 } }));
    await troupe.settle();
    void troupe.system.tell(ref, 'fail');
    troupe.world.environment.step();

    void troupe.system.stop(ref);
    await troupe.settle();

    expect(troupe.system.deadLetters.countByCause()).toEqual({ Stopped: 1 });
    expect(troupe.system.statistics().agents).toEqual([]);
    expect(troupe.system.health().inFlight).toBe(0);
  });
});

describe('an agent that is stopped', () => {
  it('now interrupts its work and gives what waits to the dead letters', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));
    await troupe.cue('/a', 'wait', 'next');

    await troupe.world.run(() => troupe.system.stop(ref));

    expect(troupe.system.deadLetters.list()).toMatchObject([
      { cause: 'Stopped', attempts: 1, envelope: { payload: 'wait' } },
      { cause: 'Stopped', attempts: 0, envelope: { payload: 'next' } },
    ]);
  });

  it('with drain finishes what it has accepted, and takes nothing more', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));
    await troupe.cue('/a', 'wait', 'next');

    void troupe.system.stop(ref, { drain: true });
    await troupe.settle();
    void troupe.system.tell(ref, 'too late');
    const during = phaseOf(troupe, '/a');
    await troupe.go();

    expect(during).toBe('draining');
    expect(troupe.log).toEqual(['/a starts', '/a hears wait', '/a hears next', '/a stops']);
    expect(troupe.system.deadLetters.list()).toMatchObject([
      { cause: 'Stopped', envelope: { payload: 'too late' } },
    ]);
  });

  it('with drain ends at once when it has nothing to do', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));
    await troupe.settle();

    await troupe.world.run(() => troupe.system.stop(ref, { drain: true }));

    expect(troupe.paths()).toEqual([]);
  });

  it('with drain waits for its children', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('boss', { children: [troupe.player('leaf')] }));
    await troupe.settle();
    await troupe.cue('/boss/leaf', 'wait');

    void troupe.system.stop(troupe.ref('/boss'), { drain: true });
    await troupe.settle();
    const during = troupe.paths();
    await troupe.go();

    expect(during).toEqual(['/boss', '/boss/leaf']);
    expect(troupe.paths()).toEqual([]);
  });

  it('with drain takes what its children tell it', async () => {
    const heard: unknown[] = [];
    const scene = aScene((message, context) => {
      heard.push(message);
      if (message === 'go') {
        const child = context.spawn(
          defineAgent({
            name: 'child',
            subscribe: [Ask],
            receive: async (_, childs) => {
              await null;
              void childs.tell(childs.parent as typeof scene.actor, 'from within');
            },
          }),
          { subscribe: false },
        );
        void context.tell(child, 'work');
      }
    });
    void scene.system.tell(scene.actor, 'go');
    await scene.world.step();
    await scene.world.step();
    await scene.world.step();

    void scene.system.stop(scene.actor, { drain: true });
    await scene.settle();

    expect(heard).toEqual(['go', 'from within']);
    expect(scene.causes()).toEqual({});
  });

  it('with drain ends when its time is up, whatever it still does', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));
    await troupe.cue('/a', 'wait');

    await troupe.world.run(() => troupe.system.stop(ref, { drain: true, withinMs: 500 }));

    expect(troupe.world.nowMs).toBe(500);
    expect(troupe.system.deadLetters.countByCause()).toEqual({ Stopped: 1 });
  });

  it('twice with drain drains once', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));
    await troupe.cue('/a', 'wait');

    void troupe.system.stop(ref, { drain: true });
    void troupe.system.stop(ref, { drain: true });
    await troupe.settle();
    await troupe.go();

    expect(troupe.log).toEqual(['/a starts', '/a hears wait', '/a stops']);
  });

  it('while it drains ends at once', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));
    await troupe.cue('/a', 'wait');

    void troupe.system.stop(ref, { drain: true });
    await troupe.settle();
    await troupe.world.run(() => troupe.system.stop(ref));

    expect(troupe.paths()).toEqual([]);
  });

  it('ends its children first, the youngest of them first', async () => {
    const troupe = aTroupe();
    const children = ['b', 'c'].map((name) => troupe.player(name));
    const ref = troupe.system.spawn(troupe.player('a', { children }));
    await troupe.settle();

    await troupe.world.run(() => troupe.system.stop(ref));

    expect(troupe.log.slice(3)).toEqual(['/a/c stops', '/a/b stops', '/a stops']);
  });

  it('may be stopped again, which does nothing', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));
    await troupe.world.run(() => troupe.system.stop(ref));

    await expect(troupe.system.stop(ref)).resolves.toBeUndefined();
    expect(troupe.log).toEqual(['/a starts', '/a stops']);
  });

  it('while its supervisor is restarted ends with it', async () => {
    const troupe = aTroupe({ supervision: { jitter: 0 } });
    troupe.system.spawn(troupe.player('boss', { children: [troupe.player('leaf')] }));
    await troupe.settle();
    const leaf = troupe.ref('/boss/leaf');

    troupe.world.crash('/boss');
    void troupe.system.stop(leaf);
    await troupe.settle();

    expect(troupe.log.slice(2)).toEqual(['/boss/leaf stops', '/boss starts', '/boss/leaf starts']);
  });

  it('finishes also when it says so on hearing that its budget is low', async () => {
    await using system = createSystem();
    const ref = system.spawn(
      defineAgent({
        name: 'worker',
        subscribe: [Ask],
        receive: () => undefined,
        onBudgetLow: (_, context) => context.stop(),
      }),
      { subscribe: false, budget: { steps: 10 } },
    );
    for (let n = 0; n < 9; n += 1) {
      void system.tell(ref, 'again');
    }

    expect(await system.watch(ref)).toMatchObject({ reason: 'finished' });
  });

  it('finishes once, however often it says so in a step', async () => {
    const troupe = aTroupe({ supervision: { restartsMax: 1, jitter: 0, backoffMs: 0 } });
    let starts = 0;
    troupe.system.spawn(
      troupe.player('a', {
        onStart: (context) => {
          starts += 1;
          if (starts === 1) {
            context.stop();
            context.stop();
          }
        },
      }),
      { kind: 'permanent' },
    );

    await troupe.settle();

    expect([starts, troupe.paths()]).toEqual([2, ['/a']]);
  });

  it('finishes in a step after which nothing else is to be done, also where nobody looks', async () => {
    await using system = createSystem();
    const ref = system.spawn(
      defineAgent({ name: 'worker', subscribe: [Ask], receive: (_, context) => context.stop() }),
      { subscribe: false },
    );
    void system.tell(ref, 'end');

    expect(await system.watch(ref)).toMatchObject({ reason: 'finished' });
  });

  it('finishes only when what it sent has left', async () => {
    const order: unknown[] = [];
    const scene = aScene((_, context) => {
      ['a', 'b', 'c'].forEach((said) => {
        void context.tell(slow, said);
      });
      context.stop();
    });
    const slow = scene.system.spawn(
      defineAgent({
        name: 'slow',
        subscribe: [Ask],
        capacity: 1,
        receive: async (message) => {
          await new Promise<void>((resolve) => void scene.world.environment.schedule(10, resolve));
          order.push(message);
        },
      }),
    );

    await scene.tell('go');

    expect(order).toEqual(['a', 'b', 'c']);
    expect(scene.system.agents.find('/actor')).toBeUndefined();
  });
});

describe('the last step', () => {
  it('is taken when work and children have ended', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a', { children: [troupe.player('b')] }));
    await troupe.cue('/a', 'wait');

    await troupe.world.run(() => troupe.system.stop(ref));

    expect(troupe.log.slice(-2)).toEqual(['/a/b stops', '/a stops']);
  });

  it('may take its time, but not more than was said', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a', { onStop: never, stopWithinMs: 70 }));
    await troupe.settle();

    await troupe.world.run(() => troupe.system.stop(ref));

    expect(troupe.world.nowMs).toBe(70);
    expect(troupe.paths()).toEqual([]);
  });

  it('is waited for', async () => {
    const gate = Promise.withResolvers<void>();
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a', { onStop: () => gate.promise }));
    await troupe.settle();

    void troupe.system.stop(ref);
    await troupe.world.step();
    const during = troupe.paths();
    gate.resolve();
    await troupe.settle();

    expect(during).toEqual(['/a']);
    expect(troupe.paths()).toEqual([]);
    expect(troupe.world.nowMs).toBe(0);
  });

  it('that throws ends the agent all the same', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a', { onStop: boom }));
    await troupe.settle();

    await troupe.world.run(() => troupe.system.stop(ref));

    expect(troupe.paths()).toEqual([]);
    expect(troupe.failures).toMatchObject([{ failure: new Error('boom'), directive: 'stop' }]);
  });

  it('may still say something', async () => {
    const scene = aScene(() => {}, { onStop: (context) => void context.publish(Heard, 'goodbye') });
    await scene.settle();

    await scene.world.run(() => scene.system.stop(scene.actor));

    expect(scene.heard).toEqual(['goodbye']);
  });
});

describe('a team that is one unit of work', () => {
  const aTeam = async (autoShutdown: 'never' | 'any' | 'all') => {
    const troupe = aTroupe();
    const significant = { significant: true };
    const [a, b, helper] = ['a', 'b', 'helper'].map((name) => troupe.player(name)) as [never, never, never];
    troupe.system.spawn(
      troupe.player('team', { autoShutdown, children: [[a, significant], [b, significant], helper] }),
    );
    await troupe.settle();
    return troupe;
  };

  it('lives on when its significant members end, under never', async () => {
    const troupe = await aTeam('never');

    await troupe.cue('/team/a', 'finish');
    await troupe.cue('/team/b', 'finish');

    expect(troupe.paths()).toEqual(['/team', '/team/helper']);
  });

  it('ends with the first significant member under any', async () => {
    const troupe = await aTeam('any');

    await troupe.cue('/team/a', 'finish');

    expect(troupe.paths()).toEqual([]);
  });

  it('ends with the last significant member under all', async () => {
    const troupe = await aTeam('all');

    await troupe.cue('/team/a', 'finish');
    const during = troupe.paths();
    await troupe.cue('/team/b', 'finish');

    expect(during).toEqual(['/team', '/team/b', '/team/helper']);
    expect(troupe.paths()).toEqual([]);
  });

  it('lives on when a member was stopped, which is no end of its own', async () => {
    const troupe = await aTeam('any');

    await troupe.world.run(() => troupe.system.stop(troupe.ref('/team/a')));

    expect(troupe.paths()).toEqual(['/team', '/team/b', '/team/helper']);
  });

  it('lives on when somebody ends who is not significant', async () => {
    const troupe = await aTeam('any');

    await troupe.cue('/team/helper', 'finish');

    expect(troupe.paths()).toEqual(['/team', '/team/a', '/team/b']);
  });
});

describe('interrupting an agent', () => {
  it('ends what it and those below it work on, and they go on with what is next', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('boss', { children: [troupe.player('leaf')] }));
    await troupe.settle();
    await troupe.cue('/boss', 'wait', 'next');
    await troupe.cue('/boss/leaf', 'wait', 'next');
    const before = [...troupe.log];

    troupe.system.interrupt(ref);
    await troupe.settle();

    expect(before).not.toContain('/boss hears next');
    expect(troupe.log.slice(-2)).toEqual(['/boss hears next', '/boss/leaf hears next']);
    expect(troupe.system.statistics().agents.map(({ interrupted }) => interrupted)).toEqual([1, 1]);
  });

  it('that works on nothing does nothing', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));
    await troupe.settle();

    troupe.system.interrupt(ref, 'for no reason');
    await troupe.cue('/a', 'go');

    expect(troupe.log).toEqual(['/a starts', '/a hears go']);
  });

  it('leaves the message to the dead letters when nobody asked', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));
    await troupe.cue('/a', 'wait');

    troupe.system.interrupt(ref);
    await troupe.settle();

    expect(troupe.system.deadLetters.list()).toMatchObject([
      { cause: 'Interrupted', envelope: { payload: 'wait' } },
    ]);
  });
});
