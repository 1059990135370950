/**
 * A soak: something the runtime promises, kept under a load of real messages.
 *
 * Each file `bench/soak/*.soak.ts` exports one `soak`. `npm run soak` runs them at
 * full size; `spec/soak/` runs a slice of each, so that it stays true from commit to
 * commit.
 */
import type { System } from 'troupe';

export interface SoakOptions {
  /** 1 is full size; a slice is less. */
  readonly scale: number;
  /** Called when nothing should be left of the work, before the system stops: throws when something is. */
  readonly atRest?: (system: System) => void;
}

/** What was seen, by name. */
export type Figures = Readonly<Record<string, number>>;

export interface Soak {
  /** What holds, in a sentence. */
  readonly claim: string;
  /** Puts the load on. Errors: an `AssertionError` when the claim does not hold. */
  run(options: SoakOptions): Promise<Figures>;
}
