import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findWaitCycle, type Wait, WaitCycle, type WaitGraph } from '../../src/actors/wait-cycle.ts';

describe('wait cycles', () => {
  it('are found between two agents whose only handlings await each other', () => {
    const { a, b, open, cycle } = team();
    const [atA, atB] = [open(a), open(b)];

    awaitTurn(atA, b);
    const first = cycle(atA, b);
    awaitTurn(atB, a);

    expect(first).toBeUndefined();
    expect(cycle(atB, a)).toEqual(['/b', '/a', '/b']);
  });

  it('are found when an agent awaits itself', () => {
    const { a, open, cycle } = team();
    const handling = open(a);

    awaitTurn(handling, a);

    expect(cycle(handling, a)).toEqual(['/a', '/a']);
  });

  it('are found when an agent awaits, in another slot, what awaits it', () => {
    const { a, open, cycle } = team({ slots: 2 });
    const [first, second] = [open(a), open(a)];

    awaitHandling(first, second);
    awaitHandling(second, first);

    expect(cycle(second)).toEqual(['/a', '/a', '/a']);
  });

  it('are found through a request that is being handled', () => {
    const { a, b, c, open, cycle } = team();
    const [atA, atB, atC] = [open(a), open(b), open(c)];

    awaitHandling(atA, atB);
    awaitHandling(atB, atC);
    awaitTurn(atC, a);

    expect(cycle(atC, a)).toEqual(['/c', '/a', '/b', '/c']);
  });

  it('begin with the one that waits also when nobody on them waits for a turn', () => {
    const { a, b, open, cycle } = team();
    const [atA, atB] = [open(a), open(b)];

    awaitHandling(atA, atB);
    awaitHandling(atB, atA);

    expect(cycle(atB)).toEqual(['/b', '/a', '/b']);
  });

  it('are not found while the agent waited for has a free slot', () => {
    const { a, b, open, cycle } = team({ slots: 2 });
    const [atA, atB] = [open(a), open(b)];

    awaitTurn(atA, b);
    awaitTurn(atB, a);

    expect(cycle(atB, a)).toBeUndefined();
  });

  it('are not found while another handling of the agent waited for can go on', () => {
    const { a, b, open, cycle } = team({ slots: 2 });
    const [atA, atB] = [open(a), open(b)];
    const [busyA, busyB] = [open(a), open(b)];

    awaitTurn(atA, b);
    awaitTurn(busyA, b);
    awaitTurn(atB, a);
    const oneGoesOn = cycle(atB, a);
    awaitTurn(busyB, a);

    expect(oneGoesOn).toBeUndefined();
    expect(cycle(busyB, a)).toEqual(['/b', '/a', '/b']);
  });

  it('are not found where slots are held by something that is no handling', () => {
    const { a, b, open, cycle } = team({ slots: 0 });
    const atB = open(b);

    awaitTurn(atB, a);

    expect(cycle(atB, a)).toBeUndefined();
  });

  it.each(['a', 'b'] as const)('are not found while %s is moved on by somebody else', (name) => {
    const agents = team();
    const { a, b, open, cycle } = agents;
    const [atA, atB] = [open(a), open(b)];

    agents[name].movedOn = true;
    awaitTurn(atA, b);
    awaitTurn(atB, a);

    expect(cycle(atB, a)).toBeUndefined();
    agents[name].movedOn = false;
    expect(cycle(atB)).toEqual(['/b', '/a', '/b']);
  });

  it('are found between agents whose outboxes wait for room at each other, whatever slots are free', () => {
    const { a, b, graph } = team({ slots: 2 });

    a.blockedAt.push(b);
    b.blockedAt.push(a);

    expect(findWaitCycle(graph, { _tag: 'outbox', of: b }, a)).toEqual(['/b', '/a', '/b']);
  });

  it('are found when one of several mailboxes at which an outbox waits never gets room', () => {
    const { a, b, c, open, cycle } = team();
    const atC = open(c);

    a.blockedAt.push(b, c);
    awaitTurn(atC, a);

    expect(cycle(atC, a)).toEqual(['/c', '/a', '/c']);
  });

  it('are not found while the mailbox at which an outbox waits can get room', () => {
    const { a, b, c, open, cycle } = team();
    const atC = open(c);

    a.blockedAt.push(b);
    awaitTurn(atC, a);

    expect(cycle(atC, a)).toBeUndefined();
  });

  it('are found when a reply lies behind effects that wait for the one who awaits it', () => {
    const { a, b, open, cycle } = team();
    const atA = open(a);

    b.blockedAt.push(a);
    awaitOutbox(atA, b);

    expect(cycle(atA)).toEqual(['/a', '/b', '/a']);
  });

  it('are found when a request lies behind effects of its own agent', () => {
    const { a, b, open, cycle } = team();
    const [atA, atB] = [open(a), open(b)];

    a.blockedAt.push(b);
    awaitOutbox(atA, a);
    awaitTurn(atB, a);

    expect(cycle(atB, a)).toEqual(['/b', '/a', '/b']);
  });

  it('are named by the cycle when the one that waits leads to it without being on it', () => {
    const { a, b, c, open, cycle } = team();
    const [atA, atB, atC] = [open(a), open(b), open(c)];

    awaitTurn(atA, b);
    awaitTurn(atB, a);
    awaitTurn(atC, a);

    expect(cycle(atC, a)).toEqual(['/a', '/b', '/a']);
  });

  it('are found before the graph tells of the wait that closes them', () => {
    const { a, b, open, cycle } = team();
    const [atA, atB] = [open(a), open(b)];

    awaitTurn(atA, b);

    expect(cycle(atB, a)).toEqual(['/b', '/a', '/b']);
  });

  it('name only agents that cannot go on', () => {
    const { a, b, c, open, cycle } = team();
    const halfFree = agent('/half-free', 2);
    const [atA, atB, atC, stuck] = [open(a), open(b), open(c), open(halfFree)];
    open(halfFree);

    awaitTurn(atA, halfFree);
    awaitTurn(stuck, a);
    awaitTurn(atA, b);
    awaitTurn(atB, c);
    awaitTurn(atC, a);

    expect(cycle(atA)).toEqual(['/a', '/b', '/c', '/a']);
  });

  it('are found around 100 000 agents without running out of stack', () => {
    const agents = Array.from({ length: 100_000 }, (_, n) => agent(`/${n}`, 1));
    const handlings = agents.map(openAt);
    for (const [n, handling] of handlings.entries()) awaitTurn(handling, agents[(n + 1) % agents.length]!);

    const path = findWaitCycle(graphOf, { _tag: 'handling', of: handlings[0]! }, agents[1])!;

    expect(path.length).toBe(100_001);
    expect([path[0], path[1], path.at(-1)]).toEqual(['/0', '/1', '/0']);
  });

  it('are not looked for when the agent waited for takes its next message at once', () => {
    const { a, b, open } = team({ slots: 2 });
    const handling = open(a);
    const blind = { ...graphOf, agentOf: unasked, handlings: unasked, waits: unasked };

    awaitTurn(handling, b);

    expect(findWaitCycle(blind, { _tag: 'handling', of: handling }, b)).toBeUndefined();
  });

  it('law: are reported exactly when the one that waits could never go on', () => {
    fc.assert(
      fc.property(worlds, ({ agents, handlings }) => {
        const done = simulate(agents);

        for (const handling of handlings) {
          expect(cycleOf(handling) !== undefined).toBe(!done.has(handling));
        }
        for (const sender of agents) {
          const path = findWaitCycle(graphOf, { _tag: 'outbox', of: sender }, undefined);
          expect(path !== undefined).toBe(!done.has(sender));
        }
      }),
    );
  });

  it('law: lead from each agent to one that it can never stop waiting for, back to the first', () => {
    fc.assert(
      fc.property(worlds, ({ agents, handlings }) => {
        const done = simulate(agents);

        for (const path of handlings.map(cycleOf).filter((found) => found !== undefined)) {
          const ring = path.map((name) => agents.find((one) => one.path === name)!);

          expect(path.at(0)).toBe(path.at(-1));
          expect(ring.slice(1).filter((to, n) => !waitsForEver(ring[n]!, to, done))).toEqual([]);
        }
      }),
    );
  });

  it('law: are reported when a wait is added exactly if its owner could then never go on', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        addWaitsOneByOne(world, ({ path, waiter }) => {
          expect(path !== undefined).toBe(!simulate(world.agents).has(waiter));
        });
      }),
    );
  });

  it('law: begin with the one whose new wait is refused', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        addWaitsOneByOne(world, ({ path, waiter }) => {
          expect([undefined, 'path' in waiter ? waiter.path : waiter.agent.path]).toContain(path?.[0]);
        });
      }),
    );
  });

  it('law: when each wait that would close one is refused, everybody can go on', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        addWaitsOneByOne(world);

        const done = simulate(world.agents);
        expect([...world.agents, ...world.handlings].filter((one) => !done.has(one))).toEqual([]);
      }),
    );
  });

  it('law: are never reported where a free slot is on every way round', () => {
    fc.assert(
      fc.property(worlds, ({ handlings }) => {
        const roomy: typeof graphOf = {
          ...graphOf,
          hasFreeSlot: () => true,
          blockedAt: () => [],
          waits: (handling) => handling.waits.filter(({ _tag }) => _tag !== 'handling'),
        };

        const found = handlings.map((of) => findWaitCycle(roomy, { _tag: 'handling', of }, undefined));

        expect(found.filter((path) => path !== undefined)).toEqual([]);
      }),
    );
  });
});

