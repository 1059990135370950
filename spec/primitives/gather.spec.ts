import * as Effect from 'effect/Effect';
import { lastValueFrom, of, toArray } from 'rxjs';
import {
  type AgentRef,
  all,
  any,
  both,
  capability,
  defineAgent,
  either,
  fanout,
  firstK,
  type Group,
  gather,
  majority,
  NotGathered,
  type Policy,
  plurality,
  quorum,
  type Scope,
  type,
  withinMs,
} from 'troupe';
import { describe, expect, it } from 'vitest';
import { Ask, aPanel } from '../support/a-panel.ts';

const by = (answer: string): string => answer;

describe('gather', () => {
  it('asks all, and answers what the policy decides, as soon as it does', async () => {
    const { asks, answers, turns, experts, log } = aPanel();
    const asked = asks(gather(experts, firstK(2)));
    await turns();
    await answers('c');
    expect(asked.value).toBe(undefined);
    await answers('a');

    expect(asked.value).toMatchObject({ question: 'why?', value: ['c', 'a'] });
    expect(log).toEqual(['a begins', 'b begins', 'c begins', 'settled', 'b is interrupted']);
    expect(asked.value!.outcomes).toMatchObject([
      { _tag: 'Replied', agent: '/a', index: 0, value: 'a', tookMs: 0 },
      { _tag: 'Interrupted', agent: '/b', index: 1, failure: { reason: 'the others were enough' } },
      { _tag: 'Replied', agent: '/c', index: 2, value: 'c' },
    ]);
  });

  it('does so for an agent, in the step in which it asks and after it', async () => {
    const { chairAsks, answers, turns, experts, log } = aPanel();
    const asked = chairAsks(gather(experts, majority(by)));
    await turns();
    await answers('b', 'because');
    await answers('c', 'because');

    expect(asked.value?.value).toBe('because');
    expect(log.slice(3).toSorted()).toEqual(['a is interrupted', 'settled']);
  });

  it('is over at once when it can be decided no more, with what is missing and all outcomes', async () => {
    const { asks, answers, fails, turns, experts } = aPanel(['a', 'b', 'c', 'd']);
    const asked = asks(gather(experts, quorum(3)));
    await turns();
    await answers('a');
    await fails('b', new RangeError('no idea'));
    await fails('d', { class: 'transient' });

    expect(asked.failure).toBeInstanceOf(NotGathered);
    expect(asked.failure).toMatchObject({
      code: 'NOT_GATHERED',
      class: 'transient',
      policy: 'quorum(3)',
      missing: '3 answers are needed, 2 can be had',
      cause: { _tag: 'AgentDefect' },
      outcomes: [
        { _tag: 'Replied' },
        { _tag: 'Failed' },
        { _tag: 'Interrupted', failure: { reason: 'it cannot be decided any more' } },
        { _tag: 'Failed' },
      ],
    });
    expect((asked.failure as Error).message).toBe(
      `quorum(3) cannot be had of 4: 3 answers are needed, 2 can be had; 1 answered; '/b' failed: AgentDefect: agent '/b' threw: no idea; '/d' failed: {"class":"transient"}`,
    );
  });

  it('asks agents, topics, capabilities, procedures and definitions; these are spawned, and stopped after it', async () => {
    const { asks, system, turns, answers, log } = aPanel(['a']);
    const lookUp = capability('look.up', {
      input: type<string>(),
      output: type<string>(),
      run: (question) => `found: ${question}`,
    });
    system.spawn(defineAgent({ name: 'library', subscribe: [], capabilities: [lookUp] } as never));
    const guest = defineAgent({
      name: 'guest',
      subscribe: [Ask],
      receive: (question, { self }) => {
        log.push(`${self.path} is asked`);
        return `guest: ${question}`;
      },
    });
    const hasty = (question: string): string => `hasty: ${question}`;
    const asked = asks(gather([Ask, lookUp, hasty, guest, () => Effect.succeed('an effect')], all()));
    await turns();
    expect(system.agents.find('/guest')).toBe(undefined);
    await answers('a');

    expect(asked.value?.value).toEqual(['a', 'found: why?', 'hasty: why?', 'guest: why?', 'an effect']);
    expect(asked.value?.outcomes.map(({ agent }) => agent)).toEqual([
      'panel.ask',
      'look.up',
      'hasty',
      '/guest',
      'a procedure',
    ]);
    expect(log).toContain('/guest is asked');
  });

  it('stops agents that it spawned also when they lose, fail or cannot be spawned', async () => {
    const { chairAsks, system, turns, answers, experts } = aPanel(['a']);
    const guest = (name: string) =>
      defineAgent({ name, subscribe: [Ask], receive: () => new Promise<never>(() => {}) });
    const failing = defineAgent({
      name: 'failing',
      subscribe: [Ask],
      receive: () => {
        throw { class: 'invalid' };
      },
    });
    const asked = chairAsks(gather([guest('slow'), failing, experts[0]!], any()));
    await turns();
    expect(system.agents.list().map(({ path }) => path)).toContain('/chair/slow');
    expect(system.agents.list().map(({ path }) => path)).not.toContain('/chair/failing');
    await answers('a');

    expect(asked.value?.outcomes.map(({ _tag, agent }) => `${agent} ${_tag}`)).toEqual([
      '/chair/slow Interrupted',
      '/chair/failing Failed',
      '/a Replied',
    ]);
    expect(system.agents.list().map(({ path }) => path)).toEqual(['/a', '/chair']);
  });

  it('counts it as a failure when an agent cannot be spawned, or somebody cannot be asked', async () => {
    const { asks, turns } = aPanel([]);
    const guest = defineAgent({ name: 'guest', subscribe: [Ask], receive: () => 'here' });
    const other = aPanel(['stranger']).experts[0]!;
    const asked = asks(gather([guest, guest, other], all({ onFailure: 'collect' })));
    await turns();

    expect(asked.value?.outcomes).toMatchObject([
      { agent: '/guest', _tag: 'Replied' },
      { agent: '/guest-2', _tag: 'Replied' },
      { agent: '/stranger', _tag: 'Failed', failure: { code: 'INVALID_PARAMS' }, tookMs: 0 },
    ]);
  });

  it('asks so many at once, and the next when one has ended', async () => {
    const { asks, answers, turns, experts, log } = aPanel(['a', 'b', 'c', 'd']);
    const asked = asks(gather(experts, firstK(2), { concurrency: 2 }));
    await turns();
    expect(log).toEqual(['a begins', 'b begins']);
    await answers('b');
    expect(log).toEqual(['a begins', 'b begins', 'c begins']);
    await answers('c');

    expect(asked.value?.outcomes).toMatchObject([
      { _tag: 'Interrupted' },
      { _tag: 'Replied' },
      { _tag: 'Replied' },
      { _tag: 'Interrupted', agent: '/d', tookMs: 0, spent: {} },
    ]);
    expect(log).not.toContain('d begins');
  });

  it('asks a thousand procedures one after the other without a deep stack, and none after it is decided', async () => {
    const { asks, turns } = aPanel([]);
    let called = 0;
    const counts = (): number => {
      called += 1;
      return called;
    };
    const all1000 = asks(gather(Array(1_000).fill(counts), all(), { concurrency: 1 }));
    const first = asks(gather(Array(1_000).fill(counts), firstK(10)));
    await turns();

    expect(all1000.value?.value).toHaveLength(1_000);
    expect(first.value?.value).toHaveLength(10);
    expect(called).toBe(1_010);
  });

  it('gives those who are asked so long, from when the first was, and asks nobody after that', async () => {
    const { world, asks, turns, experts, log } = aPanel();
    const asked = asks(gather(experts, all({ onFailure: 'collect' }), { timeoutMs: 10, concurrency: 1 }));
    await turns();
    await world.advance(10);
    await turns();
    await world.advance(10);

    expect(asked.value).toMatchObject({
      value: [],
      outcomes: [
        { _tag: 'Failed', tookMs: 10, failure: { code: 'TIMEOUT', timeoutMs: 10 } },
        { _tag: 'Failed', failure: { code: 'TIMEOUT' } },
        { _tag: 'Failed', failure: { code: 'TIMEOUT' } },
      ],
    });
    expect(log).toContain('a is interrupted');
  });

  it('lets nobody outlive the deadline of whoever asks', async () => {
    const { world, asks, turns, experts, log } = aPanel();
    const asked = asks(gather(experts, all()), { timeoutMs: 5 });
    await turns();
    await world.advance(5);
    await turns();

    expect(asked.failure).toMatchObject({ code: 'TIMEOUT' });
    expect(log.filter((line) => line.endsWith('interrupted'))).toHaveLength(3);
  });

  it('interrupts all who were asked when whoever asks is', async () => {
    const { asks, turns, experts, log } = aPanel();
    const gone = new AbortController();
    const asked = asks(gather(experts, all()), { signal: gone.signal });
    await turns();
    gone.abort();
    await turns();

    expect(asked.failure).toMatchObject({ code: 'INTERRUPTED' });
    expect(log.filter((line) => line.endsWith('interrupted'))).toHaveLength(3);
  });

  it('charges the caller with what all spent, and says of each how much that was', async () => {
    const { asks, answers, turns, experts, system } = aPanel();
    const spender = (
      _: string,
      scope: { budget: { spend(of: 'tokens', n: number): void; spent(of: 'tokens'): number } },
    ) => {
      scope.budget.spend('tokens', 7);
      return `${scope.budget.spent('tokens')}`;
    };
    let charged = 0;
    const asked = asks(
      async (question, scope) => {
        const gathered = await scope.request(gather([...experts, spender], all()), question);
        charged = scope.budget.spent('tokens');
        return gathered;
      },
      { budget: { tokens: 100 } },
    );
    await turns();
    for (const name of ['a', 'b', 'c']) await answers(name);
    void system;

    expect(asked.value?.outcomes.map(({ spent }) => spent)).toEqual([
      { tokens: 2, steps: 1 },
      { tokens: 2, steps: 1 },
      { tokens: 2, steps: 1 },
      { tokens: 7 },
    ]);
    expect(charged).toBe(13);
  });

  it('interrupts all when what it may spend is spent, and says who spent it', async () => {
    const { asks, turns, experts } = aPanel();
    const asked = asks(gather(experts, firstK(2), { budget: { tokens: 3 } }));
    await turns();

    expect(asked.failure).toMatchObject({ code: 'NOT_GATHERED', class: 'permanent' });
    const { outcomes } = asked.failure as NotGathered;
    expect(outcomes.reduce((sum, { spent }) => sum + (spent.tokens ?? 0), 0)).toBe(4);
    expect(outcomes.map(({ _tag }) => _tag)).toContain('Failed');
  });

  it('closes the branch it had for its budget, and asks nobody where that cannot be had', async () => {
    const { asks, answers, turns, experts } = aPanel();
    const greedy = gather(experts, any(), { budget: { tokens: 50 } });
    const asked = asks(greedy, { budget: { tokens: 60 } });
    const refused = asks(greedy, { budget: { tokens: 10 } });
    await turns();
    await answers('b');

    expect(asked.value?.value).toBe('b');
    expect(refused.failure).toMatchObject({
      code: 'NOT_GATHERED',
      outcomes: [{ tookMs: 0, failure: { code: 'BUDGET_EXCEEDED', wanted: 50 } }, {}, {}],
    });
  });

  it('tells of no wait cycle where others may do, and of one where everybody is needed', async () => {
    const { chair, chairAsks, answers, turns, experts } = aPanel(['a']);
    const members = [chair as AgentRef<string, string>, experts[0]!];
    const asked = chairAsks(gather(members, any()));
    await turns();
    await answers('a');
    expect(asked.value?.value).toBe('a');
    const all2 = chairAsks(gather(members, all()));
    await turns();

    expect(all2.failure).toMatchObject({ cause: { _tag: 'WaitCycle', path: ['/chair', '/chair'] } });
  });

  it('gives back what it had set aside when it is over, also where whoever asked goes on', async () => {
    const { asks, answers, turns, experts } = aPanel(['a', 'b']);
    const first = gather(experts, any(), { budget: { tokens: 40 } });
    const reserved: number[] = [];
    const asked = asks(
      async (question: string, scope: Scope) => {
        await scope.request(first, question);
        reserved.push(scope.budget.reserved('tokens'));
        const { value } = await (first(question, scope) as PromiseLike<{ value: string }>);
        reserved.push(scope.budget.reserved('tokens'));
        return value;
      },
      { budget: { tokens: 100 } },
    );
    await turns();
    await answers('a');
    await turns();
    await answers('b');

    expect(asked.value).toBe('b');
    expect(reserved).toEqual([0, 0]);
  });

  it('tells of a wait cycle also where each is waited for, or there is only one to wait for', async () => {
    const { chair, chairAsks, answers, turns, experts } = aPanel(['a']);
    const itself = chair as AgentRef<string, string>;
    const collected = chairAsks(gather([itself, experts[0]!], all({ onFailure: 'collect' })));
    await turns();
    await answers('a');
    const alone = chairAsks(gather([itself], any()));
    await turns();

    expect(collected.value).toMatchObject({
      value: ['a'],
      outcomes: [{ failure: { _tag: 'WaitCycle' } }, {}],
    });
    expect(alone.failure).toMatchObject({ cause: { _tag: 'WaitCycle' } });
  });

  it('tells of none where the time runs out: what there is then is the answer', async () => {
    const { world, chair, chairAsks, answers, turns, experts } = aPanel(['a']);
    const members = [chair as AgentRef<string, string>, experts[0]!];
    const asked = chairAsks(gather(members, withinMs(50, all())));
    await turns();
    await answers('a');
    await world.advance(50);
    await turns();

    expect(asked.value?.value).toEqual({ _tag: 'Partial', answers: ['a'] });
  });

  it('counts it as a failure when an agent cannot be spawned any more', async () => {
    const { asks, system, turns } = aPanel([]);
    const guest = defineAgent({ name: 'guest', subscribe: [Ask], receive: () => 'here' });
    const ends = async (): Promise<string> => {
      void system.stop();
      return 'it has ended';
    };
    const asked = asks(gather([ends, guest], all({ onFailure: 'collect' })));
    await turns();

    expect(asked.value?.outcomes ?? (asked.failure as NotGathered).outcomes).toMatchObject([
      {},
      { agent: 'guest', _tag: expect.stringMatching('Failed|Interrupted') },
    ]);
  });

  it('asks nobody whose turn comes after the time that all had', async () => {
    const { world, chairAsks, turns, experts, log } = aPanel(['a', 'b']);
    const asked = chairAsks(
      gather(experts, all({ onFailure: 'collect' }), { timeoutMs: 10, concurrency: 1 }),
    );
    await turns();
    // The timer rings late, as on a slow machine.
    world.environment.advanceTo(15);
    await world.advance(0);
    await turns();

    expect(asked.value?.outcomes[1]).toMatchObject({
      agent: '/b',
      _tag: 'Failed',
      failure: { code: 'TIMEOUT', timeoutMs: 10 },
    });
    expect(log).not.toContain('b begins');
  });

  it('interrupts one that is given up in the midst of being asked', async () => {
    const { turns, experts, log } = aPanel(['a']);
    let group: Group<string, string> | undefined;
    const meddler = (_: string, { signal }: Scope): Promise<string> => {
      signal.addEventListener('abort', () => log.push('the meddler is interrupted'));
      group!.interrupt('by a member');
      return new Promise<never>(() => {});
    };
    const [only] = await lastValueFrom(
      of('why?').pipe(fanout([meddler, experts[0]!], { concurrency: 1 }), toArray()),
    );
    group = only;
    const outcomes: unknown[] = [];
    group!.outcomes.subscribe((outcome) => outcomes.push(outcome));
    await turns();

    expect(outcomes).toMatchObject([
      { _tag: 'Interrupted', failure: { reason: 'by a member' } },
      { agent: '/a', _tag: 'Interrupted', tookMs: 0 },
    ]);
    expect(log).toEqual(['the meddler is interrupted']);
  });

  it('fails of what its policy throws, and interrupts all', async () => {
    const { asks, answers, turns, experts, log } = aPanel();
    const asked = asks(
      gather(
        experts,
        majority(() => {
          throw new TypeError('no key');
        }),
      ),
    );
    await turns();
    await answers('a');

    expect(asked.failure).toMatchObject({ message: 'no key' });
    expect(log.slice(-2)).toEqual(['b is interrupted', 'c is interrupted']);
  });

  it.each([
    ['nothing', () => undefined, 'verdict of odd'],
    ['a promise', () => Promise.reject(new Error('later')), 'await the promise first'],
    ['something else', () => ({ _tag: 'Perhaps' }), "expected 'Undecided'"],
    [
      'a getter that throws',
      () => ({
        _tag: 'Decided',
        get value() {
          throw new TypeError('not yours');
        },
      }),
      'not yours',
    ],
    ['what is missing, in no words', () => ({ _tag: 'Impossible', missing: 7 }), '7'],
  ])('fails of a policy that says %s', async (_, decide, said) => {
    const { asks, answers, turns, experts, log } = aPanel();
    const asked = asks(gather(experts, { name: 'odd', decide } as never));
    await turns();
    await answers('a');

    expect(String(asked.failure)).toContain(said);
    expect(log.slice(-2)).toEqual(['b is interrupted', 'c is interrupted']);
  });

  it.each([
    ['an object', (answer: string) => ({ answer })],
    ['a function', (answer: string) => () => answer],
    ['a promise', (answer: string) => Promise.reject(new Error(answer))],
  ])('fails of a key that is %s: every answer would be different', async (_, key) => {
    const { asks, answers, turns, experts } = aPanel();
    const asked = asks(gather(experts, majority(key as never)));
    await turns();
    await answers('a');

    expect(asked.failure).toMatchObject({ code: 'INVALID_PARAMS', what: 'key of an answer' });
  });

  it('is over when all have ended and a policy has not decided', async () => {
    const { asks, answers, turns, experts } = aPanel(['a']);
    const never: Policy<string, never> = { name: 'never', decide: () => ({ _tag: 'Undecided' }) };
    const asked = asks(gather(experts, never));
    await turns();
    await answers('a');

    expect(asked.failure).toMatchObject({
      class: 'transient',
      missing: 'all who were asked have ended, and it is not decided',
    });
  });

  it('refuses at the door what could never be', () => {
    const { experts } = aPanel(['a', 'b']);
    const ask = experts[0]!;

    expect(() => gather([], all())).toThrow('at least one; got an empty list');
    expect(() => gather(ask as never, all())).toThrow('gather takes a list of those who are asked');
    expect(() => gather([ask, 7 as never], all())).toThrow('at place 1 it got 7');
    expect(() => gather([ask, null as never], all())).toThrow('at place 1 it got null');
    expect(() => gather([ask, {} as never], all())).toThrow('at place 1 it got {}');
    expect(() => gather(experts, firstK(3))).toThrow('firstK(3) needs at least 3 to ask; got a group of 2');
    expect(() => gather(experts, quorum(3, by))).toThrow(
      'quorum(3) needs at least 3 to ask; got a group of 2',
    );
    expect(() => gather(experts, all({ onFailure: 'quorum', quorum: 3 }))).toThrow('needs at least 3 to ask');
    expect(() => gather(experts, withinMs(5, both(any(), firstK(3))))).toThrow('got a group of 2');
    expect(() => gather(experts, either(firstK(3), any()))).toThrow('got a group of 2');
    expect(() => gather(experts, all(), { concurrency: 0 })).toThrow('at least 1; got 0');
    expect(() => gather(experts, all(), { timeoutMs: Number.NaN })).toThrow('at least 0; got NaN');
    expect(() => gather(experts, all(), { timeoutMs: -1 })).toThrow('got -1');
    expect(() => gather(experts, all(), { budget: { tokens: -1 } })).toThrow('tokens');
    expect(() => firstK(0)).toThrow('firstK takes a whole number, at least 1; got 0');
    expect(() => quorum(1.5)).toThrow('got 1.5');
    expect(() => withinMs(-1)).toThrow('at least 0, or Infinity; got -1');
    expect(() => withinMs(Number.NaN)).toThrow('got NaN');
    expect(() => majority('x' as never)).toThrow('got x');
    expect(() => all({ onFailure: 'quorum', quorum: Number.NaN })).toThrow('got NaN');
    expect(() => all({ onFailure: 'shrug' } as never)).toThrow('got shrug');
    expect(() => plurality(by).checkSize?.(0)).not.toThrow();
  });
});
