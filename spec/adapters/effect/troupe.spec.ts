import * as Cause from 'effect/Cause';
import * as Context from 'effect/Context';
import * as Effect from 'effect/Effect';
import * as Exit from 'effect/Exit';
import * as Fiber from 'effect/Fiber';
import * as Layer from 'effect/Layer';
import * as Stream from 'effect/Stream';
import { describe, expect, it } from 'vitest';
import type { AgentRef } from '../../../src/actors/agent-ref.ts';
import { defineAgent } from '../../../src/actors/define-agent.ts';
import { capability } from '../../../src/actors/define-capability.ts';
import { createSystem } from '../../../src/actors/system.ts';
import { ReceiverFailure } from '../../../src/adapters/effect/request-failure.ts';
import { Troupe, troupeOf, withServices } from '../../../src/adapters/effect/troupe.ts';
import { Failure } from '../../../src/core/failure.ts';
import { type } from '../../../src/core/schema.ts';
import { defineTopic } from '../../../src/core/topic.ts';

const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });
const Count = defineTopic('count', { schema: type<number>(), reply: type<number>() });
const Fact = defineTopic('fact', { schema: type<number>() });

class OutOfStock extends Failure {
  readonly _tag = 'OutOfStock';
  readonly code = 'OUT_OF_STOCK';
  readonly class = 'permanent';
}

const greeter = defineAgent({
  name: 'greeter',
  subscribe: [Question],
  receive: (name) => {
    if (name === 'nobody') {
      throw new OutOfStock();
    }
    if (name === 'defect') {
      throw new TypeError('oh');
    }
    return `Hello, ${name}!`;
  },
});

/** Counts for ever, and writes down how far it got and whether it was ended. */
function aCounter() {
  const seen = { counted: 0, ended: false };
  const counter = defineAgent({
    name: 'counter',
    subscribe: [Count],
    receive: async function* (failsAt, context) {
      context.signal.addEventListener('abort', () => {
        seen.ended = true;
      });
      for (let n = 1; ; n += 1) {
        if (n === failsAt) {
          throw new OutOfStock();
        }
        seen.counted = n;
        yield n;
      }
    },
  });
  return { counter, seen };
}

/** Runs a program with a system of these agents around it. */
const withAgents = <A, E>(agents: readonly object[], program: Effect.Effect<A, E, Troupe>): Promise<A> =>
  Effect.runPromise(Effect.provide(program, Troupe.layer({ agents: agents as never })));

