/**
 * Every tool call answered: each call of a capability has exactly one result, or
 * one failure, when nothing is left to do.
 *
 * A call is a promise, which has at most one outcome by nature; here it is seen
 * that it has one.
 */
import type { Law } from '../law.ts';
import type { Unfinished } from './nothing-is-lost.ts';
import { witness } from './witnesses.ts';

/** @returns The law that no call of a capability stays without an answer. */
export function toolCallsAnswered({ unfinished = 'forbid' }: Unfinished = {}): Law {
  return {
    name: 'every tool call answered',
    begin: (world) => {
      const open = new Map<Promise<unknown>, string>();
      witness(world, {
        called: (call, capability, caller) => {
          open.set(call, `${caller ?? 'somebody outside'} called ${capability}`);
          const answered = (): void => void open.delete(call);
          call.then(answered, answered);
        },
      });
      const check = (): void => {
        for (const call of open.values()) {
          throw new Error(`${call} and got neither a result nor a failure`);
        }
      };
      return { ...(unfinished === 'forbid' ? { atQuiet: check } : {}), afterStop: check };
    },
  };
}