describe('WaitCycle', () => {
  it('says who waits for whom', () => {
    const failure = new WaitCycle({ path: ['/a', '/b', '/a'] });

    expect(failure.message).toBe('wait cycle: /a → /b → /a; each waits for the other, so none can answer');
    expect(failure).toMatchObject({ code: 'WAIT_CYCLE', class: 'permanent', path: ['/a', '/b', '/a'] });
  });

  it('says so when an agent waits for itself', () => {
    const failure = new WaitCycle({ path: ['/a', '/a'] });

    expect(failure.message).toBe('wait cycle: /a → /a; it waits for itself, so it cannot answer');
  });

  it('names at most ten of many', () => {
    const failure = new WaitCycle({ path: Array.from({ length: 13 }, (_, n) => `/${n}`) });

    expect(failure.message).toContain('/3 → /4 → … 3 more … → /8 → /9');
  });
});

interface TestAgent {
  readonly path: string;
  readonly slots: number;
  readonly open: TestHandling[];
  readonly blockedAt: TestAgent[];
  movedOn: boolean;
}

interface TestHandling {
  readonly agent: TestAgent;
  readonly waits: Wait<TestAgent, TestHandling>[];
}

const graphOf: WaitGraph<TestAgent, TestHandling> = {
  path: ({ path }) => path,
  isMovedOn: ({ movedOn }) => movedOn,
  hasFreeSlot: ({ open, slots }) => open.length < slots,
  handlings: ({ open }) => open,
  blockedAt: ({ blockedAt }) => blockedAt,
  agentOf: ({ agent: owner }) => owner,
  waits: ({ waits }) => waits,
};

