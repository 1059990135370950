import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { traceLine } from '../../src/testing/trace-line.ts';
import { anEnvelope } from '../support/an-envelope.ts';
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

describe('a line of a trace', () => {
  it.each([
    [sent(), '1 ms  /shop/payer → /bank: charges'],
    [sent({ sender: undefined, to: undefined }), '1 ms  outside → all: charges'],
    [handlingEnded(), '2 ms  /shop/payer handled orders.placed'],
    [started, '1500 ms  /shop started'],
    [restarted, '1500 ms  /shop restarted'],
    [stopped, '1500 ms  /shop finished'],
    [failed(), '1500 ms  /shop/payer failed: RangeError: too far; /shop: restart'],
    [deadLettered(), '1500 ms  dead letter for /shop/payer: orders.placed (Stopped)'],
    [
      deadLettered({ to: undefined, envelope: anEnvelope() }),
      '1500 ms  dead letter for nobody: a reply (Stopped)',
    ],
    [logged(), '1500 ms  /shop says: charged the card'],
    [systemStopped, '1500 ms  the system stopped'],
  ])('says of %o what happened', (event, line) => {
    expect(traceLine(event)).toBe(line);
  });

  it('is one line without control characters, and of a length that can be read', () => {
    const message = 'hi\n\u001b[31mred\u202e';

    expect(traceLine({ ...logged(), message })).toBe('1500 ms  /shop says: hi\\n\\u001b[31mred\\u202e');
    const event = failed();
    const failure = new Error(`${message}${'y'.repeat(1e6)}`);
    const line = traceLine({ ...event, report: { ...event.report, failure } });
    expect(line).toContain('failed: Error: hi\\nred\\u202eyyy');
    expect(line).toMatch(/…; \/shop: restart$/);
    expect(line.length).toBeLessThan(500);
  });

  it('law: there is one for every event', () => {
    fc.assert(
      fc.property(anEvent, (event) => {
        expect(traceLine(event)).toMatch(/^\d+ ms {2}./);
      }),
    );
  });
});
