import {
  all,
  any,
  type BallotKey,
  both,
  either,
  firstK,
  majority,
  NotGathered,
  type Outcome,
  type Policy,
  plurality,
  quorum,
  withinMs,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import { OpenBallot } from '../../src/primitives/ballot.ts';
import { undecided, waitsForEach } from '../../src/primitives/policy.ts';

const by = (answer: string): BallotKey => answer;

describe('policies', () => {
  it('that count answers say when there are enough, and when there cannot be', () => {
    expect(says(all(), 3, '0x 1y')).toBe('undecided');
    expect(says(all(), 2, '1y 0x')).toEqual(['x', 'y']);
    expect(says(all(), 3, '1y 0!')).toBe('nobody may fail');
    expect(says(all({ onFailure: 'collect' }), 3, '2z 1! 0x')).toEqual(['x', 'z']);
    expect(says(all({ onFailure: 'collect' }), 2, '0! 1!')).toEqual([]);
    expect(says(all({ onFailure: 'quorum', quorum: 2 }), 3, '2z 1! 0x')).toEqual(['x', 'z']);
    expect(says(all({ onFailure: 'quorum', quorum: 2 }), 3, '2z 1!')).toBe('undecided');
    expect(says(all({ onFailure: 'quorum', quorum: 2 }), 3, '2! 1!')).toBe(
      '2 answers are needed, 1 can be had',
    );
    expect(says(any(), 3, '2! 1y')).toBe('y');
    expect(says(any(), 2, '1! 0!')).toBe('1 answers are needed, 0 can be had');
    expect(says(any({ onFailure: 'fail-fast' }), 3, '2!')).toBe('nobody may fail');
    expect(says(firstK(2), 3, '2z 0x 1y')).toEqual(['z', 'x']);
    expect(says(firstK(2, { onFailure: 'quorum', quorum: 3 }), 4, '2! 0! 1y')).toBe(
      '3 answers are needed, 2 can be had',
    );
    expect(says(quorum(2), 3, '2z 0x 1y')).toEqual(['x', 'z']);
  });

  it('that count votes say who wins, and that nobody can', () => {
    expect(says(majority(by), 3, '2x 0y')).toBe('undecided');
    expect(says(majority(by), 3, '2x 0x')).toBe('x');
    expect(says(majority(by), 4, '0x 1x 2y 3y')).toBe('3 equal answers are needed, 2 can still be had');
    expect(says(majority(by), 3, '0! 1!')).toBe('2 equal answers are needed, 1 can still be had');
    expect(says(quorum(2, by), 5, '0y 4x 3x 1y')).toBe('x');
    expect(says(quorum(2, by), 5, '4x 0y 1y 3x')).toBe('y');
    expect(says(plurality(by), 3, '0!')).toBe('undecided');
    expect(says(plurality(by), 3, '2x')).toBe('undecided');
    expect(says(plurality(by), 3, '0x 1y')).toBe('undecided');
    expect(says(plurality(by), 3, '2x 1x')).toBe('x');
    expect(says(plurality(by), 2, '0x')).toBe('x');
    expect(says(plurality(by), 2, '1x 0y')).toBe('y');
    expect(says(plurality(by), 2, '0! 1!')).toBe('nobody answered');
  });

  it('look at each answer once, however often they are asked, and give it as the earliest gave it', () => {
    let looked = 0;
    const policy = majority(({ vote }: { vote: string; who: number }) => {
      looked += 1;
      return vote;
    });
    const ballot = new OpenBallot<{ vote: string; who: number }>(3);
    const verdicts: unknown[] = [];
    for (const who of [2, 1, 0]) {
      ballot.add({
        agent: '/x',
        index: who,
        spent: {},
        tookMs: 0,
        _tag: 'Replied',
        value: { vote: 'x', who },
      });
      verdicts.push(policy.decide(ballot));
    }

    expect(looked).toBe(3);
    expect(verdicts).toMatchObject([
      { _tag: 'Undecided' },
      { _tag: 'Decided', value: { who: 1 } },
      { _tag: 'Decided', value: { who: 0 } },
    ]);
  });

  it('say what is needed of them: each one, or only enough', () => {
    const each: Policy<string, unknown>[] = [
      all(),
      all({ onFailure: 'collect' }),
      any({ onFailure: 'fail-fast' }),
      firstK(4),
      quorum(4, by),
      both(any(), all()),
      withinMs(Number.POSITIVE_INFINITY, all()),
    ];
    const enough: Policy<string, unknown>[] = [
      any(),
      firstK(3),
      majority(by),
      either(any(), all()),
      withinMs(5),
      withinMs(5, all()),
      { name: 'one of a user', decide: () => undecided },
    ];

    expect(each.filter((policy) => !waitsForEach(policy, 4))).toEqual([]);
    expect(enough.filter((policy) => waitsForEach(policy, 4))).toEqual([]);
    expect([any<string>(), majority(by)].every((policy) => waitsForEach(policy, 1))).toBe(true);
  });

  it('have names', () => {
    expect(both(either(any(), firstK(2)), withinMs(5, quorum(3))).name).toBe(
      'both(either(any, firstK(2)), withinMs(5, quorum(3)))',
    );
    expect(both(either(any(), withinMs(4)), withinMs(5, majority(by))).limitsMs).toEqual([4, 5]);
  });
});

describe('what is known of those who were asked', () => {
  it('is how many answered, failed and are open, and who is first of these', () => {
    const ballot = new OpenBallot(4, outcomes('1x 0! 3y'));

    expect(ballot).toMatchObject({ size: 4, answered: 2, failed: 1, open: 1, firstOpen: 2 });
    expect(ballot.answers()).toEqual(['x', 'y']);
    expect([...ballot.votes(by).parties]).toMatchObject([
      { votes: 1, index: 1 },
      { votes: 1, index: 3, arrivals: [2] },
    ]);
    expect(ballot.votes(by).leader).toMatchObject({ answer: 'x' });
    expect(new OpenBallot(1, outcomes('0x')).firstOpen).toBe(1);
  });
});

describe('the failure of a gathering', () => {
  it('has the class of those who failed, if they have one in common, and is transient where one is', () => {
    expect(classOf({ class: 'transient' }, { class: 'invalid' })).toBe('transient');
    expect(classOf({ class: 'overload' })).toBe('transient');
    expect(classOf({ class: 'invalid' }, { class: 'invalid' })).toBe('invalid');
    expect(classOf({ class: 'invalid' }, { class: 'permanent' })).toBe('permanent');
    expect(classOf(new TypeError('a defect of somebody'))).toBe('permanent');
  });

  it('is interrupted where all were, and transient where they did not agree', () => {
    const interrupted: Outcome<string> = { ...whose(0), _tag: 'Interrupted', failure: {} };
    const replied: Outcome<string> = { ...whose(1), _tag: 'Replied', value: 'x' };

    expect(notGathered([interrupted]).class).toBe('interrupted');
    expect(notGathered([interrupted, replied]).class).toBe('transient');
    expect(notGathered([interrupted]).cause).toBe(undefined);
  });

  it('tells of the first few who failed', () => {
    expect(notGathered(outcomes('0! 1! 2! 3! 4!')).message).toBe(
      "p cannot be had of 5: m; 0 answered; '/0' failed: 'fails'; '/1' failed: 'fails'; '/2' failed: 'fails'; and 2 more failed",
    );
  });
});

const whose = (index: number) => ({ agent: `/${index}`, index, spent: {}, tookMs: 0 });

/** `1x 0!`: the second answered x, then the first failed. */
function outcomes(arrived: string): Outcome<string>[] {
  return arrived.split(' ').map((one) => {
    const [index = '', fate = ''] = one;
    return fate === '!'
      ? { ...whose(Number(index)), _tag: 'Failed', failure: 'fails' }
      : { ...whose(Number(index)), _tag: 'Replied', value: fate };
  });
}

function says(policy: Policy<string, unknown>, size: number, arrived: string): unknown {
  const verdict = policy.decide(new OpenBallot(size, outcomes(arrived)));
  switch (verdict._tag) {
    case 'Decided':
      return verdict.value;
    case 'Impossible':
      return verdict.missing;
    default:
      return 'undecided';
  }
}

const notGathered = (all: readonly Outcome<string>[]): NotGathered =>
  new NotGathered({ policy: 'p', missing: 'm', outcomes: all });

const classOf = (...failures: unknown[]): string =>
  notGathered(failures.map((failure, index) => ({ ...whose(index), _tag: 'Failed', failure }))).class;
