import { Subject } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { streamAgent } from '../../src/actors/stream-agent.ts';
import { type } from '../../src/core/schema.ts';
import { systemFailures } from '../../src/core/system-topics.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { type BarrierStreamOptions, barrier } from '../../src/primitives/barrier.ts';
import type { BarrierClosed } from '../../src/primitives/barrier-failures.ts';
import { aWorld, takeTurns } from '../support/a-world.ts';

const forEver = Number.POSITIVE_INFINITY;

/** A stream without a system. */
function aStream(options: BarrierStreamOptions<string>) {
  const source = new Subject<string>();
  const out: unknown[] = [];
  const subscription = source.pipe(barrier(options)).subscribe({
    next: (values) => out.push(values),
    error: (failure) => out.push(failure),
    complete: () => out.push('completed'),
  });
  const say = (...values: string[]) => {
    for (const value of values) source.next(value);
  };
  return { source, out, say, subscription };
}

const Part = defineTopic('part', { schema: type<string>(), reply: type<string>() });

/** An agent whose stream is a barrier, which answers with what went on together. */
function anAgent(options: BarrierStreamOptions<string>, more: { readonly concurrency?: number } = {}) {
  const world = aWorld();
  const { system } = world;
  const assembler = system.spawn(
    streamAgent({
      name: 'assembler',
      subscribe: [Part],
      ...more,
      stream: (inbox, context) =>
        inbox.pipe(barrier(options)).pipe((together) => {
          const replies = new Subject<string>();
          together.subscribe({
            next: (values) => context.reply(values.join('+')),
            error: (failure) => replies.error(failure),
            complete: () => replies.complete(),
          });
          return replies;
        }),
    }),
  );
  const heard: string[] = [];
  const asks = (text: string, timeoutMs = 1_000) =>
    system.request(assembler, text, { timeoutMs }).then(
      (answer) => heard.push(`${text}: ${answer}`),
      (failure) => heard.push(`${text}: ${failure.name}`),
    );
  return { world, system, heard, asks, assembler };
}

