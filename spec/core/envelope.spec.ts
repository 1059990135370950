import { describe, expect, it } from 'vitest';
import { Lease } from '../../src/core/budget.ts';
import { makeEnvelope, noHeaders } from '../../src/core/envelope.ts';

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

  it('shares headers that nobody can write to when it has none', () => {
    expect(noHeaders).toEqual({});
    expect(Object.isFrozen(noHeaders)).toBe(true);
  });
});
