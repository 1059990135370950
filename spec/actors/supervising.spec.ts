import { describe, expect, it } from 'vitest';
import type { Cell, RestartedTogether } from '../../src/actors/cell.ts';
import { FinishedTooOften, restarted } from '../../src/actors/supervising.ts';
import { aTroupe, Cue, type PlayerOptions } from '../support/a-troupe.ts';

const directing = (defect: 'resume' | 'restart' | 'stop' | 'escalate'): PlayerOptions => ({
  supervision: { directives: { defect } },
});

describe('an agent whose failure its supervisor', () => {
  it('resumes goes on with its next message', async () => {
    const troupe = aTroupe(directing('resume') as object);
    troupe.system.spawn(troupe.player('a'));

    await troupe.cue('/a', 'fail', 'go');

    expect(troupe.log).toEqual(['/a starts', '/a hears fail', '/a hears go']);
  });

  it('answers with a restart begins anew after its backoff', async () => {
    const troupe = aTroupe({ supervision: { backoffMs: 50, jitter: 0 } });
    troupe.system.spawn(troupe.player('a'));

    await troupe.cue('/a', 'fail', 'go');

    expect(troupe.log).toEqual(['/a starts', '/a hears fail', '/a starts', '/a hears go']);
    expect(troupe.world.nowMs).toBe(50);
  });

  it('answers with a stop is stopped', async () => {
    const troupe = aTroupe(directing('stop') as object);
    troupe.system.spawn(troupe.player('a'));

    await troupe.cue('/a', 'fail');

    expect(troupe.log).toEqual(['/a starts', '/a hears fail', '/a stops']);
    expect(troupe.paths()).toEqual([]);
  });

  it('passes on is restarted with its supervisor, by the one above', async () => {
    const troupe = aTroupe();
    const leaf = troupe.player('leaf');
    troupe.system.spawn(troupe.player('boss', { ...directing('escalate'), children: [leaf] }));
    await troupe.settle();

    await troupe.cue('/boss/leaf', 'fail');

    expect(troupe.log.slice(2)).toEqual([
      '/boss/leaf hears fail',
      '/boss/leaf stops',
      '/boss starts',
      '/boss/leaf starts',
    ]);
    expect(troupe.system.deadLetters.list()).toMatchObject([{ cause: 'Stopped', to: '/boss/leaf' }]);
  });

  it('passes on leaves those between without messages until somebody has decided', async () => {
    const troupe = aTroupe();
    const leaf = troupe.player('leaf');
    const mid = troupe.player('mid', { ...directing('escalate'), children: [leaf] });
    troupe.system.spawn(troupe.player('top', { ...directing('escalate'), children: [mid] }));
    await troupe.settle();
    const before = troupe.ref('/top/mid');

    void troupe.system.tell(troupe.ref('/top/mid/leaf'), 'fail');
    void troupe.system.tell(before, 'go');
    await troupe.settle();

    expect(troupe.log).not.toContain('/top/mid hears go');
    expect(troupe.log.slice(-3)).toEqual(['/top starts', '/top/mid starts', '/top/mid/leaf starts']);
  });

  it('passes on is stopped when the one above resumes its supervisor, which goes on', async () => {
    const troupe = aTroupe(directing('resume') as object);
    const leaf = troupe.player('leaf');
    troupe.system.spawn(troupe.player('boss', { ...directing('escalate'), children: [leaf] }));
    await troupe.settle();

    await troupe.cue('/boss/leaf', 'fail');
    await troupe.cue('/boss', 'go');

    expect(troupe.log.slice(2)).toEqual(['/boss/leaf hears fail', '/boss/leaf stops', '/boss hears go']);
  });

  it('and the one above it pass on is stopped, and all between go on when somebody resumes', async () => {
    const troupe = aTroupe(directing('resume') as object);
    const leaf = troupe.player('leaf');
    const mid = troupe.player('mid', { ...directing('escalate'), children: [leaf] });
    troupe.system.spawn(troupe.player('top', { ...directing('escalate'), children: [mid] }));
    await troupe.settle();

    await troupe.cue('/top/mid/leaf', 'fail');
    await troupe.cue('/top/mid', 'go');
    await troupe.cue('/top', 'go');

    expect(troupe.log.slice(4)).toEqual(['/top/mid/leaf stops', '/top/mid hears go', '/top hears go']);
  });

  it('cannot decide about, because it is ending, is stopped', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('boss', { children: [troupe.player('leaf')] }));
    await troupe.settle();

    void troupe.system.stop(troupe.ref('/boss'));
    await troupe.world.step();
    troupe.world.crash('/boss/leaf');
    await troupe.settle();

    expect(troupe.failures).toMatchObject([{ agent: '/boss/leaf', directive: 'stop', class: 'defect' }]);
    expect(troupe.paths()).toEqual([]);
  });

  it('hears of when it has ended already is not brought back', async () => {
    const troupe = aTroupe();
    const onStop = () => {
      throw new Error('still busy');
    };
    troupe.system.spawn(troupe.player('a', { onStop }));

    await troupe.cue('/a', 'finish');

    expect(troupe.failures).toMatchObject([{ failure: new Error('still busy'), directive: 'stop' }]);
    expect(troupe.paths()).toEqual([]);
  });
});

