import { describe, expect, it } from 'vitest';
import { aTroupe, type PlayerOptions } from '../support/a-troupe.ts';

const together: PlayerOptions = { supervision: { strategy: 'one-for-all', backoffMs: 10, jitter: 0 } };
const theRest: PlayerOptions = { supervision: { strategy: 'rest-for-one', backoffMs: 10, jitter: 0 } };

describe('a group that is restarted', () => {
  it('begins from the first to the last', async () => {
    const troupe = aTroupe();
    const children = ['a', 'b', 'c'].map((name) => troupe.player(name));
    troupe.system.spawn(troupe.player('boss', { ...together, children }));
    await troupe.settle();

    await troupe.cue('/boss/b', 'fail');

    expect(troupe.log.slice(4)).toEqual([
      '/boss/b hears fail',
      '/boss/a starts',
      '/boss/b starts',
      '/boss/c starts',
    ]);
  });

  it('ends from the last to the first', async () => {
    const troupe = aTroupe();
    const children = ['a', 'b', 'c'].map((name) =>
      troupe.player(name, { children: [troupe.player('child')] }),
    );
    troupe.system.spawn(troupe.player('boss', { ...together, children }));
    await troupe.settle();

    await troupe.cue('/boss/a', 'fail');

    expect(troupe.log.filter((line) => line.endsWith('stops'))).toEqual([
      '/boss/c/child stops',
      '/boss/b/child stops',
      '/boss/a/child stops',
    ]);
  });

  it('leaves those alone that were started before the one that failed, under rest-for-one', async () => {
    const troupe = aTroupe();
    const children = ['a', 'b', 'c'].map((name) => troupe.player(name));
    troupe.system.spawn(troupe.player('boss', { ...theRest, children }));
    await troupe.settle();

    await troupe.cue('/boss/b', 'fail');

    expect(troupe.log.slice(4)).toEqual(['/boss/b hears fail', '/boss/b starts', '/boss/c starts']);
  });

  it('waits for one member to run before the next begins', async () => {
    const troupe = aTroupe();
    const slow = troupe.player('slow', {
      onStart: (context) => new Promise<void>((resolve) => context.detach().spawn(quick(resolve))),
    });
    const quick = (done: () => void) => troupe.player('quick', { onStart: () => done() });
    troupe.system.spawn(troupe.player('boss', { ...together, children: [slow, troupe.player('after')] }));
    await troupe.settle();

    await troupe.cue('/boss/after', 'fail');

    expect(troupe.log.filter((line) => line === '/boss/after starts')).toHaveLength(2);
  });

  it('passes a member over that is stopped while the group ends', async () => {
    const troupe = aTroupe();
    const children = ['a', 'b', 'c'].map((name) => troupe.player(name));
    troupe.system.spawn(troupe.player('boss', { ...together, children }));
    await troupe.settle();
    const stopped = troupe.system.stop(troupe.ref('/boss/b'));
    void troupe.system.tell(troupe.ref('/boss/a'), 'fail');

    await troupe.settle();
    await stopped;

    expect(troupe.paths()).toEqual(['/boss', '/boss/a', '/boss/c']);
    expect(troupe.log.slice(4)).toEqual([
      '/boss/b stops',
      '/boss/a hears fail',
      '/boss/a starts',
      '/boss/c starts',
    ]);
  });

  it('forgets its backoff when every member is stopped', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('boss', { ...together, children: [troupe.player('a')] }));
    await troupe.settle();
    void troupe.system.tell(troupe.ref('/boss/a'), 'fail');
    await stepUntil(troupe, () => troupe.world.environment.timerCount > 0);

    const stopped = troupe.system.stop(troupe.ref('/boss'));
    await troupe.settle();
    await stopped;

    expect(troupe.world.environment.timerCount).toBe(0);
    expect(troupe.world.nowMs).toBe(0);
  });

  it('is taken over by the group of a member that fails while it begins', async () => {
    const troupe = aTroupe();
    let starts = 0;
    const frail = troupe.player('frail', {
      onStart: () => {
        starts += 1;
        if (starts === 2) throw new Error('not yet');
      },
    });
    troupe.system.spawn(troupe.player('boss', { ...together, children: [frail, troupe.player('after')] }));
    await troupe.settle();

    await troupe.cue('/boss/after', 'fail');

    expect(starts).toBe(3);
    expect(troupe.log.slice(2)).toEqual(['/boss/after hears fail', '/boss/after starts']);
    expect(troupe.failures.map(({ agent }) => agent)).toEqual(['/boss/after', '/boss/frail']);
  });
});

async function stepUntil(troupe: ReturnType<typeof aTroupe>, reached: () => boolean): Promise<void> {
  while (!reached() && (await troupe.world.step())) {
    // One step more.
  }
}
