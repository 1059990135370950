import { describe, expect, it } from 'vitest';
import {
  begin,
  type Command,
  decide,
  type Known,
  type Negotiation,
  type NegotiationEvent,
  type Ranked,
  type Terms,
} from '../../src/primitives/negotiation.ts';

const terms: Terms = { best: 'lowest', awardsMax: 3 };
const offer = (contractor: number, score: number): Ranked => ({ contractor, bid: `bid ${score}`, score });
const proposed = (contractor: number, score: number): NegotiationEvent => ({
  _tag: 'Proposed',
  ...offer(contractor, score),
});
const recorded: NegotiationEvent = { _tag: 'Recorded' };
const standing = (to: Ranked, reserve: readonly Ranked[] = [], size = 3): Known => ({
  _tag: 'Standing',
  version: 1,
  size,
  to,
  reserve,
});

/** What is done after each event, in words. */
function story(
  known: Known,
  events: readonly NegotiationEvent[],
  how: Terms = terms,
): { readonly said: readonly string[]; readonly last: Negotiation } {
  let { negotiation, commands } = begin(how, known);
  const said = [words(commands)];
  for (const event of events) {
    ({ negotiation, commands } = decide(negotiation, event));
    said.push(words(commands));
  }
  return { said, last: negotiation };
}

const words = (commands: readonly Command[]): string =>
  commands
    .map((command) => {
      switch (command._tag) {
        case 'RecordAward':
          return `record ${command.to.contractor} before ${command.reserve.map(({ contractor }) => contractor).join('')}`;
        case 'Reject':
          return `reject ${command.contractor} ${command.reason}`;
        case 'Accept':
        case 'Cancel':
          return `${command._tag.toLowerCase()} ${command.contractor}`;
        default:
          return command._tag;
      }
    })
    .join(', ');

const nobodyKnown = (size: number): Known => ({ _tag: 'Nothing', version: 0, size });