describe('a failure that reaches the top', () => {
  it('stops the agent there, and the health of the system says so', async () => {
    const troupe = aTroupe({ supervision: { restartsMax: 1 } });
    troupe.system.spawn(troupe.player('a'));

    await troupe.cue('/a', 'fail', 'fail');

    expect(troupe.log).toEqual(['/a starts', '/a hears fail', '/a starts', '/a hears fail', '/a stops']);
    expect(troupe.system.health()).toMatchObject({ status: 'degraded', givenUp: ['/a'], agents: 0 });
  });

  it('from further below stops the agent at the top with all under it', async () => {
    const troupe = aTroupe(directing('escalate') as object);
    const leaf = troupe.player('leaf');
    troupe.system.spawn(troupe.player('boss', { ...directing('escalate'), children: [leaf] }));
    await troupe.settle();

    await troupe.cue('/boss/leaf', 'fail');

    expect(troupe.log.slice(3)).toEqual(['/boss/leaf stops', '/boss stops']);
    expect(troupe.failures).toMatchObject([{ agent: '/boss/leaf', supervisor: '/', directive: 'escalate' }]);
  });

  it('is remembered by the path of the agent, for the last hundred of them', async () => {
    const troupe = aTroupe({ supervision: { restartsMax: 0 } });
    const failing = Array.from({ length: 101 }, (_, n) => `a${n}`);
    failing.forEach((name) => {
      troupe.system.spawn(troupe.player(name));
    });

    void troupe.system.publish(Cue, 'fail');
    await troupe.settle();

    expect(troupe.system.health().givenUp).toEqual(failing.slice(1).map((name) => `/${name}`));
  });
});

describe('a report of a failure', () => {
  it('is made once, and says who failed of what, in which message, and what was decided by whom', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('boss', { children: [troupe.player('leaf')] }));
    await troupe.settle();

    await troupe.cue('/boss/leaf', 'fail');

    expect(troupe.failures).toEqual([
      {
        atMs: 0,
        agent: '/boss/leaf',
        supervisor: '/boss',
        failure: new Error('boom'),
        class: 'defect',
        envelope: expect.objectContaining({ payload: 'fail', topic: 'cue' }),
        envelopeId: expect.any(Number),
        topic: 'cue',
        directive: 'restart',
      },
    ]);
  });
});

