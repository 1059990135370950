import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  affected,
  type ChildKind,
  checkChild,
  type Directive,
  decide,
  decideFinished,
  prune,
  resolveSupervision,
  type Strategy,
  type SupervisionOptions,
  shutsDown,
} from '../../src/actors/supervision.ts';
import type { FailureClass } from '../../src/core/failure.ts';
import type { DirectiveTag } from '../../src/core/system-event.ts';

const broken = new Error('broken');
const failing = (failureClass: string) => ({ class: failureClass });
const restart = (afterMs: number): Directive => ({ _tag: 'restart', afterMs });

describe('supervision of a child that failed', () => {
  it.each([
    ['transient', 'restart'],
    ['overload', 'resume'],
    ['invalid', 'resume'],
    ['permanent', 'resume'],
    ['interrupted', 'resume'],
    ['defect', 'restart'],
  ])('meets a failure of class %s with %s', (failureClass, directive) => {
    const supervision = resolveSupervision();

    expect(decide(supervision, 'transient', [], failing(failureClass), 0, 0)._tag).toBe(directive);
  });

  it('takes whatever is no failure of ours for a defect', () => {
    expect(decide(resolveSupervision(), 'transient', [], broken, 0, 0)).toEqual(restart(10));
  });

  it('keeps the other defaults when one class is given another directive', () => {
    const supervision = resolveSupervision({ directives: { defect: 'escalate' } });

    expect(decide(supervision, 'transient', [], broken, 0, 0)).toEqual({ _tag: 'escalate' });
    expect(decide(supervision, 'transient', [], failing('overload'), 0, 0)).toEqual({ _tag: 'resume' });
  });

  it('lets a function choose by the failure and its circumstances', () => {
    const seen: unknown[] = [];
    const supervision = resolveSupervision({
      windowMs: 100,
      directives: (failure, info) => {
        seen.push([failure, info]);
        return 'stop';
      },
    });

    expect(decide(supervision, 'permanent', [10, 400], broken, 500, 0)).toEqual({ _tag: 'stop' });
    expect(seen).toEqual([[broken, { class: 'defect', kind: 'permanent', restarts: 1, nowMs: 500 }]]);
  });

  it('goes by the class when the function chooses nothing', () => {
    const supervision = resolveSupervision({ directives: () => undefined });

    expect(decide(supervision, 'transient', [], failing('invalid'), 0, 0)).toEqual({ _tag: 'resume' });
  });

  it('escalates when the function throws', () => {
    const supervision = resolveSupervision({
      directives: () => {
        throw broken;
      },
    });

    expect(decide(supervision, 'transient', [], failing('invalid'), 0, 0)).toEqual({ _tag: 'escalate' });
  });

  it('escalates when the function chooses something that is no directive', () => {
    const supervision = resolveSupervision({ directives: () => 'retry' as DirectiveTag });

    expect(decide(supervision, 'transient', [], broken, 0, 0)).toEqual({ _tag: 'escalate' });
  });

  it('takes a failure that throws while it is looked at for a defect', () => {
    const hostile = {
      get class(): FailureClass {
        throw broken;
      },
    };

    expect(decide(resolveSupervision(), 'transient', [], hostile, 0, 0)).toEqual({
      _tag: 'restart',
      afterMs: 10,
    });
  });

  it('restarts permanent and transient children and stops temporary ones', () => {
    const directives = kinds.map((kind) => decide(resolveSupervision(), kind, [], broken, 0, 0)._tag);

    expect(directives).toEqual(['restart', 'restart', 'stop']);
  });

  it('does as chosen for every kind when restarting is not chosen', () => {
    const supervision = resolveSupervision({ directives: { defect: 'resume' } });

    const directives = kinds.map((kind) => decide(supervision, kind, [], broken, 0, 0)._tag);

    expect(directives).toEqual(['resume', 'resume', 'resume']);
  });

  it('never restarts when restartsMax is 0', () => {
    const supervision = resolveSupervision({ restartsMax: 0 });

    expect(decide(supervision, 'transient', [], broken, 0, 0)).toEqual({ _tag: 'escalate' });
  });

  it('escalates while a full window reaches the failure and restarts one millisecond later', () => {
    const supervision = resolveSupervision({ restartsMax: 2, windowMs: 100 });

    expect(decide(supervision, 'transient', [10, 60], broken, 110, 0)).toEqual({ _tag: 'escalate' });
    expect(decide(supervision, 'transient', [10, 60], broken, 111, 0)).toEqual(restart(20));
  });

  it('counts for ever when the window is infinite', () => {
    const supervision = resolveSupervision({ restartsMax: 1, windowMs: Number.POSITIVE_INFINITY });

    expect(decide(supervision, 'transient', [0], broken, 1e12, 0)).toEqual({ _tag: 'escalate' });
  });

  it('waits twice as long with each restart in the window, up to the maximum', () => {
    const supervision = resolveSupervision({ restartsMax: 5, backoffMsMax: 60 });

    const delays = [[], [0], [0, 0], [0, 0, 0], [0, 0, 0, 0]].map((history) =>
      decide(supervision, 'transient', history, broken, 0, 0),
    );

    expect(delays).toEqual([10, 20, 40, 60, 60].map(restart));
  });

  it('lets chance take off at most the share that jitter names', () => {
    const supervision = resolveSupervision({ backoffMs: 100, jitter: 0.5 });

    expect(decide(supervision, 'transient', [], broken, 0, 0)).toEqual(restart(100));
    expect(decide(supervision, 'transient', [], broken, 0, 0.5)).toEqual(restart(75));
  });
});

