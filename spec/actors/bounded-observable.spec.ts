import { Observable, of, Subject, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type BoundedOptions, bounded } from '../../src/actors/bounded-observable.ts';

describe('an Observable made bounded', () => {
  it('is read to its end', async () => {
    const reader = read(of('a', 'b'), { capacity: 2 });

    expect(await reader.rest()).toEqual(['a', 'b']);
  });

  it('is subscribed to when the first value is asked for, and left when its reader leaves', async () => {
    const { source, subscribed, left } = aTap();
    const reader = read(source);
    const before = subscribed();

    void reader.next();
    const during = [subscribed(), left()];
    await reader.leave();

    expect(before).toBe(0);
    expect(during).toEqual([1, 0]);
    expect(left()).toBe(1);
  });

  it('is not subscribed to when its reader leaves before', async () => {
    const { source, subscribed } = aTap();
    const reader = read(source);

    await reader.leave();

    expect(await reader.next()).toEqual({ done: true, value: undefined });
    expect(subscribed()).toBe(0);
  });

  it('gives a value to whoever has asked for one', async () => {
    const source = new Subject<string>();
    const reader = read(source);

    const asked = [reader.next(), reader.next()];
    source.next('a');
    source.next('b');

    expect(await Promise.all(asked)).toEqual([given('a'), given('b')]);
  });

  it('tells all who have asked that it is complete', async () => {
    const source = new Subject<string>();
    const reader = read(source);

    const asked = [reader.next(), reader.next()];
    source.complete();

    expect(await Promise.all(asked)).toEqual([over, over]);
  });

  it('fails whoever asks first, and is over for the others', async () => {
    const source = new Subject<string>();
    const reader = read(source);

    const [first, second] = [reader.next(), reader.next()];
    source.error(new Error('cut'));

    await expect(first).rejects.toThrow('cut');
    expect(await second).toEqual(over);
    expect(await reader.next()).toEqual(over);
  });

  it('gives what waits before it fails, once', async () => {
    const source = new Subject<string>();
    const reader = read(source, { capacity: 2 });
    void reader.next();
    ['a', 'b'].forEach((value) => {
      source.next(value);
    });

    source.error(new Error('cut'));

    expect(await reader.next()).toEqual(given('b'));
    await expect(reader.next()).rejects.toThrow('cut');
    expect(await reader.next()).toEqual(over);
  });

  it('fails when it fails at once', async () => {
    const reader = read(throwError(() => new Error('cut')));

    await expect(reader.next()).rejects.toThrow('cut');
  });

  it('says to who leaves, and to who asks after that, that it is over', async () => {
    const { source } = aTap(['a']);
    const reader = read(source);
    const asked = [reader.next(), reader.next()];

    expect(await reader.leave()).toEqual(over);
    expect(await Promise.all([...asked, reader.next()])).toEqual([given('a'), over, over]);
  });

  it('forgets what waits when its reader leaves', async () => {
    const source = new Subject<string>();
    const reader = read(source, { capacity: 2 });
    void reader.next();
    ['a', 'b'].forEach((value) => {
      source.next(value);
    });

    await reader.leave();

    expect(await reader.next()).toEqual(over);
  });

  it('has nothing more to say once it is over, whatever it pushes', async () => {
    const stubborn = new Observable<string>((subscriber) => {
      subscriber.next('a');
      subscriber.next('b');
      subscriber.next('c');
    });
    const reader = read(stubborn, { overflow: 'fail', capacity: 1 });

    expect(await reader.next()).toEqual(given('a'));
    await expect(reader.next()).rejects.toMatchObject({ _tag: 'MailboxFull', payload: 'b' });
    expect(await reader.next()).toEqual(over);
  });

  it.each([0, 1.5, Number.NaN])('refuses a capacity of %d', (capacity) => {
    expect(() => bounded(of(), { overflow: 'fail', capacity })).toThrow(
      new RangeError(`capacity is a whole number, at least 1; got ${capacity}`),
    );
  });
});

describe('a bounded Observable that is too fast', () => {
  it.each([
    ['drop-oldest', ['b', 'c', 'd'], ['a']],
    ['conflate', ['d'], ['a', 'b', 'c']],
  ] as const)(
    'drops one under drop-oldest, and all that wait under conflate: %s',
    async (overflow, kept, dropped) => {
      const told: string[] = [];
      const onDropped = (value: string) => told.push(value);
      const reader = read(of('a', 'b', 'c', 'd'), { overflow, capacity: 3, onDropped });

      expect(await reader.rest()).toEqual(kept);
      expect(told).toEqual(dropped);
    },
  );

  it.each([
    ['drop-oldest', ['c', 'd'], ['a', 'b']],
    ['drop-newest', ['a', 'b'], ['c', 'd']],
    ['conflate', ['c', 'd'], ['a', 'b']],
  ] as const)('drops values as %s says, and tells of them', async (overflow, kept, dropped) => {
    const told: string[] = [];
    const reader = read(of('a', 'b', 'c', 'd'), { overflow, onDropped: (value) => told.push(value) });

    expect(await reader.rest()).toEqual(kept);
    expect(told).toEqual(dropped);
  });

  it.each(['drop-oldest', 'drop-newest', 'conflate'] as const)(
    'need not tell of them, under %s',
    async (overflow) => {
      const reader = read(of('a', 'b', 'c', 'd'), { overflow });

      expect(await reader.rest()).not.toEqual(['a', 'b', 'c', 'd']);
    },
  );

  it('fails after what it had room for, and is left', async () => {
    const { source, left } = aTap(['a', 'b', 'c']);
    const reader = read(source, { overflow: 'fail' });

    const values = [await reader.next(), await reader.next()];

    expect(values).toEqual([given('a'), given('b')]);
    await expect(reader.next()).rejects.toMatchObject({ receiver: 'a bounded Observable', capacity: 2 });
    expect(left()).toBe(1);
  });
});

const given = (value: string) => ({ done: false, value });
const over = { done: true, value: undefined };

/** A reader that asks for one value at a time. */
function read(source: Observable<string>, options: Partial<BoundedOptions<string>> = {}) {
  const iterable = bounded(source, { overflow: 'drop-newest', capacity: 2, ...options });
  const iterator = iterable[Symbol.asyncIterator]();
  return {
    next: () => iterator.next(),
    leave: () => iterator.return?.(),
    rest: async () => {
      const values: string[] = [];
      for await (const value of iterable) {
        values.push(value);
      }
      return values;
    },
  };
}

/** An Observable that pushes `values` at once and then nothing, and counts who comes and goes. */
function aTap(values: readonly string[] = []) {
  let subscribed = 0;
  let left = 0;
  const source = new Observable<string>((subscriber) => {
    subscribed += 1;
    values.forEach((value) => {
      subscriber.next(value);
    });
    return () => {
      left += 1;
    };
  });
  return { source, subscribed: () => subscribed, left: () => left };
}
