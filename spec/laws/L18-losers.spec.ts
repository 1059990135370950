/**
 * L18, of losers: after an interrupt no token, tool call or message of that work is observed.
 *
 * Many are asked and few win. Each writes its story part by part: it spends a token,
 * calls a tool and publishes the part. From the turn on in which a loser acts on the interrupt
 * nothing of that is seen any more, and that is its very next turn.
 */
import {
  type AgentRef,
  capability,
  defineAgent,
  defineTopic,
  firstK,
  type Gathered,
  gather,
  type Lease,
  type Procedure,
  type,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import { explore, lawPack, type World } from '../../src/testing/index.ts';
import { aWorld } from '../support/a-world.ts';
import { cellOf } from '../support/inside.ts';
import { lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

const Theme = defineTopic('theme', { schema: type<number>(), reply: type<string>() });
const Part = defineTopic('part', { schema: type<string>() });
const lookUp = capability('look.up', { input: type<string>(), output: type<string>(), run: (word) => word });

/** Writers, who publish a part every millisecond, and what is seen of them. */
function writers(world: World, count: number, partsOf: (writer: number) => number) {
  const { system } = world;
  const seen: string[] = [];
  const reader = system.spawn(
    defineAgent({
      name: 'reader',
      subscribe: [Part],
      capabilities: [lookUp],
      receive: (part) => void seen.push(part),
    }),
  );
  const refs = Array.from({ length: count }, (_, writer) =>
    system.spawn(
      defineAgent({
        name: `writer-${writer}`,
        subscribe: [Theme],
        receive: async (_theme, context) => {
          for (let left = partsOf(writer); left > 0; left -= 1) {
            await new Promise<void>((resolve) => void world.environment.schedule(1, resolve));
            context.budget.spend('tokens', 1);
            await context.tool(lookUp, 'word');
            await context.publish(Part, `part of ${context.self.path}`);
          }
          return context.self.path;
        },
      }),
    ),
  );
  return { refs, reader, seen };
}

const isAtWork = (ref: AgentRef<never, unknown>): boolean => (cellOf(ref).openHandlings?.size ?? 0) > 0;

describe('losers of a gathering', () => {
  it('law: of 1 000 who are asked the first 10 win, and the other 990 are quiet within one turn of each', {
    timeout: lawTimeoutMs,
  }, async () => {
    const world = aWorld({ stepsMax: 1_000_000 });
    const { environment, system } = world;
    const { refs, reader, seen } = writers(world, 1_000, (writer) => (writer % 100 === 7 ? 2 : 1_000));
    let lease: Lease | undefined;
    let answer: Gathered<number, string, readonly string[]> | undefined;
    let decided = { losers: [] as readonly AgentRef<never, unknown>[], steps: 0, turns: 0 };
    let quiet: { readonly steps: number; readonly published: number } | undefined;
    const story: Procedure<number, void> = async (theme, scope) => {
      lease = scope.budget;
      answer = await scope.request(gather(refs, firstK(10)), theme);
      // Each loser has a signal now, which it acts on in its next turn.
      decided = { losers: refs.filter(isAtWork), steps: environment.steps, turns: environment.readyCount };
    };

    system.request(story, 1, { budget: { tokens: 1_000_000 } }).catch(() => {});
    await world.advance(50, () => {
      if (answer !== undefined && quiet === undefined && !decided.losers.some(isAtWork)) {
        quiet = { steps: environment.steps, published: seen.length + cellOf(reader).mailbox.size };
      }
    });

    expect(answer!.value).toHaveLength(10);
    expect(decided.losers).toHaveLength(990);
    expect(quiet!.steps - decided.steps).toBeLessThanOrEqual(decided.turns);
    expect(seen.length).toBeLessThanOrEqual(quiet!.published);
    // What old code still reports is on the bill of the loser, and of whoever asked.
    const spent = answer!.outcomes.reduce((sum, outcome) => sum + (outcome.spent.tokens ?? 0), 0);
    expect(lease!.spent('tokens')).toBe(spent);
  });

  it('law: nothing is seen of a loser, whatever happens meanwhile', { timeout: lawTimeoutMs }, async () => {
    const explored = await explore(
      (system, world) => {
        const { refs } = writers(world, 4, () => world.choose(4, 'parts'));
        const k = 1 + world.choose(3, 'how many');
        system.request(gather(refs, firstK(k)), 1, { timeoutMs: 20 }).catch(() => {});
      },
      {
        ...lawExploration,
        faults: ['crash', 'slow', 'drop', 'duplicate', 'delay'],
        laws: lawPack(),
      },
      () => true,
    );

    expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
  });
});