describe('supervision of a child that finished', () => {
  it('restarts a permanent child and lets the others go', () => {
    const directives = kinds.map((kind) => decideFinished(resolveSupervision(), kind, [], 0, 0));

    expect(directives).toEqual([restart(10), { _tag: 'stop' }, { _tag: 'stop' }]);
  });

  it('counts the same restarts as for failures', () => {
    const supervision = resolveSupervision({ restartsMax: 2, windowMs: 100 });

    expect(decideFinished(supervision, 'permanent', [60], 110, 0)).toEqual(restart(20));
    expect(decideFinished(supervision, 'permanent', [10, 60], 110, 0)).toEqual({ _tag: 'escalate' });
    expect(decideFinished(supervision, 'permanent', [10, 60], 111, 0)).toEqual(restart(20));
  });
});

describe('intensity and backoff', () => {
  it('law: no closed window holds more than restartsMax restarts, whatever the times', () => {
    fc.assert(
      fc.property(intensities, times, (options, failedAtMs) => {
        const { restartedAtMs } = live(options, failedAtMs);
        const { restartsMax, windowMs } = options;

        const crowded = restartedAtMs.filter((startMs) => {
          const inWindow = restartedAtMs.filter((atMs) => atMs >= startMs && atMs <= startMs + windowMs);
          return inWindow.length > restartsMax;
        });

        expect(crowded).toEqual([]);
      }),
    );
  });

  it('law: a restart is refused only while the window that ends now is full', () => {
    fc.assert(
      fc.property(intensities, times, (options, failedAtMs) => {
        const { refusals } = live(options, failedAtMs);

        const early = refusals.filter(({ nowMs, restartedAtMs }) => {
          return (
            restartedAtMs.filter((atMs) => atMs >= nowMs - options.windowMs).length < options.restartsMax
          );
        });

        expect(early).toEqual([]);
      }),
    );
  });

  it('law: a pruned history has at most restartsMax entries and decides the same', () => {
    fc.assert(
      fc.property(intensities, times, (options, failedAtMs) => {
        const pruned = live(options, failedAtMs);
        const whole = live(options, failedAtMs, (history) => history);

        expect(pruned.longest).toBeLessThanOrEqual(options.restartsMax);
        expect(pruned.restartedAtMs).toEqual(whole.restartedAtMs);
      }),
    );
  });

  it('forgets a restart when it is longer ago than the window', () => {
    expect(prune([99, 100, 150], 100, 200)).toEqual([100, 150]);
  });

  it('law: a restart waits from 0 to backoffMsMax, and at least what jitter leaves', () => {
    fc.assert(
      fc.property(backoffs, fc.nat({ max: 2_000 }), aChance, (options, restarts, chance) => {
        const supervision = resolveSupervision({ ...options, restartsMax: 2_001 });
        const history = Array.from({ length: restarts }, () => 0);

        const directive = decide(supervision, 'transient', history, broken, 0, chance) as { afterMs: number };
        const whole = decide(supervision, 'transient', history, broken, 0, 0) as { afterMs: number };

        expect(directive.afterMs).toBeGreaterThanOrEqual(0);
        expect(directive.afterMs).toBeLessThanOrEqual(whole.afterMs);
        expect(directive.afterMs).toBeGreaterThanOrEqual(whole.afterMs * (1 - options.jitter) * (1 - 1e-9));
        expect(whole.afterMs).toBeLessThanOrEqual(options.backoffMsMax);
      }),
    );
  });

  it('law: chance decides how long a restart waits, and nothing else', () => {
    fc.assert(
      fc.property(aCase, aChance, aChance, ({ directive, kind, history, nowMs }, chance, otherChance) => {
        const supervision = resolveSupervision({ windowMs: 50, directives: () => directive });

        const tags = [chance, otherChance].flatMap((roll) => [
          decide(supervision, kind, history, broken, nowMs, roll)._tag,
          decideFinished(supervision, kind, history, nowMs, roll)._tag,
        ]);

        expect(tags.slice(0, 2)).toEqual(tags.slice(2));
      }),
    );
  });

  it('law: the order of a history does not matter', () => {
    fc.assert(
      fc.property(aCase, ({ directive, kind, history, nowMs }) => {
        const supervision = resolveSupervision({ windowMs: 50, directives: () => directive });

        expect(decide(supervision, kind, history.toReversed(), broken, nowMs, 0)).toEqual(
          decide(supervision, kind, history, broken, nowMs, 0),
        );
      }),
    );
  });
});

