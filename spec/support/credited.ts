/**
 * A source whose values carry credit, as those of an inbox do, and that is of a system:
 * a spec pushes them, and sees how many have been dealt with.
 */
import { Observable, Subject } from 'rxjs';
import { offerHost } from '../../src/actors/stream-host.ts';
import { CreditToken, pushWithToken } from '../../src/core/credit.ts';
import type { World } from '../../src/testing/world.ts';
import { aWorld } from './a-world.ts';
import { kernelOf } from './inside.ts';

export interface Credited<T> {
  readonly world: World;
  readonly values: Observable<T>;
  push(...values: T[]): void;
  complete(): void;
  /** How many have been dealt with. */
  settled(): number;
}

export function credited<T>(): Credited<T> {
  const world = aWorld();
  const source = new Subject<T>();
  let settled = 0;
  const creditor = {
    settled: () => {
      settled += 1;
    },
  };
  return {
    world,
    values: new Observable<T>((subscriber) => {
      offerHost(kernelOf(world.system));
      return source.subscribe(subscriber);
    }),
    push: (...values) => {
      for (const value of values) {
        const token = new CreditToken(creditor);
        pushWithToken(token, (pushed: T) => source.next(pushed), value);
        token.release();
      }
    },
    complete: () => source.complete(),
    settled: () => settled,
  };
}