describe('a system as a service', () => {
  it('starts with its layer, and drains what it has accepted when the scope closes', async () => {
    const heard: number[] = [];
    const gate = Promise.withResolvers<void>();
    const listener = defineAgent({
      name: 'listener',
      subscribe: [Fact],
      receive: async (n) => {
        await gate.promise;
        heard.push(n);
      },
    });

    const system = await withAgents(
      [listener],
      Effect.gen(function* () {
        const troupe = yield* Troupe;
        yield* troupe.publish(Fact, 1);
        yield* troupe.publish(Fact, 2);
        setImmediate(() => gate.resolve());
        return troupe.system;
      }),
    );

    expect(heard).toEqual([1, 2]);
    expect(system.health().status).toBe('stopped');
  });

  it('does not drain for longer than it is told to', async () => {
    const stuck = defineAgent({ name: 'stuck', subscribe: [Fact], receive: () => new Promise(() => {}) });
    const layer = Troupe.layer({ agents: [stuck] }, { drainWithinMs: 5 });
    const program = Effect.flatMap(Troupe, (troupe) => Effect.as(troupe.publish(Fact, 1), troupe.system));

    const system = await Effect.runPromise(Effect.provide(program, layer));

    expect(system.health().status).toBe('stopped');
  });

  it('stops when the program around it fails, and when it is interrupted', async () => {
    const systems: Troupe['Service'][] = [];
    const program = Effect.gen(function* () {
      systems.push(yield* Troupe);
      return yield* systems.length === 1 ? Effect.fail('no') : Effect.never;
    });
    const running = Effect.provide(program, Troupe.layer());

    const failed = await Effect.runPromiseExit(running);
    const fiber = Effect.runFork(running);
    await new Promise((resolve) => setImmediate(resolve));
    await Effect.runPromise(Fiber.interrupt(fiber));

    expect(Exit.isFailure(failed)).toBe(true);
    expect(systems.map(({ system }) => system.health().status)).toEqual(['stopped', 'stopped']);
  });

  it('gives handlers the services they need, for as long as it lives', async () => {
    class Greeting extends Context.Service<Greeting, { readonly word: string }>()('Greeting') {}
    const log: string[] = [];
    const greeting = Layer.effect(
      Greeting,
      Effect.acquireRelease(
        Effect.sync(() => ({ word: 'Moin' })),
        () => Effect.sync(() => log.push('greeting released')),
      ),
    );
    const agents = Effect.map(
      withServices((name: string) => Effect.map(Greeting, ({ word }) => `${word}, ${name}!`)),
      (receive) => ({
        agents: [
          defineAgent({
            name: 'greeter',
            subscribe: [Question],
            receive,
            onStop: () => void log.push('greeter stopped'),
          }),
        ],
      }),
    );
    const program = Effect.flatMap(Troupe, (troupe) => troupe.request(Question, 'Ada'));

    const reply = await Effect.runPromise(
      Effect.provide(program, Troupe.layer(agents).pipe(Layer.provide(greeting))),
    );

    expect(reply).toBe('Moin, Ada!');
    expect(log).toEqual(['greeter stopped', 'greeting released']);
  });
});

describe('a Stream as the replies of a handler', () => {
  class Step extends Context.Service<Step, number>()('Step') {}

  /** Counts in steps, for ever, and writes down how far it got and whether it was let go of. */
  function aStepper() {
    const seen = { counted: 0, released: false };
    const options = Effect.map(
      withServices((failsAt: number) =>
        Stream.fromEffect(Step).pipe(
          Stream.flatMap((step) => Stream.iterate(step, (n) => n + step)),
          Stream.rechunk(1),
          Stream.mapEffect((n) => {
            seen.counted = n;
            return n === failsAt ? Effect.fail(new OutOfStock()) : Effect.succeed(n);
          }),
          Stream.ensuring(
            Effect.sync(() => {
              seen.released = true;
            }),
          ),
        ),
      ),
      (receive) => ({ agents: [defineAgent({ name: 'stepper', subscribe: [Count], receive })] }),
    );
    return { layer: Troupe.layer(options).pipe(Layer.provide(Layer.succeed(Step, 2))), seen };
  }

  it('is given its services, pulled no faster than it is read, and let go of when the reader leaves', async () => {
    const { layer, seen } = aStepper();
    let ahead = 0;
    const program = Effect.flatMap(Troupe, ({ stream }) =>
      stream(Count, 0, { capacity: 2 }).pipe(
        Stream.mapEffect((n) =>
          Effect.promise(async () => {
            await turns();
            ahead = Math.max(ahead, seen.counted - n);
            return n;
          }),
        ),
        Stream.take(30),
        Stream.runCollect,
        Effect.tap(Effect.promise(turns)),
      ),
    );

    const taken = await Effect.runPromise(Effect.provide(program, layer));

    expect(taken.slice(0, 3)).toEqual([2, 4, 6]);
    expect(ahead).toBeLessThanOrEqual(2 * (2 + 2));
    expect(seen.released).toBe(true);
  });

  it('fails as it does, in mid-stream', async () => {
    const { layer } = aStepper();
    const program = Effect.flatMap(Troupe, ({ stream }) =>
      Stream.runDrain(stream(Count, 6, { failures: [OutOfStock] })).pipe(
        Effect.as('completed'),
        Effect.catchTag('OutOfStock', ({ _tag }) => Effect.succeed(_tag)),
      ),
    );

    expect(await Effect.runPromise(Effect.provide(program, layer))).toBe('OutOfStock');
  });
});

