import { describe, expect, it } from 'vitest';
import { aTroupe } from '../support/a-troupe.ts';

describe('health', () => {
  it('is up while every agent runs', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a'));
    await troupe.settle();

    expect(troupe.system.health()).toEqual({
      status: 'up',
      agents: 1,
      suspended: [],
      givenUp: [],
      inFlight: 0,
      deadLetters: 0,
    });
  });

  it('names agents that wait for their restart', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a'));
    await troupe.settle();

    troupe.world.crash('/a');

    expect(troupe.system.health()).toMatchObject({ status: 'up', suspended: ['/a'] });
  });

  it('is degraded when an agent at the top was given up', async () => {
    const troupe = aTroupe({ supervision: { restartsMax: 0 } });
    troupe.system.spawn(troupe.player('a'));

    await troupe.cue('/a', 'fail');

    expect(troupe.system.health()).toMatchObject({ status: 'degraded', agents: 0, givenUp: ['/a'] });
  });

  it('remembers the last hundred that were given up', async () => {
    const troupe = aTroupe({ supervision: { restartsMax: 0 } });
    const paths = Array.from({ length: 101 }, () => troupe.system.spawn(troupe.player('a')).path);

    paths.forEach((path) => {
      troupe.world.crash(path);
    });
    await troupe.settle();

    expect(troupe.system.health().givenUp).toEqual(paths.slice(1));
  });

  it('says that the system drains, and then that it has stopped', async () => {
    const troupe = aTroupe();
    troupe.system.spawn(troupe.player('a'));
    void troupe.system.tell(troupe.ref('/a'), 'wait');
    await troupe.settle();

    const drained = troupe.system.drain();
    const draining = troupe.system.health().status;
    await troupe.go();
    await drained;

    expect([draining, troupe.system.health().status]).toEqual(['draining', 'stopped']);
  });
});
