/**
 * Dead letters: what could not be handled is kept with the reason, and can be delivered again.
 *
 * The printer has two sheets of paper and gets seven pages, so five fail. The dead letter channel is bounded like
 * everything else: it has room for four here, so the oldest letter gives way and is counted. When there is paper
 * again, the other four are replayed.
 */
import assert from 'node:assert/strict';
import { createSystem, defineAgent, defineTopic, Failure, systemDeadLetters, type } from 'troupe';

const Page = defineTopic('page', { schema: type<{ number: number }>() });

// #region printer
class OutOfPaper extends Failure {
  readonly _tag = 'OutOfPaper';
  readonly code = 'OUT_OF_PAPER';
  readonly class = 'transient';
  override readonly message = 'there is no paper left';
}

let sheets = 2;
const printed: number[] = [];
const printer = defineAgent({
  name: 'printer',
  subscribe: [Page],
  receive: ({ number }) => {
    if (sheets === 0) throw new OutOfPaper();
    sheets -= 1;
    printed.push(number);
  },
});
// #endregion

// #region system
await using system = createSystem({
  agents: [printer],
  deadLettersMax: 4,
  supervision: { restartsMax: 10, backoffMs: 1 },
});

system
  .observe(systemDeadLetters, { overflow: 'drop-oldest' })
  .subscribe(({ to, envelope, cause, failure }) => {
    console.log(`page ${JSON.stringify(envelope.payload)} for ${to}: ${cause}, ${failure}`);
  });
// #endregion

// #region print
for (let number = 1; number <= 7; number += 1) {
  await system.publish(Page, { number });
}
await system.quiet();
// #endregion

const { total, size, dropped } = system.deadLetters;
console.log(`printed ${printed}; ${total} dead letters: ${size} kept, ${dropped} gave way`);
const printedBefore = [...printed];

// #region replay
sheets = 10;
const { replayed, kept } = system.deadLetters.replay(({ failure }) => failure instanceof OutOfPaper);
await system.quiet();
// #endregion
console.log(`replayed ${replayed}, kept ${kept}; printed ${printed}`);

assert.deepEqual(printedBefore, [1, 2]);
assert.deepEqual({ total, size, dropped }, { total: 5, size: 4, dropped: 1 });
assert.deepEqual({ replayed, kept }, { replayed: 4, kept: 0 });
assert.deepEqual(printed, [1, 2, 4, 5, 6, 7]);
assert.equal(system.deadLetters.size, 0);
