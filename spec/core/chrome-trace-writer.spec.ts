import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chromeTraceWriter } from '../../src/core/chrome-trace-writer.ts';
import type { SystemEvent } from '../../src/core/system-event.ts';
import { anEnvelope } from '../support/an-envelope.ts';
import { hostileValues } from '../support/hostile-values.ts';
import {
  anEvent,
  deadLettered,
  failed,
  handlingEnded,
  logged,
  restarted,
  sent,
  started,
  stopped,
  systemStopped,
} from '../support/system-events.ts';

interface TraceEvent {
  readonly ph: string;
  readonly pid: number;
  readonly tid?: number;
  readonly ts: number;
  readonly dur: number;
  readonly name: string;
  readonly s?: string;
  readonly cat?: string;
  readonly id?: number;
  readonly args: Readonly<Record<string, unknown>>;
}

const sending = handlingEnded({ agent: '/sender', envelopeId: 1, startedAtMs: 10, atMs: 20 });
const message = sent({ id: 2, sender: '/sender', causationId: 1, atMs: 15 });
const receiving = handlingEnded({ agent: '/receiver', envelopeId: 2, startedAtMs: 30, atMs: 40 });

describe('chromeTraceWriter', () => {
  it('names the process and the track of dead letters first', () => {
    expect(trace([])).toEqual([
      { ph: 'M', pid: 1, name: 'process_name', args: { name: 'shop' } },
      { ph: 'M', pid: 1, tid: 1, name: 'thread_name', args: { name: 'dead letters' } },
    ]);
  });

  it('draws a handling as a slice, in microseconds, on a track that is named after the agent', () => {
    const events = trace([
      handlingEnded({ startedAtMs: 1.5, atMs: 3.75, outcome: 'failed', traceparent: '00-1' }),
    ]);

    expect(events.slice(2)).toEqual([
      { ph: 'M', pid: 1, tid: 2, name: 'thread_name', args: { name: '/shop/payer' } },
      {
        ph: 'X',
        pid: 1,
        tid: 2,
        ts: 1_500,
        dur: 2_250,
        name: 'orders.placed',
        cat: 'failed',
        args: { envelope: 17, outcome: 'failed', traceparent: '00-1' },
      },
    ]);
  });

  it('calls a message without a topic a message', () => {
    expect(phase('X', [handlingEnded({ topic: undefined })])).toMatchObject([{ name: 'message' }]);
  });

  it('draws overlapping handlings of an agent on tracks of their own', () => {
    const events = [handlingEnded({ startedAtMs: 0, atMs: 2 }), handlingEnded({ startedAtMs: 1, atMs: 3 })];

    expect(phase('X', events).map(({ tid }) => tid)).toEqual([2, 3]);
    expect(phase('M', events).map(({ args }) => args.name)).toEqual([
      'shop',
      'dead letters',
      '/shop/payer',
      '/shop/payer (2)',
    ]);
  });

  it('counts the messages that wait whenever their number has changed', () => {
    const events = [0, 3, 3, 1].map((depth, atMs) =>
      handlingEnded({ depth, startedAtMs: atMs, atMs: atMs + 1 }),
    );

    expect(phase('C', events)).toEqual([
      { ph: 'C', pid: 1, ts: 2_000, name: 'waiting at /shop/payer', args: { depth: 3 } },
      { ph: 'C', pid: 1, ts: 4_000, name: 'waiting at /shop/payer', args: { depth: 1 } },
    ]);
  });

  it('ends the count of an agent that stopped, and gives the next one of its name a new track', () => {
    const handling = handlingEnded({ agent: '/shop', depth: 2 });
    const later = handlingEnded({ agent: '/shop', depth: 2, startedAtMs: 2_000, atMs: 2_001 });
    const events = [handling, stopped, later];

    expect(phase('C', events).map(({ ts, args }) => [ts, args.depth])).toEqual([
      [2_000, 2],
      [1_500_000, 0],
      [2_001_000, 2],
    ]);
    expect(phase('X', events).map(({ tid }) => tid)).toEqual([2, 3]);
  });

  it('marks failures and restarts on the track of the agent, and dead letters on their own', () => {
    const noOne = deadLettered({ to: undefined, cause: 'Stopped', envelope: anEnvelope({ id: 3 }) });
    const events = phase('i', [failed(), { ...restarted, agent: '/shop/payer' }, deadLettered(), noOne]);

    expect(events.map(({ tid, ts, name, args }) => [tid, ts, name, args])).toEqual([
      [2, 1_500_000, 'failed', { thrown: 'RangeError: too far', directive: 'restart', supervisor: '/shop' }],
      [2, 1_500_000, 'restarted', { restarts: 2 }],
      [1, 1_500_000, 'Stopped', { to: '/shop/payer', envelope: 17, topic: 'orders.placed', attempts: 0 }],
      [1, 1_500_000, 'Stopped', { envelope: 3, attempts: 0 }],
    ]);
    expect(events).toSatisfy((marks: TraceEvent[]) =>
      marks.every(({ s, cat }) => s === 't' && cat === 'event'),
    );
  });

  it('draws an arrow from the handling that sent a message to the handling of it', () => {
    const events = trace([message, sending, receiving]);

    expect(events.filter(({ ph }) => ph === 's' || ph === 'f')).toEqual([
      { ph: 's', pid: 1, tid: 2, ts: 15_000, cat: 'message', name: 'message', id: 1 },
      { ph: 'f', bp: 'e', pid: 1, tid: 3, ts: 30_000, cat: 'message', name: 'message', id: 1 },
    ]);
  });

  it('begins an arrow within the handling that sent the message, though it left at its very end', () => {
    const last = { ...message, atMs: sending.atMs };

    expect(phase('s', [last, sending, receiving])).toSatisfy(
      ([arrow]: TraceEvent[]) => arrow!.ts > 19_999 && arrow!.ts < 20_000,
    );
  });

  it('draws the same arrow when the receiver was done before the sender', () => {
    const early = { ...receiving, startedAtMs: 16, atMs: 17 };

    expect(phase('s', [message, early, sending])).toMatchObject([{ tid: 3, ts: 15_000 }]);
    expect(phase('f', [message, early, sending])).toMatchObject([{ tid: 2, ts: 16_000 }]);
  });

  it('draws arrows within a turn, where no time passes', () => {
    const turn = [sending, message, receiving].map((event) => ({ ...event, atMs: 1, startedAtMs: 1 }));

    expect(phase('s', turn)).toMatchObject([{ ts: 1_000 }]);
    expect(phase('f', turn)).toMatchObject([{ ts: 1_000.125 }]);
  });

  it('leaves out an arrow that would point backwards', () => {
    const before = { ...receiving, startedAtMs: 5, atMs: 10 };

    expect(phase('s', [message, sending, before])).toEqual([]);
  });

  it('draws no arrow from outside and none without a cause', () => {
    const events = [sent({ id: 2, sender: undefined }), sent({ id: 2, causationId: undefined }), receiving];

    expect(phase('s', events)).toEqual([]);
  });

  it('draws nothing for logs and starts', () => {
    expect(trace([logged(), started, systemStopped])).toHaveLength(2);
  });

  it('redacts secrets in what was thrown, by the given names if there are any', () => {
    const event = failed({ failure: { token: 'x', iban: 'y' } });

    expect(phase('i', [event])).toMatchObject([{ args: { thrown: '{"token":"[redacted]","iban":"y"}' } }]);
    expect(phase('i', [event], (name) => name === 'iban')).toMatchObject([
      { args: { thrown: '{"token":"x","iban":"[redacted]"}' } },
    ]);
  });

  it.each(hostileValues)('gets through %s', (_, value) => {
    const letter = deadLettered({ failure: value, envelope: anEnvelope({ payload: value }) });

    expect(phase('i', [failed({ failure: value }), letter])).toHaveLength(2);
  });

  it('law: whatever happens, the texts together are a JSON array, and but for the bracket after each of them', () => {
    fc.assert(
      fc.property(fc.array(anEvent), fc.string({ unit: 'binary' }), (events, processName) => {
        const { texts, complete } = written(events, processName);

        for (let count = 1; count <= texts.length; count += 1) {
          expect(JSON.parse(`${texts.slice(0, count).join('')}]`)).toHaveLength(count);
        }
        expect(JSON.parse(complete())).toHaveLength(texts.length);
      }),
      { numRuns: 50 },
    );
  });

  it('law: slices on a track follow each other, and both ends of every arrow are in a slice of their track', () => {
    fc.assert(
      fc.property(fc.array(aConversation, { maxLength: 60 }), (events) => {
        const drawn = trace(events);
        const slices = drawn.filter(({ ph }) => ph === 'X');
        const heads = drawn.filter(({ ph }) => ph === 'f');
        const tails = drawn.filter(({ ph }) => ph === 's');
        const holding = ({ tid, ts }: TraceEvent) =>
          slices.filter((slice) => slice.tid === tid && slice.ts <= ts && ts < slice.ts + slice.dur);

        expect(slices.filter((slice) => holding(slice).length !== 1)).toEqual([]);
        expect([...heads, ...tails].filter((end) => holding(end).length !== 1)).toEqual([]);
        expect(tails.map(({ id }) => id)).toEqual(heads.map(({ id }) => id));
        expect(tails.filter(({ ts }, index) => ts > heads[index]!.ts)).toEqual([]);
      }),
    );
  });
});

