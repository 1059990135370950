import { describe, expect, it } from 'vitest';
import { makeRoom } from '../../src/actors/hosted-limit.ts';

describe('the room in a machine', () => {
  it('is for 16 384 children, and as many timers', () => {
    expect(() => makeRoom('children', 16_383, '/m')).not.toThrow();
    expect(() => makeRoom('timers', 16_384, '/m')).toThrow(
      new RangeError("'/m' has 16384 timers in its machine already; stop some first"),
    );
  });
});
