import { describe, expect, it } from 'vitest';
import { Cell, type OpenHandling } from '../../src/actors/cell.ts';
import type { PendingReply } from '../../src/actors/pending-reply.ts';
import { agentAt, waitCycleOfEffect, waitCycleOfRequest, waitCycleOfRoom } from '../../src/actors/waits.ts';
import { Chain } from '../../src/core/chain.ts';
import type { Receiver, TopicEntry } from '../../src/core/topic-board.ts';
import { anEnvelope } from '../support/an-envelope.ts';

/** An agent as far as it is looked at here: one slot, and room, where nothing else is said. */
function anAgent(path: string, facts: object = {}): Cell {
  // Its own phase: that of a cell is kept where only a cell that was made can keep it.
  const phase = { value: 'running', writable: true, enumerable: true };
  return Object.assign(Object.create(Cell.prototype, { phase }) as Cell, {
    path,
    window: 1,
    open: 0,
    finishes: false,
    definition: { overflow: 'suspend', keyed: undefined },
    mailbox: { hasRoom: true, saturated: false },
    ...facts,
  });
}

/** An agent at whose mailbox one has to wait for room. */
function aFullAgent(path: string, facts: object = {}): Cell & { roomAsked: number } {
  let promise: Promise<void> | undefined;
  const mailbox = {
    hasRoom: false,
    saturated: false,
    get openRoom() {
      return promise;
    },
    room: () => {
      promise ??= Promise.resolve();
      return promise;
    },
  };
  return anAgent(path, { mailbox, ...facts }) as never;
}

function open(cell: Cell): OpenHandling {
  const handling = { cell, over: false, rooms: undefined } as unknown as OpenHandling;
  cell.openHandlings ??= new Set();
  cell.openHandlings.add(handling);
  cell.open += 1;
  return handling;
}

/** What a handling has asked of an agent, and awaits. */
function ask(madeBy: OpenHandling, askedAlone: Receiver | undefined, facts: object = {}): PendingReply {
  const request = {
    madeBy,
    awaited: true,
    settled: false,
    askedAlone,
    workers: [],
    chained: false,
    ...facts,
  };
  madeBy.cell.requests ??= new Chain();
  madeBy.cell.requests.append(request as unknown as PendingReply);
  return request as unknown as PendingReply;
}

const pathOf = (cycle: { readonly path: readonly string[] } | undefined) => cycle?.path.join(' ');
const asks = (from: OpenHandling, to: Cell) => pathOf(waitCycleOfRequest({ madeBy: from } as never, to));

/** Two agents that are working, each on one message. */
function aPair(facts: { readonly left?: object; readonly right?: object } = {}) {
  const left = anAgent('/left', facts.left);
  const right = anAgent('/right', facts.right);
  return { left, right, atLeft: open(left), atRight: open(right) };
}

describe('a request', () => {
  it('closes a cycle when it is made to whoever awaits one', () => {
    const { left, right, atLeft, atRight } = aPair();
    ask(atLeft, right);

    expect(asks(atRight, left)).toBe('/right /left /right');
  });

  it.each([
    ['nobody awaits', { awaited: false }],
    ['is settled', { settled: true }],
    ['was made to several', { askedAlone: undefined }],
    ['was made to somebody outside', { askedAlone: { path: 'a reader' } }],
    ['another handling has made', { madeBy: {} }],
  ])('closes none with one that %s', (_, facts) => {
    const { left, right, atLeft, atRight } = aPair();
    ask(atLeft, right, facts);

    expect(asks(atRight, left)).toBeUndefined();
  });

  it('closes one with what a handling of the agent is working on', () => {
    const { left, right, atLeft, atRight } = aPair({ right: { window: 2 } });
    ask(atLeft, right, { workers: [atRight] });

    expect(asks(atRight, left)).toBe('/right /left /right');
  });

  it.each([
    ['is over', { over: true }],
    ['is no handling', undefined],
  ])('waits for the turn of the agent where its worker %s', (_, facts) => {
    const { left, right, atLeft, atRight } = aPair({ right: { window: 2 } });
    const worker = facts === undefined ? { path: 'a step' } : { ...atRight, ...facts };
    ask(atLeft, right, { workers: [worker] });

    expect(asks(atRight, left)).toBeUndefined();
  });

  it('closes one with what its agent does in the step it takes now', () => {
    const { left, right, atLeft, atRight } = aPair();
    left.openHandlings!.delete(atLeft);
    left.current = atLeft;
    ask(atLeft, right);

    expect(asks(atRight, left)).toBe('/right /left /right');
  });

  it('closes none where another handling of the agent can go on', () => {
    const { left, right, atLeft, atRight } = aPair({ left: { window: 2 } });
    open(left);
    ask(atLeft, right);

    expect(asks(atRight, left)).toBeUndefined();
  });
});

