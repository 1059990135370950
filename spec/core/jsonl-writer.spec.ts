import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReplyPort } from '../../src/core/envelope.ts';
import { type JsonlWriterOptions, jsonlWriter } from '../../src/core/jsonl-writer.ts';
import { MailboxFull } from '../../src/core/mailbox.ts';
import type { SystemEvent } from '../../src/core/system-event.ts';
import { anEnvelope } from '../support/an-envelope.ts';
import { hostileValues } from '../support/hostile-values.ts';
import {
  anEvent,
  deadLettered,
  failed,
  handlingEnded,
  logged,
  sent,
  started,
  systemStopped,
} from '../support/system-events.ts';

describe('jsonlWriter', () => {
  it.each<[SystemEvent]>([[started], [sent()], [handlingEnded()], [logged()], [systemStopped]])(
    'writes an event as it is: $_tag',
    (event) => {
      expect(read([event])).toEqual([JSON.parse(JSON.stringify(event))]);
    },
  );

  it('writes a failure as its tag, code, class and message', () => {
    const failure = new MailboxFull({ receiver: '/bank', payload: { huge: true }, capacity: 2 });

    expect(read([failed({ failure, class: 'overload' })])).toEqual([
      {
        _tag: 'Failed',
        atMs: 1_500,
        agent: '/shop/payer',
        supervisor: '/shop',
        class: 'overload',
        envelopeId: 17,
        topic: 'orders.placed',
        directive: 'restart',
        failure: { _tag: 'MailboxFull', code: 'MAILBOX_FULL', class: 'overload', message: failure.message },
      },
    ]);
  });

  it('keeps the stack of a defect, unless told not to', () => {
    const [withStack] = read([failed()]);
    const [without] = read([failed()], { stacks: false });

    expect(withStack).toHaveProperty('failure.stack', expect.stringContaining('RangeError: too far'));
    expect(without).toHaveProperty('failure', { name: 'RangeError', message: 'too far' });
  });

  it('writes a dead letter with what travelled, its payload last', () => {
    const envelope = anEnvelope({
      id: 17,
      to: '/bank',
      sender: '/shop',
      topic: 'charges',
      causationId: 16,
      correlationId: 15,
      threadId: 't',
      deadlineMs: 2_000,
      hops: 3,
      headers: { tenant: 'x', authorization: 'Bearer y' },
      payload: { amount: 5 },
      replyTo: { settled: false } as ReplyPort,
    });

    const [line] = read([
      deadLettered({ envelope, to: '/bank', cause: 'Expired', attempts: 1, failure: 'late' }),
    ]);

    expect(line).toEqual({
      _tag: 'DeadLettered',
      atMs: 1_500,
      to: '/bank',
      cause: 'Expired',
      attempts: 1,
      failure: 'late',
      envelope: {
        id: 17,
        to: '/bank',
        sender: '/shop',
        topic: 'charges',
        causationId: 16,
        correlationId: 15,
        threadId: 't',
        deadlineMs: 2_000,
        hops: 3,
        headers: { tenant: 'x', authorization: '[redacted]' },
        payload: { amount: 5 },
      },
    });
    expect(Object.keys(line!.envelope as object).at(-1)).toBe('payload');
  });

  it('leaves out a deadline that never comes', () => {
    expect(read([deadLettered()])[0]).not.toHaveProperty('envelope.deadlineMs');
  });

  it('writes the time of day when it knows when the clock began', () => {
    expect(read([systemStopped], { epochMs: 1_000 })).toEqual([
      { _tag: 'SystemStopped', time: '1970-01-01T00:00:02.500Z', atMs: 1_500 },
    ]);
  });

  it('redacts the names it is given', () => {
    const [line] = read([logged({ fields: { iban: 'x', token: 'y' } })], {
      isSecret: (name) => name === 'iban',
    });

    expect(line).toHaveProperty('fields', { iban: '[redacted]', token: 'y' });
  });

  it('shortens what is longer than its bound', () => {
    const [text] = written([logged({ fields: { text: 'x'.repeat(10_000) } })], { charsMax: 200 });

    expect(text!.length).toBeLessThan(220);
  });

  it('leaves room for what the runtime says, however much users do', () => {
    const [line] = read([failed({ failure: 'x'.repeat(10_000) })], { charsMax: 300 });

    expect(line).toMatchObject({ directive: 'restart', failure: expect.stringMatching(/x…$/) });
  });

  it.each(hostileValues)('gets through %s', (_, value) => {
    const envelope = anEnvelope({ payload: value });
    const lines = read([
      failed({ failure: value }),
      deadLettered({ envelope, failure: value }),
      logged({ fields: { value } }),
    ]);

    expect(lines).toHaveLength(3);
  });

  it('law: whatever happens, each text is one line of JSON, of bounded length', () => {
    fc.assert(
      fc.property(fc.array(anEvent), (events) => {
        const texts = written(events, { charsMax: 500 });

        expect(texts.map((text) => JSON.parse(text)._tag)).toEqual(events.map((event) => event._tag));
        expect(texts.filter((text) => text.indexOf('\n') !== text.length - 1)).toEqual([]);
        expect(Math.max(0, ...texts.map((text) => text.length))).toBeLessThanOrEqual(6 * 500 + 201);
      }),
    );
  });
});

function written(
  events: readonly SystemEvent[],
  options: Partial<JsonlWriterOptions> = {},
): readonly string[] {
  const texts: string[] = [];
  const writer = jsonlWriter({ write: (text) => texts.push(text), ...options });
  events.forEach((event) => {
    writer.next(event);
  });
  return texts;
}

const read = (
  events: readonly SystemEvent[],
  options?: Partial<JsonlWriterOptions>,
): Record<string, unknown>[] => written(events, options).map((text) => JSON.parse(text));
