/**
 * Every tool call answered: each call of a capability has exactly one result, or
 * one failure, when nothing is left to do.
 *
 * A call is a promise, which has at most one outcome by nature; here it is seen
 * that it has one.
 */
import type { System } from '../../actors/system.ts';
import type { Law, LawCheck } from '../law.ts';
import type { Unfinished } from './nothing-is-lost.ts';
import { type Sight, witness } from './witnesses.ts';

/** @returns The law that no call of a capability stays without an answer. */
export function toolCallsAnswered({ unfinished = 'forbid' }: Unfinished = {}): Law {
  return {
    name: 'every tool call answered',
    of: 'system',
    begin: (_world, system) => new Calls(system, unfinished === 'forbid'),
  };
}

class Calls implements LawCheck, Sight {
  readonly #mustFinish: boolean;
  #open: Map<Promise<unknown>, string> | undefined;

  constructor(system: System, mustFinish: boolean) {
    this.#mustFinish = mustFinish;
    witness(system, this);
  }

  called(call: Promise<unknown>, capability: string, caller: string | undefined): void {
    this.#open ??= new Map();
    this.#open.set(call, `${caller ?? 'somebody outside'} called ${capability}`);
    const answered = (): void => void this.#open?.delete(call);
    call.then(answered, answered);
  }

  atQuiet(): void {
    if (this.#mustFinish) {
      this.afterStop();
    }
  }

  afterStop(): void {
    for (const call of this.#open?.values() ?? []) {
      throw new Error(`${call} and got neither a result nor a failure`);
    }
  }
}
