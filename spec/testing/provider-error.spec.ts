import { describe, expect, it } from 'vitest';
import { isProviderError, ProviderError, providerError } from '../../src/testing/provider-error.ts';

describe('an error of a provider', () => {
  it.each([
    [400, false],
    [404, false],
    [408, true],
    [409, true],
    [429, true],
    [500, true],
    [503, true],
  ])('of status %d is worth another try: %s', (status, isRetryable) => {
    expect(providerError(status)).toMatchObject({ statusCode: status, isRetryable });
  });

  it('says what it is told', () => {
    const cause = new Error('ECONNRESET');
    const facts = {
      message: 'Cannot connect',
      url: 'https://example.com',
      responseHeaders: { 'retry-after': '2' },
      responseBody: '{}',
      isRetryable: true,
      data: { a: 1 },
      cause,
    };

    expect(new ProviderError(facts)).toMatchObject({
      ...facts,
      statusCode: undefined,
      name: 'AI_APICallError',
    });
    expect(new ProviderError().message).toBe('the provider answered with status none');
  });

  it('is known by its mark, and nothing else is', () => {
    expect(isProviderError(providerError(500))).toBe(true);
    expect(isProviderError(new Error('no'))).toBe(false);
    expect(isProviderError('no')).toBe(false);
  });
});
