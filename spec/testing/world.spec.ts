import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { keyedAgent } from '../../src/actors/keyed-agent.ts';
import { memoryWriter } from '../../src/core/memory-writer.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { explore } from '../../src/testing/explore.ts';
import { SimulatedCrash } from '../../src/testing/simulated-crash.ts';
import type { World, WorldOptions } from '../../src/testing/world.ts';
import { aWorld } from '../support/a-world.ts';
import { boom } from '../support/boom.ts';

const Said = defineTopic('said', { schema: type<string>() });
const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });

const greeter = defineAgent({ name: 'greeter', subscribe: [Question], receive: (name) => `Hello, ${name}!` });

describe('a world', () => {
  it('does nothing by itself', async () => {
    const { world, heard } = aListeningWorld();

    void world.system.publish(Said, 'a');
    await world.settle();

    expect(heard).toEqual([]);
    expect(world.steps).toBe(0);
  });

  it('takes one step at a time, and says whether there was one', async () => {
    const world = aWorld();
    world.system.spawn(greeter);

    expect([await world.step(), await world.step()]).toEqual([true, false]);
    expect(world.steps).toBe(1);
  });

  it('runs until nothing is left to do, whatever time that takes', async () => {
    const { world, heard } = aListeningWorld();
    world.environment.schedule(86_400_000, () => void world.system.publish(Said, 'a day later'));

    await world.runUntilQuiet();

    expect(heard).toEqual(['a day later']);
    expect(world.nowMs).toBe(86_400_000);
  });

  it('fails a run that does not come to an end', async () => {
    const world = aWorld({ stepsMax: 20 });
    const echo = defineAgent({
      name: 'echo',
      subscribe: [Said],
      receive: (said, context) => void context.publish(Said, said),
    });
    world.system.spawn(echo);
    void world.system.publish(Said, 'a');

    await expect(world.runUntilQuiet()).rejects.toThrow(
      'not quiet after 20 steps: a timer that rings for ever, or agents that tell each other without end',
    );
  });

  it('runs code outside of agents until it has ended', async () => {
    const world = aWorld();
    const replies: string[] = [];
    world.system.spawn(greeter);

    await world.run(async () => {
      replies.push(await world.system.request(Question, 'Ada'));
      replies.push(await world.system.request(Question, 'Grace'));
    });

    expect(replies).toEqual(['Hello, Ada!', 'Hello, Grace!']);
  });

  it('runs code that ends at once', async () => {
    await expect(aWorld().run(() => {})).resolves.toBeUndefined();
  });

  it('looks after each step', async () => {
    const world = aWorld();
    const looks: number[] = [];
    world.system.spawn(greeter);

    await world.run(
      () => world.system.request(Question, 'Ada'),
      () => looks.push(world.steps),
    );

    expect(looks).toEqual(Array.from({ length: world.steps }, (_, n) => n + 1));
  });

  it('fails with what the code outside throws', async () => {
    await expect(aWorld().run(boom)).rejects.toThrow('boom');
    await expect(aWorld().run(async () => boom())).rejects.toThrow('boom');
  });

  it('is patient with code that takes some rounds by itself', async () => {
    const world = aWorld();
    const { heard } = aListener(world);

    await world.run(async () => {
      await world.settle();
      await world.settle();
      await world.settle();
      void world.system.publish(Said, 'after some rounds');
    });

    expect(heard).toEqual(['after some rounds']);
  });

  it('says so when the code outside waits for something that is not in it', async () => {
    await expect(aWorld().run(() => new Promise(() => {}))).rejects.toThrow(
      'the setup waits for something that is not in this world, or for a promise that nobody resolves',
    );
  });

  it('counts what was published', async () => {
    const world = aWorld();

    const before = world.count(Said);
    void world.system.publish(Said, 'a');
    void world.system.publish(Said, 'b');

    expect([before, world.count(Said)]).toEqual([0, 2]);
  });

  it('leaves no timer when it is closed', () => {
    const world = aWorld();
    world.environment.schedule(10, () => {});

    world.close();

    expect(world.environment.timerCount).toBe(0);
  });
});

describe('the trace of a world', () => {
  it('says what happened, without any number that another run could give otherwise', async () => {
    const world = aWorld({ traced: true });
    world.system.spawn(greeter);

    await world.run(() => world.system.request(Question, 'Ada'));

    expect(world.trace).toEqual([
      '0 ms  outside → all: question',
      '0 ms  /greeter started',
      '0 ms  /greeter handled question',
    ]);
  });

  it('is empty when it was not asked for', async () => {
    const world = aWorld();

    await world.run(() => world.system.stop());

    expect(world.trace).toEqual([]);
  });

  it('keeps other listeners as they are', async () => {
    const memory = memoryWriter({ capacity: 10 });
    const world = aWorld({ traced: true, system: { events: [memory] } });

    await world.run(() => world.system.stop());

    expect(memory.events.map(({ _tag }) => _tag)).toEqual(['SystemStopped']);
    expect(world.trace).toEqual(['0 ms  the system stopped']);
  });

  it('is the same for the same choices', async () => {
    const run = async () => {
      const world = aWorld({ choose: (count) => count - 1, traced: true });
      const { heard } = aListener(world);
      world.system.spawn(greeter);
      await world.run(async () => {
        void world.system.publish(Said, 'a');
        await world.system.request(Question, 'Ada');
      });
      return [...heard, ...world.trace];
    };

    expect(await run()).toEqual(await run());
  });
});

