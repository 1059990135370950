/**
 * A keyed agent: an account for each owner, made when somebody pays in and put away when
 * nobody does. One that is broken does not disturb the others.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { CoolingDown, createSystem, defineAgent, defineTopic, keyedAgent, NoKey, type } from 'troupe';

// #region account
const Deposit = defineTopic('deposit', {
  schema: type<{ readonly owner: string; readonly amount: number }>(),
  reply: type<number>(),
});

const account = defineAgent({
  name: 'account',
  subscribe: [Deposit],
  state: (owner) => ({ owner, balance: 0 }),
  receive: ({ amount }, context) => {
    if (Number.isNaN(amount)) throw new TypeError('that is no amount');
    context.update((state) => ({ ...state, balance: state.balance + amount }));
    return context.state.balance;
  },
});
// #endregion

// #region keyed
const accounts = keyedAgent({
  name: 'accounts',
  agent: account,
  keyed: ({ owner }) => owner,
  passivate: 'forget',
  activeMax: 1_000,
  idleMs: 300,
  supervision: { restartsMax: 1, backoffMs: 1 },
  coolDownMs: 60_000,
});
// #endregion

await using system = createSystem({ agents: [accounts] });

// #region use
await system.request(Deposit, { owner: 'Ada', amount: 5 });
await system.request(Deposit, { owner: 'Bob', amount: 7 });
assert.equal(await system.request(Deposit, { owner: 'Ada', amount: 1 }), 6);
// #endregion

const group = system.agents.find('/accounts')!;
assert.equal(system.agents.find('/accounts/Ada')?.path, '/accounts/Ada');
assert.equal(system.statistics().agents.length, 1);
assert.equal(group.path, '/accounts');

// #region failing
for (const amount of [Number.NaN, Number.NaN]) {
  await system.request(Deposit, { owner: 'Eve', amount }).catch(() => {});
  await sleep(5);
}
await assert.rejects(system.request(Deposit, { owner: 'Eve', amount: 1 }), CoolingDown);
assert.equal(await system.request(Deposit, { owner: 'Bob', amount: 1 }), 8);
// #endregion

await assert.rejects(system.request(Deposit, { owner: '', amount: 1 }), NoKey);

// #region forgotten
await sleep(700);
assert.equal(system.agents.find('/accounts/Ada'), undefined);
assert.equal(await system.request(Deposit, { owner: 'Ada', amount: 1 }), 1);
// #endregion

const [figures] = system.statistics().agents;
console.log(`${figures?.handled} deposits handled, ${figures?.failed} failed, ${figures?.refused} refused`);
