import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DeadLetter, type DeadLetterCause, DeadLetters } from '../../src/core/dead-letter.ts';
import { anEnvelope } from '../support/an-envelope.ts';

const aLetter = (id: number, facts: Partial<DeadLetter> = {}): DeadLetter => ({
  envelope: anEnvelope({ id }),
  to: '/a',
  cause: 'Stopped',
  atMs: 0,
  attempts: 0,
  ...facts,
});

const holding = (capacity: number, letters: readonly DeadLetter[]) => {
  const channel = new DeadLetters(capacity);
  letters.forEach((letter) => {
    channel.add(letter);
  });
  return channel;
};

const idsIn = (channel: DeadLetters) => channel.list().map((letter) => letter.envelope.id);

describe('DeadLetters', () => {
  it('lists and hands out letters oldest first', () => {
    const channel = holding(3, [aLetter(1), aLetter(2)]);

    expect(idsIn(channel)).toEqual([1, 2]);
    expect(channel.take()?.envelope.id).toBe(1);
    expect(idsIn(channel)).toEqual([2]);
  });

  it('has nothing to hand out when it is empty', () => {
    const channel = new DeadLetters(1);

    expect(channel.take()).toBeUndefined();
    expect(channel.taken).toBe(0);
    expect(channel.list()).toEqual([]);
  });

  it('lets the oldest give way when it is full, and counts it', () => {
    const channel = holding(2, [aLetter(1), aLetter(2), aLetter(3)]);

    expect(idsIn(channel)).toEqual([2, 3]);
    expect(channel).toMatchObject({ size: 2, capacity: 2, total: 3, dropped: 1 });
  });

  it('counts causes, those of letters that gave way too', () => {
    const channel = holding(1, [aLetter(1), aLetter(2, { cause: 'Expired' }), aLetter(3)]);

    expect(channel.countByCause()).toEqual({ Stopped: 2, Expired: 1 });
  });

  it('does not hold letters that gave way', async () => {
    const channel = new DeadLetters(1);
    const gone = new WeakRef(addedTo(channel, 1));
    const here = new WeakRef(addedTo(channel, 2));

    await new Promise((resolve) => setTimeout(resolve, 0));
    collectGarbage();

    expect([gone.deref(), here.deref()?.envelope.id]).toEqual([undefined, 2]);
  });

  it('counts letters that are cleared away as taken', () => {
    const channel = holding(3, [aLetter(1), aLetter(2)]);

    channel.clear();

    expect(channel).toMatchObject({ size: 0, total: 2, taken: 2 });
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses a capacity of %d', (capacity) => {
    expect(() => new DeadLetters(capacity)).toThrow(
      new RangeError(`dead letter capacity is a whole number, at least 1; got ${capacity}`),
    );
  });
});