describe('a crash', () => {
  it('makes an agent fail between two steps', async () => {
    const world = aWorld({ traced: true });
    const ref = world.system.spawn(greeter);
    await world.runUntilQuiet();

    world.crash(ref.path);
    await world.runUntilQuiet();

    expect(world.trace).toEqual([
      '0 ms  /greeter started',
      "0 ms  /greeter failed: SimulatedCrash: the simulation crashed '/greeter'; /: restart",
      expect.stringMatching(/ms {2}\/greeter restarted$/),
    ]);
  });

  it('happens to nobody who is not there, or ends already', async () => {
    const world = aWorld({ traced: true });
    const ref = world.system.spawn(
      defineAgent({ name: 'slow', on: [], onStop: () => new Promise(() => {}) }),
    );
    await world.runUntilQuiet();
    void world.system.stop(ref);
    await world.step();

    world.crash('/nobody');
    world.crash(ref.path);
    await world.runUntilQuiet();

    expect(world.trace.filter((line) => line.includes('failed'))).toEqual([]);
  });

  it('may come before any step, but not more often than was said', async () => {
    const { world, crashes } = aShakyWorld({ faultsMax: 2 });
    world.system.spawn(greeter);

    await world.runUntilQuiet();

    expect(crashes()).toBe(2);
  });

  it('does not come to a world without agents', async () => {
    const { world, crashes } = aShakyWorld();

    await world.runUntilQuiet();

    expect(crashes()).toBe(0);
  });

  it('does not come when it is not among the faults', async () => {
    const { world, crashes } = aShakyWorld({ faults: [] });
    world.system.spawn(greeter);

    await world.runUntilQuiet();

    expect(crashes()).toBe(0);
  });

  it('is a failure that says who', () => {
    expect(new SimulatedCrash({ agent: '/a' })).toMatchObject({
      code: 'DEFECT',
      class: 'defect',
      agent: '/a',
    });
  });
});

describe('the choices of a world', () => {
  it('are asked for by name', async () => {
    const asked: string[] = [];
    const world = aWorld({
      choose: (count, what) => {
        asked.push(`${what} of ${count}`);
        return 0;
      },
    });
    world.system.spawn(greeter);
    world.system.spawn(greeter);

    world.choose(3);
    world.choose(2, 'heads or tails');
    await world.runUntilQuiet();

    expect(asked).toEqual(['a choice of the test of 3', 'heads or tails of 2', 'whose turn of 2']);
  });

  it('may let time pass although there is work, when it is slow', async () => {
    const world = aWorld({
      faults: ['slow'],
      choose: (count, what) => (what === 'whose turn' ? count - 1 : 0),
    });
    const { heard } = aListener(world);
    world.environment.schedule(50, () => {});
    void world.system.publish(Said, 'a');

    await world.step();

    expect(world.nowMs).toBe(50);
    expect(heard).toEqual([]);
  });

  it('begin with the seed that is given', () => {
    const numberOf = (seed: number) => aWorld({ seed }).environment.random();

    expect(numberOf(3)).toBe(numberOf(3));
    expect(numberOf(3)).not.toBe(numberOf(4));
  });
});

function aListener(world: World) {
  const heard: string[] = [];
  world.system.spawn(
    defineAgent({ name: 'listener', subscribe: [Said], receive: (said) => void heard.push(said) }),
  );
  return { heard };
}

function aListeningWorld() {
  const world = aWorld();
  return { world, ...aListener(world) };
}

/** A world that always chooses to crash somebody. */
function aShakyWorld(options: Partial<WorldOptions> = {}) {
  const world = aWorld({
    faults: ['crash'],
    traced: true,
    choose: (count, what) => (what === 'fault: crash' ? count - 1 : 0),
    ...options,
  });
  return { world, crashes: () => world.trace.filter((line) => line.includes('SimulatedCrash')).length };
}

describe('time in a world', () => {
  it('advances by so much, and stands there, whatever is still to come', async () => {
    const world = aWorld();
    const rung: number[] = [];
    for (const atMs of [10, 20, 30]) world.environment.schedule(atMs, () => rung.push(atMs));
    const looks: number[] = [];

    await world.advance(25, () => looks.push(world.nowMs));

    expect(rung).toEqual([10, 20]);
    expect(looks).toEqual([10, 20]);
    expect(world.nowMs).toBe(25);
    await world.advance(0);
    expect(world.nowMs).toBe(25);
  });

  it('advances by a length of time', async () => {
    await expect(aWorld().advance(-1)).rejects.toThrow(
      'a world advances by a number of milliseconds, at least 0; got -1',
    );
    await expect(aWorld().advance(Number.POSITIVE_INFINITY)).rejects.toThrow(RangeError);
  });
});

describe('crashes among keys', () => {
  it('pick the group, or the agent of one of its keys that is at work', async () => {
    const crashed = new Set<string>();
    const each = defineAgent({
      name: 'town',
      subscribe: [Said],
      receive: (_, context) => new Promise<void>((resolve) => void context.schedule(5, () => resolve())),
    });
    await explore(
      (system) => {
        system.spawn(
          keyedAgent({ agent: each, keyed: (said) => said, passivate: 'forget', activeMax: 2, idleMs: 1 }),
        );
        for (const said of ['a', 'b', 'c', 'a']) void system.publish(Said, said);
      },
      {
        runs: 300,
        seed: 1,
        faults: ['crash'],
        onFault: (fault) => void (fault._tag === 'Crashed' && crashed.add(fault.name)),
      },
      () => {},
    );

    expect([...crashed].toSorted()).toEqual(['/town', '/town/a', '/town/b', '/town/c']);
  });

  it('leave alone who waits for a place', async () => {
    const world = aWorld();
    const each = defineAgent({ name: 'town', subscribe: [Said], receive: () => {} });
    world.system.spawn(keyedAgent({ agent: each, keyed: (said) => said, passivate: 'forget' }));
    void world.system.publish(Said, 'a');
    await world.runUntilQuiet();

    world.crash('/town/b');

    expect(world.faults).toEqual([]);
  });
});
