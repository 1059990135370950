import { describe, expect, it } from 'vitest';
import { aTroupe } from '../support/a-troupe.ts';

describe('the dead letter box', () => {
  it('delivers a letter again to whom it was meant for, and counts the attempts', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a'));
    await troupe.cue('/a', 'fail');
    const before = troupe.system.deadLetters.list().map(({ cause, attempts }) => [cause, attempts]);

    const replay = troupe.system.deadLetters.replay();
    await troupe.settle();

    expect(before).toEqual([['Restarted', 1]]);
    expect(replay).toEqual({ replayed: 1, kept: 0 });
    expect(troupe.log.filter((line) => line === '/a hears fail')).toHaveLength(2);
    expect(troupe.system.deadLetters.list().map(({ attempts }) => attempts)).toEqual([2]);
  });

  it('keeps a letter whose receiver is no more', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a'));
    const stopped = troupe.system.stop(ref as never);
    await troupe.settle();
    await stopped;
    void troupe.system.tell(ref, 'anybody?');

    const replay = troupe.system.deadLetters.replay();

    expect(replay).toEqual({ replayed: 0, kept: 1 });
    expect(troupe.system.deadLetters).toMatchObject({ size: 1, total: 1, dropped: 0 });
    expect(troupe.system.deadLetters.countByCause()).toEqual({ Stopped: 1 });
  });

  it('delivers only the letters that are chosen', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a'));
    await troupe.cue('/a', 'fail', 'fail');

    const replay = troupe.system.deadLetters.replay(({ cause }) => cause === 'Dropped');

    expect(replay).toEqual({ replayed: 0, kept: 2 });
  });

  it('keeps a letter for which there is no room', async () => {
    const troupe = aTroupe();
    const ref = troupe.system.spawn(troupe.player('a', { capacity: 1, spillMax: 1 }));
    await troupe.cue('/a', 'fail', 'wait');
    void troupe.system.tell(ref, 'next');
    await troupe.settle();

    const replay = troupe.system.deadLetters.replay();

    expect(replay).toEqual({ replayed: 0, kept: 1 });
  });

  it('keeps a reply that came too late: it was meant for nobody who handles messages', async () => {
    const troupe = aTroupe();
    const late = Promise.withResolvers<string>();
    const ref = troupe.system.spawn(troupe.player('a', {}));
    const slow = troupe.system.request(ref, 'wait', { timeoutMs: 5 });
    slow.catch(() => {});
    await troupe.settle();
    late.resolve('late');

    await troupe.go();

    expect(troupe.system.deadLetters.replay()).toEqual({ replayed: 0, kept: troupe.system.deadLetters.size });
  });
});
