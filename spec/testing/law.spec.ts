import { defineAgent, defineTopic, type } from 'troupe';
import { describe, expect, it } from 'vitest';
import { explore, type Law, LawBroken, type World } from '../../src/testing/index.ts';

const Said = defineTopic('said', { schema: type<string>() });
const listener = defineAgent({ name: 'listener', subscribe: [Said], receive: () => {} });

describe('a law', () => {
  it('is begun in every world before anything has happened there', async () => {
    const seen: [number, number][] = [];
    const counts: Law = {
      name: 'counts',
      begin: (world) => {
        seen.push([world.steps, world.system.agents.size]);
        return {};
      },
    };

    await explore(
      (system) => void system.spawn(listener),
      { laws: [counts], runs: 3, seed: 1 },
      () => {},
    );

    expect(seen).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  it('is looked at after each step, and at quiet when the property has been', async () => {
    const log: string[] = [];
    const tells: Law = {
      name: 'tells',
      begin: (world) => ({
        afterStep: () => void log.push(`step ${world.steps}`),
        atQuiet: () => void log.push('law at quiet'),
      }),
    };

    await explore(
      (system) => {
        system.spawn(listener);
        system.publish(Said, 'hello');
      },
      { laws: [tells], tape: [] },
      () => void log.push('property at quiet'),
    );

    expect(log).toEqual(['step 1', 'step 2', 'property at quiet', 'law at quiet']);
  });

  it.each([
    ['after a step', 'afterStep'],
    ['at quiet', 'atQuiet'],
  ])('that is broken %s fails the run and is named', async (_, when) => {
    const broken: Law = {
      name: 'never good enough',
      begin: () => ({
        [when]: () => {
          throw new Error('/listener has heard too much');
        },
      }),
    };

    const exploring = explore(
      (system) => void system.spawn(listener),
      { laws: [broken], runs: 1 },
      () => {},
    );

    await expect(exploring).rejects.toThrow('never good enough: /listener has heard too much');
    await expect(exploring).rejects.toMatchObject({ cause: expect.any(LawBroken) });
  });

  it('may throw whatever it likes', async () => {
    const odd: Law = { name: 'odd', begin: () => ({ atQuiet: () => Promise.reject('a word') }) };

    const exploring = explore(
      () => {},
      { laws: [odd], runs: 1 },
      () => {},
    );

    await expect(exploring).rejects.toMatchObject({ cause: { law: 'odd', message: 'odd: a word' } });
  });

  it('may have the world do more at quiet', async () => {
    const ended: boolean[] = [];
    const ends: Law = {
      name: 'ends',
      begin: (world: World) => ({
        atQuiet: async () => {
          await world.run(() => world.system.stop());
          ended.push(world.system.agents.size === 0);
        },
      }),
    };

    await explore(
      (system) => void system.spawn(listener),
      { laws: [ends], runs: 2 },
      () => {},
    );

    expect(ended).toEqual([true, true]);
  });

  it('that looks when the system has stopped has it stopped, and waits for an end that takes its time', async () => {
    const log: string[] = [];
    const looks: Law = {
      name: 'looks',
      begin: (world) => ({
        atQuiet: () => void log.push(`${world.system.agents.size} at quiet`),
        afterStop: () => void log.push(`${world.system.agents.size} after the stop`),
      }),
    };

    await explore(
      (system) => void system.spawn(listener),
      { laws: [looks], tape: [] },
      () => {},
    );

    expect(log).toEqual(['1 at quiet', '0 after the stop']);
  });

  it('finds it out when a system never stops', async () => {
    const looks: Law = { name: 'looks', begin: () => ({ afterStop: () => {} }) };

    const exploring = explore(
      (system) => {
        system.spawn(listener);
        Object.assign(system, { stop: () => new Promise<void>(() => {}) });
      },
      { laws: [looks], tape: [] },
      () => {},
    );

    await expect(exploring).rejects.toThrow('waits for something that is not in this world');
  });
});
