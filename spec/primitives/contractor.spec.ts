import { type ContractorOptions, contractor, defineAgent, defineContract, on, refuse, type } from 'troupe';
import { describe, expect, it } from 'vitest';
import { aWorld, takeTurns } from '../support/a-world.ts';

const Job = defineContract('job', { task: type<string>(), bid: type<number>(), result: type<string>() });

const call = { contractId: 'x', callId: '1', task: 'sweep', holdMs: 1_000 };
const award = { contractId: 'x' };
const rejection = { contractId: 'x', callId: '1', reason: 'outbid' } as const;

/** One contractor, whose manager is the spec. */
function aContractor(options: Partial<ContractorOptions<string, number, string>> = {}, concurrency = 3) {
  const world = aWorld();
  const log: string[] = [];
  const gates: (() => void)[] = [];
  const gate = (): Promise<void> => new Promise((resolve) => void gates.push(resolve));
  const ref = world.system.spawn(
    defineAgent({
      name: 'a',
      concurrency,
      supervision: { backoffMs: 0 },
      on: contractor(Job, {
        bid: () => 5,
        perform: (task) => `${task} ${log.push('works')}`,
        lost: (task, reason) => log.push(`loses ${task}: ${reason}`),
        ...options,
      }),
    }),
  );
  type Asked = Promise<unknown>;
  const ask = (topic: 'cfp' | 'accept' | 'cancel', message: object, signal?: AbortSignal): Asked =>
    world.system
      .request(ref, message as never, { topic: Job[topic], ...(signal && { signal }) } as never)
      .catch((failure: unknown) => failure);
  const answer = async (topic: 'cfp' | 'accept' | 'cancel', message: object): Asked => {
    const asked = ask(topic, message);
    await takeTurns(world);
    return asked;
  };
  const reject = async (word: object = rejection): Promise<void> => {
    void world.system.tell(ref, word as never, { topic: Job.reject });
    await takeTurns(world);
  };
  return { world, log, gate, gates, ref, ask, answer, reject };
}

const five = { _tag: 'Propose', bid: 5 };

