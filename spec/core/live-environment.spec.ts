import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { liveEnvironment } from '../../src/core/live-environment.ts';
import { childProgram } from '../support/child-program.ts';

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'],
  });
  return () => {
    vi.useRealTimers();
  };
});

const anEnvironment = () => {
  const environment = liveEnvironment();
  onTestFinished(() => environment.close());
  return environment;
};

describe('the live environment', () => {
  it("tells the time of the machine's own clock, which never goes back", () => {
    const environment = anEnvironment();
    const before = environment.nowMs();

    vi.advanceTimersByTime(5);

    expect(environment.nowMs()).toBe(before + 5);
    expect(environment.epochMs).toBe(performance.timeOrigin);
  });

  it('rolls dice and counts identities', () => {
    const environment = anEnvironment();
    const number = environment.random();

    expect(number >= 0 && number < 1).toBe(true);
    expect([environment.nextId(), environment.nextId()]).toEqual([1, 2]);
  });

  it('holds nothing of the host until it is used', () => {
    anEnvironment();

    expect(vi.getTimerCount()).toBe(0);
  });

  it('calls after the code that runs now, before the event loop goes on', async () => {
    const environment = anEnvironment();
    const calls: string[] = [];

    environment.defer(() => calls.push('deferred'));
    calls.push('this code');
    await null;

    expect(calls).toEqual(['this code', 'deferred']);
  });
});

