import { all, any, both, either, firstK, gather, majority, quorum, withinMs } from 'troupe';
import { describe, expect, it } from 'vitest';
import { aPanel } from '../support/a-panel.ts';

describe('withinMs', () => {
  it('is what came until then, in the order of responders, and interrupts the rest', async () => {
    const { world, asks, answers, turns, experts, log } = aPanel();
    const asked = asks(gather(experts, withinMs(10)));
    await turns();
    await answers('c');
    await answers('a');
    await world.advance(9);
    expect(asked.value).toBe(undefined);
    await world.advance(1);
    await turns();

    expect(asked.value?.value).toEqual(['a', 'c']);
    expect(asked.value?.outcomes[1]).toMatchObject({ _tag: 'Interrupted', tookMs: 10 });
    expect(log.at(-1)).toBe('b is interrupted');
  });

  it('does not wait where all have ended', async () => {
    const { asks, answers, fails, turns, experts } = aPanel(['a', 'b']);
    const asked = asks(gather(experts, withinMs(10)));
    await turns();
    await answers('b');
    await fails('a');

    expect(asked.value?.value).toEqual(['b']);
  });

  it('says whether a policy was decided in time', async () => {
    const { world, asks, answers, turns, experts } = aPanel();
    const inTime = asks(gather(experts, withinMs(10, any())));
    const partial = asks(gather(experts, withinMs(10, quorum(2))));
    await turns();
    await answers('b');
    await answers('b', 'b again');
    await world.advance(10);

    expect(inTime.value?.value).toEqual({ _tag: 'InTime', value: 'b' });
    expect(partial.value?.value).toEqual({ _tag: 'Partial', answers: ['b again'] });
  });

  it('fails at once where its policy can be decided no more, not when the time is up', async () => {
    const { asks, fails, turns, experts } = aPanel(['a', 'b']);
    const asked = asks(gather(experts, withinMs(10, all())));
    await turns();
    await fails('a');

    expect(asked.failure).toMatchObject({ missing: 'nobody may fail', policy: 'withinMs(10, all)' });
  });

  it('looks at each of several limits, and needs no timer without one', async () => {
    const { world, asks, answers, turns, experts } = aPanel(['a', 'b', 'c']);
    const by = (answer: string): string => answer;
    const either2 = asks(gather(experts, either(majority(by), withinMs(20))));
    const both2 = asks(gather(experts, both(withinMs(5), withinMs(15, firstK(3)))));
    const none = asks(gather(experts, withinMs(Number.POSITIVE_INFINITY, any())));
    await turns();
    await answers('a', 'x');
    await answers('a', 'y');
    await answers('a', 'z');
    await world.advance(15);
    expect(both2.value?.value).toEqual([['y'], { _tag: 'Partial', answers: ['y'] }]);
    expect(either2.value).toBe(undefined);
    await world.advance(5);

    expect(either2.value?.value).toEqual(['x']);
    expect(none.value?.value).toEqual({ _tag: 'InTime', value: 'z' });
  });

  it('goes on after the last limit where that decides only a part of it', async () => {
    const { world, asks, answers, turns, experts } = aPanel(['a', 'b']);
    const asked = asks(gather(experts, both(withinMs(5), all())));
    await turns();
    await answers('a');
    await world.advance(6);
    expect(asked.value).toBe(undefined);
    await answers('b');

    expect(asked.value?.value).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('takes the first of two that decide at once, and fails when both cannot', async () => {
    const { asks, answers, fails, turns, experts } = aPanel(['a', 'b']);
    const first = asks(gather(experts, either(any(), firstK(1))));
    const second = asks(gather(experts, either(all(), any())));
    const neither = asks(gather(experts, either(all(), quorum(2))));
    const oneOf = asks(gather(experts, both(any(), all())));
    const other = asks(gather(experts, both(all(), any())));
    await turns();
    for (let n = 0; n < 5; n += 1) await fails('a');
    expect(neither.failure).toMatchObject({
      missing: 'nobody may fail; and 2 answers are needed, 1 can be had',
    });
    expect(oneOf.failure).toMatchObject({ missing: 'nobody may fail' });
    expect(other.failure).toMatchObject({ missing: 'nobody may fail' });
    await answers('b');
    await answers('b', 'b2');

    expect(first.value?.value).toBe('b');
    expect(second.value?.value).toBe('b2');
  });
});