describe('a request as an Effect', () => {
  it('succeeds with the reply, by topic, ref and capability', async () => {
    const twice = capability('twice', { input: type<number>(), output: type<number>(), run: (n) => n * 2 });
    const adder = defineAgent({ name: 'adder', capabilities: [twice] });

    const replies = await withAgents(
      [greeter, adder],
      Effect.gen(function* () {
        const { request, tool, system } = yield* Troupe;
        const ref = system.agents.find('/greeter')!.ref as AgentRef<string, string>;
        return [
          yield* request(Question, 'a'),
          yield* request(ref, 'b'),
          yield* request(twice, 2),
          yield* tool(twice, 3),
        ];
      }),
    );

    expect(replies).toEqual(['Hello, a!', 'Hello, b!', 4, 6]);
  });

  it('fails with what can be caught by its tag', async () => {
    const Nobody = defineTopic('nobody', { schema: type<string>(), reply: type<string>() });
    const stuck = defineAgent({ name: 'stuck', subscribe: [Count], receive: () => new Promise(() => {}) });

    const caught = await withAgents(
      [greeter, stuck],
      Effect.gen(function* () {
        const { request } = yield* Troupe;
        return [
          yield* request(Nobody, 'x').pipe(
            Effect.catchTag('NoResponder', ({ target }) => Effect.succeed(target)),
          ),
          yield* request(Count, 1, { timeoutMs: 1 }).pipe(
            Effect.catchTag('RequestTimeout', ({ timeoutMs }) => Effect.succeed(Math.round(timeoutMs))),
          ),
          yield* request(Question, 'defect').pipe(
            Effect.catchTag('AgentDefect', ({ agent }) => Effect.succeed(agent)),
          ),
          yield* request(Question, 'nobody').pipe(
            Effect.catchTag('ReceiverFailure', (one) => Effect.succeed([one.message, one.class])),
          ),
          yield* request(Question, 'nobody', { failures: [OutOfStock] }).pipe(
            Effect.catchTag('OutOfStock', ({ code }) => Effect.succeed(code)),
          ),
        ];
      }),
    );

    expect(String(new ReceiverFailure({ failure: { _tag: 'Sold', left: 2 } }))).toContain(
      'the receiver failed: {"_tag":"Sold","left":2}; declare',
    );
    expect(caught).toEqual([
      'nobody',
      1,
      '/greeter',
      [expect.stringContaining('declare its class with { failures }'), 'permanent'],
      'OUT_OF_STOCK',
    ]);
  });

  it('dies of an option that cannot be', async () => {
    const exit = await withAgents(
      [greeter],
      Effect.flatMap(Troupe, ({ request }) => Effect.exit(request(Question, 'a', { timeoutMs: -1 }))),
    );

    expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toBeInstanceOf(RangeError);
    expect(Exit.isFailure(exit) && exit.cause.reasons.some(Cause.isDieReason)).toBe(true);
  });

  it('interrupts the work for it when it is interrupted; when somebody else ends that, it fails', async () => {
    const reasons: string[] = [];
    const begun: (() => void)[] = [];
    const worker = defineAgent({
      name: 'worker',
      subscribe: [Count],
      receive: (_, context) => {
        context.signal.addEventListener('abort', () => reasons.push((context.signal.reason as Error).name));
        begun.shift()!();
        return new Promise<number>(() => {});
      },
    });

    const outcome = await withAgents(
      [worker],
      Effect.gen(function* () {
        const { request, system } = yield* Troupe;
        const first = Promise.withResolvers<void>();
        const second = Promise.withResolvers<void>();
        begun.push(first.resolve, second.resolve);
        const fiber = yield* Effect.forkChild(request(Count, 1));
        yield* Effect.promise(() => first.promise);
        yield* Fiber.interrupt(fiber);
        const interrupted = yield* Fiber.await(fiber);
        const asking = yield* Effect.forkChild(
          request(Count, 2).pipe(Effect.catchTag('Interrupted', ({ reason }) => Effect.succeed(reason))),
        );
        yield* Effect.promise(() => second.promise);
        system.interrupt(system.agents.find('/worker')!.ref, 'enough');
        return {
          interrupted: Exit.isFailure(interrupted) && Cause.hasInterruptsOnly(interrupted.cause),
          reason: yield* Fiber.join(asking),
        };
      }),
    );

    expect(outcome).toEqual({ interrupted: true, reason: 'enough' });
    expect(reasons).toEqual(['Interrupted', 'Interrupted']);
  });
});