describe('strategies', () => {
  it.each([
    ['one-for-one', ['b']],
    ['one-for-all', ['a', 'b', 'c']],
    ['rest-for-one', ['b', 'c']],
  ] as const)('%s restarts, when b of a, b, c failed, %j', (strategy, expected) => {
    expect(affected(strategy, ['a', 'b', 'c'], 'b')).toEqual(expected);
  });

  it.each(['one-for-one', 'one-for-all', 'rest-for-one'] as const)(
    '%s refuses a child that is not among its siblings',
    (strategy) => {
      expect(() => affected(strategy, ['a'], 'z')).toThrow(
        new RangeError('the child that failed is among its siblings; got z'),
      );
    },
  );

  it('law: who failed is affected, and one-for-one ⊆ rest-for-one ⊆ one-for-all, all in the order of starts', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(), (size, pick) => {
        const siblings = Array.from({ length: size }, (_, place) => place);
        const failed = pick % size;

        expect(affected('one-for-one', siblings, failed)).toEqual([failed]);
        expect(affected('rest-for-one', siblings, failed)).toEqual(
          siblings.filter((place) => place >= failed),
        );
        expect(affected('one-for-all', siblings, failed)).toEqual(siblings);
      }),
    );
  });
});

describe('automatic shutdown', () => {
  it.each([
    ['never', 0, 9, false],
    ['any', 2, 1, true],
    ['any', 2, 0, false],
    ['all', 1, 2, false],
    ['all', 0, 3, true],
    ['all', 0, 0, false],
  ] as const)(
    '%s, with %i significant children left and %i ended: %s',
    (autoShutdown, left, ended, expected) => {
      expect(shutsDown(autoShutdown, left, ended)).toBe(expected);
    },
  );

  it('refuses a child that is permanent and significant', () => {
    expect(() => checkChild({ kind: 'permanent', significant: true })).toThrow(
      new RangeError('a significant child is transient or temporary; got permanent'),
    );
  });

  it('refuses a kind that there is not', () => {
    expect(() => checkChild({ kind: 'eternal' as ChildKind })).toThrow(
      new RangeError('kind is one of permanent, transient, temporary; got eternal'),
    );
  });

  it('takes a child of which nothing is said for a transient one that is not significant', () => {
    expect(checkChild()).toEqual({ kind: 'transient', significant: false });
    expect(checkChild({ kind: 'permanent' })).toEqual({ kind: 'permanent', significant: false });
    expect(checkChild({ kind: 'temporary', significant: true })).toEqual({
      kind: 'temporary',
      significant: true,
    });
  });
});

