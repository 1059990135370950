import * as Effect from 'effect/Effect';
import { defineAgent, defineTopic, type Scope, type } from 'troupe';
import { describe, expect, it } from 'vitest';
import { invoke } from '../../src/primitives/invoke.ts';
import { aWorld } from '../support/a-world.ts';

const Square = defineTopic('square', { schema: type<number>(), reply: type<number>() });

describe('invoking', () => {
  it('calls a procedure as a function, in the very scope', async () => {
    const scopes: Scope[] = [];
    const answer = await within((scope) =>
      invoke(
        (n: number, given) => {
          scopes.push(given, scope);
          return n + 1;
        },
        1,
        scope,
      ),
    );

    expect(answer).toBe(2);
    expect(scopes[0]).toBe(scopes[1]);
  });

  it('asks whoever has an address', async () => {
    expect(await within((scope) => invoke(Square, 3, scope))).toBe(9);
  });

  it('interrupts an Effect with the scope it is done in', async () => {
    const log: string[] = [];
    const sleeps = Effect.never.pipe(Effect.onInterrupt(() => Effect.sync(() => log.push('interrupted'))));

    expect(await within((scope) => invoke(() => Effect.succeed('done'), undefined, scope))).toBe('done');
    await expect(within((scope) => invoke(() => sleeps, undefined, scope), 20)).rejects.toMatchObject({
      code: 'TIMEOUT',
      timeoutMs: 20,
    });
    expect(log).toEqual(['interrupted']);
  });
});

/** Does something in the scope of a procedure. */
async function within(act: (scope: Scope) => unknown, timeoutMs = 1_000): Promise<unknown> {
  const world = aWorld();
  const { system } = world;
  system.spawn(defineAgent({ name: 'squarer', subscribe: [Square], receive: (n) => n * n }));
  let outcome: Promise<unknown> | undefined;
  await world.run(() => {
    outcome = system.request((_: undefined, scope) => act(scope), undefined, { timeoutMs });
    outcome.catch(() => {});
  });
  return outcome;
}
