import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageFlow } from '../../src/core/message-flow.ts';

const remembering = (rememberedMax = 100) => new MessageFlow<string>({ rememberedMax });

describe('MessageFlow', () => {
  it('tells a flow when the sender was done before the receiver', () => {
    const flow = remembering();
    flow.sent(2, 5, '/sender', 1);
    flow.handled(1, '/sender', 'sending');

    expect(flow.handled(2, '/receiver', 'receiving')).toEqual([
      { sentAt: 5, from: 'sending', to: 'receiving' },
    ]);
  });

  it('tells a flow when the receiver was done before the sender', () => {
    const flow = remembering();
    flow.sent(2, 5, '/sender', 1);
    flow.handled(2, '/receiver', 'receiving');

    expect(flow.handled(1, '/sender', 'sending')).toEqual([{ sentAt: 5, from: 'sending', to: 'receiving' }]);
  });

  it('tells a flow when the message is released after its sender is done', () => {
    const flow = remembering();
    flow.handled(1, '/sender', 'sending');
    flow.sent(2, 5, '/sender', 1);

    expect(flow.handled(2, '/receiver', 'receiving')).toEqual([
      { sentAt: 5, from: 'sending', to: 'receiving' },
    ]);
  });

  it('tells one flow for each receiver of a publish', () => {
    const flow = remembering();
    flow.sent(2, 5, '/sender', 1);
    flow.handled(2, '/early', 'early');

    expect(flow.handled(1, '/sender', 'sending').map(({ to }) => to)).toEqual(['early']);
    expect(flow.handled(2, '/late', 'late').map(({ to }) => to)).toEqual(['late']);
  });

  it('tells a flow once, although the sender handles its envelope again', () => {
    const flow = remembering();
    flow.sent(2, 5, '/sender', 1);
    flow.handled(2, '/receiver', 'receiving');

    expect(flow.handled(1, '/sender', 'first')).toHaveLength(1);
    expect(flow.handled(1, '/sender', 'second')).toEqual([]);
  });

  it('tells apart the receivers of one envelope that send in their turn', () => {
    const flow = remembering();
    flow.handled(1, '/a', 'handling of a');
    flow.handled(1, '/b', 'handling of b');
    flow.sent(2, 5, '/b', 1);

    expect(flow.handled(2, '/c', 'receiving').map(({ from }) => from)).toEqual(['handling of b']);
  });

  it('tells nothing of a message that no handling sent', () => {
    expect(remembering().handled(1, '/a', 'handling')).toEqual([]);
  });

  it('tells nothing of what it has forgotten', () => {
    const flow = remembering(2);
    flow.sent(2, 5, '/sender', 1);
    flow.handled(1, '/sender', 'sending');
    [3, 4].forEach((id) => {
      flow.sent(id, 5, '/other', id);
    });

    expect(flow.handled(2, '/receiver', 'receiving')).toEqual([]);
  });

  it('remembers 64 receivers that are done before the sender is', () => {
    const flow = remembering();
    flow.sent(2, 5, '/sender', 1);
    Array.from({ length: 70 }, (_, index) => flow.handled(2, `/${index}`, `handling ${index}`));

    expect(flow.handled(1, '/sender', 'sending')).toHaveLength(64);
  });

  it('law: whatever the order of events, each handling of a message that a handling sent has one flow', () => {
    const events = fc.shuffledSubarray(['sent', 'sender', 'a', 'b', 'c'] as const, { minLength: 5 });

    fc.assert(
      fc.property(events, (order) => {
        const flow = remembering();

        const flows = order.flatMap((event) => {
          if (event === 'sent') flow.sent(2, 5, '/sender', 1);
          if (event === 'sent') return [];
          return event === 'sender'
            ? flow.handled(1, '/sender', 'sending')
            : flow.handled(2, `/${event}`, event);
        });
        const after = order.slice(order.indexOf('sent')).filter((event) => event.length === 1);

        expect(flows.map(({ to }) => to).toSorted()).toEqual(after.toSorted());
      }),
    );
  });
});
