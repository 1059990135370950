import * as Schedule from 'effect/Schedule';
import {
  attemptsOf,
  BulkheadFull,
  bulkhead,
  CircuitOpen,
  type Context,
  circuitBreaker,
  createSystem,
  defineAgent,
  defineTopic,
  mapRequest,
  resilient,
  retry,
  type Scope,
  streamAgent,
  TimedOut,
  timeout,
  type,
} from 'troupe';
import { describe, expect, it } from 'vitest';

const Order = defineTopic('order', { schema: type<string>(), reply: type<string>() });
const Charge = defineTopic('charge', { schema: type<string>(), reply: type<string>() });

describe('the guide to resilience', () => {
  it('wraps a responder, a handler, and what a stream asks', async () => {
    const bank = defineAgent({ name: 'bank', subscribe: [Charge], receive: (order) => `paid ${order}` });
    // #region around
    const patient = retry({ times: 3 });
    const inTime = timeout(2_000);

    // Around whoever is asked: an agent, a topic, a capability, a procedure.
    const charge = patient(inTime(Charge));

    // Around a handler, whose context stays what it is.
    const till = defineAgent({
      name: 'till',
      subscribe: [Order],
      state: 0,
      receive: inTime(async (order, context: Context<number, string>) => {
        context.update((orders) => orders + 1);
        return await context.request(charge, order);
      }),
    });

    // In a stream: eight at once, each guarded.
    const desk = streamAgent({
      name: 'desk',
      subscribe: [Order],
      stream: (inbox) => inbox.pipe(mapRequest(8, charge)),
    });
    // #endregion
    for (const agent of [till, desk]) {
      await using system = createSystem({ agents: [bank, agent] });
      expect(await system.request(Order, 'a book')).toBe('paid a book');
    }
  });

  it('tries again', async () => {
    let tries = 0;
    const flaky = async () => {
      tries += 1;
      throw new Error(`no luck, ${tries}`);
    };
    await using system = createSystem();
    // #region retry
    const often = retry({ times: 4, backoffMs: 5, backoffMsMax: 20, jitter: 0.5 });
    const failure = await system.request(often(flaky), undefined).catch((last) => last);

    expect(failure.message).toBe('no luck, 5');
    expect(attemptsOf(failure)?.tries).toBe(5);
    // #endregion
    // #region schedule
    const byEffect = retry({ schedule: Schedule.exponential('5 millis').pipe(Schedule.upTo({ times: 2 })) });
    // #endregion
    tries = 0;
    await expect(system.request(byEffect(flaky), undefined)).rejects.toThrow('no luck, 3');
  });

  it('gives up in time', async () => {
    await using system = createSystem();
    // #region timeout
    const slow = timeout(20)(async (question: string, scope: Scope) => {
      scope.keep(`${question} Hm, let me see.`);
      await scope.request(nobodyAnswers, question);
      return 'never';
    });
    const failure = await system.request(slow, 'What is time?').catch((last) => last);

    expect(failure).toBeInstanceOf(TimedOut);
    expect(failure.partial).toBe('What is time? Hm, let me see.');
    // #endregion
  });

  it('leaves alone what fails', async () => {
    await using system = createSystem();
    let works = false;
    const service = async () => {
      if (!works) throw new Error('down');
      return 'up';
    };
    // #region breaker
    const breaker = circuitBreaker({ failuresInARow: 3, openForMs: 30, openForMsMax: 1_000 });
    const guarded = breaker(service);
    for (let left = 3; left > 0; left -= 1) {
      await system.request(guarded, undefined).catch(() => {});
    }
    const refused = await system.request(guarded, undefined).catch((failure) => failure);

    expect(refused).toBeInstanceOf(CircuitOpen);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(30);
    expect(breaker.statistics(system)).toMatchObject({ state: 'open', calls: 3, refused: 1 });
    // #endregion
    works = true;
    // #region by-rate
    const byRate = circuitBreaker({ failureRate: 0.5, window: { ms: 10_000 }, callsMin: 20 });
    // #endregion
    expect(await system.request(byRate(service), undefined)).toBe('up');
  });

  it('keeps a slow one from taking everything', async () => {
    await using system = createSystem();
    const ends = Promise.withResolvers<string>();
    const slow = () => ends.promise;
    // #region bulkhead
    const room = bulkhead({ concurrency: 2, queueMax: 1, waitMsMax: 1_000 });
    const guarded = room(slow);
    const answers = [1, 2, 3].map(() => system.request(guarded, undefined));
    const refused = await system.request(guarded, undefined).catch((failure) => failure);

    expect(refused).toBeInstanceOf(BulkheadFull);
    expect(room.statistics(system)).toMatchObject({ atWork: 2, waiting: 1, refused: 1 });
    // #endregion
    ends.resolve('done');
    expect(await Promise.all(answers)).toEqual(['done', 'done', 'done']);
  });

  it('puts several in order', async () => {
    const bank = defineAgent({ name: 'bank', subscribe: [Charge], receive: (order) => `paid ${order}` });
    await using system = createSystem({ agents: [bank] });
    // #region resilient
    const guarded = resilient<string, string>({
      totalTimeout: timeout(10_000),
      retry: retry({ times: 3 }),
      bulkhead: bulkhead({ concurrency: 16, queueMax: 256 }),
      circuitBreaker: circuitBreaker({ failuresInARow: 5 }),
      timeout: timeout(2_000),
      fallback: (order) => `${order} is paid later`,
    });
    const paid = await system.request(guarded(Charge), 'a book');
    // #endregion
    expect(paid).toBe('paid a book');
  });
});

const nobodyAnswers = () => new Promise<never>(() => {});