describe('publish and tell as Effects', () => {
  it('wait until there is room', async () => {
    const gates: (() => void)[] = [];
    const slow = defineAgent({
      name: 'slow',
      subscribe: [Fact],
      capacity: 1,
      receive: () => new Promise<void>((resolve) => gates.push(resolve)),
    });
    let sent = 0;

    await withAgents(
      [slow],
      Effect.gen(function* () {
        const { publish, system } = yield* Troupe;
        const fiber = yield* Effect.forkChild(
          Stream.runForEach(Stream.range(1, 10), (n) =>
            Effect.tap(publish(Fact, n), () => Effect.sync(() => (sent += 1))),
          ),
        );
        yield* Effect.promise(() => turns());
        expect(sent).toBeLessThan(4);
        while (sent < 10) {
          gates.shift()?.();
          yield* Effect.promise(() => turns());
        }
        yield* Fiber.join(fiber);
        void drained(system, gates);
      }),
    );

    expect(sent).toBe(10);
  });

  it('fail when the mailbox refuses, and when the payload is wrong; what cannot be is a defect', async () => {
    const never = new Promise<void>(() => {});
    const strict = defineAgent({
      name: 'strict',
      subscribe: [Fact],
      capacity: 1,
      overflow: 'reject',
      receive: () => never,
    });
    const system = createSystem({ agents: [strict] });
    const { publish, tell } = troupeOf(system);
    const ref = system.agents.find('/strict')!.ref as AgentRef<number, unknown>;
    const Pattern = defineTopic('fact.*', { schema: type<number>() });

    const outcomes = await Effect.runPromise(
      Effect.gen(function* () {
        yield* tell(ref, 1);
        yield* Effect.promise(() => turns());
        yield* tell(ref, 2);
        const full = yield* tell(ref, 3).pipe(
          Effect.catchTag('MailboxFull', ({ receiver }) => Effect.succeed(receiver)),
        );
        const wrong = yield* publish(Pattern, 1).pipe(
          Effect.catchTag('InvalidParams', ({ code }) => Effect.succeed(code)),
        );
        const cannot = yield* Effect.exit(
          tell(ref, 4, {
            get threadId(): string {
              throw new RangeError('no');
            },
          }),
        );
        return [full, wrong, Exit.isFailure(cannot) && cannot.cause.reasons.some(Cause.isDieReason)];
      }),
    );
    await system.stop();

    expect(outcomes).toEqual(['/strict', 'INVALID_PARAMS', true]);
  });
});

