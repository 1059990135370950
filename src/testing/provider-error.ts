/**
 * A provider's error, as the AI SDK's providers throw it.
 *
 * It carries the AI SDK's own marks, which it looks at instead of classes: so
 * `APICallError.isInstance` is true of it, and the SDK retries it as it would
 * retry a real one. Nothing is in it that a real one does not have.
 *
 * Source: `APICallError` of @ai-sdk/provider 4.0.38.
 */
export interface ProviderErrorFacts {
  /** Status of HTTP; `undefined` when there was no answer at all. */
  readonly statusCode?: number | undefined;
  readonly message?: string | undefined;
  readonly responseHeaders?: Readonly<Record<string, string>> | undefined;
  readonly responseBody?: string | undefined;
  readonly url?: string | undefined;
  /** What the SDK reads before it tries again; otherwise decided by the status, as the SDK does. */
  readonly isRetryable?: boolean | undefined;
  readonly data?: unknown;
  readonly cause?: unknown;
}

const sdkError: unique symbol = Symbol.for('vercel.ai.error');
const sdkCallError: unique symbol = Symbol.for('vercel.ai.error.AI_APICallError');

export class ProviderError extends Error {
  readonly url: string;
  readonly requestBodyValues: unknown = {};
  readonly statusCode: number | undefined;
  readonly responseHeaders: Readonly<Record<string, string>> | undefined;
  readonly responseBody: string | undefined;
  readonly isRetryable: boolean;
  readonly data: unknown;

  constructor(facts: ProviderErrorFacts = {}) {
    const { statusCode, message = `the provider answered with status ${statusCode ?? 'none'}` } = facts;
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'AI_APICallError';
    this.url = facts.url ?? 'https://scripted.invalid/v1';
    this.statusCode = statusCode;
    this.responseHeaders = facts.responseHeaders;
    this.responseBody = facts.responseBody;
    this.isRetryable = facts.isRetryable ?? isWorthAnotherTry(statusCode);
    this.data = facts.data;
    // Not enumerable, so that a log or a comparison shows what a real one shows.
    Object.defineProperty(this, sdkError, { value: true });
    Object.defineProperty(this, sdkCallError, { value: true });
  }
}

/**
 * Makes an error of a provider, for the `error` of a scripted turn.
 *
 * @example
 * providerError(503).isRetryable // => true
 * providerError(429, { responseHeaders: { 'retry-after': '2' } }).responseHeaders // => { 'retry-after': '2' }
 */
export function providerError(
  statusCode: number,
  facts: Omit<ProviderErrorFacts, 'statusCode'> = {},
): ProviderError {
  return new ProviderError({ ...facts, statusCode });
}

/** Whether something is an error of a provider, the AI SDK's or ours. */
export function isProviderError(thrown: unknown): thrown is ProviderError {
  return thrown instanceof Error && Reflect.get(thrown, sdkCallError) === true;
}

const isWorthAnotherTry = (status: number | undefined): boolean =>
  status === 408 || status === 409 || status === 429 || (status !== undefined && status >= 500);
