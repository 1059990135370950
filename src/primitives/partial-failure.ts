/**
 * Partial failure: what a policy makes of some failing while others answer. It is named.
 *
 *   fail-fast   the first failure ends it
 *   collect     failures are outcomes like others; it ends when it can be decided no more
 *   quorum      as `collect`, while so many as are said may still answer
 */
import type { Ballot } from './ballot.ts';
import { checkCount, checkFits, impossible, type Verdict } from './policy.ts';

/** What happens when some of those who were asked fail. */
export type OnFailure =
  | { readonly onFailure?: 'fail-fast' | 'collect' }
  | {
      readonly onFailure: 'quorum';
      /** How many have to answer at least. */
      readonly quorum: number;
    };

export interface FailureRule {
  readonly failsFast: boolean;
  checkSize(policy: string, size: number): void;
  /** Says that it is over, if it is. */
  broken(ballot: Ballot<unknown>): Verdict<never> | undefined;
}

/** Errors: `RangeError` for a rule that is not one of the three. */
export function failureRule(options: OnFailure, usual: 'fail-fast' | 'collect'): FailureRule {
  const name = options.onFailure ?? usual;
  switch (name) {
    case 'fail-fast':
      return {
        failsFast: true,
        checkSize: () => {},
        broken: (ballot) => (ballot.failed === 0 ? undefined : impossible('nobody may fail')),
      };
    case 'collect':
      return { failsFast: false, checkSize: () => {}, broken: () => undefined };
    case 'quorum': {
      const { quorum } = options as { quorum: number };
      checkCount('onFailure: quorum', quorum);
      return {
        failsFast: false,
        checkSize: (policy, size) => checkFits(`${policy}, of which ${quorum} have to answer,`, quorum, size),
        broken: (ballot) =>
          ballot.answered + ballot.open < quorum ? impossible(tooFew(quorum, ballot)) : undefined,
      };
    }
    default:
      throw new RangeError(`onFailure is fail-fast, collect or quorum; got ${String(name)}`);
  }
}

/** What is missing where so many answers cannot be had. */
export function tooFew(needed: number, { answered, open }: Ballot<unknown>): string {
  return `${needed} answers are needed, ${answered + open} can still be had`;
}
