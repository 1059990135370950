import { describe, expect, it } from 'vitest';
import type { AgentChange, AgentDirectory, AgentEntry } from '../../src/actors/agent-directory.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { capability } from '../../src/actors/define-capability.ts';
import { keyedAgent } from '../../src/actors/keyed-agent.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aTroupe } from '../support/a-troupe.ts';
import { aWorld } from '../support/a-world.ts';
import { boom } from '../support/boom.ts';
import { cellOf } from '../support/inside.ts';

const Question = defineTopic('question', { schema: type<string>() });
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
const listener = defineAgent({ name: 'listener', subscribe: [Question], receive: () => {} });

describe('the agent directory', () => {
  it('tells of each living agent where it is, what it hears and what it offers', () => {
    const { system } = aWorld();
    const ref = system.spawn(reporter);

    expect(system.agents.size).toBe(1);
    expect(system.agents.list()).toEqual([
      {
        path: '/reporter',
        definition: 'reporter',
        ref,
        phase: 'starting',
        topics: ['news.*'],
        capabilities: ['weather.get'],
      },
    ]);
    expect(system.agents.find('/reporter')?.ref).toBe(ref);
    expect(system.agents.find('/nobody')).toBeUndefined();
  });

  it('finds agents by topic and by capability', () => {
    const { system } = aWorld();
    system.spawn(reporter);
    system.spawn(listener);
    const paths = (entries: readonly { readonly path: string }[]) => entries.map(({ path }) => path);

    expect(paths(system.agents.withTopic('news.local'))).toEqual(['/reporter']);
    expect(paths(system.agents.withTopic('question'))).toEqual(['/listener']);
    expect(paths(system.agents.withCapability('weather.get'))).toEqual(['/reporter']);
  });

  it('does not find by topic who hears only what it is told', () => {
    const { system } = aWorld();
    system.spawn(listener, { subscribe: false });

    expect(system.agents.withTopic('question')).toEqual([]);
  });

  it('tells of every change, and completes with the system', async () => {
    const world = aWorld();
    const { system } = world;
    const changes: (AgentChange | 'complete')[] = [];
    system.agents.changes.subscribe({
      next: (change) => changes.push(change),
      complete: () => changes.push('complete'),
    });

    system.spawn(listener);
    await world.run(() => system.stop());

    expect(changes).toEqual([
      { _tag: 'Added', path: '/listener' },
      { _tag: 'Removed', path: '/listener' },
      'complete',
    ]);
  });

  it('tells nothing more to who has unsubscribed', () => {
    const { system } = aWorld();
    const changes: AgentChange[] = [];

    system.agents.changes.subscribe((change) => changes.push(change)).unsubscribe();
    system.spawn(listener);

    expect(changes).toEqual([]);
  });

  it('is not disturbed by a follower that throws', async () => {
    const { system, failures, settle } = aTroupe();
    system.agents.changes.subscribe(boom);

    system.spawn(listener);
    await settle();

    expect(system.agents.size).toBe(1);
    expect(failures).toMatchObject([{ agent: '/', failure: new Error('boom') }]);
  });

  it('finds the agent of a key by its path, and gives its group what is for a key that has none', async () => {
    const world = aWorld();
    const { system } = world;
    const group = system.spawn(
      keyedAgent({ name: 'group', agent: listener, keyed: (text) => text, passivate: 'forget' }),
    );
    const agents = system.agents as AgentDirectory;
    let found: AgentEntry | undefined;
    await world.run(
      async () => void (await system.tell(group, 'a')),
      () => {
        found ??= agents.find('/group/a');
      },
    );

    expect(found).toMatchObject({ path: '/group/a', definition: 'listener' });
    expect(agents.find('/group/b')).toBeUndefined();
    expect(agents.find('/other/a')).toBeUndefined();
    expect(agents.receiverAt('/group/b')?.path).toBe('/group');
    expect(agents.receiverAt('/group')?.path).toBe('/group');
    expect(agents.receiverAt('/other/a')).toBeUndefined();
  });

  it('does not take an agent of a plain parent for one of a group', async () => {
    const world = aWorld();
    const { system } = world;
    system.spawn(listener);
    const agents = system.agents as AgentDirectory;

    expect([agents.find('/listener/a'), agents.receiverAt('/listener/a')]).toEqual([undefined, undefined]);
  });

  it('tells nobody of an agent that was not there', async () => {
    const { system } = aWorld();
    const cell = cellOf(system.spawn(listener));
    const agents = system.agents as AgentDirectory;
    const changes: AgentChange[] = [];
    agents.changes.subscribe((change) => changes.push(change));
    agents.remove(Object.create(cell, { listed: { value: false } }) as typeof cell);

    expect([changes, agents.size]).toEqual([[], 1]);
  });
});
