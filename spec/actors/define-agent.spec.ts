import { describe, expect, it } from 'vitest';
import { type AgentOptions, DefinedAgent, defineAgent, on } from '../../src/actors/define-agent.ts';
import { capability } from '../../src/actors/define-capability.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { anEnvelope } from '../support/an-envelope.ts';

const Order = defineTopic('order', { schema: type<{ id: string }>(), key: ({ id }) => id });
const News = defineTopic('news.*', { schema: type<string>() });
const Plain = defineTopic('plain', { schema: type<string>() });

const anAgent = (options: object = {}) =>
  defineAgent({ name: 'a', subscribe: [Plain], receive: () => {}, ...options });
const definitionOf = (options: object = {}) => DefinedAgent.definitionOf(anAgent(options));

describe('an agent', () => {
  it('has a limit for everything when nothing is said', () => {
    expect(definitionOf()).toMatchObject({
      name: 'a',
      concurrency: 1,
      capacity: 1_024,
      overflow: 'suspend',
      spillMax: 1_024,
      effectsMax: 1_024,
      lane: 1,
      autoShutdown: 'never',
      attemptsMax: 1,
      stopWithinMs: 5_000,
      capabilities: [],
      supervision: { strategy: 'one-for-one', restartsMax: 3 },
    });
  });

  it('spills no more than it holds, when nothing else is said', () => {
    expect(definitionOf({ capacity: 7 }).spillMax).toBe(7);
    expect(definitionOf({ capacity: 7, spillMax: 0 }).spillMax).toBe(0);
  });

  it.each([
    ['realtime', 0],
    ['normal', 1],
    ['background', 2],
  ])('has its turns in the lane it names, %s', (lane, place) => {
    expect(definitionOf({ lane }).lane).toBe(place);
  });

  it('begins with a value, or with what a function makes of its input', () => {
    expect(definitionOf({ state: 5 }).initialState('x')).toBe(5);
    expect(definitionOf({ state: (input: unknown) => `${input}!` }).initialState('x')).toBe('x!');
    expect(definitionOf().initialState('x')).toBeUndefined();
  });

  it('handles one topic by receive, and several by on', () => {
    const several = defineAgent({ name: 'b', on: [on(Order, () => {}), on(News, () => {})] });

    expect(definitionOf().handlers.map(({ topic }) => topic.name)).toEqual(['plain']);
    expect(DefinedAgent.definitionOf(several).handlers.map(({ topic }) => topic.name)).toEqual([
      'order',
      'news.*',
    ]);
  });

  it('may list its handlers in a function, which is given what makes one', () => {
    const listed = defineAgent({ name: 'b', on: (make) => [make(Order, () => {}), make(News, () => {})] });

    expect(DefinedAgent.definitionOf(listed).handlers.map(({ topic }) => topic.name)).toEqual([
      'order',
      'news.*',
    ]);
  });

  it('may handle nothing and only offer something', () => {
    const Double = capability('double', { input: type<number>(), output: type<number>(), run: (n) => n * 2 });
    const offering = defineAgent({ name: 'c', on: [], capabilities: [Double] });

    expect(DefinedAgent.definitionOf(offering)).toMatchObject({ handlers: [], capabilities: [Double] });
  });
});

describe('the key by which an agent conflates', () => {
  it('is that of its topic', () => {
    const { keyOf } = DefinedAgent.definitionOf(
      defineAgent({ name: 'b', subscribe: [Order], receive: () => {} }),
    );

    const [one, same, other] = ['x', 'x', 'y'].map((id) =>
      keyOf(anEnvelope({ topic: 'order', payload: { id } })),
    );

    expect(one).toBe(same);
    expect(one).not.toBe(other);
  });

  it('is one for all messages of a topic without a key', () => {
    const { keyOf } = definitionOf();

    expect(keyOf(anEnvelope({ topic: 'plain', payload: 'x' }))).toBe(
      keyOf(anEnvelope({ topic: 'plain', payload: 'y' })),
    );
  });

  it('tells topics apart where there are several', () => {
    const { keyOf } = DefinedAgent.definitionOf(
      defineAgent({ name: 'b', on: [on(Order, () => {}), on(Plain, () => {})] }),
    );
    const call = anEnvelope({ topic: 'other', payload: 'x' });
    const keys = [
      keyOf(anEnvelope({ topic: 'order', payload: { id: 'x' } })),
      keyOf(anEnvelope({ topic: 'plain', payload: 'x' })),
      keyOf(call),
    ];

    expect(new Set(keys).size).toBe(3);
    expect(keys[2]).toBe(call);
  });
});

