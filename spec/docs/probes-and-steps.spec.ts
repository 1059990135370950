/** The code of docs/guides/probes-and-steps.md. */
import { createSystem, defineAgent, defineTopic, type } from 'troupe';
import { behaviour, explore, probe, World } from 'troupe/testing';
import { expect, it } from 'vitest';

// #region teller
const Transfer = defineTopic('bank.transfer', {
  schema: type<{ to: string; cents: number }>(),
  reply: type<string>(),
});
const Rate = defineTopic('rates.get', { schema: type<string>(), reply: type<number>() });
const Moved = defineTopic('bank.moved', { schema: type<{ to: string; cents: number }>() });

const teller = defineAgent({
  name: 'teller',
  subscribe: [Transfer],
  state: { cents: 100 },
  receive: ({ to, cents }, context) => {
    if (cents > context.state.cents) return 'not enough';
    context.update((state) => ({ cents: state.cents - cents }));
    context.publish(Moved, { to, cents });
    return 'moved';
  },
});
// #endregion

// #region asking
const exchange = defineAgent({
  name: 'exchange',
  subscribe: [Transfer],
  receive: async ({ to, cents }, context) => {
    const rate = await context.request(Rate, 'EUR');
    await context.publish(Moved, { to, cents: cents * rate });
    return 'moved';
  },
});
// #endregion

it('shows a step', () => {
  // #region step
  const step = behaviour(teller).receive(Transfer, { to: 'ada', cents: 30 });

  expect(step).toMatchObject({
    outcome: 'handled',
    state: { cents: 70 },
    effects: [{ publish: 'bank.moved', payload: { to: 'ada', cents: 30 } }, { reply: 'moved' }],
  });
  // #endregion
});

it('shows a state to begin with', () => {
  // #region state
  const poor = behaviour(teller, { state: { cents: 10 } });

  expect(poor.receive(Transfer, { to: 'ada', cents: 30 }).effects).toEqual([{ reply: 'not enough' }]);
  // #endregion
});

it('shows a step that goes on', async () => {
  // #region going-on
  const tried = behaviour(exchange);
  const asked = tried.receive(Transfer, { to: 'ada', cents: 30 });
  expect(asked).toMatchObject({ outcome: 'open', effects: [{ request: 'rates.get', payload: 'EUR' }] });

  const answered = await tried.answer(Rate, 2);
  expect(answered.effects).toEqual([
    { publish: 'bank.moved', payload: { to: 'ada', cents: 60 } },
    { reply: 'moved' },
  ]);
  // #endregion
});

it('shows a step that fails', async () => {
  // #region failing
  const tried = behaviour(exchange);
  tried.receive(Transfer, { to: 'ada', cents: 30 });

  const failed = await tried.refuse(Rate, new Error('the rates are down'));
  expect(failed).toMatchObject({ outcome: 'failed', effects: [], failure: new Error('the rates are down') });
  // #endregion
});

it('shows a probe of a live system', async () => {
  // #region probe
  await using system = createSystem({ agents: [teller] });
  const audit = probe(system, { topics: [Moved] });

  await system.request(Transfer, { to: 'ada', cents: 30 });
  expect(await audit.expect(Moved)).toEqual({ to: 'ada', cents: 30 });

  await system.request(Transfer, { to: 'ada', cents: 300 });
  await audit.expectNone({ forMs: 50 });
  // #endregion
});

it('shows a probe that stands in for somebody', async () => {
  // #region stand-in
  await using system = createSystem({ agents: [exchange] });
  const rates = probe(system, { topics: [Rate] });
  const moving = system.request(Transfer, { to: 'ada', cents: 30 });

  expect(await rates.expect(Rate)).toBe('EUR');
  rates.reply(2);
  expect(await moving).toBe('moved');
  // #endregion
});

it('shows what a probe says', async () => {
  // #region says
  const world = new World({ choose: () => 0 });
  world.system.spawn(teller);
  const audit = probe(world, { topics: [Transfer, Moved] });
  world.system.publish(Transfer, { to: 'ada', cents: 30 });

  await expect(audit.expect(Moved)).rejects.toThrow('something else came first');
  world.close();
  // #endregion
  await expect(audit.expect(Moved)).rejects.toThrow(
    [
      '/probe expected bank.moved within 3000 ms, and something else came first:',
      '  1. 0 ms  bank.transfer {"to":"ada","cents":30} from outside',
    ].join('\n'),
  );
});

it('shows a probe while exploring', async () => {
  // #region exploring
  await explore(
    async (system) => {
      const audit = probe(system, { topics: [Moved] });
      system.spawn(teller);
      system.publish(Transfer, { to: 'ada', cents: 60 });
      system.publish(Transfer, { to: 'grace', cents: 60 });
      await audit.expect(Moved);
      await audit.expectNone({ forMs: 1_000 });
    },
    { runs: 200 },
    () => {},
  );
  // #endregion
});
