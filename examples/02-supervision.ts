/**
 * Supervision: an agent that fails is restarted, and when that does not help the failure goes up.
 *
 *     the system ── supervises ──> /desk ── supervises ──> /desk/courier
 *
 * The courier fails twice with the first parcel. Each time it is restarted after a backoff and handles the parcel
 * again. The second parcel it can never deliver: when it has failed too often, the desk gives up, and the system
 * restarts the desk with everything below it. The third parcel finds both of them well.
 */
import assert from 'node:assert/strict';
import { createSystem, defineAgent, defineTopic, systemFailures, type } from 'troupe';

type Parcel = { readonly to: string };
const Brought = defineTopic('parcel.brought', { schema: type<Parcel>() });
const Routed = defineTopic('parcel.routed', { schema: type<Parcel>() });
const Delivered = defineTopic('parcel.delivered', { schema: type<Parcel>() });

// The world outside, which no restart changes: the road to Utrecht is closed for two more attempts.
let closedFor = 2;

// #region courier
const courier = defineAgent({
  name: 'courier',
  subscribe: [Routed],
  redeliver: { attemptsMax: 3 },
  receive: (parcel, context) => {
    if (parcel.to === 'Nowhere') throw new Error('there is no such place');
    if (closedFor > 0) {
      closedFor -= 1;
      throw new Error(`the road to ${parcel.to} is closed`);
    }
    context.publish(Delivered, parcel);
  },
});

const desk = defineAgent({
  name: 'desk',
  subscribe: [Brought],
  supervision: { restartsMax: 3, windowMs: 60_000, backoffMs: 20, jitter: 0 },
  onStart: (context) => {
    context.spawn(courier);
  },
  receive: (parcel, context) => {
    context.publish(Routed, parcel);
  },
});
// #endregion

await using system = createSystem({ agents: [desk] });

// #region failures
const decisions: string[] = [];
system
  .observe(systemFailures, { overflow: 'drop-oldest' })
  .subscribe(({ agent, failure, supervisor, directive }) => {
    decisions.push(`${supervisor} says ${directive}`);
    console.log(`${agent} failed: ${failure}; ${supervisor} says ${directive}`);
  });
// #endregion

// #region restarts
let lastMs = 0;
system.listen({
  next: (event) => {
    if (event._tag === 'Failed') lastMs = event.atMs;
    if (event._tag === 'AgentRestarted') {
      console.log(`${event.agent} restarted ${Math.round(event.atMs - lastMs)} ms later`);
    }
  },
});
// #endregion

const delivered: string[] = [];
system.observe(Delivered, { overflow: 'suspend' }).subscribe(({ to }) => {
  delivered.push(to);
  console.log(`delivered to ${to}`);
});

system.publish(Brought, { to: 'Utrecht' });
system.publish(Brought, { to: 'Nowhere' });
await system.quiet();
system.publish(Brought, { to: 'Lisbon' }); // The desk may still be restarting: then the parcel waits in its mailbox.
await system.quiet();

const [letter] = system.deadLetters.list();
console.log(`dead letter for ${letter?.to}: ${JSON.stringify(letter?.envelope.payload)}, ${letter?.failure}`);

assert.deepEqual(delivered, ['Utrecht', 'Lisbon']);
assert.deepEqual(decisions, [
  '/desk says restart',
  '/desk says restart',
  '/desk says restart',
  '/ says restart',
]);
assert.deepEqual(letter?.envelope.payload, { to: 'Nowhere' });
assert.equal(system.health().status, 'up');