describe('a contractor', () => {
  it('gives the same call the same bid, and the same award the same result', async () => {
    const { answer, log } = aContractor({ bid: () => log.push('bids') });

    expect(await answer('cfp', call)).toEqual({ _tag: 'Propose', bid: 1 });
    expect(await answer('cfp', call)).toEqual({ _tag: 'Propose', bid: 1 });
    // A manager that begins anew calls anew.
    expect(await answer('cfp', { ...call, callId: '2' })).toEqual({ _tag: 'Propose', bid: 1 });
    expect(await answer('accept', award)).toEqual({ _tag: 'Inform', result: 'sweep 2' });
    expect(await answer('accept', award)).toEqual({ _tag: 'Inform', result: 'sweep 2' });
    expect(await answer('cancel', award)).toEqual({ _tag: 'Inform', result: 'sweep 2' });
    expect(await answer('cfp', { ...call, callId: '3' })).toEqual({ _tag: 'Propose', bid: 1 });
    expect(log).toEqual(['bids', 'works']);
  });

  it('makes one bid, and does the work once, when it is asked twice meanwhile', async () => {
    const { ask, answer, gate, gates, log, world } = aContractor({
      bid: () => gate().then(() => log.push('bids')),
      perform: () => gate().then(() => `done ${log.push('works')}`),
    });

    const bids = [ask('cfp', call), ask('cfp', call)];
    await takeTurns(world);
    gates[0]!();
    await takeTurns(world);
    expect(await Promise.all(bids)).toEqual([
      { _tag: 'Propose', bid: 1 },
      { _tag: 'Propose', bid: 1 },
    ]);
    const works = [ask('accept', award), ask('accept', award)];
    await takeTurns(world);
    expect(await answer('cfp', { ...call, callId: '2' })).toEqual({
      _tag: 'Refuse',
      reason: 'it does this task already',
    });
    gates[1]!();
    await takeTurns(world);
    expect(await Promise.all(works)).toEqual([
      { _tag: 'Inform', result: 'done 2' },
      { _tag: 'Inform', result: 'done 2' },
    ]);
    expect(gates).toHaveLength(2);
  });

  it.each([
    ['nothing', () => undefined, 'it does not bid'],
    ['a reason', () => refuse('busy'), 'busy'],
    ['a reason later', async () => refuse('busy'), 'busy'],
  ])('says no with %s, and again when it is asked again', async (_, bid, reason) => {
    const { answer } = aContractor({ bid });

    expect(await answer('cfp', call)).toEqual({ _tag: 'Refuse', reason });
    expect(await answer('cfp', call)).toEqual({ _tag: 'Refuse', reason });
    expect(await answer('accept', award)).toEqual({ _tag: 'Failure', reason });
  });

  it('declines an award for which no bid of it stands', async () => {
    const { answer, reject, log } = aContractor();

    expect(await answer('accept', award)).toEqual({ _tag: 'Failure', reason: 'no bid of it stands' });
    expect(await answer('cancel', award)).toEqual({ _tag: 'Cancelled' });
    await answer('cfp', call);
    await reject({ ...rejection, callId: 'of another call' });
    expect(log).toEqual([]);
    await reject();
    await reject();
    expect(await answer('accept', award)).toEqual({ _tag: 'Failure', reason: 'outbid' });
    expect(await answer('cancel', award)).toEqual({ _tag: 'Cancelled' });
    expect(log).toEqual(['loses sweep: outbid']);
  });

  it('refuses a call whose rejection overtook it, and bids when it is called anew', async () => {
    const { answer, reject } = aContractor();
    await reject();

    expect(await answer('cfp', call)).toEqual({ _tag: 'Refuse', reason: 'outbid' });
    expect(await answer('cfp', { ...call, callId: '2' })).toEqual(five);
  });

  it('does not begin what was cancelled, and ends what was begun', async () => {
    const { ask, answer, log, gate } = aContractor({
      perform: (_, context) => {
        context.signal.addEventListener('abort', () => log.push('is interrupted'));
        return gate().then(() => 'done');
      },
    });
    await answer('cfp', call);
    expect(await answer('cancel', award)).toEqual({ _tag: 'Cancelled' });
    expect(log).toEqual(['loses sweep: the award was cancelled']);

    await answer('cfp', { ...call, callId: '2' });
    const work = ask('accept', award);
    expect(await answer('cancel', award)).toEqual({ _tag: 'Cancelled' });
    expect(await work).toEqual({ _tag: 'Failure', reason: 'the award was cancelled' });
    expect(log.slice(1)).toEqual(['is interrupted']);
  });

  it('does not begin work again that was interrupted', async () => {
    const { ask, answer, gate, gates, log, world, reject } = aContractor({
      perform: () => gate().then(() => `done ${log.push('works')}`),
    });
    await answer('cfp', call);
    const manager = new AbortController();
    const first = ask('accept', award, manager.signal);
    await takeTurns(world);
    manager.abort();
    await takeTurns(world);

    expect(await answer('accept', award)).toEqual({ _tag: 'Failure', reason: 'its work was interrupted' });
    gates[0]!();
    await reject();
    expect(await first).toMatchObject({ _tag: 'Interrupted' });
    // What the interrupted one still did has no effect; called anew, it bids.
    expect(await answer('cancel', award)).toEqual({ _tag: 'Cancelled' });
    expect(await answer('cfp', { ...call, callId: '2' })).toEqual(five);
    expect(log).toEqual(['works']);
  });

  it('forgets a bid that was interrupted while it was made', async () => {
    const { ask, answer, gate, gates, world, log } = aContractor({ bid: () => gate().then(() => 5) });
    const manager = new AbortController();
    const first = ask('cfp', call, manager.signal);
    await takeTurns(world);
    manager.abort();
    await takeTurns(world);
    gates[0]!();
    await first;

    expect(await answer('cfp', call)).toEqual({ _tag: 'Refuse', reason: 'its bid was interrupted' });
    expect(await answer('accept', award)).toEqual({ _tag: 'Failure', reason: 'its bid was interrupted' });
    expect(log).toEqual([]);
  });

  it('gives up a bid that is rejected while it is made', async () => {
    const { ask, gate, gates, world, reject, log } = aContractor({ bid: () => gate().then(() => 5) });
    const bid = ask('cfp', call);
    await takeTurns(world);
    await reject();
    gates[0]!();
    await takeTurns(world);

    expect(await bid).toEqual({ _tag: 'Refuse', reason: 'outbid' });
    // What was set aside for it can be given back.
    expect(log).toEqual(['loses sweep: outbid']);
  });

  it.each([
    [
      'at once',
      () => {
        throw new Error('broken');
      },
    ],
    ['later', () => Promise.reject(new Error('broken'))],
  ])('fails as any agent does when its bid or its work throws %s', async (_, breaks) => {
    const bidder = aContractor({ bid: breaks });
    expect(await bidder.answer('cfp', call)).toMatchObject({ _tag: 'AgentDefect' });

    const worker = aContractor({ perform: breaks });
    await worker.answer('cfp', call);
    expect(await worker.answer('accept', award)).toMatchObject({ _tag: 'AgentDefect' });
    await worker.world.runUntilQuiet();
    // A restart forgets what it had bid, together with its state.
    expect(await worker.answer('accept', award)).toEqual({ _tag: 'Failure', reason: 'no bid of it stands' });
  });

  it('does not fail again for work that failed after it had been interrupted', async () => {
    const { ask, answer, world, ref } = aContractor({
      bid: async (_, context) => {
        await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
        throw new Error('broken');
      },
    });
    const manager = new AbortController();
    const bid = ask('cfp', call, manager.signal);
    await takeTurns(world);
    manager.abort();
    await bid;
    await takeTurns(world);

    expect(await answer('accept', award)).toMatchObject({ _tag: 'Failure' });
    expect(world.system.statistics().agents.find(({ path }) => path === ref.path)).toMatchObject({
      failed: 0,
    });
  });

  it('holds a bid as long as it was asked to', async () => {
    const { answer, log, world } = aContractor();
    await answer('cfp', call);
    await world.advance(600);
    await answer('cfp', { ...call, callId: '2' });
    await world.advance(600);
    expect(log).toEqual([]);
    await world.advance(600);
    expect(log).toEqual(['loses sweep: the bid has lapsed']);

    await answer('cfp', { contractId: 'y', callId: '1', task: 'mop', holdMs: Number.POSITIVE_INFINITY });
    await answer('cfp', { contractId: 'z', callId: '1', task: 'mop', holdMs: Number.NaN });
    await world.runUntilQuiet();
    expect(log).toHaveLength(1);
  });

  it('lets no work lapse', async () => {
    const { ask, answer, log, world, gate, gates } = aContractor({
      perform: () => gate().then(() => 'done'),
    });
    await answer('cfp', call);
    const done = ask('accept', award);
    await world.advance(1_500);
    gates[0]!();
    await takeTurns(world);
    expect(await done).toEqual({ _tag: 'Inform', result: 'done' });
    await world.runUntilQuiet();
    expect(log).toEqual([]);
  });

  it('has no more open than it may, and remembers no more than that', async () => {
    const { answer, reject } = aContractor({ contractsMax: 1 });
    const other = { ...call, contractId: 'y' };

    expect(await answer('cfp', call)).toEqual(five);
    expect(await answer('cfp', other)).toEqual({ _tag: 'Refuse', reason: 'it has 1 bids and awards open' });
    await reject();
    expect(await answer('cfp', other)).toEqual(five);
    await answer('accept', { contractId: 'y' });
    // The rejection of x is forgotten.
    expect(await answer('accept', award)).toEqual({ _tag: 'Failure', reason: 'no bid of it stands' });
  });

  it('keeps the books of agents of one definition apart, and goes with other handlers', async () => {
    const world = aWorld();
    const agent = defineAgent({
      name: 'a',
      on: [...contractor(Job, { bid: () => 5, perform: () => 'done' }), on(Job.reject, () => {})],
    });
    const [one, other] = [world.system.spawn(agent), world.system.spawn(agent)];
    const asked = world.system.request(one, call);
    const awarded = world.system.request(other, award, { topic: Job.accept });
    await world.runUntilQuiet();

    expect(await asked).toEqual(five);
    expect(await awarded).toMatchObject({ _tag: 'Failure' });
  });

  it.each([0, 1.5, Number.NaN])('is refused at the door with room for %s', (contractsMax) => {
    expect(() => contractor(Job, { bid: () => 5, perform: () => 'done', contractsMax })).toThrow(
      `contractsMax is a whole number, at least 1; got ${contractsMax}`,
    );
  });
});
