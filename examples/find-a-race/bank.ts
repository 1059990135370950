// Two banks. North sends money to South and waits for word that it has been booked.
// #region bank
import { defineAgent, defineTopic, type } from 'troupe';

export const Transfer = defineTopic('transfer', { schema: type<{ cents: number }>(), reply: type<string>() });
export const Deposit = defineTopic('deposit', { schema: type<{ cents: number }>(), reply: type<string>() });

export const north = defineAgent({
  name: 'north',
  subscribe: [Transfer],
  state: { cents: 100 },
  receive: async ({ cents }, context) => {
    if (context.state.cents < cents) return 'not enough money';
    context.update((state) => ({ cents: state.cents - cents }));
    try {
      await context.request(Deposit, { cents }, { timeoutMs: 2_000 });
      return 'done';
    } catch {
      context.update((state) => ({ cents: state.cents + cents })); // It failed: the money goes back.
      return 'failed';
    }
  },
});

export const south = defineAgent({
  name: 'south',
  subscribe: [Deposit],
  state: { cents: 0 },
  receive: ({ cents }, context) => {
    context.update((state) => ({ cents: state.cents + cents }));
    return 'booked';
  },
});
// #endregion