describe('barrier', () => {
  it('gathers as many as it takes, and is closed then', () => {
    const { out, say } = aStream({ parties: 3, withinMs: forEver });

    say('a', 'b', 'c', 'd');

    expect(out).toEqual([['a', 'b', 'c'], expect.objectContaining({ _tag: 'BarrierClosed', by: 'opened' })]);
  });

  it('begins anew when it is cyclic', () => {
    const { out, say, source } = aStream({ parties: 2, withinMs: forEver, cyclic: true });

    say('a', 'b', 'c', 'd');
    source.complete();

    expect(out).toEqual([['a', 'b'], ['c', 'd'], 'completed']);
  });

  it('gathers each key by itself, and says which value came too late', () => {
    const late: [string, BarrierClosed][] = [];
    const { out, say } = aStream({
      parties: 2,
      withinMs: forEver,
      key: (text) => text[0],
      onLate: (value, failure) => late.push([value, failure]),
    });

    say('a1', 'b1', 'a2', 'a3', 'b2');

    expect(out).toEqual([
      ['a1', 'a2'],
      ['b1', 'b2'],
    ]);
    expect(late).toEqual([['a3', expect.objectContaining({ key: 'a', by: 'opened' })]]);
  });

  it('does not wait for whoever is told of a late one, and says when they failed', async () => {
    const logIsDown = new TypeError('the log is down');
    const onLate = async (): Promise<void> => {
      throw logIsDown;
    };
    const { world, system, asks, heard } = anAgent({ parties: 1, withinMs: forEver, onLate });
    const failures: unknown[] = [];
    system
      .observe(systemFailures, { overflow: 'drop-newest' })
      .subscribe(({ failure }) => failures.push(failure));
    const warned = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined);
    const { say } = aStream({ parties: 1, withinMs: forEver, onLate });

    await world.run(async () => {
      await asks('a1');
      await asks('a2');
      say('b1', 'b2');
    });

    expect(heard[0]).toBe('a1: a1');
    expect(failures).toEqual([logIsDown]);
    expect(warned).toHaveBeenCalledWith(logIsDown, 'TroupeWarning');
    warned.mockRestore();
  });

  it('lets a later value of a party take the place of the earlier one', () => {
    const { out, say } = aStream({ parties: 2, withinMs: forEver, party: (text) => text[0] });

    say('a1', 'a2', 'b1');

    expect(out).toEqual([['a2', 'b1']]);
  });

  it('holds no more keys than it may', () => {
    const { out, say } = aStream({ parties: 2, withinMs: forEver, key: (text) => text, keysMax: 2 });

    say('a', 'b', 'c');

    expect(out).toEqual([expect.objectContaining({ _tag: 'QueueFull', primitive: 'barrier', limit: 2 })]);
  });

  it('fails when its source completes before all are there, or lets out those that are', () => {
    const failing = aStream({ parties: 2, withinMs: forEver });
    failing.say('a');
    failing.source.complete();
    expect(String(failing.out[0])).toBe(
      'BarrierTimeout: 1 of 2 came to the barrier before the stream completed',
    );

    const partial = aStream({ parties: 2, withinMs: forEver, key: (text) => text, onTimeout: 'partial' });
    partial.say('a', 'b');
    partial.source.complete();
    expect(partial.out).toEqual([['a'], ['b'], 'completed']);
  });

  it('forgets what waits when nobody wants it any more', () => {
    const { out, say, subscription } = aStream({ parties: 2, withinMs: forEver });

    say('a');
    subscription.unsubscribe();
    say('b');

    expect(out).toEqual([]);
  });

  it('keeps the messages of its agent in hand until all are there', async () => {
    const { world, heard, asks } = anAgent({ parties: 3, withinMs: forEver, cyclic: true });

    await world.run(() => void ['a', 'b', 'c'].map((text) => asks(text)));

    expect(heard.toSorted()).toEqual(['a: a+b+c', 'b: a+b+c', 'c: a+b+c']);
  });

  it('gives back the place of a message that is interrupted while it waits', async () => {
    const { world, heard, asks } = anAgent({ parties: 2, withinMs: 100, cyclic: true });

    await world.run(() => void asks('a', 20));
    expect(world.environment.timerCount).toBe(0);
    await world.run(() => void ['b', 'c'].map((text) => asks(text)));

    expect(heard).toEqual(['a: RequestTimeout', 'b: b+c', 'c: b+c']);
  });

  it('fails its stream when the time is up, or lets out those who came', async () => {
    const failing = anAgent({ parties: 2, withinMs: 50, cyclic: true });
    await failing.world.run(() => void failing.asks('a'));
    expect(failing.heard).toEqual(['a: BarrierTimeout']);

    const partial = anAgent({ parties: 3, withinMs: 50, onTimeout: 'partial' });
    await partial.world.run(() => void ['a', 'b'].map((text) => partial.asks(text)));
    expect(partial.heard).toEqual(['a: a+b', 'b: a+b']);
  });

  it('holds no timer when its stream has ended', async () => {
    const stopped = anAgent({ parties: 2, withinMs: 50, cyclic: true });
    await stopped.world.run(async () => {
      void stopped.asks('a', forEver);
      await takeTurns(stopped.world);
      void stopped.system.stop(stopped.assembler);
    });
    expect(stopped.world.environment.timerCount).toBe(0);
    expect(stopped.world.nowMs).toBeLessThan(50);
  });

  it('lets go of its time when whoever reads it leaves', async () => {
    const { world, system } = anAgent({ parties: 2, withinMs: forEver });
    const News = defineTopic('news', { schema: type<string>() });

    await world.run(async () => {
      const reading = system
        .observe(News, { overflow: 'suspend' })
        .pipe(barrier({ parties: 2, withinMs: 50 }))
        .subscribe();
      await system.publish(News, 'a');
      await takeTurns(world);
      expect(world.environment.timerCount).toBe(1);
      reading.unsubscribe();
      expect(world.environment.timerCount).toBe(0);
    });
  });

  it('needs a window as wide as what it gathers', async () => {
    const { world, heard, asks } = anAgent(
      { parties: 3, withinMs: forEver, key: (text) => text, keysMax: 2 },
      { concurrency: 4 },
    );
    const failures: unknown[] = [];
    world.system
      .observe(systemFailures, { overflow: 'drop-newest' })
      .subscribe(({ failure }) => failures.push(failure));

    await world.run(() => void asks('a'));

    expect(String(failures[0])).toContain(
      "the operators of '/assembler' hold 5 values at once, and its window is 4",
    );
    expect(heard).toEqual(['a: NoResponder']);
  });
});