describe('a negotiation', () => {
  it('awards the best bid when all have spoken, and writes that down before it is told', () => {
    const { said, last } = story(nobodyKnown(4), [
      proposed(0, 5),
      { _tag: 'Refused', contractor: 1 },
      proposed(2, 3),
      { _tag: 'Silent', contractor: 3 },
      recorded,
      { _tag: 'Informed', contractor: 2, result: 'done' },
      recorded,
    ]);

    expect(said).toEqual([
      'Call',
      '',
      '',
      '',
      'reject 3 too late, record 2 before 0',
      'accept 2',
      'RecordResult',
      'reject 0 outbid, Answer',
    ]);
    expect(last).toMatchObject({
      phase: 'over',
      fates: ['rejected', 'refused', 'fulfilled', 'silent'],
      version: 2,
    });
  });

  it.each([
    ['lowest', [proposed(2, 1), proposed(1, 1), proposed(0, 2)], 'record 1 before 20'],
    ['highest', [proposed(2, 1), proposed(1, 1), proposed(0, 2)], 'record 0 before 12'],
    [
      'lowest',
      [proposed(1, Number.POSITIVE_INFINITY), proposed(0, Number.POSITIVE_INFINITY), proposed(2, 7)],
      'record 2 before 01',
    ],
  ] as const)(
    'takes the %s score, and between equal ones the first of the group',
    (best, events, expected) => {
      expect(story(nobodyKnown(3), events, { best, awardsMax: 3 }).said.at(-1)).toBe(expected);
    },
  );

  it('hears nobody twice, and nobody whose turn it is not', () => {
    const events: NegotiationEvent[] = [
      proposed(0, 5),
      proposed(0, 1),
      recorded,
      { _tag: 'Informed', contractor: 0, result: 'too early' },
      proposed(1, 6),
      proposed(1, 0),
      { _tag: 'Failed', contractor: 0, failure: 'too early' },
      { _tag: 'Overtaken', known: nobodyKnown(2) },
      recorded,
      { _tag: 'Cancelled', contractor: 0 },
      { _tag: 'Failed', contractor: 1, failure: 'not awarded' },
      { _tag: 'Informed', contractor: 1, result: 'not awarded' },
      { _tag: 'Overtaken', known: nobodyKnown(2) },
      { _tag: 'Silent', contractor: 1 },
    ];

    expect(story(nobodyKnown(2), events).said).toEqual([
      'Call',
      '',
      '',
      '',
      '',
      'record 0 before 1',
      '',
      '',
      // What is known has changed: the same is awarded again, under what is known now.
      'record 0 before 1',
      'accept 0',
      '',
      '',
      '',
      '',
      '',
    ]);
  });

  it('rejects what is not acceptable at once, and those beyond the reserve when the award is on record', () => {
    const { said } = story(
      nobodyKnown(4),
      [proposed(0, Number.NaN), proposed(1, 1), proposed(2, 2), proposed(3, 3), recorded],
      { best: 'lowest', awardsMax: 2 },
    );

    expect(said.slice(1)).toEqual([
      'reject 0 not acceptable',
      '',
      '',
      'record 1 before 2',
      'reject 3 outbid, accept 1',
    ]);
  });

  it('takes the award back from one who fails before the next one has it', () => {
    const { said, last } = story(nobodyKnown(2), [
      proposed(0, 1),
      proposed(1, 2),
      recorded,
      { _tag: 'Failed', contractor: 0, failure: 'broken' },
      { _tag: 'Cancelled', contractor: 0 },
      recorded,
      recorded,
      { _tag: 'Failed', contractor: 1, failure: 'broken, too' },
      { _tag: 'Cancelled', contractor: 1 },
      recorded,
      recorded,
    ]);

    expect(said.slice(3)).toEqual([
      'accept 0',
      'cancel 0',
      'RecordWithdrawal',
      'record 1 before ',
      'accept 1',
      'cancel 1',
      'RecordWithdrawal',
      'GiveUp',
      '',
    ]);
    expect(last).toMatchObject({ awards: 2, lastFailure: 'broken, too', fates: ['failed', 'failed'] });
  });

  it('takes the result of one who had done it when its award was to be taken back', () => {
    const { said } = story(nobodyKnown(1), [
      proposed(0, 1),
      recorded,
      { _tag: 'Failed', contractor: 0, failure: 'too late' },
      { _tag: 'Informed', contractor: 0, result: 'done' },
      recorded,
    ]);

    expect(said.slice(2)).toEqual(['accept 0', 'cancel 0', 'RecordResult', 'Answer']);
  });

  it('gives up where there is nobody, or nobody bids', () => {
    expect(story(nobodyKnown(0), []).said).toEqual(['Call, GiveUp']);
    expect(story(nobodyKnown(1), [{ _tag: 'Refused', contractor: 0 }]).said).toEqual(['Call', 'GiveUp']);
  });

  it('goes on with the award that stands, and tells all others', () => {
    const { said, last } = story(standing(offer(1, 0), [offer(2, 0)]), [
      { _tag: 'Informed', contractor: 1, result: 'done' },
      recorded,
    ]);

    expect(said).toEqual(['reject 0 outbid, accept 1', 'RecordResult', 'reject 2 outbid, Answer']);
    expect(last.awards).toBe(0);
  });

  it('calls anew when the award that stood and its reserve have come to nothing', () => {
    const { said } = story(standing(offer(1, 0)), [
      { _tag: 'Failed', contractor: 1, failure: 'forgotten' },
      { _tag: 'Cancelled', contractor: 1 },
      recorded,
    ]);

    expect(said.slice(1)).toEqual(['cancel 1', 'RecordWithdrawal', 'Call']);
  });

  it('answers what was fulfilled before', () => {
    const known: Known = {
      _tag: 'Fulfilled',
      size: 2,
      record: { _tag: 'Fulfilled', by: { contractor: '/a', bid: 1 }, result: 'done' },
    };

    expect(story(known, [recorded]).said).toEqual(['AnswerAgain', '']);
    expect(story(nobodyKnown(1), [proposed(0, 1), { _tag: 'Overtaken', known }]).said).toEqual([
      'Call',
      'record 0 before ',
      'reject 0 outbid, AnswerAgain',
    ]);
  });

  it('follows whoever wrote first', () => {
    const events = [proposed(0, 1), proposed(1, 2), proposed(2, 3)];
    const { said, last } = story(nobodyKnown(3), [
      ...events,
      { _tag: 'Overtaken', known: standing(offer(3, 0), [offer(1, 2)], 4) },
      { _tag: 'Informed', contractor: 3, result: 'done' },
      { _tag: 'Overtaken', known: { _tag: 'Nothing', version: 7, size: 4 } },
    ]);

    expect(said.slice(3)).toEqual([
      'record 0 before 12',
      'reject 0 outbid, reject 2 outbid, accept 3',
      'RecordResult',
      'record 1 before ',
    ]);
    expect(last.version).toBe(7);
  });

  it('makes no more awards than it may, whoever has others in reserve', () => {
    const { said } = story(
      nobodyKnown(3),
      [
        proposed(0, 1),
        proposed(1, 2),
        proposed(2, 3),
        recorded,
        { _tag: 'Failed', contractor: 0, failure: 'broken' },
        { _tag: 'Cancelled', contractor: 0 },
        { _tag: 'Overtaken', known: standing(offer(1, 0), [offer(2, 0)]) },
        { _tag: 'Failed', contractor: 1, failure: 'broken, too' },
        { _tag: 'Cancelled', contractor: 1 },
        recorded,
      ],
      { best: 'lowest', awardsMax: 1 },
    );

    expect(said.slice(4)).toEqual([
      'reject 1 outbid, reject 2 outbid, accept 0',
      'cancel 0',
      'RecordWithdrawal',
      'accept 1',
      'cancel 1',
      'RecordWithdrawal',
      'GiveUp',
    ]);
  });

  it('does not call when what it went on with used up its awards', () => {
    const failedAt = (contractor: number): NegotiationEvent[] => [
      { _tag: 'Failed', contractor, failure: 'broken' },
      { _tag: 'Cancelled', contractor },
      recorded,
    ];
    const { said } = story(standing(offer(1, 0), [offer(2, 0)]), [...failedAt(1), recorded, ...failedAt(2)], {
      best: 'lowest',
      awardsMax: 1,
    });

    expect(said.slice(3)).toEqual(['record 2 before ', 'accept 2', 'cancel 2', 'RecordWithdrawal', 'GiveUp']);
  });

  it.each([
    ['while it calls', [proposed(0, 1)], 'reject 0 call cancelled, reject 1 call cancelled'],
    ['while it writes', [proposed(0, 1), proposed(1, 2)], 'reject 0 call cancelled, reject 1 call cancelled'],
    [
      'while it waits for the work',
      [proposed(0, 1), proposed(1, 2), recorded],
      'reject 0 call cancelled, reject 1 call cancelled',
    ],
  ] as const)('tells everybody when it is interrupted %s', (_, events, expected) => {
    const { said, last } = story(nobodyKnown(2), [
      ...events,
      { _tag: 'Interrupted' },
      { _tag: 'Interrupted' },
    ]);

    expect(said.slice(-2)).toEqual([expected, '']);
    expect(last.phase).toBe('over');
  });

  it('fails of what broke, and tells everybody', () => {
    const { said } = story(nobodyKnown(2), [proposed(0, 1), { _tag: 'Broke', failure: 'no store' }]);

    expect(said.at(-1)).toBe('reject 0 call over, reject 1 call over, Fail');
  });
});
