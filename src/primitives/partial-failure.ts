/**
 * Partial failure: what a policy makes of some failing while others answer. It is named.
 *
 *   fail-fast   the first failure ends it
 *   collect     failures are outcomes like others; it ends when it can be decided no more
 *   quorum      as `collect`, while so many as are said may still answer
 */
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
  /** Says that it is over, if it is, when so many of those who were asked have failed. */
  brokenBy(failed: number, size: number): Verdict<never> | undefined;
}

/** Errors: `RangeError` for a rule that is not one of the three. */
export function failureRule(options: OnFailure, usual: 'fail-fast' | 'collect'): FailureRule {
  const name = options.onFailure ?? usual;
  switch (name) {
    case 'fail-fast':
      return {
        failsFast: true,
        checkSize: () => {},
        brokenBy: (failed) => (failed === 0 ? undefined : impossible('nobody may fail')),
      };
    case 'collect':
      return { failsFast: false, checkSize: () => {}, brokenBy: () => undefined };
    case 'quorum': {
      const { quorum } = options as { quorum: number };
      checkCount('onFailure: quorum', quorum);
      return {
        failsFast: false,
        checkSize: (policy, size) => checkFits(`${policy}, of which ${quorum} have to answer,`, quorum, size),
        brokenBy: (failed, size) =>
          size - failed < quorum ? impossible(tooFew(quorum, size - failed)) : undefined,
      };
    }
    default:
      throw new RangeError(`onFailure is fail-fast, collect or quorum; got ${String(name)}`);
  }
}

/** What is missing where so many answers cannot be had. */
export function tooFew(needed: number, possible: number): string {
  return `${needed} answers are needed, ${possible} can be had`;
}
