import { describe, expect, it } from 'vitest';
import type { CapabilityChange } from '../../src/actors/capability-directory.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { capability } from '../../src/actors/define-capability.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aTroupe } from '../support/a-troupe.ts';
import { aWorld } from '../support/a-world.ts';
import { boom } from '../support/boom.ts';

const AnyNews = defineTopic('news.*', { schema: type<string>() });
const Weather = capability('weather.get', {
  input: type<string>(),
  output: type<string>(),
  run: (where) => where,
});

const reporter = defineAgent({
  name: 'reporter',
  subscribe: [AnyNews],
  receive: () => {},
  capabilities: [Weather],
});

describe('the capability directory', () => {
  it('tells who offers what', () => {
    const { system } = aWorld();
    system.spawn(reporter);
    system.spawn(reporter);

    expect(system.capabilities.size).toBe(1);
    expect(system.capabilities.list()).toEqual([
      {
        name: 'weather.get',
        capability: Weather,
        agents: ['/reporter', '/reporter-2'],
        calls: 0,
        failures: 0,
      },
    ]);
    expect(system.capabilities.find('weather.get')).toEqual(system.capabilities.list()[0]);
    expect(system.capabilities.find('weather')).toBeUndefined();
  });

  it('forgets who has ended, and a capability with the last of them', async () => {
    const world = aWorld();
    const { system } = world;
    const [first, second] = [system.spawn(reporter), system.spawn(reporter)];
    const agents = () => system.capabilities.find('weather.get')?.agents;

    await world.run(() => system.stop(first));
    const left = agents();
    await world.run(() => system.stop(second));

    expect(left).toEqual(['/reporter-2']);
    expect(agents()).toBeUndefined();
  });

  it('tells of every change, and completes with the system', async () => {
    const world = aWorld();
    const { system } = world;
    const changes: (CapabilityChange | 'complete')[] = [];
    system.capabilities.changes.subscribe({
      next: (change) => changes.push(change),
      complete: () => changes.push('complete'),
    });

    system.spawn(reporter);
    await world.run(() => system.stop());

    expect(changes).toEqual([
      { _tag: 'Offered', name: 'weather.get', agent: '/reporter' },
      { _tag: 'Withdrawn', name: 'weather.get', agent: '/reporter' },
      'complete',
    ]);
  });

  it('is not disturbed by a follower that throws', async () => {
    const { system, failures, settle } = aTroupe();
    system.capabilities.changes.subscribe(boom);

    system.spawn(reporter);
    await settle();

    expect(system.capabilities.size).toBe(1);
    expect(failures).toMatchObject([{ agent: '/', failure: new Error('boom') }]);
  });
});
