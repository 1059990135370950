/**
 * A circuit: whether calls go through, as a pure state machine.
 *
 *                 enough failures                      time has passed
 *     closed ─────────────────────> open ──────────────────────────────> half-open
 *        ^                            ^      a probe failed                  │  │
 *        │                            └──────────────────────────────────────┘  │
 *        └──────────────────────────────────────────────────────────────────────┘
 *                              enough probes succeeded
 *
 * Each change of state begins a new epoch. What is told of a call that was let through in
 * an earlier one changes nothing: it says how things were then.
 *
 * Source: M. Nygard, "Release It!" (2007), Circuit Breaker. Probes are limited as in
 * resilience4j; one more is let through where they have not come back for as long as the
 * circuit was open, so that a probe that hangs does not hold it half-open for ever.
 */

export interface CircuitPolicy {
  /** Failures in a row that open it; `Infinity` where only a rate does. */
  readonly failuresInARow: number;
  /** The part of the calls in the window that open it when they failed; `Infinity` where only a row does. */
  readonly failureRate: number;
  /** Calls in the window below which no rate says anything. */
  readonly callsMin: number;
  /** How long it is open the first time. */
  readonly openForMs: number;
  /** How long it is open at most: the time doubles each time it opens again before it has closed. */
  readonly openForMsMax: number;
  /** Probes that may be out at once. */
  readonly probesMax: number;
  /** Probes that have to succeed before it closes. */
  readonly probesToClose: number;
}

export type Circuit =
  | { readonly _tag: 'closed'; readonly epoch: number; readonly failuresInARow: number }
  | {
      readonly _tag: 'open';
      readonly epoch: number;
      readonly untilMs: number;
      /** How often it has opened since it was closed. */
      readonly openings: number;
    }
  | {
      readonly _tag: 'half-open';
      readonly epoch: number;
      readonly openings: number;
      readonly probing: number;
      readonly succeeded: number;
      /** From when on one more probe is let through, should those that are out not have come back. */
      readonly patientUntilMs: number;
    };

/** How a call ended, for its circuit: `neither` says nothing about whether the other side works. */
export type CallEnd = 'success' | 'failure' | 'neither';

/** What the window has seen, the call that has just ended included. */
export interface Tally {
  readonly calls: number;
  readonly failures: number;
}

/** Before the first call. */
export const closedCircuit: Circuit = { _tag: 'closed', epoch: 0, failuresInARow: 0 };

/**
 * The circuit when somebody calls: the call goes through unless that is the very same
 * circuit, and not a closed one.
 *
 * @example
 * const policy = { failuresInARow: 1, failureRate: Infinity, callsMin: 1, openForMs: 100, openForMsMax: 100, probesMax: 1, probesToClose: 1 }
 * const open = afterEnd(policy, closedCircuit, 0, 'failure', { calls: 1, failures: 1 }, 0)
 * afterCall(policy, open, 99) === open // => true
 * afterCall(policy, open, 100)._tag // => 'half-open'
 */
export function afterCall(policy: CircuitPolicy, circuit: Circuit, nowMs: number): Circuit {
  switch (circuit._tag) {
    case 'closed':
      return circuit;
    case 'open': {
      const { epoch, openings, untilMs } = circuit;
      if (nowMs < untilMs) {
        return circuit;
      }
      const patientUntilMs = nowMs + openForMs(policy, openings);
      return { _tag: 'half-open', epoch: epoch + 1, openings, probing: 1, succeeded: 0, patientUntilMs };
    }
    case 'half-open': {
      const { openings, probing, patientUntilMs } = circuit;
      if (probing >= policy.probesMax && nowMs < patientUntilMs) {
        return circuit;
      }
      return { ...circuit, probing: probing + 1, patientUntilMs: nowMs + openForMs(policy, openings) };
    }
  }
}

/** The circuit when a call has ended that was let through in `epoch`. */
export function afterEnd(
  policy: CircuitPolicy,
  circuit: Circuit,
  epoch: number,
  end: CallEnd,
  tally: Tally,
  nowMs: number,
): Circuit {
  if (epoch !== circuit.epoch || circuit._tag === 'open') {
    return circuit;
  }
  if (circuit._tag === 'half-open') {
    return afterProbe(policy, circuit, end, nowMs);
  }
  switch (end) {
    case 'neither':
      return circuit;
    case 'success':
      return circuit.failuresInARow === 0 ? circuit : { ...circuit, failuresInARow: 0 };
    case 'failure': {
      const failuresInARow = circuit.failuresInARow + 1;
      return opens(policy, failuresInARow, tally)
        ? opened(policy, circuit.epoch, 1, nowMs)
        : { ...circuit, failuresInARow };
    }
  }
}

/** How long it is open, having opened so often in a row. */
export function openForMs(policy: CircuitPolicy, openings: number): number {
  // Beyond that many doublings it is no number any more, and above every maximum before.
  return Math.min(policy.openForMs * 2 ** Math.min(openings - 1, 1_000), policy.openForMsMax);
}

function afterProbe(
  policy: CircuitPolicy,
  circuit: Circuit & { readonly _tag: 'half-open' },
  end: CallEnd,
  nowMs: number,
): Circuit {
  const probing = circuit.probing - 1;
  switch (end) {
    case 'neither':
      return { ...circuit, probing };
    case 'failure':
      return opened(policy, circuit.epoch, circuit.openings + 1, nowMs);
    case 'success': {
      const succeeded = circuit.succeeded + 1;
      return succeeded >= policy.probesToClose
        ? { _tag: 'closed', epoch: circuit.epoch + 1, failuresInARow: 0 }
        : { ...circuit, probing, succeeded };
    }
  }
}

function opens(policy: CircuitPolicy, failuresInARow: number, { calls, failures }: Tally): boolean {
  return (
    failuresInARow >= policy.failuresInARow ||
    (calls >= policy.callsMin && failures / calls >= policy.failureRate)
  );
}

function opened(policy: CircuitPolicy, epoch: number, openings: number, nowMs: number): Circuit {
  return { _tag: 'open', epoch: epoch + 1, untilMs: nowMs + openForMs(policy, openings), openings };
}