describe('siblings', () => {
  const members = ['a', 'b', 'c', 'd'] as const;
  const family = async (strategy: 'one-for-one' | 'one-for-all' | 'rest-for-one', restartsMax = 3) => {
    const troupe = aTroupe({ supervision: { strategy, jitter: 0, restartsMax } });
    members.forEach((name) => {
      troupe.system.spawn(troupe.player(name), { kind: name === 'd' ? 'temporary' : 'transient' });
    });
    await troupe.settle();
    troupe.log.length = 0;
    return troupe;
  };

  it('live on under one-for-one', async () => {
    const troupe = await family('one-for-one');

    await troupe.cue('/b', 'fail');

    expect(troupe.log).toEqual(['/b hears fail', '/b starts']);
  });

  it('begin anew together under one-for-all, in the order of their starts, and a temporary one is stopped', async () => {
    const troupe = await family('one-for-all');

    await troupe.cue('/b', 'fail');

    expect(troupe.log).toEqual(['/b hears fail', '/d stops', '/a starts', '/b starts', '/c starts']);
  });

  it('that were started later begin anew under rest-for-one', async () => {
    const troupe = await family('rest-for-one');

    await troupe.cue('/b', 'fail');

    expect(troupe.log).toEqual(['/b hears fail', '/d stops', '/b starts', '/c starts']);
  });

  it('that begin anew together have one history', async () => {
    const troupe = await family('one-for-all', 1);

    await troupe.cue('/a', 'fail');
    await troupe.cue('/b', 'fail');

    expect(troupe.failures.map(({ directive }) => directive)).toEqual(['restart', 'escalate']);
  });

  it('have a restart that is still to come in their history', async () => {
    const troupe = await family('rest-for-one', 1);
    void troupe.system.tell(troupe.ref('/c'), 'fail');
    await troupe.turns();

    await troupe.cue('/a', 'fail');

    expect(troupe.failures.map(({ directive }) => directive)).toEqual(['restart', 'escalate']);
  });

  it('have a restart in their history that comes later than a window from now', async () => {
    const troupe = aTroupe({
      supervision: { strategy: 'rest-for-one', jitter: 0, restartsMax: 1, windowMs: 10, backoffMs: 100 },
    });
    members.forEach((name) => {
      troupe.system.spawn(troupe.player(name));
    });
    await troupe.settle();
    void troupe.system.tell(troupe.ref('/c'), 'fail');
    await troupe.turns();

    await troupe.cue('/a', 'fail');

    expect(troupe.failures.map(({ directive }) => directive)).toEqual(['restart', 'escalate']);
  });

  it('have in their history that one has finished and is still to begin again', async () => {
    const troupe = aTroupe({
      supervision: { strategy: 'rest-for-one', jitter: 0, restartsMax: 1, windowMs: 10, backoffMs: 100 },
    });
    members.forEach((name) => {
      troupe.system.spawn(troupe.player(name), { kind: 'permanent' });
    });
    await troupe.settle();
    void troupe.system.tell(troupe.ref('/c'), 'finish');
    await troupe.turns();

    await troupe.cue('/a', 'finish');

    expect(troupe.failures).toMatchObject([{ agent: '/a', failure: { _tag: 'FinishedTooOften' } }]);
  });

  it('that begin anew alone have a history each', async () => {
    const troupe = await family('one-for-one', 1);

    await troupe.cue('/a', 'fail');
    await troupe.cue('/b', 'fail');

    expect(troupe.failures.map(({ directive }) => directive)).toEqual(['restart', 'restart']);
  });

  it('are restarted again when the window has passed', async () => {
    const troupe = await family('one-for-one', 1);

    await troupe.cue('/a', 'fail');
    await troupe.world.advance(60_100);
    await troupe.cue('/a', 'fail');

    expect(troupe.failures.map(({ directive }) => directive)).toEqual(['restart', 'restart']);
  });
});