describe('replay', () => {
  it('delivers each letter once, oldest first, and does not keep it', () => {
    const channel = holding(3, [aLetter(1), aLetter(2)]);
    const delivered: number[] = [];

    const outcome = channel.replay((letter) => delivered.push(letter.envelope.id) > 0);

    expect(delivered).toEqual([1, 2]);
    expect(outcome).toEqual({ replayed: 2, kept: 0 });
    expect(channel).toMatchObject({ size: 0, replayed: 2 });
  });

  it('keeps a letter that was not delivered in its place', () => {
    const channel = holding(3, [aLetter(1), aLetter(2), aLetter(3)]);

    const outcome = channel.replay((letter) => letter.envelope.id === 2);

    expect(outcome).toEqual({ replayed: 1, kept: 2 });
    expect(idsIn(channel)).toEqual([1, 3]);
  });

  it('tries only the letters that it is asked to', () => {
    const channel = holding(3, [aLetter(1), aLetter(2)]);
    const tried: number[] = [];

    channel.replay(
      (letter) => tried.push(letter.envelope.id) > 0,
      (letter) => letter.envelope.id > 1,
    );

    expect(tried).toEqual([2]);
    expect(idsIn(channel)).toEqual([1]);
  });

  it('does not replay a letter again that came back while it ran', () => {
    const channel = holding(3, [aLetter(1), aLetter(2)]);

    const outcome = channel.replay((letter) => {
      channel.add(letter);
      return true;
    });

    expect(outcome).toEqual({ replayed: 2, kept: 0 });
    expect(idsIn(channel)).toEqual([1, 2]);
  });

  it('keeps what comes back behind what stayed', () => {
    const channel = holding(4, [aLetter(1), aLetter(2), aLetter(3)]);

    channel.replay((letter) => {
      channel.add(aLetter(letter.envelope.id * 10));
      return letter.envelope.id === 2;
    });

    expect(idsIn(channel)).toEqual([3, 10, 20, 30]);
  });

  it('lets the oldest give way to what comes back, those still to be replayed among them', () => {
    const channel = holding(2, [aLetter(1), aLetter(2)]);
    const tried: number[] = [];

    const outcome = channel.replay((letter) => {
      tried.push(letter.envelope.id);
      [10, 11].forEach((id) => {
        channel.add(aLetter(id));
      });
      return false;
    });

    expect(tried).toEqual([1]);
    expect(outcome).toEqual({ replayed: 0, kept: 0 });
    expect(idsIn(channel)).toEqual([10, 11]);
  });

  it('shows what it passed over, and not what is out, to whoever looks meanwhile', () => {
    const channel = holding(3, [aLetter(1), aLetter(2), aLetter(3)]);
    const seen: number[][] = [];

    channel.replay(() => {
      seen.push(idsIn(channel));
      return false;
    });

    expect(seen).toEqual([
      [2, 3],
      [1, 3],
      [1, 2],
    ]);
  });

  it('ends when a delivery clears the channel', () => {
    const channel = holding(3, [aLetter(1), aLetter(2)]);

    const outcome = channel.replay(() => {
      channel.clear();
      return true;
    });

    expect(outcome).toEqual({ replayed: 1, kept: 0 });
    expect(channel).toMatchObject({ size: 0, taken: 1, replayed: 1 });
  });

  it('does not try what a delivery took', () => {
    const channel = holding(3, [aLetter(1), aLetter(2), aLetter(3)]);

    const outcome = channel.replay(() => channel.take() !== undefined);

    expect(outcome).toEqual({ replayed: 1, kept: 1 });
    expect(idsIn(channel)).toEqual([3]);
  });

  it('does nothing inside a delivery', () => {
    const channel = holding(3, [aLetter(1), aLetter(2)]);
    const inner: unknown[] = [];

    channel.replay(() => {
      inner.push(channel.replay(() => true));
      return true;
    });

    expect(inner).toEqual([
      { replayed: 0, kept: 1 },
      { replayed: 0, kept: 0 },
    ]);
  });

  it.each(['deliver', 'where'])('keeps the letter and all later ones when %s throws', (thrower) => {
    const channel = holding(3, [aLetter(1), aLetter(2), aLetter(3)]);
    const throwing = (letter: DeadLetter) => {
      if (letter.envelope.id === 2) throw new Error('no way');
      return true;
    };

    const replay =
      thrower === 'deliver' ? () => channel.replay(throwing) : () => channel.replay(() => true, throwing);

    expect(replay).toThrow('no way');
    expect(idsIn(channel)).toEqual([2, 3]);
    expect(channel.replay(() => true)).toEqual({ replayed: 2, kept: 0 });
  });
});

describe('attempts', () => {
  it('grow by one with each replay', () => {
    const letter = aLetter(1);
    const channel = holding(1, [letter]);

    const seen = [1, 2].map(() => {
      channel.replay(() => {
        channel.add(letter);
        return true;
      });
      return channel.attemptsOf(letter.envelope, '/a');
    });

    expect(seen).toEqual([1, 2]);
  });

  it('begin with those of the letter', () => {
    const letter = aLetter(1, { attempts: 3 });
    const channel = holding(1, [letter]);

    channel.replay(() => true);

    expect(channel.attemptsOf(letter.envelope, '/a')).toBe(4);
  });

  it('are known within the delivery that adds one', () => {
    const channel = holding(1, [aLetter(1)]);
    const seen: number[] = [];

    channel.replay((letter) => seen.push(channel.attemptsOf(letter.envelope, letter.to)) > 0);

    expect(seen).toEqual([1]);
  });

  it.each([
    ['was not delivered', () => false],
    [
      'made the delivery throw',
      () => {
        throw new Error('no way');
      },
    ],
  ])('do not grow for a letter that %s', (_, deliver) => {
    const letter = aLetter(1);
    const channel = holding(1, [letter]);

    expect([() => channel.replay(deliver)].map(attempt)).toHaveLength(1);

    expect(channel.attemptsOf(letter.envelope, '/a')).toBe(0);
  });

  it('are counted for each receiver of a published envelope', () => {
    const envelope = anEnvelope();
    const channel = holding(2, [aLetter(1, { envelope, to: '/a' }), aLetter(1, { envelope, to: '/b' })]);

    channel.replay(
      () => true,
      (letter) => letter.to === '/a',
    );

    expect([channel.attemptsOf(envelope, '/a'), channel.attemptsOf(envelope, '/b')]).toEqual([1, 0]);
  });
});

