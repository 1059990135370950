import { from } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type AnyActorRef, toPromise, waitFor } from 'xstate';
import type { AgentRef, AgentSnapshot } from '../../src/actors/agent-ref.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { LocalRef } from '../../src/actors/local-ref.ts';
import { type } from '../../src/core/schema.ts';
import { systemFailures } from '../../src/core/system-topics.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld } from '../support/a-world.ts';
import { boom } from '../support/boom.ts';

const Count = defineTopic('count', { schema: type<number | 'stop' | 'fail'>() });

describe('a ref', () => {
  it('is known by its path, of which its id is the last part', async () => {
    const { ref } = aCounter();

    expect(ref).toMatchObject({ id: 'counter', path: '/counter', sessionId: '/counter' });
    expect(JSON.stringify(ref)).toBe('{"path":"/counter"}');
  });

  it('tells its agent what it is sent', async () => {
    const { ref, settle, total } = aCounter();

    ref.send(2);
    await settle();

    expect(total()).toBe(2);
  });

  it('turns what its agent has no room for into a dead letter', async () => {
    const { ref, settle, world } = aCounter({ overflow: 'reject', capacity: 1 });

    ref.send(1);
    ref.send(2);
    await settle();

    expect(world.system.deadLetters.list()).toMatchObject([{ cause: 'Rejected', envelope: { payload: 2 } }]);
  });

  it('turns what it is sent into dead letters when its agent has ended', async () => {
    const { ref, settle, world } = aCounter();
    ref.send('stop');
    await settle();

    ref.send(1);

    expect(world.system.deadLetters.list()).toMatchObject([{ cause: 'Stopped', to: '/counter' }]);
  });

  it('turns what it is sent into dead letters when its system takes nothing more', async () => {
    const { ref, world } = aCounter();

    void world.system.stop();
    ref.send(1);

    expect(world.system.deadLetters.list()).toMatchObject([{ cause: 'Stopped', to: '/counter' }]);
  });

  it('hears of no events, since handler agents emit none', () => {
    const { ref } = aCounter();

    const subscription = ref.on('counted', boom);

    expect(() => subscription.unsubscribe()).not.toThrow();
  });

  it('is found by its cell, and nothing else is', () => {
    const { ref } = aCounter();

    expect(LocalRef.cellOf(ref)?.path).toBe('/counter');
    expect([undefined, null, 'ref', {}].map(LocalRef.cellOf)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('is an observable of its snapshots for RxJS', async () => {
    const { ref, settle } = aCounter();
    const seen: unknown[] = [];
    from(ref as never).subscribe({ next: ({ context }: AgentSnapshot) => seen.push(context) } as never);

    ref.send(2);
    ref.send(3);
    await settle();

    expect(seen).toEqual([2, 5]);
  });
});

describe('a snapshot', () => {
  it('is active and has the state while the agent lives', async () => {
    const { ref, settle } = aCounter();

    ref.send(3);
    await settle();

    expect(ref.getSnapshot()).toEqual({ status: 'active', context: 3, output: undefined, error: undefined });
  });

  it('is done when the agent has finished', async () => {
    const { ref, settle } = aCounter();

    ref.send('stop');
    await settle();

    expect(ref.getSnapshot().status).toBe('done');
  });

  it('is stopped when the agent was stopped', async () => {
    const { ref, settle, world } = aCounter();

    void world.system.stop(ref);
    await settle();

    expect(ref.getSnapshot().status).toBe('stopped');
  });

  it('is an error, with what was thrown, when the agent has failed for good', async () => {
    const { ref, settle } = aCounter();

    ref.send('fail');
    await settle();

    expect(ref.getSnapshot()).toMatchObject({ status: 'error', error: new Error('boom') });
  });
});

describe('somebody who subscribes to a ref', () => {
  it('is told of each new state, and not of messages that change nothing', async () => {
    const { ref, settle } = aCounter();
    const seen: unknown[] = [];
    ref.subscribe((snapshot) => seen.push(snapshot.context));

    [1, 0, 2].forEach((n) => {
      ref.send(n);
    });
    await settle();

    expect(seen).toEqual([1, 3]);
  });

  it('is told of an end that has come already, and may unsubscribe all the same', async () => {
    const world = aWorld();
    const ref = world.system.spawn(defineAgent({ name: 'over', subscribe: [Count], receive: () => {} }));
    await world.run(() => world.system.stop(ref));
    const told: string[] = [];

    const subscription = ref.subscribe({ complete: () => told.push('complete') });
    const listening = ref.on('*', () => told.push('event'));
    subscription.unsubscribe();
    listening.unsubscribe();

    expect(told).toEqual(['complete']);
  });

  it('is told nothing after it has unsubscribed', async () => {
    const { ref, settle } = aCounter();
    const seen: unknown[] = [];
    const subscription = ref.subscribe((snapshot) => seen.push(snapshot.context));

    subscription.unsubscribe();
    ref.send(1);
    await settle();

    expect(seen).toEqual([]);
  });

  it('goes on being told after a restart', async () => {
    const { ref, settle } = aCounter({ restartsMax: 1 });
    const seen: unknown[] = [];
    ref.subscribe((snapshot) => seen.push(snapshot.context));

    ref.send(1);
    ref.send('fail');
    ref.send(5);
    await settle();

    expect(seen).toEqual([1, 0, 5]);
  });

  it.each([
    ['completes', 'stop', ['done', 'complete']],
    ['fails', 'fail', ['error', 'Error: boom']],
  ] as const)('%s with the agent', async (_, last, expected) => {
    const { ref, settle } = aCounter();
    const seen: string[] = [];
    ref.subscribe(
      (snapshot) => seen.push(snapshot.status),
      (error) => seen.push(String(error)),
      () => seen.push('complete'),
    );

    ref.send(last);
    await settle();

    expect(seen).toEqual(expected);
  });

  it.each([
    ['completes', 'stop', ['complete']],
    ['fails', 'fail', ['Error: boom']],
  ] as const)('%s at once when the agent has ended so', async (_, last, expected) => {
    const { ref, settle } = aCounter();
    ref.send(last);
    await settle();
    const seen: string[] = [];

    const subscription = ref.subscribe({
      error: (error) => seen.push(String(error)),
      complete: () => seen.push('complete'),
    });
    subscription.unsubscribe();

    expect(seen).toEqual(expected);
  });

  it('need not listen to anything', async () => {
    const { ref, settle } = aCounter();
    ref.subscribe({});

    ref.send(1);
    ref.send('fail');
    await settle();

    expect(ref.getSnapshot().status).toBe('error');
  });

  it('is dropped and reported when it throws, and disturbs neither the agent nor the others', async () => {
    const { ref, settle, world, total } = aCounter();
    const seen: unknown[] = [];
    const failures: unknown[] = [];
    world.system
      .observe(systemFailures, { overflow: 'drop-newest' })
      .subscribe((report) => failures.push(report));
    ref.subscribe(boom);
    ref.subscribe((snapshot) => seen.push(snapshot.context));

    ref.send(1);
    ref.send(2);
    await settle();

    expect(total()).toBe(3);
    expect(seen).toEqual([1, 3]);
    expect(failures).toMatchObject([
      { agent: '/counter', supervisor: '/', directive: 'resume', class: 'defect' },
    ]);
  });

  it('may unsubscribe another while it is told', async () => {
    const { ref, settle } = aCounter();
    const seen: string[] = [];
    ref.subscribe(() => {
      seen.push('first');
      second.unsubscribe();
    });
    const second = ref.subscribe(() => seen.push('second'));

    ref.send(1);
    ref.send(1);
    await settle();

    expect(seen).toEqual(['first', 'first']);
  });
});

describe('a selection', () => {
  const parity = ({ context }: AgentSnapshot) => (context as number) % 2;

  it('is read now', async () => {
    const { ref, settle } = aCounter();
    ref.send(3);
    await settle();

    expect(ref.select(parity).get()).toBe(1);
  });

  it('is followed as far as it changes', async () => {
    const { ref, settle } = aCounter();
    await settle();
    const seen: number[] = [];
    ref.select(parity).subscribe((value) => seen.push(value));

    [2, 1, 2, 1].forEach((n) => {
      ref.send(n);
    });
    await settle();

    expect(seen).toEqual([1, 0]);
  });

  it('changes when one says so', async () => {
    const { ref, settle } = aCounter();
    await settle();
    const seen: number[] = [];
    ref
      .select(
        ({ context }) => context as number,
        (a, b) => Math.abs(a - b) < 5,
      )
      .subscribe((value) => seen.push(value));

    [2, 2, 2, 2].forEach((n) => {
      ref.send(n);
    });
    await settle();

    expect(seen).toEqual([6]);
  });
});

describe('XState', () => {
  it('waits for a state of an agent', async () => {
    const { ref, settle } = aCounter();

    const waiting = waitFor(asXState(ref), ({ context }) => context === 3);
    ref.send(1);
    ref.send(2);
    await settle();

    await expect(waiting).resolves.toMatchObject({ context: 3 });
  });

  it('gives up waiting when the agent ends before', async () => {
    const { ref, settle } = aCounter();

    const waiting = waitFor(asXState(ref), ({ context }) => context === 3);
    ref.send('fail');
    await Promise.all([settle(), expect(waiting).rejects.toThrow('boom')]);
  });

  it('makes a promise of an agent that finishes', async () => {
    const { ref, settle } = aCounter();

    const promise = toPromise(asXState(ref));
    ref.send('stop');
    await settle();

    await expect(promise).resolves.toBeUndefined();
  });

  it.each(['before', 'after'])('makes a promise of an agent that fails, %s it is asked', async (when) => {
    const { ref, settle } = aCounter();
    ref.send('fail');
    await (when === 'before' ? settle() : undefined);

    const promise = toPromise(asXState(ref));

    await Promise.all([settle(), expect(promise).rejects.toThrow('boom')]);
  });
});

const asXState = (ref: AgentRef<never>) => ref as unknown as AnyActorRef;

/** An agent that adds up what it is told, stops at 'stop' and fails at 'fail', for good unless it may be restarted. */
function aCounter({
  overflow = 'suspend',
  capacity = 16,
  restartsMax = 0,
}: {
  overflow?: 'suspend' | 'reject';
  capacity?: number;
  restartsMax?: number;
} = {}) {
  const world = aWorld({ system: { supervision: { restartsMax } } });
  const counter = defineAgent({
    name: 'counter',
    subscribe: [Count],
    state: 0,
    capacity,
    overflow,
    receive: (said, context) => {
      if (said === 'fail') {
        boom();
      } else if (said === 'stop') {
        context.stop();
      } else {
        context.update((total) => total + said);
      }
    },
  });
  const ref = world.system.spawn(counter);
  return {
    world,
    ref,
    settle: () => world.runUntilQuiet(),
    total: () => ref.getSnapshot().context,
  };
}