describe('an agent that somebody else moves on', () => {
  it.each([
    ['is suspended', { phase: 'suspended' }],
    ['is ending', { phase: 'stopping' }],
    ['has ended', { phase: 'stopped' }],
  ])('is in no cycle: it %s', (_, facts) => {
    const { left, right, atLeft, atRight } = aPair({ left: facts });
    ask(atLeft, right);

    expect(asks(atRight, left)).toBeUndefined();
  });

  it('is one that is about to begin, until it has begun to', () => {
    const left = anAgent('/left', { phase: 'starting', parked: [] });
    const right = anAgent('/right');
    const atRight = open(right);
    expect(asks(atRight, left)).toBeUndefined();

    ask(open(left), right);
    expect(asks(atRight, left)).toBe('/right /left /right');
  });

  it('is none that has finished and waits for what it sent to leave', () => {
    const { left, right, atRight } = aPair({ left: { phase: 'suspended', finishes: true } });
    left.parked = [{ receiver: right }] as never;

    expect(asks(atRight, left)).toBe('/right /left /right');
  });

  it('is one before it has begun, whatever it has sent', () => {
    const left = anAgent('/left', { phase: 'starting' });
    const right = anAgent('/right');
    left.parked = [{ receiver: right }] as never;

    const atRight = open(right);
    expect(asks(atRight, left)).toBeUndefined();
    left.phase = 'running';
    expect(asks(atRight, left)).toBe('/right /left /right');
  });
});

describe('an effect that stands in line', () => {
  it('closes a cycle where its receiver waits for its sender', () => {
    const { left, right, atRight } = aPair();
    ask(atRight, left);

    expect(pathOf(waitCycleOfEffect(left, right))).toBeUndefined();
    left.parked = [{ receiver: right }] as never;
    expect(pathOf(waitCycleOfEffect(left, right))).toBe('/left /right /left');
  });

  it('keeps back whatever the handlings of its sender have still to say', () => {
    const { left, right, atLeft, atRight } = aPair();
    left.parked = [{ receiver: right }] as never;
    ask(atRight, left, { workers: [atLeft] });

    expect(pathOf(waitCycleOfEffect(left, right))).toBe('/left /right /left');
  });

  it('is no part of one where it stands at somebody outside', () => {
    const { left, right, atLeft, atRight } = aPair();
    left.parked = [{ receiver: { path: 'a reader' } }] as never;
    ask(atRight, left, { workers: [atLeft] });

    expect(asks(atRight, left)).toBeUndefined();
    expect(agentAt({ path: 'a reader' } as Receiver)).toBeUndefined();
    expect(agentAt(right)).toBe(right);
  });
});

