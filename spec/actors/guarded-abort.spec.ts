import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { guardedAbort } from '../../src/actors/guarded-abort.ts';
import { boom } from '../support/boom.ts';

describe('a guarded abort', () => {
  it('gives a genuine signal', () => {
    const { signal } = guardedAbort(() => {});

    expect(signal).toBeInstanceOf(AbortSignal);
    expect(AbortSignal.any([signal]).aborted).toBe(false);
  });

  it('tells listeners, with the reason', () => {
    const { controller, signal } = anAbort();
    const seen: unknown[] = [];
    signal.addEventListener('abort', (event) => seen.push(event.type));

    controller.abort('enough');

    expect(seen).toEqual(['abort']);
    expect(signal.reason).toBe('enough');
  });

  it('reports what a listener throws, and tells the others', () => {
    const { controller, signal, thrown } = anAbort();
    const seen: string[] = [];
    signal.addEventListener('abort', boom);
    signal.addEventListener('abort', () => seen.push('told'));

    controller.abort();

    expect(thrown).toEqual([new Error('boom')]);
    expect(seen).toEqual(['told']);
  });

  it('calls a listener with the signal as its this, as any signal does', () => {
    const { controller, signal } = anAbort();
    const seen: unknown[] = [];
    signal.addEventListener('abort', function (this: AbortSignal) {
      seen.push(this);
    });

    controller.abort();

    expect(seen).toEqual([signal]);
  });

  it('takes listeners that are objects', () => {
    const { controller, signal, thrown } = anAbort();
    signal.addEventListener('abort', { handleEvent: boom });

    controller.abort();

    expect(thrown).toEqual([new Error('boom')]);
  });

  it('takes a listener once, however often it is added, and forgets it', () => {
    const { controller, signal } = anAbort();
    const seen: string[] = [];
    const [twice, gone] = [() => seen.push('twice'), () => seen.push('gone')];
    signal.addEventListener('abort', twice);
    signal.addEventListener('abort', twice);
    signal.addEventListener('abort', gone);

    signal.removeEventListener('abort', gone);
    controller.abort();

    expect(seen).toEqual(['twice']);
  });

  it('takes no listener for one, as any signal does', () => {
    const { controller, signal, thrown } = anAbort();
    const none = null as unknown as () => void;

    signal.addEventListener('abort', none);
    signal.removeEventListener('abort', none);
    controller.abort();

    expect(thrown).toEqual([]);
  });

  it('has one handler besides, which can be replaced and taken away', () => {
    const { controller, signal, thrown } = anAbort();
    const seen: string[] = [];
    const before = signal.onabort;
    signal.onabort = () => seen.push('first');
    signal.onabort = () => {
      seen.push('second');
      boom();
    };

    const handler = signal.onabort;
    controller.abort();
    signal.onabort = null;

    expect(before).toBeNull();
    expect(handler).toBeTypeOf('function');
    expect(signal.onabort).toBeNull();
    expect(seen).toEqual(['second']);
    expect(thrown).toEqual([new Error('boom')]);
  });

  it('can be waited for like any other', async () => {
    const { controller, signal } = anAbort();

    const waiting = once(signal, 'abort');
    controller.abort();

    await expect(waiting).resolves.toHaveLength(1);
  });
});

function anAbort() {
  const thrown: unknown[] = [];
  const controller = guardedAbort((one) => thrown.push(one));
  return { controller, signal: controller.signal, thrown };
}
