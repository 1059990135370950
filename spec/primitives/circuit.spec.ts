import { describe, expect, it } from 'vitest';
import {
  afterCall,
  afterEnd,
  type CallEnd,
  type Circuit,
  type CircuitPolicy,
  closedCircuit,
  openForMs,
  type Tally,
} from '../../src/primitives/circuit.ts';

const twice: CircuitPolicy = {
  failuresInARow: 2,
  failureRate: Number.POSITIVE_INFINITY,
  callsMin: 1,
  openForMs: 100,
  openForMsMax: 350,
  probesMax: 1,
  probesToClose: 1,
};
const nothing: Tally = { calls: 0, failures: 0 };

/** Ends calls of the circuit's own epoch, one after the other, at one time. */
function told(policy: CircuitPolicy, circuit: Circuit, nowMs: number, ...ends: CallEnd[]): Circuit {
  return ends.reduce((now, end) => afterEnd(policy, now, now.epoch, end, nothing, nowMs), circuit);
}

const open = (openings = 1): Circuit => ({ _tag: 'open', epoch: 7, untilMs: 1_000, openings });

describe('a circuit', () => {
  it('opens after so many failures in a row', () => {
    expect(told(twice, closedCircuit, 5, 'failure', 'success', 'failure')._tag).toBe('closed');
    expect(told(twice, closedCircuit, 5, 'failure', 'failure')).toEqual({
      _tag: 'open',
      epoch: 1,
      untilMs: 105,
      openings: 1,
    });
  });

  it('does not count in a row what says nothing', () => {
    expect(told(twice, closedCircuit, 0, 'failure', 'neither', 'failure')._tag).toBe('open');
    expect(told(twice, closedCircuit, 0, 'neither', 'neither')).toBe(closedCircuit);
  });

  it('is the very same after a call that goes well', () => {
    expect(afterCall(twice, closedCircuit, 0)).toBe(closedCircuit);
    expect(told(twice, closedCircuit, 0, 'success')).toBe(closedCircuit);
  });

  it('opens at a failure when enough calls are in the window, and enough of them failed', () => {
    const half: CircuitPolicy = {
      ...twice,
      failuresInARow: Number.POSITIVE_INFINITY,
      failureRate: 0.5,
      callsMin: 4,
    };
    const ends = (end: CallEnd, tally: Tally) => afterEnd(half, closedCircuit, 0, end, tally, 0)._tag;

    expect(ends('failure', { calls: 3, failures: 3 })).toBe('closed');
    expect(ends('failure', { calls: 4, failures: 2 })).toBe('open');
    expect(ends('failure', { calls: 5, failures: 2 })).toBe('closed');
    expect(ends('success', { calls: 4, failures: 3 })).toBe('closed');
  });

  it('lets nobody through while it is open, and then a probe', () => {
    const opened = open();

    expect(afterCall(twice, opened, 999)).toBe(opened);
    expect(afterCall(twice, opened, 1_000)).toEqual({
      _tag: 'half-open',
      epoch: 8,
      openings: 1,
      probing: 1,
      succeeded: 0,
      patientUntilMs: 1_100,
    });
  });

  it('lets no more probes out at once than it may', () => {
    const two = { ...twice, probesMax: 2 };
    const first = afterCall(two, open(), 1_000);
    const second = afterCall(two, first, 1_001);

    expect(second).toMatchObject({ _tag: 'half-open', probing: 2 });
    expect(afterCall(two, second, 1_002)).toBe(second);
    expect(afterCall(two, told(two, second, 1_003, 'neither'), 1_004)).toMatchObject({ probing: 2 });
  });

  it('lets one more probe out when those that are have not come back for as long as it was open', () => {
    const first = afterCall(twice, open(), 1_000);

    expect(afterCall(twice, first, 1_099)).toBe(first);
    const second = afterCall(twice, first, 1_100);
    expect(second).toMatchObject({ probing: 2, patientUntilMs: 1_200 });
    expect(afterCall(twice, second, 1_101)).toBe(second);
  });

  it('closes when enough probes have succeeded', () => {
    const both = { ...twice, probesToClose: 2 };
    const first = told(both, afterCall(both, open(), 1_000), 1_010, 'success');

    expect(first).toMatchObject({ _tag: 'half-open', probing: 0, succeeded: 1 });
    expect(told(both, afterCall(both, first, 1_020), 1_030, 'success')).toEqual({
      _tag: 'closed',
      epoch: 9,
      failuresInARow: 0,
    });
  });

  it('opens again, for longer, when a probe fails', () => {
    let circuit = open();
    const until: number[] = [];

    for (let time = 1_000; until.length < 4; ) {
      circuit = told(twice, afterCall(twice, circuit, time), time, 'failure');
      until.push(circuit._tag === 'open' ? circuit.untilMs - time : Number.NaN);
      time += until.at(-1)!;
    }

    expect(until).toEqual([200, 350, 350, 350]);
    expect(openForMs(twice, 5_000)).toBe(350);
  });

  it('begins anew with its patience once it has closed', () => {
    const closed = told(twice, afterCall(twice, open(9), 1_000), 1_000, 'success');

    expect(told(twice, closed, 2_000, 'failure', 'failure')).toMatchObject({ untilMs: 2_100, openings: 1 });
  });

  it('hears nothing of calls that it let through in an earlier state', () => {
    const halfOpen = afterCall(twice, open(), 1_000);

    for (const end of ['success', 'failure', 'neither'] as const) {
      expect(afterEnd(twice, halfOpen, 7, end, nothing, 1_001)).toBe(halfOpen);
      expect(afterEnd(twice, open(), 7, end, nothing, 500)).toEqual(open());
    }
  });
});