describe('waiting for room', () => {
  it('is nothing where there is room', () => {
    const { right, atLeft } = aPair();

    expect(waitCycleOfRoom(atLeft, right, anEnvelope())).toBeUndefined();
    expect(atLeft.rooms).toBeUndefined();
  });

  it('is remembered, once for each receiver, as long as the room has not come', () => {
    const left = anAgent('/left');
    const full = aFullAgent('/full');
    const other = aFullAgent('/other');
    const handling = open(left);
    for (const target of [full, full, other]) {
      expect(waitCycleOfRoom(handling, target, anEnvelope())).toBeUndefined();
    }
    expect(handling.rooms!.map(({ cell }) => cell.path)).toEqual(['/full', '/other']);

    handling.rooms![0] = { ...handling.rooms![0]!, room: Promise.resolve() };
    waitCycleOfRoom(handling, other, anEnvelope());
    expect(handling.rooms!.map(({ cell }) => cell.path)).toEqual(['/other']);
  });

  it('is refused at once, and not remembered, where it closes a cycle', () => {
    const left = anAgent('/left');
    const full = aFullAgent('/full');
    const handling = open(left);
    ask(open(full), left);

    expect(pathOf(waitCycleOfRoom(handling, full, anEnvelope()))).toBe('/left /full /left');
    expect(handling.rooms).toEqual([]);
  });

  it('is part of a cycle that somebody else closes, until the room has come', () => {
    const left = anAgent('/left');
    const full = aFullAgent('/full');
    const handling = open(left);
    waitCycleOfRoom(handling, full, anEnvelope());
    const atFull = open(full);
    expect(asks(atFull, left)).toBe('/full /left /full');

    handling.rooms = [{ ...handling.rooms![0]!, room: Promise.resolve() }];
    expect(asks(atFull, left)).toBeUndefined();
  });

  it('is nothing for whoever is refused', () => {
    const mailbox = { hasRoom: false, saturated: true };
    const handling = open(anAgent('/left'));

    expect(waitCycleOfRoom(handling, anAgent('/full', { mailbox }), anEnvelope())).toBeUndefined();
    expect(handling.rooms).toBeUndefined();
  });

  it('at a topic is waiting for all who hear it and have none, but not for readers outside', () => {
    const full = aFullAgent('/full');
    const reader = { path: 'a reader', mustWait: true, saturated: false } as unknown as Receiver;
    const receivers = [anAgent('/roomy'), full, Object.assign(reader, { receiverFor: () => reader })];
    const handling = open(anAgent('/left'));

    waitCycleOfRoom(handling, { receivers } as unknown as TopicEntry, anEnvelope());
    expect(handling.rooms!.map(({ cell }) => cell.path)).toEqual(['/full']);
  });

  it('at a topic of which one hearer is full to the brim is nothing: whoever says it is refused', () => {
    const full = aFullAgent('/full');
    const brimful = anAgent('/brimful', { mailbox: { hasRoom: false, saturated: true } });
    const handling = open(anAgent('/left'));

    waitCycleOfRoom(handling, { receivers: [full, brimful] } as unknown as TopicEntry, anEnvelope());
    expect(handling.rooms).toBeUndefined();
  });
});

describe('a place in a keyed group', () => {
  /** A group of which both places are taken by agents that wait for whoever wants a third. */
  function aFullGroup() {
    const wanting = anAgent('/wanting');
    const atWanting = open(wanting);
    const group = anAgent('/group', { window: 0, definition: { overflow: 'suspend', keyed: {} } });
    const [a, b] = ['/group/a', '/group/b'].map((path) => anAgent(path));
    group.children = new Map([
      ['a', a!],
      ['b', b!],
    ]);
    for (const one of [a!, b!]) {
      ask(open(one), wanting);
    }
    return { group, a: a!, b: b!, atWanting, wanting };
  }

  it('comes never where all who have one wait for whoever wants it', () => {
    const { group, atWanting } = aFullGroup();

    expect(asks(atWanting, group)).toBe('/wanting /group /group/a /wanting');
  });

  it.each([
    ['waits for nothing', (b: Cell) => void b.requests!.remove(b.requests!.first!)],
    ['has nothing in hand', (b: Cell) => b.openHandlings!.clear()],
    ['is ending', (b: Cell) => Object.assign(b, { phase: 'stopping' })],
  ])('comes where one that has one %s', (_, change) => {
    const { group, b, atWanting } = aFullGroup();
    change(b);

    expect(asks(atWanting, group)).toBeUndefined();
  });

  it('comes never where what one of them sent waits, too', () => {
    const { group, b, atWanting, wanting } = aFullGroup();
    b.openHandlings!.clear();
    b.parked = [{ receiver: wanting }] as never;

    expect(asks(atWanting, group)).toBeDefined();
  });

  it('is what a group has before it has begun', () => {
    const { group, atWanting } = aFullGroup();
    group.phase = 'starting';

    expect(asks(atWanting, group)).toBeDefined();
  });
});
