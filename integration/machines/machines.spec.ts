/** XState's own tools on refs of machine agents: React's `useSelector`, and an inspector over a real socket. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { useSelector } from '@xstate/react';
import { createElement } from 'react';
import { act, create } from 'react-test-renderer';
import { createSystem, machineAgent } from 'troupe';
import { statelyInspector } from 'troupe/stately';
import { expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { assign, createMachine, fromTransition, setup } from 'xstate';

const counter = createMachine({
  types: {} as { context: { count: number; other: number }; events: { type: 'add' } | { type: 'other' } },
  context: { count: 0, other: 0 },
  on: {
    add: { actions: assign({ count: ({ context }) => context.count + 1 }) },
    other: { actions: assign({ other: ({ context }) => context.other + 1 }) },
  },
});

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

it('useSelector renders what it selects, when it changes, and across a restart', async () => {
  await using system = createSystem({ supervision: { backoffMs: 1 } });
  const failing = setup({
    types: {} as { events: { type: 'add' } | { type: 'fail' }; context: { count: number } },
  }).createMachine({
    context: { count: 0 },
    on: {
      add: { actions: assign({ count: ({ context }) => context.count + 1 }) },
      fail: {
        actions: assign(() => {
          throw new Error('fails');
        }),
      },
    },
  });
  const ref = system.spawn(machineAgent({ name: 'counter', machine: failing }));
  await system.quiet();
  let rendered = 0;
  const Count = () => {
    rendered += 1;
    return createElement(
      'b',
      null,
      useSelector(ref, (snapshot) => snapshot.context.count),
    );
  };
  let view!: ReturnType<typeof create>;
  await act(() => {
    view = create(createElement(Count, null));
  });
  const shown = () => view.root.findByType('b').props['children'];
  const tell = (type: 'add' | 'fail') =>
    act(async () => {
      system.tell(ref, { type });
      await system.quiet();
      await new Promise((resolve) => setTimeout(resolve, 20));
    });

  expect(shown()).toBe(0);
  await tell('add');
  expect(shown()).toBe(1);
  await tell('fail');
  expect(shown()).toBe(0);
  await tell('add');
  expect(shown()).toBe(1);
  expect(rendered).toBeLessThan(8);
  await act(() => view.unmount());
});

it('the Stately inspector is told of actors, events and snapshots over a WebSocket', async () => {
  const server = new WebSocketServer({ port: 0 });
  await once(server, 'listening');
  const told: Record<string, unknown>[] = [];
  server.on('connection', (socket) => socket.on('message', (data) => told.push(JSON.parse(String(data)))));
  const inspector = statelyInspector({ url: `ws://localhost:${(server.address() as AddressInfo).port}` });
  const system = createSystem({ inspect: inspector });
  const machine = setup({ actors: { child: fromTransition((n: number) => n, 0) } }).createMachine({
    context: { secret: 'hidden', count: 0 },
    invoke: { src: 'child', id: 'kid' },
    on: { add: { actions: assign({ count: ({ context }) => context.count + 1 }) } },
  });
  const ref = system.spawn(machineAgent({ name: 'counter', machine }));
  system.tell(ref, { type: 'add' } as never);
  await system.quiet();
  await expect.poll(() => told.filter(({ type }) => type === '@xstate.snapshot').length).toBe(3);

  expect(told.filter(({ type }) => type === '@xstate.actor')).toMatchObject([
    { sessionId: '/counter', rootId: '/counter', name: 'counter' },
    { sessionId: '/counter/kid', rootId: '/counter', parentId: '/counter', name: 'kid' },
  ]);
  expect(
    told.find(({ type, event }) => type === '@xstate.event' && (event as { type: string }).type === 'add'),
  ).toMatchObject({
    sessionId: '/counter',
    _version: '0.4.0',
  });
  expect(told.findLast(({ type }) => type === '@xstate.snapshot')).toMatchObject({
    snapshot: { status: 'active', context: { count: 1 } },
  });
  await system.stop();
  inspector.close();
  server.close();
});

it('an inspector that nobody answers drops the oldest, and disturbs nobody', async () => {
  const inspector = statelyInspector({ url: 'ws://localhost:1', capacity: 4 });
  await using system = createSystem({ inspect: inspector });
  const ref = system.spawn(machineAgent({ name: 'counter', machine: counter }));
  for (let n = 0; n < 100; n += 1) {
    system.tell(ref, { type: 'add' });
  }
  await system.quiet();

  expect(ref.getSnapshot().context.count).toBe(100);
  expect(inspector.dropped).toBeGreaterThan(100);
  expect(() => statelyInspector({ url: 'ws://localhost:1', capacity: 0 })).toThrow('at least 1');
  inspector.close();
});
