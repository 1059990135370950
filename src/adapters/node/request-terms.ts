/**
 * Terms: what an HTTP request says about the request it becomes, beside its body:
 * how long its client waits, and which trace it belongs to.
 */
import type { Headers } from '../../core/envelope.ts';
import { InvalidParams } from '../../core/schema.ts';
import { requestTimeoutHeader } from './http-problem.ts';
import { type HeaderLookup, traceIn } from './trace-headers.ts';

/** Given to `system.stream`, or with a signal to `system.request`, as its options. */
export interface Terms {
  readonly timeoutMs: number;
  readonly headers: Headers;
}

/** Terms of a request for one reply: aborted when the client leaves. */
export interface ReplyTerms extends Terms {
  readonly signal: AbortSignal;
}

export interface TermsOptions {
  /** Most time the work may take, in milliseconds; 30 000 when not given, and `Infinity` must be written. */
  readonly timeoutMs?: number;
  /**
   * Name of the header in which a client says how long it waits, in whole
   * milliseconds; `x-request-timeout-ms` when not given, `false` for none. It shortens
   * `timeoutMs`, and cannot make it longer.
   */
  readonly timeoutHeader?: string | false;
}

/**
 * Reads the terms.
 *
 * Errors: `InvalidParams`, which becomes a 422, for a header that is no whole number
 * of at least 1: a deadline that is not understood must not be silently another one.
 */
export function termsOf(header: HeaderLookup, options: TermsOptions): Terms {
  const { timeoutMs = 30_000, timeoutHeader = 'x-request-timeout-ms' } = options;
  const wanted = timeoutHeader === false ? undefined : header(timeoutHeader.toLowerCase());
  return {
    timeoutMs: wanted === undefined ? timeoutMs : Math.min(timeoutMs, timeoutFrom(wanted, timeoutHeader)),
    headers: traceIn(header),
  };
}

function timeoutFrom(wanted: string, name: string | false): number {
  if (!/^[1-9]\d{0,14}$/.test(wanted)) {
    throw new InvalidParams({
      what: requestTimeoutHeader,
      value: wanted,
      issues: [{ path: String(name), message: 'expected a whole number of milliseconds, at least 1' }],
    });
  }
  return Number(wanted);
}