const anAgent = fc.constantFrom('/a', '/b');
const aFewIds = fc.integer({ min: 1, max: 3 });
const aTime = fc.nat({ max: 9 });

/** Messages between two agents, told in any order. */
const aConversation = fc.oneof(
  fc.record({ id: aFewIds, causationId: aFewIds, sender: anAgent, atMs: aTime }).map(sent),
  fc
    .record({ agent: anAgent, envelopeId: aFewIds, startedAtMs: aTime, lengthMs: fc.nat({ max: 2 }) })
    .map(({ lengthMs, ...facts }) => handlingEnded({ ...facts, atMs: facts.startedAtMs + lengthMs })),
);

function written(events: readonly SystemEvent[], processName: string, isSecret?: (name: string) => boolean) {
  const texts: string[] = [];
  const write = (text: string) => {
    texts.push(text);
  };
  const writer = chromeTraceWriter({ write, processName, ...(isSecret && { isSecret }) });
  events.forEach((event) => {
    writer.next(event);
  });
  const complete = () => {
    const before = texts.join('');
    writer.complete?.();
    return before + texts.at(-1);
  };
  return { texts: [...texts], complete };
}

const trace = (events: readonly SystemEvent[], isSecret?: (name: string) => boolean): readonly TraceEvent[] =>
  JSON.parse(written(events, 'shop', isSecret).complete());

const phase = (ph: string, events: readonly SystemEvent[], isSecret?: (name: string) => boolean) =>
  trace(events, isSecret).filter((event) => event.ph === ph);