const unasked = () => expect.unreachable();

const agent = (path: string, slots: number): TestAgent => ({
  path,
  slots,
  open: [],
  blockedAt: [],
  movedOn: false,
});

function openAt(owner: TestAgent): TestHandling {
  const handling = { agent: owner, waits: [] };
  owner.open.push(handling);
  return handling;
}

/** Three agents with so many slots each. */
function team({ slots = 1 } = {}) {
  const [a, b, c] = ['/a', '/b', '/c'].map((path) => agent(path, slots)) as [TestAgent, TestAgent, TestAgent];
  const cycle = (handling: TestHandling, target?: TestAgent) =>
    findWaitCycle(graphOf, { _tag: 'handling', of: handling }, target);
  return { a, b, c, open: openAt, cycle, graph: graphOf };
}

const awaitTurn = ({ waits }: TestHandling, of: TestAgent) => waits.push({ _tag: 'turn', of });
const awaitHandling = ({ waits }: TestHandling, of: TestHandling) => waits.push({ _tag: 'handling', of });
const awaitOutbox = ({ waits }: TestHandling, of: TestAgent) => waits.push({ _tag: 'outbox', of });
const cycleOf = (handling: TestHandling) =>
  findWaitCycle(graphOf, { _tag: 'handling', of: handling }, undefined);

interface TestWorld {
  readonly agents: TestAgent[];
  readonly handlings: TestHandling[];
}