describe('an agent that finishes', () => {
  it.each(['transient', 'temporary'] as const)('is gone when it is %s', async (kind) => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a'), { kind });

    await troupe.cue('/a', 'finish');

    expect(troupe.log).toEqual(['/a starts', '/a hears finish', '/a stops']);
    expect(troupe.failures).toEqual([]);
  });

  it('begins again when it is permanent, which is no failure', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a'), { kind: 'permanent' });

    await troupe.cue('/a', 'finish');

    expect(troupe.log).toEqual(['/a starts', '/a hears finish', '/a starts']);
    expect(troupe.failures).toEqual([]);
  });

  it.each(['one-for-one', 'one-for-all'] as const)('too often fails, under %s', async (strategy) => {
    const troupe = aTroupe({ supervision: { restartsMax: 1, strategy } });
    troupe.system.spawn(troupe.player('a'), { kind: 'permanent' });

    await troupe.cue('/a', 'finish', 'finish');

    expect(troupe.failures).toMatchObject([
      {
        failure: { _tag: 'FinishedTooOften', code: 'DEFECT', class: 'defect', agent: '/a' },
        directive: 'escalate',
      },
    ]);
    expect(troupe.paths()).toEqual([]);
    expect(troupe.system.health().givenUp).toEqual(['/a']);
  });

  it('too often is passed on whatever its supervisor does about failures, and the one above decides', async () => {
    const troupe = aTroupe();
    const leaf = troupe.player('leaf');
    const supervision = { restartsMax: 1, directives: { defect: 'stop' } } as const;
    troupe.system.spawn(troupe.player('boss', { supervision, children: [[leaf, { kind: 'permanent' }]] }));
    await troupe.settle();

    await troupe.cue('/boss/leaf', 'finish', 'finish');

    expect(troupe.failures).toMatchObject([{ failure: { _tag: 'FinishedTooOften' }, directive: 'restart' }]);
    expect(troupe.log.filter((line) => line === '/boss starts')).toHaveLength(2);
    expect(troupe.paths()).toEqual(['/boss', '/boss/leaf']);
  });

  it('is not begun again by a supervisor that is ending', async () => {
    const troupe = aTroupe();
    const leaf = troupe.player('leaf');
    troupe.system.spawn(troupe.player('boss', { children: [[leaf, { kind: 'permanent' }]] }));
    await troupe.settle();

    const ended = troupe.system.watch(troupe.ref('/boss/leaf'));
    void troupe.system.tell(troupe.ref('/boss/leaf'), 'finish');
    void troupe.system.stop(troupe.ref('/boss'));
    await troupe.settle();

    expect(troupe.log).toEqual([
      '/boss starts',
      '/boss/leaf starts',
      '/boss/leaf hears finish',
      '/boss/leaf stops',
      '/boss stops',
    ]);
    expect(await ended).toMatchObject({ reason: 'finished' });
    expect(troupe.paths()).toEqual([]);
  });

  it('too often is told what to be instead', () => {
    expect(new FinishedTooOften({ agent: '/a' })).toMatchObject({
      _tag: 'FinishedTooOften',
      code: 'DEFECT',
      class: 'defect',
      agent: '/a',
    });
    expect(String(new FinishedTooOften({ agent: '/a' }))).toBe(
      "FinishedTooOften: '/a' is permanent and finished again; an agent that is meant to finish is transient or temporary",
    );
  });
});

describe('a restart that took longer than planned', () => {
  /** What a history is after a restart that counted at 15 and happened at 25, and when it counts now. */
  const historyAfter = (history: readonly number[], strategy = 'one-for-one'): unknown => {
    const parent = { definition: { supervision: { strategy } }, childrenRestartedAtMs: history };
    const cell = { parent, restartedAtMs: history, kernel: { nowMs: () => 25 } };
    const group = { countsAtMs: 15 };
    restarted(cell as unknown as Cell, group as RestartedTogether);
    const [mine, ours] = [cell.restartedAtMs, parent.childrenRestartedAtMs];
    return [strategy === 'one-for-one' ? mine : ours, group.countsAtMs];
  };

  it.each([
    ['its own entry', [10, 15, 30], [10, 30, 25]],
    ['the first of several that count then', [15, 15], [15, 25]],
    ['none of its siblings, where its own was forgotten', [10, 20], [10, 20, 25]],
  ])('moves %s to when it happened', (_, before, then) => {
    expect(historyAfter(before)).toEqual([then, 25]);
    expect(historyAfter(before, 'one-for-all')).toEqual([then, 25]);
  });
});
