/**
 * A program that prints the traces of a company, a digest a line, for the seeds
 * from the first argument up to the second: of a tape, and of a run of a strategy. The third says what was done in this
 * process before: nothing; other work, with systems, fibres, actors and dice; or other
 * modules were loaded first.
 */
const [from, to, before] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];

if (before === 'other modules') {
  await import('xstate');
  await import('rxjs/operators');
  await import('effect/Stream');
  await import('../../../src/core/timer-wheel.ts');
  await import('../../../src/testing/index.ts');
}
const { digestsOf, tapeOf, traceOf } = await import('../traced-company.ts');
if (before === 'other work') {
  await workHard();
}
for (let seed = from; seed < to; seed += 1) {
  console.log(await digestsOf(seed));
}

/** Moves every counter of the process that there may be. */
async function workHard(): Promise<void> {
  const { createActor, createMachine } = await import('xstate');
  const Effect = await import('effect/Effect');
  const { createSystem, defineAgent } = await import('troupe');
  for (let n = 0; n < 50; n += 1) {
    createActor(createMachine({})).start().stop();
    await Effect.runPromise(Effect.forkChild(Effect.yieldNow).pipe(Effect.asVoid));
    Math.random();
    const system = createSystem();
    system.spawn(defineAgent({ name: 'other' }));
    await system.stop();
  }
  await traceOf(1_000 + Math.floor(Math.random() * 1_000), tapeOf(3));
}
