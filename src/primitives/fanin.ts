/**
 * `fanin`: of each group what its policy decides.
 *
 *     group   --●-----●---○-->      fanin(firstK(2))
 *     ----------------g------->     the third is interrupted
 */
import type { OperatorFunction } from 'rxjs';
import { hostOfWork, type MapAsyncOptions, mapAsync } from '../actors/map-async.ts';
import type { Gathered } from './gathered.ts';
import { Gathering } from './gathering.ts';
import type { Group } from './group.ts';
import type { Policy } from './policy.ts';

export interface FaninOptions extends MapAsyncOptions {
  /** How many groups are open at once, a whole number from 1 up; 1 when not given. The others wait, with their credit. */
  readonly concurrency?: number;
}

/**
 * Gathers each group: its value comes out as soon as the policy is decided, and whoever has
 * not answered is interrupted.
 *
 * Guarantees: as for `gather`. What comes out keeps the order of the questions unless
 * `ordered` is `false`. The window of the source has to be at least `concurrency`.
 *
 * Cancellation: whoever leaves the stream interrupts all who are being asked; so does the end
 * of the message whose value the question was.
 *
 * Errors: the stream fails with `NotGathered` when a policy can be decided no more, with what
 * it throws, and with `RangeError` for a group it could never be decided by. Where a failure
 * is to be a value, `mapRequest` a `fallback` of a `gather`, or `either` two policies.
 */
export function fanin<Q, A, V>(
  policy: Policy<A, V>,
  options: FaninOptions = {},
): OperatorFunction<Group<Q, A>, Gathered<Q, A, V>> {
  const { concurrency = 1, ...order } = options;
  return mapAsync<Group<Q, A>, Gathered<Q, A, V>>(
    concurrency,
    (group, work) =>
      new Promise((resolve, reject) => {
        const gathering = new Gathering(group, policy, { gathered: resolve, failed: reject });
        work.signal.addEventListener('abort', () => gathering.leave());
        gathering.begin(() => hostOfWork(work).host('fanin with a time limit').environment);
      }),
    order,
  );
}
