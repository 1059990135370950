/**
 * A world in which something is called through a wrapper: what is asked for waits at a
 * gate until the spec opens it, and what becomes of each caller is noted, a line each.
 */
import type { RequestOptions, Responder, Scope } from '../../src/actors/context.ts';
import { Failure } from '../../src/core/failure.ts';
import { aWorld, takeTurns } from './a-world.ts';

export class Refusal extends Failure {
  readonly _tag = 'Refusal';
  readonly code = 'REFUSAL';
  readonly class = 'permanent';
}

export function aShop() {
  const world = aWorld();
  const { system } = world;
  const gates = new Map<unknown, PromiseWithResolvers<unknown>>();
  /** What was begun, in order, and what was interrupted. */
  const log: unknown[] = [];
  const told: string[] = [];
  const scopes: Scope[] = [];

  return {
    world,
    system,
    log,
    told,
    scopes,
    /** Takes as long as the spec wants. */
    sell: (wanted: unknown, scope: Scope): Promise<unknown> => {
      log.push(wanted);
      scopes.push(scope);
      scope.signal.addEventListener('abort', () => log.push(`${JSON.stringify(wanted)} is interrupted`));
      const gate = Promise.withResolvers<unknown>();
      gates.set(typeof wanted === 'object' ? JSON.stringify(wanted) : wanted, gate);
      return gate.promise;
    },
    /** Asks, and notes what came of it. */
    ask: <M>(name: string, responder: Responder<M, unknown>, payload: M, options?: RequestOptions) => {
      system.request(responder, payload as never, options).then(
        (value) => told.push(`${name}: ${String(value)}`),
        (failure: { code?: string; message?: string }) =>
          told.push(`${name}: ${failure.code ?? failure.message}`),
      );
    },
    open: async (wanted: unknown, value: unknown = 'sold') => {
      gates.get(typeof wanted === 'object' ? JSON.stringify(wanted) : wanted)!.resolve(value);
      await takeTurns(world);
    },
    refuse: async (wanted: unknown, failure: unknown = new Refusal()) => {
      gates.get(wanted)!.reject(failure);
      await takeTurns(world);
    },
    turns: () => takeTurns(world),
    advance: (ms: number) => world.advance(ms),
  };
}
