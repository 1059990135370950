import { describe, expect, it } from 'vitest';
import { Lease } from '../../src/core/budget.ts';
import { makeEnvelope, noHeaders, ownEnvelope } from '../../src/core/envelope.ts';

describe('an envelope', () => {
  it('carries what it was made with, in its place', () => {
    const budget = Lease.root();
    const headers = { tenant: 'acme' };

    const made = makeEnvelope(
      7,
      '/b',
      '/a',
      'orders',
      'one',
      undefined,
      5,
      6,
      'thread',
      100,
      2,
      headers,
      budget,
    );

    expect(made).toEqual({
      id: 7,
      to: '/b',
      sender: '/a',
      topic: 'orders',
      payload: 'one',
      replyTo: undefined,
      correlationId: 5,
      causationId: 6,
      threadId: 'thread',
      deadlineMs: 100,
      hops: 2,
      headers: { tenant: 'acme' },
      budget,
    });
  });

  it("of the runtime's own inherits hops, headers, thread and budget from its cause, and no deadline", () => {
    const budget = Lease.root();
    const headers = { tenant: 'acme' };
    const cause = makeEnvelope(
      7,
      '/b',
      '/a',
      'orders',
      'one',
      undefined,
      5,
      6,
      'thread',
      100,
      2,
      headers,
      budget,
    );

    const own = ownEnvelope(8, '/a', '/b', 'reply', 'two', cause, 9);

    expect(own).toMatchObject({
      id: 8,
      correlationId: 9,
      causationId: 7,
      threadId: 'thread',
      deadlineMs: Number.POSITIVE_INFINITY,
      hops: 2,
      headers: { tenant: 'acme' },
    });
    expect(own.budget).toBe(budget);
  });

  it("of the runtime's own begins a chain when it has no cause", () => {
    const own = ownEnvelope(8, '/a', undefined, 'timer', undefined);

    expect(own).toMatchObject({ causationId: undefined, threadId: undefined, hops: 0, headers: noHeaders });
    expect(own.budget).toBeUndefined();
  });

  it('shares headers that nobody can write to when it has none', () => {
    expect(noHeaders).toEqual({});
    expect(Object.isFrozen(noHeaders)).toBe(true);
  });
});
