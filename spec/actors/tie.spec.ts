import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { senderOf } from '../../src/actors/sender-of.ts';
import { cutTies, Tie, type TiedTo } from '../../src/actors/tie.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld } from '../support/a-world.ts';

class Noting extends Tie {
  readonly #log: string[];
  readonly #name: string;
  readonly #then: () => void;

  constructor(log: string[], name: string, then: () => void = () => {}) {
    super();
    this.#log = log;
    this.#name = name;
    this.#then = then;
  }

  cut(failure: unknown): void {
    this.#log.push(`${this.#name}: ${failure}`);
    this.#then();
  }
}

function threeTied() {
  const work: TiedTo = { firstTie: undefined };
  const log: string[] = [];
  const ties = ['a', 'b', 'c'].map((name) => new Noting(log, name));
  for (const tie of ties) {
    tie.tieTo(work);
  }
  return { work, log, ties };
}

describe('ties', () => {
  it('are cut once, in the order in which they were tied', () => {
    const { work, log } = threeTied();

    cutTies(work, 'over');
    cutTies(work, 'again');

    expect(log).toEqual(['a: over', 'b: over', 'c: over']);
    expect(work.firstTie).toBe(undefined);
  });

  it.each([
    { untied: [0], left: ['b: over', 'c: over'] },
    { untied: [1], left: ['a: over', 'c: over'] },
    { untied: [2], left: ['a: over', 'b: over'] },
    { untied: [0, 1, 2], left: [] },
    { untied: [2, 2, 0], left: ['b: over'] },
  ])('are not cut when they were untied: $untied', ({ untied, left }) => {
    const { work, log, ties } = threeTied();

    for (const index of untied) {
      ties[index]!.untie();
    }
    cutTies(work, 'over');

    expect(log).toEqual(left);
    expect(work.firstTie).toBe(undefined);
  });

  it('can be tied again', () => {
    const { work, log, ties } = threeTied();

    ties[0]!.untie();
    ties[0]!.tieTo(work);
    cutTies(work, 'over');

    expect(log).toEqual(['b: over', 'c: over', 'a: over']);
  });

  it('may be untied while others are cut', () => {
    const work: TiedTo = { firstTie: undefined };
    const log: string[] = [];
    const second = new Noting(log, 'second');
    new Noting(log, 'first', () => second.untie()).tieTo(work);
    second.tieTo(work);

    cutTies(work, 'over');

    expect(log).toEqual(['first: over']);
  });

  it('cannot be tied to work that is over, and never are to what has no end', async () => {
    const Task = defineTopic('task', { schema: type<string>(), reply: type<boolean>() });
    const world = aWorld();
    const log: string[] = [];
    const tied: boolean[] = [];
    const agent = world.system.spawn(
      defineAgent({
        name: 'agent',
        subscribe: [Task],
        receive: (_, context) => {
          tied.push(senderOf(context).tie(new Noting(log, 'handling')));
          world.environment.defer(() => tied.push(senderOf(context).tie(new Noting(log, 'too late'))));
          return true;
        },
      }),
    );
    const outcome = world.system.request((_: string, scope) => {
      tied.push(senderOf(scope).tie(new Noting(log, 'branch')));
      world.environment.schedule(5, () => tied.push(senderOf(scope).tie(new Noting(log, 'too late'))));
      return scope.request(agent, 'go');
    }, 'go');

    await world.run(() => outcome);
    await world.runUntilQuiet();
    const { system } = world;
    tied.push(senderOf(system).tie(new Noting(log, 'system')));
    await world.run(() => system.stop());
    tied.push(senderOf(system).tie(new Noting(log, 'ended system')));

    expect(log).toEqual(['handling: undefined', 'branch: undefined']);
    expect(tied).toEqual([true, true, false, false, true, false]);
  });
});
