import { describe, expect, it } from 'vitest';
import type { AgentRef } from '../../src/actors/agent-ref.ts';
import { type AgentOptions, defineAgent } from '../../src/actors/define-agent.ts';
import { aScene, later } from '../support/a-scene.ts';
import { cellOf } from '../support/inside.ts';

const never = () => new Promise<never>(() => {});

describe('an agent that is full', () => {
  it('gives up the oldest message it has not begun, where it drops the oldest, and says so to whoever asked', async () => {
    const { scene, answers, fill } = aFullAgent({ overflow: 'drop-oldest' });

    await fill();

    expect(answers).toMatchObject([{ _tag: 'MailboxFull', receiver: '/actor', payload: 'b', capacity: 1 }]);
    expect(scene.system.deadLetters.list()).toMatchObject([
      { cause: 'Displaced', to: '/actor', envelope: { payload: 'b' }, failure: answers[0] },
    ]);
  });

  it('does not take the newest, where it drops the newest, and says so to whoever asked', async () => {
    const { scene, answers, fill } = aFullAgent({ overflow: 'drop-newest' });

    await fill();

    expect(answers).toMatchObject([{ _tag: 'MailboxFull', receiver: '/actor', payload: 'c', capacity: 1 }]);
    expect(scene.system.deadLetters.list()).toMatchObject([
      { cause: 'Dropped', to: '/actor', envelope: { payload: 'c' }, failure: answers[0] },
    ]);
  });

  it('keeps the newest of each key, where it conflates, and leaves no dead letter of the others', async () => {
    const { scene, answers, fill } = aFullAgent({ overflow: 'conflate', key: () => 'one for all' });

    await fill();

    expect(answers).toMatchObject([{ _tag: 'MailboxFull', receiver: '/actor', payload: 'b', capacity: 1 }]);
    expect(scene.system.deadLetters.size).toBe(0);
    expect(scene.system.statistics().agents[1]).toMatchObject({ conflated: 1, waiting: 1 });
  });

  it('fails of it, where it says so, and tells of it once', async () => {
    const { scene, answers, fill } = aFullAgent({ overflow: 'fail' }, { directives: { overload: 'resume' } });

    await fill();

    expect(answers).toMatchObject([{ _tag: 'MailboxFull', receiver: '/actor', payload: 'c', capacity: 1 }]);
    expect(scene.failures).toMatchObject([{ agent: '/actor', failure: answers[0] }]);
    expect(scene.system.deadLetters.countByCause()).toEqual({ MailboxFailed: 1 });
  });
});

describe('a turn of an agent', () => {
  it('is called by its path', () => {
    expect(cellOf(aScene(() => {}).actor).label).toBe('/actor');
  });
});

describe('an agent that has ended', () => {
  it('takes no message, and needs nobody who waits', async () => {
    const scene = aScene(() => {});
    await scene.world.run(() => scene.system.stop(scene.actor));

    expect(scene.system.tell(scene.actor, 'late')).toBeUndefined();
    expect(scene.causes()).toEqual({ Stopped: 1 });
    expect(scene.system.health().inFlight).toBe(0);
  });

  it('is saturated by nothing, however many stood in line', async () => {
    const scene = aScene(never, { capacity: 1, spillMax: 0 });
    await scene.tell('a');
    await scene.tell('b');
    const before = cellOf(scene.actor).saturated;

    await scene.world.run(() => scene.system.stop(scene.actor));

    expect([before, cellOf(scene.actor).saturated]).toEqual([true, false]);
  });
});

describe('an agent that drains', () => {
  it('still hears its own children, and nobody else', async () => {
    const heard: unknown[] = [];
    const scene = aScene(async (message, context) => {
      heard.push(message);
      if (message === 'go') {
        context.spawn(chatty('child'));
        await later(scene, 20);
      }
    });
    const chatty = (name: string) =>
      defineAgent({
        name,
        onStart: async (context) => {
          await later(scene, 10);
          void context.tell(scene.actor as AgentRef<unknown>, `from ${context.self.path}`);
        },
      });
    void scene.system.tell(scene.actor, 'go');
    scene.system.spawn(chatty('stranger'));

    await scene.world.run(() => scene.system.stop(scene.actor, { drain: true }));

    expect(heard).toEqual(['go', 'from /actor/child']);
    expect(scene.system.deadLetters.list()).toMatchObject([
      { cause: 'Stopped', envelope: { payload: 'from /stranger' } },
    ]);
  });
});

/** An agent with room for one message that waits, and what became of the requests that failed. */
function aFullAgent(
  options: Partial<AgentOptions<unknown, unknown>> & { readonly key?: () => string },
  supervision: object = {},
) {
  const scene = aScene(never, { capacity: 1, ...options } as never, { system: { supervision } });
  const answers: unknown[] = [];
  return {
    scene,
    answers,
    /** `a` is worked on for ever, `b` waits, and `c` does not fit. */
    async fill() {
      for (const message of ['a', 'b', 'c']) {
        void scene.system
          .request(scene.actor, message, { timeoutMs: Number.POSITIVE_INFINITY })
          .catch((failure: unknown) => answers.push(failure));
        await scene.turns();
      }
    },
  };
}
