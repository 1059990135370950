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
    expect([first!.turns.length, second!.turns.length, environment.timerCount]).toEqual([1, 0, 0]);
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
});
