import { filter, firstValueFrom, map, NEVER, Observable, of, startWith, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Bounded, guarded, type OpenSource } from '../../src/actors/bounded.ts';
import type { Sink } from '../../src/actors/outlet.ts';
import { askingForWindow } from '../../src/core/credit.ts';
import { boom } from '../support/boom.ts';

describe('a bounded stream', () => {
  it('opens its source for each subscriber, and closes it when that one leaves', () => {
    const { stream, opened, closed } = aSource();

    const subscription = stream.subscribe();
    stream.subscribe();
    subscription.unsubscribe();

    expect([opened(), closed()]).toEqual([2, 1]);
  });

  it('opens nothing before it is read', () => {
    const { stream, opened } = aSource();

    stream[Symbol.asyncIterator]();

    expect(opened()).toBe(0);
  });

  it('passes on values, and the end', () => {
    const { stream, sinks } = aSource();
    const seen: unknown[] = [];

    stream.subscribe({ next: (value) => seen.push(value), complete: () => seen.push('complete') });
    sinks[0]!.next('a');
    sinks[0]!.complete();

    expect(seen).toEqual(['a', 'complete']);
  });

  it('tells its source how many values the operators behind it work on', () => {
    const { stream, windows } = aSource();

    askingForWindow(4, () => stream.subscribe());
    stream.subscribe();

    expect(windows).toEqual([4, 0]);
  });

  it('is read by for await, which closes the source when it leaves', async () => {
    const { stream, opened, closed } = aSource(['a', 'b', 'c']);
    const seen: string[] = [];

    for await (const value of stream) {
      seen.push(value);
      if (value === 'b') {
        break;
      }
    }

    expect(seen).toEqual(['a', 'b']);
    expect([opened(), closed()]).toEqual([1, 1]);
  });

  it('may be left before the first value was asked for', async () => {
    const { stream, opened } = aSource();

    const end = await stream[Symbol.asyncIterator]().return?.();

    expect(end).toEqual({ done: true, value: undefined });
    expect(opened()).toBe(0);
  });

  it('passes through operators, and into promises', async () => {
    const { stream, sinks } = aSource();

    const first = firstValueFrom(
      stream.pipe(
        filter((value) => value !== 'a'),
        map((value) => `${value}!`),
      ),
    );
    sinks[0]!.next('a');
    sinks[0]!.next('b');

    await expect(first).resolves.toBe('b!');
  });
});

describe('a subscriber of a bounded stream', () => {
  it('that throws is reported and hears no more', () => {
    const { stream, sinks, thrown, closed } = aSource();
    const seen: string[] = [];

    stream.subscribe((value) => {
      seen.push(value);
      boom();
    });
    sinks[0]!.next('a');
    sinks[0]!.next('b');

    expect(seen).toEqual(['a']);
    expect(thrown).toEqual([new Error('boom')]);
    expect(closed()).toBe(1);
  });

  it('that throws while it is being subscribed hears no more either', () => {
    const { stream, thrown, closed } = aSource();
    const seen: string[] = [];

    stream.pipe(startWith('a', 'b')).subscribe((value) => {
      seen.push(value);
      boom();
    });

    expect(seen).toEqual(['a']);
    expect(thrown).toEqual([new Error('boom')]);
    expect(closed()).toBeGreaterThanOrEqual(0);
  });

  it.each(['error', 'complete'] as const)('that throws at the end is reported, at %s', (end) => {
    const { stream, sinks, thrown } = aSource();

    stream.subscribe({ error: boom, complete: boom });
    sinks[0]![end]('the end');

    expect(thrown).toEqual([new Error('boom')]);
  });

  it('hears of a failure', () => {
    const { stream, sinks, thrown } = aSource();
    const seen: unknown[] = [];

    stream.subscribe({ error: (failure) => seen.push(failure) });
    sinks[0]!.error('cut');

    expect(seen).toEqual(['cut']);
    expect(thrown).toEqual([]);
  });

  it('that does not listen for failures has them reported, which ends no process', () => {
    const { stream, sinks, thrown } = aSource();

    stream.subscribe();
    stream.subscribe({ next: () => {} });
    sinks.forEach((sink) => {
      sink.error('cut');
    });

    expect(thrown).toEqual(['cut', 'cut']);
  });

  it('may be three functions', () => {
    const { stream, sinks } = aSource();
    const seen: unknown[] = [];

    stream.subscribe(
      (value) => seen.push(value),
      (failure) => seen.push(failure),
    );
    stream.subscribe(null, null, () => seen.push('complete'));
    sinks[0]!.next('a');
    sinks[0]!.error('cut');
    sinks[1]!.complete();

    expect(seen).toEqual(['a', 'cut', 'complete']);
  });

  it('hears of an operator that throws', () => {
    const { stream, sinks } = aSource();
    const seen: unknown[] = [];

    stream.pipe(map(boom)).subscribe({ error: (failure) => seen.push(failure) });
    sinks[0]!.next('a');

    expect(seen).toEqual([new Error('boom')]);
  });

  it('hears of a source that cannot be opened', () => {
    const seen: unknown[] = [];
    const stream = new Bounded<string>({ open: boom, onThrow: () => {} });

    stream.subscribe({ error: (failure) => seen.push(failure) });

    expect(seen).toEqual([new Error('boom')]);
  });
});

describe('a guarded stream', () => {
  it('is the same as the other to its subscribers', () => {
    const seen: unknown[] = [];

    guarded(of('a', 'b'), () => {}).subscribe({
      next: (value) => seen.push(value),
      complete: () => seen.push('end'),
    });
    guarded(
      throwError(() => 'cut'),
      () => {},
    ).subscribe({ error: (failure) => seen.push(failure) });

    expect(seen).toEqual(['a', 'b', 'end', 'cut']);
  });

  it('leaves the other when it is left', () => {
    let left = 0;
    const stream = new Observable<never>(() => () => {
      left += 1;
    });

    guarded(stream, () => {})
      .subscribe()
      .unsubscribe();

    expect(left).toBe(1);
  });

  it('reports what a subscriber throws', () => {
    const thrown: unknown[] = [];

    guarded(NEVER.pipe(startWith(1)), (one) => thrown.push(one)).subscribe(boom);

    expect(thrown).toEqual([new Error('boom')]);
  });
});

/** A source that writes down how it is used; read by `for await` it gives `values`. */
function aSource(values: readonly string[] = []) {
  const sinks: Sink<string>[] = [];
  const windows: number[] = [];
  const thrown: unknown[] = [];
  let closed = 0;
  const stream = new Bounded<string>({
    onThrow: (one) => thrown.push(one),
    open: (window): OpenSource<string> => {
      const left = [...values];
      windows.push(window);
      return {
        pushTo: (sink) => sinks.push(sink),
        next: async () => {
          const value = left.shift();
          return value === undefined ? { done: true, value } : { done: false, value };
        },
        close: () => {
          closed += 1;
        },
      };
    },
  });
  return { stream, sinks, windows, thrown, opened: () => windows.length, closed: () => closed };
}
