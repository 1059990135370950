import { describe, expect, it } from 'vitest';
import {
  budgetLowNotice,
  isNotice,
  startNotice,
  terminatedNotice,
  timerNotice,
} from '../../src/core/notice.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { InvalidTopicName } from '../../src/core/topic-name.ts';
import { anEnvelope } from '../support/an-envelope.ts';

describe('a notice', () => {
  it.each([timerNotice, terminatedNotice, budgetLowNotice, startNotice])(
    'is told by its topic, %s',
    (topic) => {
      expect(isNotice(anEnvelope({ topic }))).toBe(true);
    },
  );

  it.each([undefined, 'orders.placed', 'timer$'])('is no envelope under %s', (topic) => {
    expect(isNotice(anEnvelope({ topic }))).toBe(false);
  });

  it('cannot be made by a user, since no topic of theirs begins like it', () => {
    expect(() => defineTopic(timerNotice, { schema: type<string>() })).toThrow(InvalidTopicName);
  });
});
