/**
 * What does a deadline cost that is set and cancelled? Nanoseconds a timer, all pending at once, due within a minute.
 *
 *     npm run bench -- timers
 */
import { liveEnvironment, type Timer } from 'troupe';
import { type Benchmark, justDoIt, type VariantOptions } from './harness/benchmark.ts';

/** Spread over a minute, in no order. */
const delayMsOf = (n: number): number => 1_000 + ((n * 7_919) % 59_000);

const neverCalled = (): void => {
  throw new Error('a timer that was to be cancelled has rung');
};

export async function timerWheel({ size, measure = justDoIt }: VariantOptions) {
  const environment = liveEnvironment();
  const timers = new Array<Timer | undefined>(size).fill(undefined);
  let cancelled = 0;

  await measure(() => {
    for (let n = 0; n < size; n += 1) {
      timers[n] = environment.schedule(delayMsOf(n), neverCalled);
    }
    for (let n = 0; n < size; n += 1) {
      timers[n]!.cancel();
      cancelled += 1;
    }
  });
  environment.close();

  return { checksum: cancelled };
}

export async function hostTimers({ size, measure = justDoIt }: VariantOptions) {
  const timers = new Array<NodeJS.Timeout | undefined>(size).fill(undefined);
  let cancelled = 0;

  await measure(() => {
    for (let n = 0; n < size; n += 1) {
      timers[n] = setTimeout(neverCalled, delayMsOf(n));
    }
    for (let n = 0; n < size; n += 1) {
      clearTimeout(timers[n]);
      cancelled += 1;
    }
  });

  return { checksum: cancelled };
}

export async function timerWheelOneByOne({ size, measure = justDoIt }: VariantOptions) {
  const environment = liveEnvironment();
  let cancelled = 0;

  await measure(() => {
    for (let n = 0; n < size; n += 1) {
      environment.schedule(delayMsOf(n), neverCalled).cancel();
      cancelled += 1;
    }
  });
  environment.close();

  return { checksum: cancelled };
}

export async function hostTimersOneByOne({ size, measure = justDoIt }: VariantOptions) {
  let cancelled = 0;

  await measure(() => {
    for (let n = 0; n < size; n += 1) {
      clearTimeout(setTimeout(neverCalled, delayMsOf(n)));
      cancelled += 1;
    }
  });

  return { checksum: cancelled };
}

export const benchmark: Benchmark = {
  question: 'What does a deadline cost that is set and cancelled?',
  unit: 'timer',
  size: 1_000_000,
  variants: {
    'troupe, all pending': timerWheel,
    'setTimeout, all pending': hostTimers,
    'troupe, one by one': timerWheelOneByOne,
    'setTimeout, one by one': hostTimersOneByOne,
  },
  baseline: 'setTimeout, all pending',
  goals: [
    { variant: 'troupe, all pending', beside: 'setTimeout, all pending', timesFasterMin: 3 },
    { variant: 'troupe, one by one', beside: 'setTimeout, one by one', timesFasterMin: 3 },
  ],
};