describe('supervision options', () => {
  it('have a default for everything', () => {
    expect(resolveSupervision()).toEqual({
      strategy: 'one-for-one',
      restartsMax: 3,
      windowMs: 60_000,
      backoffMs: 10,
      backoffMsMax: 30_000,
      jitter: 0.2,
      directives: {
        transient: 'restart',
        overload: 'resume',
        invalid: 'resume',
        permanent: 'resume',
        interrupted: 'resume',
        defect: 'restart',
      },
      choose: undefined,
    });
  });

  it.each<[SupervisionOptions, string]>([
    [{ strategy: 'all' as Strategy }, 'strategy is one of one-for-one, one-for-all, rest-for-one; got all'],
    [{ restartsMax: -1 }, 'restartsMax is a whole number, at least 0; got -1'],
    [{ restartsMax: 1.5 }, 'restartsMax is a whole number, at least 0; got 1.5'],
    [{ restartsMax: Number.POSITIVE_INFINITY }, 'restartsMax is a whole number, at least 0; got Infinity'],
    [{ windowMs: 0 }, 'windowMs is above 0; got 0'],
    [{ windowMs: Number.NaN }, 'windowMs is above 0; got NaN'],
    [{ backoffMs: -1 }, 'backoffMs is finite, at least 0; got -1'],
    [{ backoffMs: Number.NaN }, 'backoffMs is finite, at least 0; got NaN'],
    [{ backoffMsMax: 9 }, 'backoffMsMax is finite, at least backoffMs, which is 10; got 9'],
    [
      { backoffMsMax: Number.POSITIVE_INFINITY },
      'backoffMsMax is finite, at least backoffMs, which is 10; got Infinity',
    ],
    [{ jitter: 1.1 }, 'jitter is from 0 to 1; got 1.1'],
    [{ jitter: -0.1 }, 'jitter is from 0 to 1; got -0.1'],
    [{ jitter: Number.NaN }, 'jitter is from 0 to 1; got NaN'],
    [
      { directives: { defect: 'retry' as DirectiveTag } },
      'the directive of defect is one of resume, restart, stop, escalate; got retry',
    ],
    [
      { directives: { timeout: 'stop' } as SupervisionOptions['directives'] & object },
      'the class of a directive is one of transient, overload, invalid, permanent, interrupted, defect; got timeout',
    ],
  ])('%j are refused', (options, message) => {
    expect(() => resolveSupervision(options)).toThrow(new RangeError(message));
  });
});

const kinds: readonly ChildKind[] = ['permanent', 'transient', 'temporary'];

const aChance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

const intensities = fc.record({
  restartsMax: fc.nat({ max: 4 }),
  windowMs: fc.integer({ min: 1, max: 20 }),
  backoffMs: fc.constantFrom(0, 0, 1, 20),
  backoffMsMax: fc.integer({ min: 20, max: 80 }),
});

/** Failures of one child or of a group: some come while an earlier restart still waits. */
const times = fc
  .array(fc.constantFrom<number>(0, 0, 1, 2, 5, 10), { maxLength: 40, size: 'max' })
  .map((gapsMs) => gapsMs.map((_, n) => gapsMs.slice(0, n + 1).reduce((sum, gapMs) => sum + gapMs, 0)));

const backoffs = fc
  .tuple(fc.double({ min: 0, max: 1e300, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), aChance)
  .chain(([backoffMsMax, share, jitter]) =>
    fc.record({
      backoffMs: fc.constantFrom(0, share * backoffMsMax),
      backoffMsMax: fc.constant(backoffMsMax),
      jitter: fc.constantFrom(0, jitter, 1),
    }),
  );

const aCase = fc.record({
  directive: fc.constantFrom<DirectiveTag | undefined>('resume', 'restart', 'stop', 'escalate', undefined),
  kind: fc.constantFrom(...kinds),
  history: fc.array(fc.nat({ max: 100 }), { maxLength: 5 }),
  nowMs: fc.integer({ min: 50, max: 150 }),
});

/** A parent that keeps a history as the head of the room says, through a life of failures. */
function live(
  options: SupervisionOptions & { readonly windowMs: number },
  failedAtMs: readonly number[],
  keep = prune,
): {
  restartedAtMs: number[];
  refusals: { nowMs: number; restartedAtMs: number[] }[];
  longest: number;
} {
  const supervision = resolveSupervision(options);
  const restartedAtMs: number[] = [];
  const refusals: { nowMs: number; restartedAtMs: number[] }[] = [];
  let history: readonly number[] = [];
  let longest = 0;

  for (const nowMs of failedAtMs) {
    const directive = decide(supervision, 'transient', history, broken, nowMs, 0);
    if (directive._tag === 'restart') {
      restartedAtMs.push(nowMs + directive.afterMs);
      history = [...keep(history, options.windowMs, nowMs), nowMs + directive.afterMs];
      longest = Math.max(longest, history.length);
    } else {
      refusals.push({ nowMs, restartedAtMs: [...restartedAtMs] });
    }
  }
  return { restartedAtMs, refusals, longest };
}
