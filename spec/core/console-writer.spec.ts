import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ConsoleWriterOptions, consoleWriter } from '../../src/core/console-writer.ts';
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

const thrown = Object.assign(new RangeError('too far'), {
  stack: 'RangeError: too far\n    at pay (/app/payer.ts:3:9)\n    at shop (/app/shop.ts:1:1)',
});

describe('consoleWriter', () => {
  it.each<[string, SystemEvent]>([
    [
      "1.500s ERROR /shop/payer failed on 'orders.placed' (envelope 17), restart: RangeError: too far (at pay (/app/payer.ts:3:9))\n",
      failed({ failure: thrown }),
    ],
    [
      '1.500s ERROR /shop/payer failed, stop: "just text"\n',
      failed({ failure: 'just text', envelopeId: undefined, directive: 'stop' }),
    ],
    [
      '1.500s ERROR /shop/payer failed on envelope 17, restart: RangeError: too far\n',
      failed({ failure: thrown, class: 'transient', topic: undefined }),
    ],
    [
      "1.500s WARN  /shop/payer dead letter, Stopped: 'orders.placed' (envelope 17) from /shop\n",
      deadLettered(),
    ],
    [
      '1.500s WARN  nobody dead letter, Stopped: envelope 3: RangeError: too far\n',
      deadLettered({ to: undefined, cause: 'Stopped', envelope: anEnvelope({ id: 3 }), failure: thrown }),
    ],
    ['1.500s INFO  /shop charged the card\n', logged()],
    [
      '1.500s WARN  /shop charged the card {"amount":5,"apiKey":"[redacted]"}\n',
      logged({ level: 'warn', fields: { amount: 5, apiKey: 'sk-1' } }),
    ],
    ['1.500s INFO  /shop restarted (2)\n', restarted],
    ['1.500s DEBUG /shop started as shop\n', started],
    ['1.500s DEBUG /shop is no more: finished\n', stopped],
    ['1.500s DEBUG the system stopped\n', systemStopped],
  ])('writes %j', (line, event) => {
    expect(written([event], { level: 'debug' })).toEqual([line]);
  });

  it('writes the time of day when it knows when the clock began', () => {
    expect(written([restarted], { epochMs: 1_000 })).toEqual([
      '1970-01-01T00:00:02.500Z INFO  /shop restarted (2)\n',
    ]);
  });

  it('writes nothing below its level, which is info', () => {
    const events = [started, restarted, deadLettered(), failed(), logged({ level: 'debug' })];

    expect(written(events).map((line) => line.split(' ')[1])).toEqual(['INFO', 'WARN', 'ERROR']);
    expect(written(events, { level: 'error' })).toHaveLength(1);
  });

  it('never writes messages that are sent and handled', () => {
    expect(written([sent(), handlingEnded()], { level: 'debug' })).toEqual([]);
  });

  it('says nothing of where a defect was thrown when its stack does not', () => {
    const lines = written(
      [null, { stack: 7 }, Object.assign(new Error('x'), { stack: 'x' })].map((failure) =>
        failed({ failure }),
      ),
    );

    expect(lines.filter((line) => line.includes('(at '))).toEqual([]);
  });

  it('redacts the names it is given', () => {
    const [line] = written([logged({ fields: { iban: 'x' } })], { isSecret: (name) => name === 'iban' });

    expect(line).toContain('{"iban":"[redacted]"}');
  });

  it('keeps a message that has lines on one', () => {
    expect(written([logged({ message: 'a\nb\u001b[31m' })])).toEqual([
      '1.500s INFO  /shop a\\nb\\u001b[31m\n',
    ]);
  });

  it('shortens what would be a longer line', () => {
    const [line] = written([logged({ message: 'x'.repeat(5_000), fields: { y: 'y'.repeat(5_000) } })]);

    expect(line).toHaveLength(2_001);
    expect(line).toMatch(/x… \{"y":"y+…\n$/);
  });

  it.each(hostileValues)('gets through %s', (_, value) => {
    const lines = written([
      failed({ failure: value }),
      deadLettered({ failure: value }),
      logged({ fields: { value } }),
    ]);

    expect(lines).toHaveLength(3);
  });

  it('law: whatever happens, each text is one line of at most 2,000 characters', () => {
    fc.assert(
      fc.property(fc.array(anEvent), (events) => {
        for (const text of written(events, { level: 'debug' })) {
          expect(text).toMatch(/^[^\p{Cc}\u2028\u2029]{1,2000}\n$/u);
        }
      }),
    );
  });
});

function written(
  events: readonly SystemEvent[],
  options: Partial<ConsoleWriterOptions> = {},
): readonly string[] {
  const texts: string[] = [];
  const writer = consoleWriter({ write: (text) => texts.push(text), ...options });
  events.forEach((event) => {
    writer.next(event);
  });
  return texts;
}