const anAgentPlan = fc.record({
  slots: fc.integer({ min: 0, max: 2 }),
  idle: fc.constantFrom(0, 0, 0, 1),
  movedOn: fc.constantFrom(false, false, false, false, false, true),
  blockedAt: fc.array(fc.nat({ max: 9 }), { maxLength: 4 }).map((at) => at.slice(2)),
});
const aWaitPlan = fc.record({
  by: fc.nat({ max: 9 }),
  _tag: fc.constantFrom('turn', 'turn', 'handling', 'outbox'),
  of: fc.nat({ max: 9 }),
});

const worlds = fc
  .tuple(fc.array(anAgentPlan, { minLength: 1, maxLength: 5 }), fc.array(aWaitPlan, { maxLength: 10 }))
  .map(([plans, waitPlans]): TestWorld => {
    const agents = plans.map(({ slots }, n) => agent(`/${n}`, slots));
    const pick = <T>(from: readonly T[], n: number): T => from[n % from.length]!;
    for (const [n, { slots, idle, movedOn, blockedAt }] of plans.entries()) {
      const owner = agents[n]!;
      owner.movedOn = movedOn;
      owner.blockedAt.push(...blockedAt.map((at) => pick(agents, at)));
      for (let open = 0; open < slots - idle; open += 1) openAt(owner);
    }
    const handlings = agents.flatMap(({ open }) => open);
    for (const { by, _tag, of } of handlings.length === 0 ? [] : waitPlans) {
      const wait = _tag === 'handling' ? { _tag, of: pick(handlings, of) } : { _tag, of: pick(agents, of) };
      pick(handlings, by).waits.push(wait);
    }
    return { agents, handlings };
  });

/**
 * Lets everybody go on who can, until nobody can any more; returns the handlings that ended and the
 * agents whose outboxes are empty.
 */
function simulate(agents: readonly TestAgent[]): Set<TestAgent | TestHandling> {
  const taking = new Set<TestAgent>();
  const done = new Set<TestAgent | TestHandling>();
  const isOver = ({ _tag, of }: Wait<TestAgent, TestHandling>) =>
    _tag === 'turn' ? taking.has(of) : done.has(of);

  for (let before = -1; before < taking.size + done.size; ) {
    before = taking.size + done.size;
    for (const one of agents) {
      for (const handling of one.open) {
        if (one.movedOn || handling.waits.every(isOver)) done.add(handling);
      }
      if (one.movedOn || one.blockedAt.every((receiver) => taking.has(receiver))) done.add(one);
      const stillOpen = one.open.filter((handling) => !done.has(handling)).length;
      // Slots that no handling holds are held by something else, which lets go in the end.
      const slotsLent = one.open.length === 0 || stillOpen < Math.max(one.slots, one.open.length);
      if (one.movedOn || (done.has(one) && slotsLent)) taking.add(one);
    }
  }
  return done;
}

/** Takes all waits away and adds them one by one, as a runtime would, refusing those that close a cycle. */
function addWaitsOneByOne(
  { agents, handlings }: TestWorld,
  added: (added: {
    path: readonly string[] | undefined;
    waiter: TestAgent | TestHandling;
  }) => void = () => {},
): void {
  const blocks = agents.map((owner) => ({ owner, receivers: owner.blockedAt.splice(0) }));
  const plans = handlings.map((handling) => ({ handling, waits: handling.waits.splice(0) }));

  for (const { owner, receivers } of blocks) {
    for (const receiver of receivers) {
      owner.blockedAt.push(receiver);
      const path = findWaitCycle(graphOf, { _tag: 'outbox', of: owner }, receiver);
      added({ path, waiter: owner });
      if (path !== undefined) owner.blockedAt.pop();
    }
  }
  for (const { handling, waits } of plans) {
    for (const wait of waits) {
      handling.waits.push(wait);
      const target = wait._tag === 'turn' ? wait.of : undefined;
      const path = findWaitCycle(graphOf, { _tag: 'handling', of: handling }, target);
      added({ path, waiter: handling });
      if (path !== undefined) handling.waits.pop();
    }
  }
}

/** Whether something of one agent that never goes on awaits something of the other. */
function waitsForEver(from: TestAgent, to: TestAgent, done: ReadonlySet<TestAgent | TestHandling>): boolean {
  const awaited = from.open
    .filter((handling) => !done.has(handling))
    .flatMap(({ waits }) => waits.map((wait) => (wait._tag === 'handling' ? wait.of.agent : wait.of)));
  return [...awaited, ...(done.has(from) ? [] : from.blockedAt)].includes(to);
}
