/**
 * Whatever is followed comes to an end: else spans would be left open, and whoever
 * follows would hold on to them.
 */
import { describe, expect, it } from 'vitest';
import type { Headers } from '../../src/core/envelope.ts';
import type { HandlingTrace, Instrumentation, RequestTrace } from '../../src/core/tracing.ts';
import { lawRuns, lawTimeoutMs } from '../support/law-runs.ts';
import { anyManners, exploreTroupes } from '../support/unruly-troupe.ts';

describe('what is followed', () => {
  it(
    'law: each handling and each request ends once, by the end of its system, and each message leaves once or is lost',
    async () => {
      const { instrumentation, ledger } = aLedger();

      const explored = await exploreTroupes(
        anyManners,
        {
          always: () => ledger().check(),
          atQuiet: async (troupe) => {
            await troupe.world.run(() => troupe.system.stop());
            ledger().check();
            ledger().checkAllEnded();
          },
        },
        { system: { instrumentation } },
      );

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

/** Counts, for the system that was made last. */
class Ledger {
  readonly #ends = new Map<string, number>();
  readonly #left = new Map<Headers, number>();
  readonly #held = new Set<Headers>();
  #wrong: string | undefined;
  #count = 0;

  check(): void {
    if (this.#wrong !== undefined) {
      throw new Error(this.#wrong);
    }
  }

  checkAllEnded(): void {
    for (const headers of this.#held) {
      throw new Error(`message ${headers['traceparent']} has neither left nor been lost`);
    }
    for (const [what, ends] of this.#ends) {
      if (ends !== 1) {
        throw new Error(`${what} has ended ${ends} times`);
      }
    }
  }

  said(inherited: Headers): Headers {
    const headers = this.#numbered(inherited);
    this.#held.add(headers);
    return headers;
  }

  lost(headers: Headers): void {
    this.#held.delete(headers);
  }

  left(headers: Headers): void {
    this.#held.delete(headers);
    const times = (this.#left.get(headers) ?? 0) + 1;
    this.#left.set(headers, times);
    if (times > 1) {
      this.#wrong = `message ${headers['traceparent']} has left ${times} times`;
    }
  }

  handling(inherited: Headers, agent: string): HandlingTrace {
    const headers = this.#numbered(inherited);
    const what = `handling ${headers['traceparent']} of ${agent}`;
    const { ended, during } = this.#followed(what);
    return {
      headers,
      within: (f) => {
        during('goes on');
        return f();
      },
      failed: () => during('fails'),
      ended,
    };
  }

  request(inherited: Headers, topic: string): RequestTrace {
    const headers = this.#numbered(inherited);
    const { ended, during } = this.#followed(`request ${headers['traceparent']} for ${topic}`);
    return { headers, replied: () => during('is replied to'), settled: ended };
  }

  #numbered(inherited: Headers): Headers {
    this.#count += 1;
    return { ...inherited, traceparent: String(this.#count) };
  }

  #followed(what: string) {
    this.#ends.set(what, 0);
    return {
      ended: () => {
        const ends = this.#ends.get(what)! + 1;
        this.#ends.set(what, ends);
        if (ends > 1) {
          this.#wrong = `${what} has ended ${ends} times`;
        }
      },
      during: (verb: string) => {
        if (this.#ends.get(what)! > 0) {
          this.#wrong = `${what} ${verb} after its end`;
        }
      },
    };
  }
}

function aLedger() {
  let ledger = new Ledger();
  const instrumentation: Instrumentation = {
    attach: () => {
      const mine = new Ledger();
      ledger = mine;
      return {
        listener: { next: () => {} },
        tracing: {
          said: ({ inherited }) => mine.said(inherited),
          left: ({ headers }) => mine.left(headers),
          lost: ({ headers }) => mine.lost(headers),
          asked: ({ inherited, topic }) => mine.request(inherited, topic),
          taken: ({ agent, envelope }) => mine.handling(envelope.headers, agent),
        },
      };
    },
  };
  return { instrumentation, ledger: () => ledger };
}
