import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SseEvent, sseComment, sseText } from '../../../src/adapters/node/sse-event.ts';

const anyText = fc.string({ unit: fc.constantFrom('a', ' ', ':', '\n', '\r', '\r\n', '\0', '😀', 'data: ') });
const aName = fc
  .string({ unit: fc.constantFrom('a', ' ', ':', '😀'), minLength: 1 })
  .map((name) => `x${name}`);
const anEvent: fc.Arbitrary<SseEvent> = fc.record(
  { data: anyText, event: aName, id: aName, retryMs: fc.nat() },
  { requiredKeys: ['data'] },
);

describe('a server-sent event', () => {
  it('law: whatever is in it, a reader gets the same events back, with LF for every end of a line', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(anEvent, anyText)), (sent) => {
        const text = sent.map((one) => (typeof one === 'string' ? sseComment(one) : sseText(one))).join('');

        expect(eventsIn(text)).toEqual(sent.filter((one) => typeof one !== 'string').map(asRead));
      }),
    );
  });

  it.each([
    [{ data: '', id: 'a\nb' }, /id .* one line/],
    [{ data: '', event: 'a\0' }, /event .* one line/],
    [{ data: '', retryMs: 1.5 }, /retryMs .* 1.5/],
    [{ data: '', retryMs: -1 }, /retryMs .* -1/],
  ])('is refused when a client would not understand it: %o', (event, message) => {
    expect(() => sseText(event)).toThrow(message);
  });
});

const asRead = ({ data, ...rest }: SseEvent): SseEvent => ({
  ...rest,
  data: data.replaceAll(/\r\n|\r/g, '\n'),
});

/** The parser of the specification, written anew: it takes any of the three ends of a line. */
function eventsIn(text: string): SseEvent[] {
  const events: SseEvent[] = [];
  let fields: Record<string, string> = {};
  let data: string[] = [];
  for (const line of text.split(/\r\n|\r|\n/).slice(0, -1)) {
    if (line === '') {
      if (data.length > 0) {
        const { event, id, retry } = fields;
        events.push({
          ...(event === undefined ? {} : { event }),
          ...(id === undefined ? {} : { id }),
          ...(retry === undefined ? {} : { retryMs: Number(retry) }),
          data: data.join('\n'),
        });
      }
      fields = {};
      data = [];
    } else if (!line.startsWith(':')) {
      const colon = line.indexOf(':');
      const value = line.slice(colon + 1).replace(/^ /, '');
      if (line.slice(0, colon) === 'data') data.push(value);
      else fields[line.slice(0, colon)] = value;
    }
  }
  return events;
}