describe('a deadline of the live environment', () => {
  it('comes when its time has passed, not before', () => {
    const environment = anEnvironment();
    const calls: number[] = [];
    environment.schedule(100, () => calls.push(environment.nowMs()));
    const dueMs = environment.nowMs() + 100;

    vi.advanceTimersByTime(99);
    const early = [...calls];
    vi.advanceTimersByTime(2);

    expect(early).toEqual([]);
    expect(calls).toEqual([expect.toSatisfy((atMs: number) => atMs >= dueMs)]);
  });

  it('is one host timer together with a thousand others', () => {
    const environment = anEnvironment();
    const calls: number[] = [];

    Array.from({ length: 1_000 }, (_, n) => environment.schedule(1_000 - n, () => calls.push(n)));
    const timers = vi.getTimerCount();
    vi.advanceTimersByTime(1_001);

    expect(timers).toBe(1);
    expect(calls).toHaveLength(1_000);
    expect(calls[0]).toBe(999);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('further away than the host can count comes all the same', () => {
    const environment = anEnvironment();
    const calls: string[] = [];
    const daysMs = 30 * 24 * 3_600_000;
    environment.schedule(daysMs, () => calls.push('a month later'));

    vi.advanceTimersByTime(daysMs - 1);
    const early = [...calls];
    vi.advanceTimersByTime(2);

    expect(early).toEqual([]);
    expect(calls).toEqual(['a month later']);
  });

  it('can be set by another that comes', () => {
    const environment = anEnvironment();
    const calls: string[] = [];
    environment.schedule(10, () => {
      calls.push('first');
      environment.schedule(10, () => calls.push('second'));
    });

    vi.advanceTimersByTime(30);

    expect(calls).toEqual(['first', 'second']);
  });

  it('comes also when the one before it threw', () => {
    const environment = anEnvironment();
    const calls: string[] = [];
    environment.schedule(10, () => {
      throw new Error('broken');
    });
    environment.schedule(20, () => calls.push('second'));

    expect(() => vi.advanceTimersByTime(11)).toThrow('broken');
    vi.advanceTimersByTime(20);

    expect(calls).toEqual(['second']);
  });

  it('does not come when it was cancelled, and then does not hold the process', () => {
    const environment = anEnvironment();
    const calls: string[] = [];
    const timer = environment.schedule(30_000, () => calls.push('late'));

    timer.cancel();
    environment.deferPastIo(() => {});
    vi.advanceTimersByTime(1);

    expect(vi.getTimerCount()).toBe(0);
    expect(calls).toEqual([]);
  });

  it('keeps its host timer while others are pending', () => {
    const environment = anEnvironment();
    environment.schedule(30_000, () => {});

    environment.deferPastIo(() => {});
    vi.advanceTimersByTime(1);

    expect(vi.getTimerCount()).toBe(1);
  });
});

describe('what is deferred past input and output', () => {
  it('is called in order, in one turn of the event loop', () => {
    const environment = anEnvironment();
    const calls: string[] = [];
    environment.deferPastIo(() => {
      calls.push('a');
      environment.deferPastIo(() => calls.push('c'));
    });
    environment.deferPastIo(() => calls.push('b'));
    const immediates = vi.getTimerCount();

    vi.advanceTimersToNextTimer();
    const afterOne = [...calls];
    vi.advanceTimersToNextTimer();

    expect(immediates).toBe(1);
    expect(afterOne).toEqual(['a', 'b']);
    expect(calls).toEqual(['a', 'b', 'c']);
  });
});

describe('closing the live environment', () => {
  it('takes its timers back from the host at once', () => {
    const environment = liveEnvironment();
    const calls: string[] = [];
    const timer = environment.schedule(60_000, () => calls.push('timer'));
    environment.deferPastIo(() => calls.push('deferred'));

    environment.close();
    expect(vi.getTimerCount()).toBe(0);

    environment.schedule(5, () => calls.push('later'));
    environment.deferPastIo(() => calls.push('deferred later'));
    vi.advanceTimersByTime(100_000);
    timer.cancel();
    environment.close();

    expect(calls.toSorted()).toEqual(['deferred later', 'later']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves nothing of it in the host', () => {
    const environment = liveEnvironment();
    const calls: string[] = [];
    const listeners = () => process.listenerCount('SIGTERM') + process.listenerCount('SIGINT');
    const before = listeners();
    environment.schedule(10, () => calls.push('timer'));
    environment.deferPastIo(() => calls.push('deferred'));
    environment.onTermination(() => {});

    environment.close();
    vi.advanceTimersByTime(100);

    expect(vi.getTimerCount()).toBe(0);
    expect(listeners()).toBe(before);
    expect(calls).toEqual([]);
  });
});

describe('a host that asks the process to end', () => {
  it('is listened to until one no longer wants to', () => {
    const environment = anEnvironment();
    const before = process.listenerCount('SIGTERM');

    const forget = environment.onTermination(() => {});
    const during = process.listenerCount('SIGTERM');
    forget();

    expect([during, process.listenerCount('SIGTERM')]).toEqual([before + 1, before]);
  });

  it('tells the listener once, and ends the process by the same signal when that is let', () => {
    const { signals, emit } = hostOf();
    const environment = anEnvironment();
    const ends: (() => void)[] = [];
    environment.onTermination((end) => ends.push(end));

    emit('SIGTERM');
    const before = [...signals];
    ends[0]!();

    expect(ends).toHaveLength(1);
    expect(before).toEqual([]);
    expect(signals).toEqual(['SIGTERM']);
  });

  it('ends the process when the last of several listeners lets it, so that none cuts another short', () => {
    const { signals, emit } = hostOf();
    const ends: (() => void)[] = [];
    anEnvironment().onTermination((end) => ends.push(end));
    anEnvironment().onTermination((end) => ends.push(end));

    emit('SIGTERM');
    ends[1]!();
    const afterOne = [...signals];
    ends[0]!();

    expect(afterOne).toEqual([]);
    expect(signals).toEqual(['SIGTERM']);
  });

  it('does not wait for a listener that was forgotten while it was getting ready', () => {
    const { signals, emit } = hostOf();
    const ends: (() => void)[] = [];
    const forget = anEnvironment().onTermination(() => {});
    anEnvironment().onTermination((end) => ends.push(end));

    emit('SIGTERM');
    forget();
    ends[0]!();

    expect(signals).toEqual(['SIGTERM']);
  });

  it('ends the process at once when it asks a second time', () => {
    const { signals, emit } = hostOf();
    const environment = anEnvironment();
    const asked: string[] = [];
    environment.onTermination(() => asked.push('asked'));

    emit('SIGINT');
    emit('SIGTERM');

    expect(asked).toEqual(['asked']);
    expect(signals).toEqual(['SIGTERM']);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s has a process that ends by it when it is ready',
    async (signal) => {
      vi.useRealTimers();
      const program = childProgram('waits-for-a-signal.ts', 'patient');

      await program.said('ready');
      program.kill(signal);

      expect(await program.ended).toBe(signal);
      expect(program.lines).toEqual(['ready', 'asked to end', 'done']);
    },
  );

  it('twice has one that ends at once', async () => {
    vi.useRealTimers();
    const program = childProgram('waits-for-a-signal.ts', 'stubborn');

    await program.said('ready');
    program.kill('SIGTERM');
    await program.said('asked to end');
    program.kill('SIGTERM');

    expect(await program.ended).toBe('SIGTERM');
    expect(program.lines).toEqual(['ready', 'asked to end']);
  });
});

/** The host, as far as signals go: what is sent to this process is noted instead. */
function hostOf() {
  const signals: (string | number | undefined)[] = [];
  const kill = vi.spyOn(process, 'kill').mockImplementation((_, signal) => {
    signals.push(signal);
    return true;
  });
  onTestFinished(() => kill.mockRestore());
  return { signals, emit: (signal: NodeJS.Signals) => process.emit(signal, signal) };
}
