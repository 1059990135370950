/**
 * Dice: numbers that look like chance and are the same on every machine.
 *
 * Each run of an exploration has dice of its own, thrown from the seed and the
 * number of the run: so a run can be made again without those before it, and
 * only what is asked for is made.
 *
 * Source: Steele, Lea & Flood, "Fast Splittable Pseudorandom Number Generators",
 * OOPSLA 2014 (SplitMix), with the 32-bit mixing function of Appleby's MurmurHash3.
 */
export class Dice {
  #state: number;
  /** Odd, so that all 2 ** 32 states are visited; another one for each run, so that runs are not pieces of each other. */
  readonly #gamma: number;

  /**
   * @param seed A whole number; the lower 32 bits count.
   * @param run The same.
   */
  constructor(seed: number, run: number) {
    const mixed = mix((mix(seed | 0) + Math.imul(run | 0, golden)) | 0);
    this.#state = mixed;
    this.#gamma = mix((mixed + golden) | 0) | 1;
  }

  /** 32 bits, as a whole number from 0 on. */
  bits(): number {
    this.#state = (this.#state + this.#gamma) | 0;
    return mix(this.#state) >>> 0;
  }

  /** A whole number from 0 up to, not including, `count`: at most 2 ** 21. */
  below(count: number): number {
    return Math.floor((this.bits() / 0x1_0000_0000) * count);
  }
}

/** 2 ** 32 divided by the golden ratio. */
const golden = 0x9e3779b9;

/** Spreads every bit over all others. One to one. */
function mix(bits: number): number {
  let mixed = bits;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
