import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Procedure } from '../../src/actors/context.ts';
import { Interrupted } from '../../src/actors/request-failures.ts';
import { route, UnknownRoute } from '../../src/primitives/route.ts';
import { aCast, SoldOut } from '../support/a-cast.ts';

const short = (text: string) => text.length;
const long = async (text: string) => `${text.length}`;
const bySize = (text: string) => (text.length < 3 ? 'short' : 'long');

describe('route', () => {
  it('asks the one that was chosen, with the same input', async () => {
    const { agent, asks, log } = aCast();
    const agents = { short: agent('a', short), long: agent('b', long) };

    const routed = route(bySize, agents);

    expectTypeOf(routed).toEqualTypeOf<Procedure<string, string | number>>();
    expect(await asks(routed, 'x')).toBe(1);
    expect(await asks(routed, 'four')).toBe('4');
    expect(log).toEqual(['a takes "x"', 'b takes "four"']);
  });

  it('lets an agent choose, and answers at once where all are functions', async () => {
    const { agent, asks } = aCast();
    const chooser = agent('chooser', async (text: string) => bySize(text) as 'short' | 'long');

    expect(await asks(route(chooser, { short, long }), 'x')).toBe(1);
    expect(await asks((text: string, scope) => [route(bySize, { short, long })(text, scope)], 'x')).toEqual([
      1,
    ]);
  });

  it('fails typed when there is no such route, whatever is chosen', async () => {
    const { asks } = aCast();
    const to = (name: unknown) =>
      asks(
        route(() => name as 'short', { short }),
        'x',
      ).catch((failed) => failed);

    expect(await to('loong')).toBeInstanceOf(UnknownRoute);
    expect(await to('loong')).toMatchObject({
      code: 'NO_RESPONDER',
      class: 'permanent',
      route: 'loong',
      known: ['short'],
    });
    expect((await to('loong')).message).toBe('there is no route "loong"; there are short');
    expect(await to('constructor')).toBeInstanceOf(UnknownRoute);
    expect((await to(undefined)).message).toContain('there is no route undefined');
  });

  it('fails of the route that failed, or of what chooses', async () => {
    const { asks } = aCast();
    const soldOut = (): never => {
      throw new SoldOut();
    };

    await expect(
      asks(
        route(() => 'a', { a: soldOut }),
        1,
      ),
    ).rejects.toMatchObject({
      parts: [{ of: 'route', name: 'a', responder: 'soldOut' }],
    });
    await expect(asks(route(soldOut, { a: short }), 'x')).rejects.toMatchObject({
      parts: [{ of: 'route', name: 'choose' }],
    });
  });

  it('takes no route when it was interrupted', async () => {
    const { asks, world } = aCast();
    const late = Promise.withResolvers<'a'>();
    const stop = new AbortController();
    const taken: number[] = [];

    const deaf = route(() => late.promise, { a: () => taken.push(1) });
    await expect(asks(deaf, 1, { signal: stop.signal }, () => stop.abort())).rejects.toBeInstanceOf(
      Interrupted,
    );
    await world.run(() => late.resolve('a'));

    expect(taken).toEqual([]);
  });

  it('refuses no routes and strangers, at once', () => {
    expect(() => route(() => 'a' as never, {})).toThrow('at least one route; got {}');
    expect(() => route(() => 'a' as never, null as never)).toThrow('got null');
    expect(() => route(() => 'a', { a: 'b' as never })).toThrow("route 'a' is an agent's ref");
    expect(() => route('a' as never, { a: short })).toThrow('what chooses a route');
  });
});