describe('dead letter laws', () => {
  it('law: total = size + dropped + taken + replayed, and size <= capacity, whatever is done', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(aStep, { maxLength: 40 }), (capacity, steps) => {
        const { channel, sums } = play(capacity, steps);

        expect(sums).toEqual(sums.map(() => ({ uncounted: 0, tooMany: 0 })));
        expect(channel.list()).toHaveLength(channel.size);
      }),
    );
  });

  it('law: letters are listed in the order they were added', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(aStep, { maxLength: 40 }), (capacity, steps) => {
        const ids = idsIn(play(capacity, steps).channel);

        expect(ids).toEqual(ids.toSorted((a, b) => a - b));
      }),
    );
  });

  it('law: a replay tries each letter at most once, and none that came while it ran', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(aStep, { maxLength: 40 }), (capacity, steps) => {
        for (const { before, tried } of play(capacity, steps).replays) {
          expect(new Set(tried).size).toBe(tried.length);
          expect(before).toEqual(expect.arrayContaining(tried));
        }
      }),
    );
  });
});

const causes: readonly DeadLetterCause[] = ['Stopped', 'Expired', 'Restarted'];

interface Step {
  readonly verb: 'add' | 'take' | 'clear' | 'replay';
  readonly cause: DeadLetterCause;
  /** What each delivery of a replay does, and whether it delivers. */
  readonly deliveries: readonly {
    readonly verb: 'add' | 'take' | 'clear' | 'nothing';
    readonly ends: boolean;
  }[];
}

const aStep: fc.Arbitrary<Step> = fc.record({
  verb: fc.constantFrom('add', 'add', 'add', 'take', 'clear', 'replay'),
  cause: fc.constantFrom(...causes),
  deliveries: fc.array(
    fc.record({ verb: fc.constantFrom('nothing', 'add', 'take', 'clear'), ends: fc.boolean() }),
    { minLength: 1, maxLength: 4 },
  ),
});

/** Does the steps to a channel, and looks at its sums after each of them and within each delivery. */
function play(capacity: number, steps: readonly Step[]) {
  const channel = new DeadLetters(capacity);
  const sums: { uncounted: number; tooMany: number }[] = [];
  const replays: { before: number[]; tried: number[] }[] = [];
  let lastId = 0;

  const look = () => {
    const { total, size, dropped, taken, replayed } = channel;
    sums.push({
      uncounted: total - size - dropped - taken - replayed,
      tooMany: Math.max(0, size - capacity),
    });
  };
  const act = (verb: string, cause: DeadLetterCause) => {
    if (verb === 'add') channel.add(aLetter(++lastId, { cause }));
    if (verb === 'take') channel.take();
    if (verb === 'clear') channel.clear();
    look();
  };

  for (const { verb, cause, deliveries } of steps) {
    act(verb, cause);
    if (verb === 'replay') {
      const replay = { before: idsIn(channel), tried: [] as number[] };
      replays.push(replay);
      channel.replay((letter) => {
        const delivery = deliveries[replay.tried.length % deliveries.length]!;
        replay.tried.push(letter.envelope.id);
        act(delivery.verb, cause);
        return delivery.ends;
      });
      look();
    }
  }
  return { channel, sums, replays };
}

function addedTo(channel: DeadLetters, id: number): DeadLetter {
  const letter = aLetter(id);
  channel.add(letter);
  return letter;
}

function attempt(act: () => unknown): unknown {
  try {
    return act();
  } catch (thrown) {
    return thrown;
  }
}

function collectGarbage(): void {
  setFlagsFromString('--expose_gc');
  runInNewContext('gc')();
}