describe('a stream as a Stream', () => {
  it('slows its source down to the pace of its reader, and ends it when it is left', async () => {
    const { counter, seen } = aCounter();
    let ahead = 0;

    const taken = await withAgents(
      [counter],
      Effect.gen(function* () {
        const { stream } = yield* Troupe;
        return yield* stream(Count, 0, { capacity: 4 }).pipe(
          Stream.mapEffect((n) =>
            Effect.promise(async () => {
              await turns();
              ahead = Math.max(ahead, seen.counted - n);
              return n;
            }),
          ),
          Stream.take(50),
          Stream.runCollect,
        );
      }),
    );

    expect(taken).toHaveLength(50);
    expect(ahead).toBeLessThanOrEqual(4 + 2);
    expect(seen.ended).toBe(true);
  });

  it('fails in mid-stream as its source does, by tag', async () => {
    const { counter } = aCounter();

    const [heard, end] = await withAgents(
      [counter],
      Effect.gen(function* () {
        const { stream } = yield* Troupe;
        const heard: number[] = [];
        const end = yield* Stream.runForEach(stream(Count, 3, { failures: [OutOfStock] }), (n) =>
          Effect.sync(() => heard.push(n)),
        ).pipe(
          Effect.as('completed'),
          Effect.catchTag('OutOfStock', () => Effect.succeed('out of stock')),
        );
        return [heard, end] as const;
      }),
    );

    expect(heard).toEqual([1, 2]);
    expect(end).toBe('out of stock');
  });

  it('is asked for anew by each run, and is left when its reader is interrupted while it waits', async () => {
    const asked: number[] = [];
    let ended = 0;
    const mute = defineAgent({
      name: 'mute',
      subscribe: [Count],
      concurrency: 2,
      receive: async function* (n, context) {
        asked.push(n);
        context.signal.addEventListener('abort', () => {
          ended += 1;
        });
        yield n;
        await new Promise(() => {});
      },
    });

    await withAgents(
      [mute],
      Effect.gen(function* () {
        const { stream } = yield* Troupe;
        const replies = stream(Count, 7);
        const first = yield* Effect.forkChild(Stream.runDrain(replies));
        const second = yield* Effect.forkChild(Stream.runDrain(replies));
        yield* Effect.promise(() => turns());
        yield* Fiber.interrupt(first);
        yield* Fiber.interrupt(second);
        yield* Effect.promise(() => turns());
      }),
    );

    expect(asked).toEqual([7, 7]);
    expect(ended).toBe(2);
  });

  it('dies of an option that cannot be, when it is run and not before', async () => {
    const exits = await withAgents(
      [greeter],
      Effect.gen(function* () {
        const { stream } = yield* Troupe;
        return [
          yield* Effect.exit(Stream.runDrain(stream(Question, 'a', { capacity: 0 }))),
          yield* Effect.exit(Stream.runDrain(stream(Question, 'a', { timeoutMs: -1 }))),
        ];
      }),
    );

    for (const exit of exits) {
      expect(Exit.isFailure(exit) && exit.cause.reasons.some(Cause.isDieReason)).toBe(true);
    }
  });
});

describe('observing as a Stream', () => {
  it('gives what is published while it runs, and completes when the system stops', async () => {
    const system = createSystem();
    const { observe } = troupeOf(system);
    const fiber = Effect.runFork(Stream.runCollect(observe(Fact, { overflow: 'suspend' })));
    await turns();

    system.publish(Fact, 1);
    system.publish(Fact, 2);
    await turns();
    await system.stop();

    expect(await Effect.runPromise(Fiber.join(fiber))).toEqual([1, 2]);
  });

  it('fails with MailboxFull where it said so, and is unsubscribed', async () => {
    const system = createSystem();
    const { observe } = troupeOf(system);
    const slow = observe(Fact, { overflow: 'fail', capacity: 1 }).pipe(
      Stream.mapEffect((n) => Effect.promise(() => turns().then(() => n))),
      Stream.runDrain,
      Effect.as('completed'),
      Effect.catchTag('MailboxFull', ({ _tag }) => Effect.succeed(_tag)),
    );
    const fiber = Effect.runFork(slow);
    await turns();

    for (let n = 0; n < 10; n += 1) {
      system.publish(Fact, n);
    }
    const end = await Effect.runPromise(Fiber.join(fiber));
    const { topics } = system.statistics();
    await system.stop();

    expect(end).toBe('MailboxFull');
    expect(topics.find(({ topic }) => topic === 'fact')?.subscribers).toBe(0);
  });
});

/** Lets everything that is ready go on. */
async function turns(): Promise<void> {
  for (let n = 0; n < 5; n += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Opens the gates until the system has stopped. */
async function drained(system: ReturnType<typeof createSystem>, gates: (() => void)[]): Promise<void> {
  while (system.health().status !== 'stopped') {
    gates.shift()?.();
    await turns();
  }
}
