import { describe, expect, it } from 'vitest';
import { TokenLine } from '../../src/primitives/token-line.ts';
import { aWorld } from '../support/a-world.ts';

/** Somebody who begins when the spec says it is their turn. */
function aWaiter(log: string[], name: string) {
  const turns: (() => void)[] = [];
  return {
    turns,
    inTurn: (act: () => void) => void turns.push(act),
    granted: () => void log.push(name),
  };
}

describe('a line at a token bucket', () => {
  it('waits for the turn of the first, and goes on when it leaves instead', async () => {
    const { environment, advance } = ((world) => ({
      environment: world.environment,
      advance: (ms: number) => world.advance(ms),
    }))(aWorld());
    const log: string[] = [];
    const line = new TokenLine(environment, { count: 1, perMs: 10, burst: 1 });
    const [first, second, third] = ['first', 'second', 'third'].map((name) => aWaiter(log, name));
    expect(line.tryTake(0)).toBe(true);
    line.join(first!);
    line.join(second!);
    await advance(10);
    expect([first!.turns.length, second!.turns.length, environment.timerCount]).toEqual([1, 0, 1]);
    line.join(third!);
    line.leave(first!);
    await advance(1);
    first!.turns[0]!();
    expect(log).toEqual([]);
    second!.turns[0]!();
    expect(log).toEqual(['second']);
    await advance(10);
    line.leave(third!);
    third!.turns[0]!();

    expect(log).toEqual(['second']);
    expect([line.length, environment.timerCount]).toEqual([0, 0]);
  });

  it('passes over who cannot begin, until they can', async () => {
    const world = aWorld();
    const { environment } = world;
    const log: string[] = [];
    const line = new TokenLine(environment, { count: 1, perMs: 10, burst: 1 });
    const [stuck, also, ready] = ['stuck', 'also stuck', 'ready'].map((name) => aWaiter(log, name));
    line.tryTake(0);
    line.join(stuck!);
    await world.advance(10);
    expect([stuck!.turns.length, environment.timerCount]).toEqual([1, 0]);
    line.join(also!);
    line.join(ready!);
    await world.advance(10);
    expect(also!.turns).toHaveLength(1);
    await world.advance(10);
    ready!.turns[0]!();
    expect([log, line.length, environment.timerCount]).toEqual([['ready'], 2, 0]);
    expect(line.waitMs(environment.nowMs())).toBe(10);
    expect(line.tryTake(environment.nowMs())).toBe(false);
    await world.advance(10);
    expect(line.tryTake(environment.nowMs())).toBe(true);

    stuck!.turns[0]!();
    expect(log).toEqual(['ready']);
    await world.advance(10);
    expect(stuck!.turns).toHaveLength(2);
    also!.turns[0]!();
    stuck!.turns[1]!();
    expect(log).toEqual(['ready', 'also stuck']);
    await world.advance(10);
    stuck!.turns[2]!();
    line.join(also!);
    line.leave(also!);
    expect(log).toEqual(['ready', 'also stuck', 'stuck']);
    expect([line.length, environment.timerCount]).toEqual([0, 0]);
  });
});
