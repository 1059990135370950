/**
 * A ticket office with one seat left, and a bank that is asked before it is sold.
 *
 * The careless office looks, asks the bank, and sells: between the look and the sale
 * somebody else may have looked, too. The careful one sets the seat aside before it
 * asks, and gives it back when the bank refuses.
 */
import { defineAgent, defineTopic, type } from 'troupe';

export const Buy = defineTopic('tickets.buy', { schema: type<string>(), reply: type<string>() });
export const Sold = defineTopic('tickets.sold', { schema: type<string>() });
const Charge = defineTopic('bank.charge', { schema: type<string>(), reply: type<boolean>() });

// #region office
interface Seats {
  readonly left: number;
}
const oneLess = ({ left }: Seats): Seats => ({ left: left - 1 });

export const carelessOffice = defineAgent({
  name: 'office',
  subscribe: [Buy],
  concurrency: 8, // The bank is slow: others are served meanwhile.
  state: { left: 1 } as Seats,
  receive: async (buyer, context) => {
    if (context.state.left === 0) return 'sold out';
    if (!(await context.request(Charge, buyer))) return 'not paid';
    context.update(oneLess);
    context.publish(Sold, buyer);
    return 'yours';
  },
});
// #endregion

export const carefulOffice = defineAgent({
  name: 'office',
  subscribe: [Buy],
  concurrency: 8,
  state: { left: 1 } as Seats,
  receive: async (buyer, context) => {
    if (context.state.left === 0) return 'sold out';
    context.update(oneLess);
    const paid = await context.request(Charge, buyer).catch(() => false);
    if (!paid) {
      context.update(({ left }) => ({ left: left + 1 }));
      return 'not paid';
    }
    context.publish(Sold, buyer);
    return 'yours';
  },
});

export const bank = defineAgent({ name: 'bank', subscribe: [Charge], receive: () => true });
