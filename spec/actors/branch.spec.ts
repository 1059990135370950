import * as Effect from 'effect/Effect';
import { describe, expect, it } from 'vitest';
import { type Handler, HandlingBranch } from '../../src/actors/branch.ts';
import type { Capability } from '../../src/actors/capability.ts';
import type { Context, Procedure, Scope } from '../../src/actors/context.ts';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { capability } from '../../src/actors/define-capability.ts';
import type { CallOutcome } from '../../src/actors/pending-call.ts';
import { senderOf } from '../../src/actors/sender-of.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld, takeTurns } from '../support/a-world.ts';

const Task = defineTopic('task', { schema: type<string>(), reply: type<string>() });
const Order = defineTopic('order', { schema: type<string>(), reply: type<unknown>() });
const News = defineTopic('news', { schema: type<string>() });
const lengthOf: Capability<string, number> = capability('length', {
  input: type<string>(),
  output: type<number>(),
  run: (text) => text.length,
});
const forEver = { timeoutMs: Number.POSITIVE_INFINITY };

describe('a procedure that is requested', () => {
  it('answers with what it returns, with a promise of it or an Effect of it', async () => {
    const { asks } = aBoss();

    expect(await asks((word: string) => `${word}!`, 'go')).toBe('go!');
    expect(await asks(async (word: string) => `${word}?`, 'go')).toBe('go?');
    expect(await asks((word: string) => Effect.succeed(`${word}.`).pipe(Effect.delay(20)), 'go')).toBe('go.');
    expect(await asks(() => undefined, 'go')).toBe(undefined);
  });

  it('fails of what it throws, rejects with or what its Effect fails of, as that is', async () => {
    const { asks } = aBoss();
    const refusal = { class: 'permanent' };

    await expect(
      asks(() => {
        throw refusal;
      }, 'go'),
    ).rejects.toBe(refusal);
    await expect(asks(() => Promise.reject(refusal), 'go')).rejects.toBe(refusal);
    await expect(asks(() => Effect.fail(refusal), 'go')).rejects.toBe(refusal);
    await expect(asks(() => Effect.interrupt, 'go')).rejects.toMatchObject({
      code: 'INTERRUPTED',
      reason: 'its Effect interrupted itself',
    });
  });

  it('is called in the step that asks: what it sends at once leaves with that step, or not at all', async () => {
    const { asks, heard, boss } = aBoss();
    const tells: Procedure<string, string> = (word, scope) => {
      scope.tell(boss.worker, `first ${word}`);
      return word;
    };

    await asks(tells, 'go');
    await boss.throwing((context) => void context.request(tells, 'never'));

    expect(heard).toEqual(['first go']);
  });

  it('is ended at its deadline: its requests, its Effect and its signal hear of it', async () => {
    const { asks, log, world } = aBoss();

    const outcome = asks(
      function slow(word: string, scope: Scope) {
        scope.signal.addEventListener('abort', () => log.push(`signal: ${scope.signal.reason.code}`));
        return scope.request(Task, word);
      },
      'hang',
      { timeoutMs: 50 },
    );

    await expect(outcome).rejects.toMatchObject({ code: 'TIMEOUT', target: 'slow', timeoutMs: 50 });
    await world.runUntilQuiet();
    expect(log).toEqual(['/worker takes hang', 'signal: TIMEOUT', '/worker is interrupted']);

    await expect(
      asks(() => Effect.never.pipe(Effect.onInterrupt(() => Effect.sync(() => log.push('Effect')))), 'go', {
        timeoutMs: 50,
      }),
    ).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(log.at(-1)).toBe('Effect');
  });

  it('has no other limit of time than its own, and the usual one where it has none', async () => {
    const { asks, world } = aBoss();
    const waits: Procedure<string, string> = (word, scope) => scope.request(Task, word);

    await expect(asks(waits, 'hang', { timeoutMs: 45_000 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(world.environment.nowMs()).toBe(45_000);

    await expect(asks(waits, 'hang', forEver)).rejects.toMatchObject({ code: 'TIMEOUT', timeoutMs: 30_000 });
  });

  it('never outlives the deadline of whoever began it, however deep', async () => {
    const { asks } = aBoss();
    const deadlines: number[] = [];
    const nested: Procedure<number, string> = (depth, scope) => {
      deadlines.push(scope.deadlineMs);
      return depth === 0
        ? scope.request(Task, 'hang')
        : scope.request(nested, depth - 1, { timeoutMs: 1_000 * depth });
    };

    await expect(asks(nested, 4, { timeoutMs: 2_500 })).rejects.toMatchObject({ code: 'TIMEOUT' });

    const [first] = deadlines;
    expect(deadlines).toEqual([first, first, first, first! - 500, first! - 1_500]);
  });

  it('is interrupted by its signal, also by one that has aborted already', async () => {
    const { asks, log } = aBoss();
    const gone = new AbortController();
    const hangs: Procedure<string, string> = (word, scope) => scope.request(Task, word);

    const outcome = asks(hangs, 'hang', { signal: gone.signal }, () => gone.abort(new Error('left')));
    await expect(outcome).rejects.toMatchObject({ code: 'INTERRUPTED', reason: 'left' });
    expect(log).toEqual(['/worker takes hang', '/worker is interrupted']);

    await expect(asks(hangs, 'hang', { signal: gone.signal })).rejects.toMatchObject({
      reason: 'its signal had aborted already',
    });
    expect(log).toHaveLength(2);
  });

  it('ends with the handling it was begun in, also when that has gone well', async () => {
    const { boss, log, world } = aBoss();
    const reasons: unknown[] = [];
    let late: Scope | undefined;

    await boss.handles((context) => {
      context
        .request((word: string, scope) => {
          late = scope;
          return scope.request(Task, word);
        }, 'hang')
        .catch((failure) => reasons.push(failure.reason));
    });
    await world.runUntilQuiet();

    expect(reasons).toEqual(['the work that asked for it is over']);
    expect(log).toEqual(['/worker takes hang', '/worker is interrupted']);
    expect(late!.signal.aborted).toBe(true);
    await expect(late!.request(Task, 'go')).rejects.toMatchObject({ code: 'HANDLING_OVER' });
  });

  it('leaves nothing that it asked behind when it answers', async () => {
    const { asks, log, world } = aBoss();
    const reasons: unknown[] = [];

    const answer = await asks(async (word: string, scope: Scope) => {
      scope.request(Task, 'hang').catch((failure) => reasons.push(failure.reason));
      return scope.request(Task, word);
    }, 'go');
    await world.runUntilQuiet();

    expect(answer).toBe('done: go');
    expect(reasons).toEqual(['the work that asked for it is over']);
    expect(log).toEqual(['/worker takes hang', '/worker takes go', '/worker is interrupted']);
  });

  it('has no effect when it is over: what it says is a dead letter, what it asks rejects', async () => {
    const { asks, heard, world, boss } = aBoss();
    const go = Promise.withResolvers<void>();
    const failures: unknown[] = [];

    await expect(
      asks(
        async (_: string, scope: Scope) => {
          await go.promise;
          scope.tell(boss.worker, 'late');
          scope.publish(News, 'late');
          const spawn = () =>
            scope.spawn(defineAgent({ name: 'late', subscribe: [News], receive: () => {} }));
          expect(spawn).toThrow('is over');
          await scope.request(Task, 'late').catch((failure) => failures.push(failure.code));
          await scope.request(() => 'late', 'late').catch((failure) => failures.push(failure.code));
          await scope.tool(lengthOf, 'late').catch((failure) => failures.push(failure.code));
          throw new Error('nobody hears of it');
        },
        'go',
        { timeoutMs: 20 },
      ),
    ).rejects.toMatchObject({ code: 'TIMEOUT' });
    await world.run(async () => go.resolve());
    await world.runUntilQuiet();

    expect(heard).toEqual([]);
    expect(failures).toEqual(['HANDLING_OVER', 'HANDLING_OVER', 'HANDLING_OVER']);
    expect(world.system.deadLetters.countByCause()).toEqual({ HandlingOver: 2 });
  });

  it('spends what it was given, and is interrupted with its partial when that is spent', async () => {
    const { boss } = aBoss();
    const spends: Procedure<number, string> = async (tokens, scope) => {
      scope.keep('as far as I came');
      scope.budget.spend('tokens', tokens);
      return 'enough';
    };
    const leases: unknown[] = [];

    await boss.handles(
      async (context) => {
        context.budget.spend('tokens', 1);
        expect(await context.request(spends, 5, { budget: { tokens: 10 } })).toBe('enough');
        await expect(context.request(spends, 11, { budget: { tokens: 10 } })).rejects.toMatchObject({
          code: 'BUDGET_EXCEEDED',
          partial: 'as far as I came',
        });
        leases.push(context.budget.spent('tokens'));
      },
      { budget: { tokens: 100 } },
    );

    expect(leases).toEqual([17]);
  });

  it('does not begin when there is nothing left to spend', async () => {
    const { boss } = aBoss();
    let begun = 0;

    await boss
      .handles(
        async (context) => {
          const lease = context.budget;
          await context
            .request(async (_: string, scope) => {
              begun += 1;
              scope.budget.spend('tokens', 4);
              expect(scope.budget).toBe(lease);
              const spent = scope.request(() => (begun += 1), 'go', { budget: {} });
              await expect(spent).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' });
            }, 'go')
            .catch(() => {});
        },
        { budget: { tokens: 3 } },
      )
      .catch(() => {});

    expect(begun).toBe(1);
  });

  it('has a budget without a limit where nobody set one', async () => {
    const { asks } = aBoss();

    const left = await asks((_: string, scope: Scope) => {
      scope.budget.spend('tokens', 5);
      return [scope.budget.spent('tokens'), scope.budget.remaining('tokens'), scope.headers];
    }, 'go');

    expect(left).toEqual([5, Number.POSITIVE_INFINITY, {}]);
  });

  it('asks capabilities, topics and other procedures', async () => {
    const { asks } = aBoss();

    expect(await asks((word: string, scope: Scope) => scope.tool(lengthOf, word), 'four')).toBe(4);
    expect(await asks((word: string, scope: Scope) => scope.request(lengthOf, word), 'four')).toBe(4);
    expect(
      await asks(
        (word: string, scope: Scope) =>
          scope.request((inner: string, deeper) => deeper.request(Task, inner), word),
        'go',
      ),
    ).toBe('done: go');
  });

  it('can be made outside of agents and in a detached chain, too', async () => {
    const { world, boss } = aBoss();
    const { system } = world;
    const outside = async (ask: () => Promise<unknown>): Promise<unknown> => {
      let answer: unknown;
      await world.run(() => void ask().then((value) => (answer = value)));
      return answer;
    };
    const asksTwice: Procedure<string, string> = async (word, scope) =>
      `${await scope.request(Task, word)}, ${await scope.request((inner: string, s) => s.request(Task, inner), word)}`;

    expect(await outside(() => system.request(asksTwice, 'go'))).toBe('done: go, done: go');
    expect(await boss.handles(async (context) => context.detach().request(asksTwice, 'go'))).toBe(
      'done: go, done: go',
    );
    expect(
      await boss.handles(async (context) =>
        context.detach().request((_: string, scope) => scope.headers, 'go'),
      ),
    ).toEqual({});
    const spawned = await outside(() =>
      system.request((_: string, scope) => {
        scope.keep('nothing');
        expect(scope.headers).toEqual({});
        return scope.spawn(defineAgent({ name: 'made', subscribe: [News], receive: () => {} })).path;
      }, 'go'),
    );
    expect(spawned).toBe('/made');
  });

  it('refuses a timeout and a signal that cannot be', async () => {
    const { asks } = aBoss();

    await expect(asks(() => 1, 'go', { timeoutMs: -1 })).rejects.toThrow('timeoutMs');
    await expect(asks(() => 1, 'go', { signal: {} as AbortSignal })).rejects.toMatchObject({
      code: 'INVALID_PARAMS',
    });
  });

  it('tells the listeners of its signal, and survives what they throw', async () => {
    const { asks, world } = aBoss();
    await expect(
      asks(
        (_: string, scope: Scope) => {
          scope.signal.addEventListener('abort', () => {
            throw new Error('in a listener');
          });
          return new Promise(() => {});
        },
        'go',
        { timeoutMs: 5 },
      ),
    ).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(world.system.health().status).toBe('up');
  });
});

describe('a branch of a handling', () => {
  it('can what the handler can', async () => {
    const { boss, world } = aBoss();
    const seen: unknown[] = [];

    await boss
      .handles(async (context) => {
        await context.request((_: string, scope) => {
          const branch = scope as Context<number, unknown>;
          branch.update((count) => count + 1);
          seen.push(branch.state, branch.self.path, branch.parent, branch.children, branch.envelope.topic);
          branch.log.info('in a branch');
          branch.watch(boss.worker);
          branch.unwatch(boss.worker);
          branch.stash();
          branch.unstash();
          branch.schedule(10, () => void seen.push('rang'));
          branch.detach().publish(News, 'detached');
          const child = branch.spawn(defineAgent({ name: 'child', subscribe: [News], receive: () => {} }));
          branch.stop(child);
          void branch.reply('answered');
          return 'done';
        }, 'go');
      })
      .catch(() => {});
    await world.runUntilQuiet();

    expect(seen.slice(0, 5)).toEqual([1, '/boss', undefined, [], 'order']);
  });

  it('passes on to its handler what it does not do itself, and nothing when it is over', async () => {
    const { boss } = aBoss();
    const passedOn: unknown[][] = [];
    const handler = aHandlerThatNotes(passedOn);
    const child = boss.worker;

    await boss.handles((context) => {
      const from = senderOf(context);
      const branch = new HandlingBranch(from, handler, {
        owner: { target: 'it', interrupt: () => {} },
        deadlineMs: Number.POSITIVE_INFINITY,
        lease: undefined,
        awaited: true,
      });
      const each = (): void => {
        branch.stop(child);
        branch.watch(child);
        branch.unwatch(child);
        branch.stash();
        branch.unstash();
      };
      branch.keep('half');

      expect([branch.parent, branch.log, branch.children, branch.state]).toEqual([
        'parent',
        'log',
        'children',
        'state',
      ]);
      expect([branch.cell, branch.cause, branch.path, branch.partial]).toEqual([
        from.cell,
        from.cause,
        '/boss',
        'half',
      ]);
      each();
      expect(branch.detach()).toBe('detachFor');
      expect(branch.schedule(1, () => {})).toBe('schedule');
      const said = [
        ['stop', child],
        ['watch', child],
        ['unwatch', child],
        ['stash'],
        ['unstash'],
        ['detachFor', false],
        ['schedule', 1, expect.any(Function), undefined],
      ];
      expect(passedOn).toEqual(said);

      branch.finish();
      each();
      expect(() => branch.schedule(1, () => {})).toThrow("'it'");
      branch.reply('late');
      expect(passedOn).toEqual([...said, ['lateReply', 'late']]);
    });
  });

  it('can no more than a handler whose handling is over, when it is over', async () => {
    const { boss, world } = aBoss();
    let branch: Context<number, unknown> | undefined;
    let state: unknown;

    const answered = await boss.handles(async (context) => {
      await context.request((_: string, scope) => {
        branch = scope as Context<number, unknown>;
        expect(branch.signal.aborted).toBe(false);
      }, 'go');
      branch!.update((count) => count + 1);
      branch!.watch(boss.worker);
      branch!.unwatch(boss.worker);
      branch!.stash();
      branch!.unstash();
      branch!.stop();
      expect(branch!.reply('too late')).toBe(undefined);
      branch!.detach().tell(boss.worker, 'too late');
      expect(() => branch!.schedule(1, () => {})).toThrow('is over');
      state = context.state;
      return 'in time';
    });

    expect(answered).toBe('in time');
    expect(state).toBe(0);
    expect(world.system.deadLetters.countByCause()).toEqual({ LateReply: 1, HandlingOver: 1 });
  });

  it('knows when its signal is first read after it has ended', async () => {
    const { boss } = aBoss();
    let kept: Scope | undefined;

    await boss.handles(async (context) => {
      await context.request((_: string, scope) => {
        kept = scope;
      }, 'go');
      expect(kept!.signal.aborted).toBe(true);
      expect(kept!.signal).toBe(kept!.signal);
    });
  });
});

describe('a call', () => {
  it('tells its outcome, once, and what it spent', async () => {
    const { boss } = aBoss();
    const outcomes: CallOutcome[] = [];

    await boss.handles(async (context) => {
      const sender = senderOf(context);
      const ended = Promise.withResolvers<void>();
      const told = (outcome: CallOutcome): void => {
        outcomes.push(outcome);
        if (outcomes.length === 5) {
          ended.resolve();
        }
      };
      sender.call(Task, 'go', undefined, told);
      sender.call(lengthOf, 'four', undefined, told);
      const spending = sender.call(
        (_: string, scope: Scope) => scope.budget.spend('tokens', 3),
        'go',
        { budget: {} },
        told,
      );
      const hanging = sender.call(boss.worker, 'hang', undefined, told);
      expect(sender.call({} as never, 'go', undefined, told)).toBe(undefined);
      await context.request(Task, 'go');
      hanging!.interrupt({ class: 'interrupted' });
      await ended.promise;
      expect(spending!.lease!.spent('tokens')).toBe(3);
    });

    expect(outcomes).toContainEqual({ value: 'done: go' });
    expect(outcomes).toContainEqual({ value: 4 });
    expect(outcomes).toContainEqual({ value: undefined });
    expect(outcomes).toContainEqual({ failure: { class: 'interrupted' } });
    expect(outcomes).toContainEqual({ failure: expect.objectContaining({ code: 'INVALID_PARAMS' }) });
  });

  it('that nobody waits for is no wait of what it asks, however deep: no cycle is told of', async () => {
    const { boss } = aBoss();
    const failures: unknown[] = [];
    const asksItself: Procedure<string, unknown> = (word, scope) =>
      scope.request((again: string, within) => within.request(boss.ref, again), word);

    await boss.handles(async (context) => {
      for (const awaited of [false, true]) {
        const ended = Promise.withResolvers<void>();
        senderOf(context).call(asksItself, 'go', { awaited, timeoutMs: 5 }, (outcome) => {
          failures.push((outcome as { failure: unknown }).failure);
          ended.resolve();
        });
        await ended.promise;
      }
    });

    expect(failures).toMatchObject([{ code: 'TIMEOUT' }, { code: 'WAIT_CYCLE' }]);
  });

  it('is of whoever speaks', () => {
    expect(() => senderOf({})).toThrow(
      expect.objectContaining({
        what: 'scope',
        issues: [
          expect.objectContaining({ path: '', message: expect.stringContaining('expected a system') }),
        ],
      }),
    );
  });
});

/** A boss who does what a spec says, and a worker who does tasks, and hangs at `hang`. */
function aBoss() {
  const world = aWorld();
  const log: string[] = [];
  const heard: string[] = [];
  let handle: ((context: Context<number, unknown>) => unknown) | undefined;
  const worker = world.system.spawn(
    defineAgent({
      name: 'worker',
      subscribe: [Task],
      concurrency: 4,
      capabilities: [lengthOf],
      receive: (word, { envelope, signal, self }) => {
        if (envelope.replyTo === undefined) {
          heard.push(word);
          return 'told';
        }
        log.push(`/worker takes ${word}`);
        if (word !== 'hang') {
          return `done: ${word}`;
        }
        signal.addEventListener('abort', () => log.push(`${self.path} is interrupted`));
        return new Promise<never>(() => {});
      },
    }),
  );
  const boss = world.system.spawn(
    defineAgent({
      name: 'boss',
      subscribe: [Order],
      state: 0,
      receive: (_, context) => handle!(context as Context<number, unknown>),
    }),
  );
  /** Has the boss do something for a request, and tells what became of it. */
  const handles = async (
    act: (context: Context<number, unknown>) => unknown,
    options: { readonly budget?: { tokens: number } } = {},
    meanwhile?: () => void,
  ): Promise<unknown> => {
    let outcome: { value: unknown } | { failure: unknown } | undefined;
    handle = async (context) => ({ value: await act(context) });
    await world.run(async () => {
      world.system.request(boss, 'go', { ...forEver, ...options }).then(
        (answer) => (outcome = answer as { value: unknown }),
        (failure) => (outcome = { failure }),
      );
      if (meanwhile !== undefined) {
        await takeTurns(world);
        meanwhile();
      }
    });
    return settledAs(outcome);
  };
  /** Has the boss do something in a step that throws. */
  const throwing = async (act: (context: Context<number, unknown>) => void): Promise<void> => {
    handle = (context) => {
      act(context);
      throw { class: 'permanent' };
    };
    await world.run(() => void world.system.request(boss, 'go').catch(() => {}));
  };
  /** Has the boss request a procedure. */
  const asks = async <I>(
    procedure: Procedure<I, unknown>,
    input: I,
    options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
    meanwhile?: () => void,
  ): Promise<unknown> => {
    const act = (context: Context<number, unknown>): Promise<unknown> =>
      context.request(procedure, input as never, options).then(
        (value) => ({ value }),
        (failure) => ({ failure }),
      );
    return settledAs((await handles(act, {}, meanwhile)) as { value: unknown });
  };
  return { world, log, heard, asks, boss: { ref: boss, worker, handles, throwing } };
}

const gotten = new Set<PropertyKey>(['parent', 'log', 'children', 'state']);

/** Notes its verbs with what they are given; each, and all else, is its own name. */
function aHandlerThatNotes(noted: unknown[][]): Handler {
  return new Proxy({} as Handler, {
    get: (_, verb) =>
      gotten.has(verb)
        ? verb
        : (...given: unknown[]) => {
            noted.push([verb, ...given]);
            return verb;
          },
  });
}

function settledAs(outcome: { value: unknown } | { failure: unknown } | undefined): unknown {
  if (outcome !== undefined && 'failure' in outcome) {
    throw outcome.failure;
  }
  return outcome?.value;
}
