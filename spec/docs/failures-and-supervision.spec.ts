/** The programs of docs/guides/failures-and-supervision.md. */
import {
  AgentDefect,
  createSystem,
  defineAgent,
  defineTopic,
  Failure,
  type FailureReport,
  failureClass,
  systemFailures,
  type,
} from 'troupe';
import { expect, it, vi } from 'vitest';

const quick = { backoffMs: 1, jitter: 0 };

it('a failure is a class with facts, a code and a class', () => {
  // #region failure
  class OutOfStock extends Failure {
    readonly _tag = 'OutOfStock';
    readonly code = 'OUT_OF_STOCK';
    readonly class = 'permanent';
    readonly item: string;

    constructor(facts: { item: string }) {
      super();
      this.item = facts.item;
    }

    override get message() {
      return `there is no ${this.item} left`;
    }
  }

  expect(String(new OutOfStock({ item: 'tea' }))).toBe('OutOfStock: there is no tea left');
  expect(failureClass(new OutOfStock({ item: 'tea' }))).toBe('permanent');
  expect(failureClass(new TypeError('x is undefined'))).toBe('defect');
  // #endregion
});

it("another agent's defect arrives as AgentDefect and restarts only the one that has it", async () => {
  const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });
  const Ask = defineTopic('ask', { schema: type<string>(), reply: type<string>() });
  const reports: FailureReport[] = [];

  // #region defect
  const oracle = defineAgent({
    name: 'oracle',
    subscribe: [Question],
    receive: () => {
      throw new TypeError('x is undefined');
    },
  });

  const pilgrim = defineAgent({
    name: 'pilgrim',
    subscribe: [Ask],
    receive: (question, context) => context.request(Question, question),
  });

  await using system = createSystem({ agents: [oracle, pilgrim] });
  system.observe(systemFailures, { overflow: 'drop-oldest' }).subscribe((report) => {
    reports.push(report);
  });
  const failure = await system.request(Ask, 'why?').catch((thrown: unknown) => thrown);
  // #endregion
  await vi.waitFor(() => expect(reports).toHaveLength(2));

  // #region defect-result
  expect(failure).toBeInstanceOf(AgentDefect);
  expect(String(failure)).toBe("AgentDefect: agent '/oracle' threw: x is undefined");
  expect(reports.map(({ agent, class: what, directive }) => `${agent} ${what}: ${directive}`)).toEqual([
    '/oracle defect: restart',
    '/pilgrim permanent: resume',
  ]);
  // #endregion
});

it('a supervisor chooses by class, or by a function', async () => {
  const Job = defineTopic('job', { schema: type<string>() });
  const directives: string[] = [];

  // #region directives
  const byClass = defineAgent({
    name: 'strict',
    supervision: { directives: { invalid: 'stop', defect: 'escalate' } },
  });

  const byFunction = defineAgent({
    name: 'lenient',
    supervision: {
      directives: (failure, { restarts }) => {
        if (restarts === 2) return 'stop';
        return failure instanceof RangeError ? 'resume' : undefined; // `undefined` leaves it to the class.
      },
    },
  });
  // #endregion
  expect([byClass.name, byFunction.name]).toEqual(['strict', 'lenient']);

  const worker = defineAgent({
    name: 'worker',
    subscribe: [Job],
    receive: (job) => {
      throw job === 'range' ? new RangeError('far') : new Error(job);
    },
  });
  await using system = createSystem({
    agents: [worker],
    supervision: {
      ...quick,
      directives: (failure, { restarts }) =>
        restarts === 2 ? 'stop' : failure instanceof RangeError ? 'resume' : undefined,
    },
  });
  system.observe(systemFailures, { overflow: 'drop-oldest' }).subscribe(({ directive }) => {
    directives.push(directive);
  });
  for (const job of ['range', 'a', 'b', 'c']) {
    system.publish(Job, job);
  }
  await vi.waitFor(() => expect(directives).toEqual(['resume', 'restart', 'restart', 'stop']));
});

it('rest-for-one restarts what was started after the one that failed', async () => {
  const Break = defineTopic('break', { schema: type<number>() });
  const started: string[] = [];

  // #region strategy
  const member = (name: string) =>
    defineAgent({
      name,
      subscribe: [Break],
      onStart: () => {
        started.push(name);
      },
      receive: () => {
        if (name === 'cache') throw new Error('the cache is broken');
      },
    });

  const team = defineAgent({
    name: 'team',
    supervision: { strategy: 'rest-for-one', backoffMs: 1 },
    onStart: (context) => {
      for (const name of ['store', 'cache', 'api']) context.spawn(member(name));
    },
  });
  // #endregion

  await using system = createSystem({ agents: [team] });
  await system.quiet();
  system.publish(Break, 1);
  await vi.waitFor(() => expect(started).toHaveLength(5));
  // #region strategy-result
  expect(started).toEqual(['store', 'cache', 'api', 'cache', 'api']); // The store goes on as if nothing had happened.
  // #endregion
});

it('a team ends when its significant member has finished', async () => {
  const Done = defineTopic('done', { schema: type<string>() });

  // #region shutdown
  const writer = defineAgent({
    name: 'writer',
    subscribe: [Done],
    receive: (_text, context) => context.stop(),
  });
  const clock = defineAgent({ name: 'clock' });

  const team = defineAgent({
    name: 'team',
    autoShutdown: 'any',
    onStart: (context) => {
      context.spawn(writer, { significant: true });
      context.spawn(clock, { kind: 'permanent' });
    },
  });

  await using system = createSystem();
  const ref = system.spawn(team);
  // #endregion
  await system.quiet();
  system.publish(Done, 'the end');
  // #region shutdown-result
  const { reason } = await system.watch(ref);
  expect(reason).toBe('finished');
  // #endregion
});

it('a failed message is handled again, as often as redeliver says', async () => {
  const Charge = defineTopic('charge', { schema: type<{ card: string }>(), reply: type<string>() });
  let calls = 0;

  // #region redeliver
  const payer = defineAgent({
    name: 'payer',
    subscribe: [Charge],
    redeliver: { attemptsMax: 3 },
    receive: ({ card }) => {
      calls += 1;
      if (calls < 3) throw new Error('the line is down');
      return `charged ${card}`;
    },
  });
  // #endregion

  await using system = createSystem({ agents: [payer], supervision: quick });
  expect(await system.request(Charge, { card: '42' })).toBe('charged 42');
  expect(calls).toBe(3);
});

it('what fails too often goes up, and at the top it is given up', async () => {
  const Job = defineTopic('job', { schema: type<string>() });
  const reports: string[] = [];

  // #region give-up
  const hopeless = defineAgent({
    name: 'hopeless',
    subscribe: [Job],
    receive: (job) => {
      throw new Error(`cannot do ${job}`);
    },
  });

  await using system = createSystem({ supervision: { restartsMax: 2, backoffMs: 1 } });
  system
    .observe(systemFailures, { overflow: 'drop-oldest' })
    .subscribe(({ agent, supervisor, directive }) => {
      reports.push(`${agent} → ${supervisor}: ${directive}`);
    });
  const ref = system.spawn(hopeless);
  for (const job of ['this', 'that', 'anything']) system.publish(Job, job);
  const { reason } = await system.watch(ref);
  // #endregion

  // #region give-up-result
  expect(reason).toBe('failed');
  expect(reports).toEqual(['/hopeless → /: restart', '/hopeless → /: restart', '/hopeless → /: escalate']);
  expect(system.health()).toMatchObject({ status: 'degraded', givenUp: ['/hopeless'] });
  // #endregion
});