describe('where there are several topics, a key', () => {
  const Any = defineTopic('any', { schema: type<unknown>(), key: (key) => key });
  const Else = defineTopic('else', { schema: type<unknown>(), key: (key) => key });
  const keyed = () => {
    const { keyOf } = DefinedAgent.definitionOf(
      defineAgent({ name: 'b', on: [on(Any, () => {}), on(Else, () => {})] }),
    );
    return (payload: unknown, topic = 'any') => keyOf(anEnvelope({ topic, payload }));
  };

  it.each<[string, unknown]>([
    ['an object', { id: 1 }],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
  ])('that is %s is itself, and like no other', (_, key) => {
    const keyOf = keyed();
    const another = { object: { id: 1 }, function: () => 1, symbol: Symbol('s') }[
      typeof key as 'object' | 'function' | 'symbol'
    ];

    expect(keyOf(key)).toBe(key);
    expect(keyOf(another)).not.toBe(key);
  });

  it.each<[unknown]>([['x'], [1], [null], [undefined], [true]])(
    'that is %s is the same in one topic, and another in the next',
    (key) => {
      const keyOf = keyed();

      expect(keyOf(key)).toBe(keyOf(key));
      expect(keyOf(key)).not.toBe(keyOf(key, 'else'));
    },
  );

  it('that is a number is not its digits', () => {
    const keyOf = keyed();

    expect(keyOf(1)).not.toBe(keyOf('1'));
  });
});

describe('a definition that cannot be', () => {
  it.each([
    ['', "an agent's name is one token of letters, digits, '-' and '_'; got ''"],
    ['a.b', "an agent's name is one token of letters, digits, '-' and '_'; got 'a.b'"],
    ['a/b', "an agent's name is one token of letters, digits, '-' and '_'; got 'a/b'"],
    [7, "an agent's name is one token of letters, digits, '-' and '_'; got '7'"],
  ])("is one called '%s'", (name, message) => {
    expect(() => anAgent({ name })).toThrow(new RangeError(message));
  });

  it.each<[Partial<AgentOptions<unknown>>, string]>([
    [{ concurrency: 0 }, "concurrency of agent 'a' is a whole number, at least 1; got 0"],
    [{ capacity: 1.5 }, "capacity of agent 'a' is a whole number, at least 1; got 1.5"],
    [
      { capacity: Number.POSITIVE_INFINITY },
      "capacity of agent 'a' is finite, since everything is bounded; got Infinity",
    ],
    [{ spillMax: -1 }, "spillMax of agent 'a' is a whole number, at least 0; got -1"],
    [
      { effectsMax: Number.POSITIVE_INFINITY },
      "effectsMax of agent 'a' is finite, since everything is bounded; got Infinity",
    ],
    [
      { redeliver: { attemptsMax: 0 } },
      "redeliver.attemptsMax of agent 'a' is a whole number, at least 1; got 0",
    ],
    [{ stopWithinMs: Number.NaN }, "stopWithinMs of agent 'a' is a whole number, at least 0; got NaN"],
    [
      { overflow: 'explode' as 'fail' },
      "overflow of agent 'a' is one of suspend, drop-oldest, drop-newest, conflate, fail, reject; got 'explode'",
    ],
    [{ lane: 'fast' as 'normal' }, "lane of agent 'a' is one of realtime, normal, background; got 'fast'"],
    [{ autoShutdown: 'some' as 'any' }, "autoShutdown of agent 'a' is one of never, any, all; got 'some'"],
  ])('is one with %o', (options, message) => {
    expect(() => anAgent(options)).toThrow(new RangeError(message));
  });

  it.each([
    [{ receive: undefined }],
    [{ subscribe: undefined, receive: undefined, on: [{ topic: Plain }] }],
    [{ subscribe: undefined, receive: undefined, on: [undefined] }],
    [{ subscribe: undefined, receive: undefined, on: [{ handle: () => {} }] }],
  ])('is one without handlers, like %o', (options) => {
    expect(() => anAgent(options)).toThrow(
      new RangeError(
        "agent 'a' needs 'subscribe' with 'receive', or 'on' with handlers made by on(topic, handle)",
      ),
    );
  });

  it('is one that receives several topics with one handler', () => {
    expect(() => anAgent({ subscribe: [Plain, Order] })).toThrow(
      "agent 'a' receives 2 topics with one handler; use on: [on(topic, handle), …], so that each has its own reply",
    );
  });

  it('is one with children it could not supervise', () => {
    expect(() => anAgent({ supervision: { restartsMax: -1 } })).toThrow(RangeError);
  });

  it.each([undefined, null, 'a', {}, { name: 'a' }])('is %o, when it is spawned', (agent) => {
    expect(() => DefinedAgent.definitionOf(agent as never)).toThrow(
      /^an agent is what defineAgent returns; got /,
    );
  });
});
