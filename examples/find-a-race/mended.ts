// The same two banks: an order has a number, and North asks until it knows, however long that takes.
// #region mended
import { defineAgent, defineTopic, RequestTimeout, type } from 'troupe';

type Order = { readonly id: number; readonly cents: number };
export const Transfer = defineTopic('transfer', { schema: type<{ cents: number }>(), reply: type<string>() });
export const Deposit = defineTopic('deposit', { schema: type<Order>(), reply: type<string>() });

export const north = defineAgent({
  name: 'north',
  subscribe: [Transfer],
  state: { cents: 100, orders: 0 },
  receive: async ({ cents }, context) => {
    if (context.state.cents < cents) return 'not enough money';
    const id = context.state.orders + 1;
    context.update((state) => ({ cents: state.cents - cents, orders: id }));
    const errand = context.detach(); // It goes on, also when whoever asked for it waits no longer.
    for (;;) {
      try {
        await errand.request(Deposit, { id, cents }, { timeoutMs: 2_000 });
        return 'done';
      } catch (failure) {
        if (!(failure instanceof RequestTimeout)) throw failure;
        // Whether it was booked is not known: the same order again does no harm.
      }
    }
  },
});

export const south = defineAgent({
  name: 'south',
  subscribe: [Deposit],
  state: { cents: 0, booked: [] as readonly number[] },
  receive: ({ id, cents }, context) => {
    if (context.state.booked.includes(id)) return 'booked before';
    context.update((state) => ({ cents: state.cents + cents, booked: [...state.booked, id] }));
    return 'booked';
  },
});
// #endregion
