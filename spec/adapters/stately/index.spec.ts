/** Over a real socket: integration/machines. Here: sockets that are slow, lost and impossible. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { InspectionEvent } from 'xstate';
import { statelyInspector } from '../../../src/adapters/stately/index.ts';

/** A socket whose buffer is emptied by hand. */
class SlowSocket extends EventTarget {
  static readonly OPEN = 1;
  static readonly all: SlowSocket[] = [];
  readyState = 0;
  bufferedAmount = 0;
  readonly sent: string[] = [];
  static isOut = false;

  constructor() {
    super();
    if (SlowSocket.isOut) {
      throw new Error('out of sockets');
    }
    SlowSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
    this.bufferedAmount += text.length;
  }

  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }

  close(): void {
    this.readyState = 3;
    this.dispatchEvent(new Event('close'));
  }
}

/** One event, which the socket's buffer takes many of, or one. */
const event = (text: string): InspectionEvent =>
  ({
    type: '@xstate.event',
    rootId: '/a',
    actorRef: { sessionId: '/a' },
    event: { type: 'go', text },
  }) as never;
const long = 'x'.repeat(1_000_000);

describe('statelyInspector', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    SlowSocket.all.length = 0;
    SlowSocket.isOut = false;
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it.each(['', 'nonsense', 'ftp://localhost:1', 'ws://'])('refuses %o at once', (url) => {
    expect(() => statelyInspector({ url })).toThrow(RangeError);
    expect(() => statelyInspector({ url })).toThrow(
      `url is where a Stately inspector listens, as 'ws://localhost:8080'; got ${JSON.stringify(url)}: `,
    );
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sends what waits when the buffer of a slow socket has room again, without another event', () => {
    vi.stubGlobal('WebSocket', SlowSocket);
    const inspector = statelyInspector({ url: 'ws://localhost:1', charsMax: 2_000_000 });
    const [socket] = SlowSocket.all;
    socket!.open();
    inspector.next(event(long));
    inspector.next(event('second'));
    inspector.next(event('third'));
    expect(socket!.sent.length).toBe(1);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1_000);
    expect(socket!.sent.length).toBe(1);

    socket!.bufferedAmount = 0;
    vi.advanceTimersByTime(1_000);
    expect(socket!.sent.length).toBe(3);
    expect(vi.getTimerCount()).toBe(0);
    inspector.close();
  });

  it('keeps no timer after close, whether it waits for room or for a connection', () => {
    vi.stubGlobal('WebSocket', SlowSocket);
    const full = statelyInspector({ url: 'ws://localhost:1', charsMax: 2_000_000 });
    SlowSocket.all[0]!.open();
    full.next(event(long));
    full.next(event('second'));
    full.close();
    expect(full.dropped).toBe(1);
    expect(vi.getTimerCount()).toBe(0);

    const lost = statelyInspector({ url: 'ws://localhost:1' });
    SlowSocket.all[1]!.close();
    expect(vi.getTimerCount()).toBe(1);
    lost.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sends what waited to the next connection when one is lost while its buffer is full', () => {
    vi.stubGlobal('WebSocket', SlowSocket);
    const inspector = statelyInspector({ url: 'ws://localhost:1', charsMax: 2_000_000 });
    SlowSocket.all[0]!.open();
    inspector.next(event(long));
    inspector.next(event('second'));
    SlowSocket.all[0]!.close();
    vi.advanceTimersByTime(1_000);
    expect(SlowSocket.all.length).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
    SlowSocket.all[1]!.open();
    expect(SlowSocket.all[1]!.sent.length).toBe(1);
    inspector.close();
  });

  it('tries again when a socket cannot even be made for a while', () => {
    vi.stubGlobal('WebSocket', SlowSocket);
    const inspector = statelyInspector({ url: 'ws://localhost:1' });
    SlowSocket.all[0]!.close();
    SlowSocket.isOut = true;
    vi.advanceTimersByTime(3_000);
    SlowSocket.isOut = false;
    vi.advanceTimersByTime(1_000);
    expect(SlowSocket.all.length).toBe(2);
    inspector.close();
  });
});
