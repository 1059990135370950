/**
 * Exhaustive: every schedule there is, one after the other.
 *
 * The questions of a run make a tree, and each run is a way from its root to a leaf.
 * They are taken depth first: the last question that has another answer left gets it,
 * and what comes after it is quiet again. Between two runs only one way is kept,
 * however large the tree.
 *
 * Trees are large: n things that have nothing to do with each other happen in n!
 * orders. Where a run comes to a state in which another has been, what follows was
 * looked at then, and the run ends there; `state-hash` says what the same state is and what that
 * asks of the agents. What the laws remember is part of it; where a law does not say what it remembers
 * (`state` of its check), runs are not ended early. With `deviationsMax` only schedules with so few answers that are not
 * quiet are looked at.
 *
 * Guarantees: what is `complete` has looked at every schedule, as far as `deviationsMax` and the
 * sameness of states go. A limit that was reached makes it incomplete: `runs`,
 * `timeLimitMs`, `tapeMax`, and `statesMax`, from which on no more states are remembered.
 *
 * Source: Godefroid, "Model Checking for Programming Languages using VeriSoft", POPL 1997,
 * for the search that runs the program again instead of keeping its states; Emmi, Qadeer &
 * Rakamarić, "Delay-Bounded Scheduling", POPL 2011, for the bound.
 */
import { turnQuestion } from '../core/simulated-environment.ts';
import { StateHash, Tokens } from './state-hash.ts';
import type { Strategy } from './strategy.ts';

export interface ExhaustiveOptions {
  /** Whether runs end where another run has been; `true` when not given, and never with `deviationsMax`. */
  readonly hashing?: boolean;
  /** Most states that are remembered; 1 000 000 when not given, which is about 200 MB. */
  readonly statesMax?: number;
  /** Most answers in a run that are not quiet; no limit when not given. */
  readonly deviationsMax?: number;
}

/** A question of the run, and its answer. */
interface Answered {
  readonly count: number;
  answer: number;
}

export function exhaustive(options: ExhaustiveOptions = {}): Strategy {
  const { hashing = true, statesMax = 1_000_000, deviationsMax = Number.POSITIVE_INFINITY } = options;
  for (const [name, value] of Object.entries({ statesMax, deviationsMax })) {
    if (!(value >= 0)) {
      throw new RangeError(`${name} is a number, at least 0; got ${value}`);
    }
  }
  // With few deviations the way to a state matters: it says how many are left.
  const hashes = hashing && deviationsMax === Number.POSITIVE_INFINITY;
  return {
    name: `exhaustive, ${nameOf(hashes, deviationsMax)}`,
    begin: () => {
      const way: Answered[] = [];
      const tokens = new Tokens();
      const seen = new Set<number>();
      let hash: StateHash | undefined;
      let asked = 0;
      /** Questions from here on are new; before, the run repeats the one before it. */
      let known = 0;
      let done = false;
      let full = false;
      return {
        begin: () => {
          if (done) {
            return undefined;
          }
          asked = 0;
          known = way.length;
          return (count, what) => {
            if (asked === way.length) {
              way.push({ count, answer: 0 });
            }
            const { answer } = way[asked]!;
            asked += 1;
            if (what === turnQuestion) {
              hash?.turns(answer);
            } else {
              hash?.answered(what, answer);
            }
            return answer;
          };
        },
        ended: () => {
          done = !turn(way, deviationsMax);
        },
        watch: (world, judged) => {
          if (!hashes || full || judged() === undefined) {
            hash = undefined;
            return undefined;
          }
          const states = new StateHash(world, tokens, judged as () => string);
          hash = states;
          return () => {
            const state = states.afterStep();
            if (asked < known) {
              return false;
            }
            if (seen.has(state)) {
              return true;
            }
            full ||= seen.size >= statesMax;
            if (!full) {
              seen.add(state);
            }
            return false;
          };
        },
        get complete() {
          return done && !full;
        },
      };
    },
  };
}

function nameOf(hashes: boolean, deviationsMax: number): string {
  if (deviationsMax < Number.POSITIVE_INFINITY) {
    return `${deviationsMax} deviations`;
  }
  return hashes ? 'by states' : 'by schedules';
}

/** Goes on to the next way of the tree; says whether there is one. */
function turn(way: Answered[], deviationsMax: number): boolean {
  let deviations = way.reduce((sum, { answer }) => sum + Number(answer !== 0), 0);
  for (let last = way.pop(); last !== undefined; last = way.pop()) {
    deviations -= Number(last.answer !== 0);
    if (last.answer + 1 < last.count && deviations < deviationsMax) {
      way.push({ count: last.count, answer: last.answer + 1 });
      return true;
    }
  }
  return false;
}
