import { describe, expect, it } from 'vitest';
import { type Receiver, TopicBoard } from '../../src/core/topic-board.ts';

describe('the topic board', () => {
  it('knows who hears a topic, in the order of subscription', () => {
    const board = new TopicBoard(10);
    const [a, b] = [aReceiver(), aReceiver()];

    board.subscribe('orders.placed', a);
    board.subscribe('orders.*', b);

    expect(board.entry('orders.placed').receivers).toEqual([a, b]);
    expect(board.size).toBe(2);
  });

  it('knows who hears a topic after the very first subscription', () => {
    const board = new TopicBoard(10);
    const a = aReceiver();

    board.subscribe('orders.placed', a);

    expect(board.entry('orders.placed').receivers).toEqual([a]);
  });

  it('counts one who subscribed through several patterns once', () => {
    const board = new TopicBoard(10);
    const a = aReceiver();

    board.subscribe('orders.*', a);
    board.subscribe('orders.>', a);

    expect(board.entry('orders.placed').receivers).toEqual([a]);
  });

  it('does not match again while no subscription has changed', () => {
    const board = new TopicBoard(10);
    board.subscribe('orders', aReceiver());

    const { receivers } = board.entry('orders');

    expect(board.entry('orders').receivers).toBe(receivers);
  });

  it('knows of a subscription that came or went', () => {
    const board = new TopicBoard(10);
    const [a, b] = [aReceiver(), aReceiver()];
    board.subscribe('orders', a);
    const entry = board.entry('orders');

    board.subscribe('orders', b);
    board.unsubscribe('orders', a);

    expect(board.entry('orders')).toBe(entry);
    expect(entry.receivers).toEqual([b]);
  });

  it('brings an entry that was looked up earlier up to date', () => {
    const board = new TopicBoard(10);
    const a = aReceiver();
    const entry = board.entry('orders');

    const before = board.upToDate(entry).receivers;
    board.subscribe('orders', a);

    expect(before).toEqual([]);
    expect(board.upToDate(entry).receivers).toEqual([a]);
  });

  it('is asked whether anybody hears a topic without remembering it', () => {
    const board = new TopicBoard(10);
    board.subscribe('orders.>', aReceiver());

    expect([board.hears('orders.placed'), board.hears('news')]).toEqual([true, false]);
    expect([...board.entries()]).toEqual([]);
  });

  it('counts what became dead letters of the topics it remembers, by cause', () => {
    const board = new TopicBoard(10);
    const entry = board.entry('orders');

    board.dropped('orders', 'Expired');
    board.dropped('orders', 'Expired');
    board.dropped('news', 'Expired');

    expect(entry.dropped).toEqual({ Expired: 2 });
    expect([...board.entries()]).toEqual([entry]);
  });

  it('forgets the topic that came first when it knows too many', () => {
    const board = new TopicBoard(2);

    ['a', 'b', 'c'].forEach((name) => {
      board.entry(name);
    });

    expect([...board.entries()].map(({ name }) => name)).toEqual(['b', 'c']);
  });

  it('forgets all when it is cleared', () => {
    const board = new TopicBoard(2);
    board.entry('a');

    board.clear();

    expect([...board.entries()]).toEqual([]);
  });
});

const aReceiver = () => ({}) as Receiver;
