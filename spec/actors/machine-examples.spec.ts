/**
 * What XState's documentation shows, written anew and run on both runtimes: the same
 * lines on each, and the line that says the example did what it is for.
 */
import { from } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  and,
  assign,
  cancel,
  createMachine,
  emit,
  fromEventObservable,
  fromPromise,
  fromTransition,
  raise,
  sendParent,
  sendTo,
  setup,
  stateIn,
  stopChild,
} from 'xstate';
import { type Happening, type MakeMachine, onTroupe, onXState } from '../support/both-runtimes.ts';

interface Example {
  readonly make: MakeMachine;
  readonly script: readonly Happening[];
  /** A line that has to be there. */
  readonly shows: string;
}

const send = (...types: string[]): Happening[] => types.map((type) => ({ type }));

const examples: Readonly<Record<string, Example>> = {
  toggle: {
    make: () =>
      createMachine({
        initial: 'inactive',
        context: { count: 0 },
        states: {
          inactive: { on: { toggle: 'active' } },
          active: {
            entry: assign({ count: ({ context }) => context.count + 1 }),
            on: { toggle: 'inactive' },
          },
        },
      }),
    script: send('toggle', 'toggle', 'toggle'),
    shows: '"value":"active","context":{"count":2}',
  },
  'counter, as a reducer that emits': {
    make: () =>
      fromTransition((count: number, event: { type: string }, { emit: tell }) => {
        if (event.type === 'inc' && count === 1) {
          tell({ type: 'two' } as never);
        }
        return event.type === 'inc' ? count + 1 : event.type === 'dec' ? count - 1 : count;
      }, 0),
    script: send('inc', 'inc', 'dec', 'other'),
    shows: 'emitted {"type":"two"}',
  },
  'traffic light, with delays and a pedestrian light inside red': {
    make: (write) =>
      createMachine({
        initial: 'green',
        states: {
          green: { after: { 10: 'yellow' } },
          yellow: { after: { 3: 'red' } },
          red: {
            initial: 'walk',
            states: {
              walk: { after: { 4: 'wait' } },
              wait: { entry: () => write('hurry'), after: { 3: 'stop' } },
              stop: { type: 'final' },
            },
            onDone: 'green',
          },
        },
        on: { outage: '.red' },
      }),
    script: [25, ...send('outage'), 8],
    shows: 'hurry',
  },
  'fetch with retry': {
    make: (write) => {
      let calls = 0;
      return setup({
        actors: {
          load: fromPromise<string, { url: string }>(async ({ input }) => {
            calls += 1;
            write(`load ${input.url} ${calls}`);
            if (calls < 3) {
              throw new Error(`refused ${calls}`);
            }
            return 'the page';
          }),
        },
        delays: { backoff: ({ context }: { context: { tries: number } }) => 2 ** context.tries },
      }).createMachine({
        types: {} as { context: { tries: number; page?: string } },
        context: { tries: 0 },
        initial: 'idle',
        states: {
          idle: { on: { fetch: 'loading' } },
          loading: {
            invoke: {
              src: 'load',
              input: { url: '/page' },
              onDone: { target: 'loaded', actions: assign({ page: ({ event }) => event.output }) },
              onError: { target: 'failed', actions: assign({ tries: ({ context }) => context.tries + 1 }) },
            },
          },
          failed: {
            always: {
              guard: ({ context }: { context: { tries: number } }) => context.tries >= 5,
              target: 'given up',
            },
            after: { backoff: 'loading' },
          },
          'given up': { type: 'final' },
          loaded: { type: 'final' },
        },
        output: ({ context }: { context: { page?: string } }) => context.page,
      } as never);
    },
    script: [...send('fetch'), 12],
    shows: '"output":"the page"',
  },
  'form wizard': {
    make: () =>
      createMachine({
        types: {} as {
          context: { name: string; mail: string };
          events:
            | { type: 'next' }
            | { type: 'back' }
            | { type: 'enter'; field: 'name' | 'mail'; text: string };
        },
        context: { name: '', mail: '' },
        initial: 'name',
        on: {
          enter: { actions: assign(({ context, event }) => ({ ...context, [event.field]: event.text })) },
        },
        states: {
          name: { on: { next: { guard: ({ context }) => context.name !== '', target: 'mail' } } },
          mail: {
            on: {
              back: 'name',
              next: { guard: ({ context }) => context.mail.includes('@'), target: 'confirm' },
            },
          },
          confirm: { tags: 'last', on: { back: 'mail', next: 'sent' } },
          sent: { type: 'final' },
        },
        output: ({ context }) => context,
      }),
    script: [
      ...send('next'),
      { type: 'enter', field: 'name', text: 'Ada' },
      ...send('next', 'next', 'back', 'next'),
      { type: 'enter', field: 'mail', text: 'ada@example.org' },
      ...send('next', 'next'),
    ],
    shows: '"status":"done","output":{"name":"Ada","mail":"ada@example.org"}',
  },
  'media player, parallel': {
    make: () =>
      createMachine({
        type: 'parallel',
        states: {
          playback: {
            initial: 'paused',
            states: {
              paused: { on: { play: 'playing' } },
              playing: { on: { pause: 'paused', end: 'ended' } },
              ended: { on: { play: 'playing' } },
            },
          },
          volume: {
            initial: 'normal',
            states: {
              normal: { on: { mute: { guard: stateIn({ playback: 'playing' }), target: 'muted' } } },
              muted: { on: { mute: 'normal' } },
            },
          },
        },
      }),
    script: send('mute', 'play', 'mute', 'end', 'mute'),
    shows: '"value":{"playback":"ended","volume":"normal"}',
  },
  stopwatch: {
    make: () =>
      createMachine({
        types: {} as { context: { elapsed: number } },
        context: { elapsed: 0 },
        initial: 'stopped',
        states: {
          stopped: { on: { start: 'running', reset: { actions: assign({ elapsed: 0 }) } } },
          running: {
            entry: raise({ type: 'tick' }, { delay: 5, id: 'tick' }),
            on: {
              tick: {
                actions: [
                  assign({ elapsed: ({ context }) => context.elapsed + 5 }),
                  raise({ type: 'tick' }, { delay: 5, id: 'tick' }),
                ],
              },
              stop: 'stopped',
            },
            exit: cancel('tick'),
          },
        },
      }),
    script: [...send('start'), 12, ...send('stop'), 20, ...send('start'), 6, ...send('stop', 'reset')],
    shows: '"elapsed":15',
  },
  'search with debounce': {
    make: (write) =>
      setup({
        actors: {
          search: fromPromise<string[], string>(async ({ input }) => {
            write(`search ${input}`);
            return [`${input} 1`, `${input} 2`];
          }),
        },
      }).createMachine({
        types: {} as { context: { query: string; found: string[] } },
        context: { query: '', found: [] },
        initial: 'idle',
        on: {
          type: {
            target: '.debouncing',
            reenter: true,
            actions: assign({ query: ({ event }) => (event as { text?: string }).text ?? '' }),
          },
        },
        states: {
          idle: {},
          debouncing: { after: { 10: 'searching' } },
          searching: {
            invoke: {
              src: 'search',
              input: ({ context }: { context: { query: string } }) => context.query,
              onDone: { target: 'idle', actions: assign({ found: ({ event }) => event.output }) },
            },
          },
        },
      } as never),
    script: [
      { type: 'type', text: 'c' },
      4,
      { type: 'type', text: 'ca' },
      6,
      { type: 'type', text: 'cat' },
      15,
    ],
    shows: '"found":["cat 1","cat 2"]',
  },
  'credit check, with parallel promises': {
    make: (write) => {
      const bureau = (name: string, score: number) =>
        fromPromise<number>(async () => {
          write(`ask ${name}`);
          return score;
        });
      return setup({
        actors: { one: bureau('one', 600), two: bureau('two', 720), three: bureau('three', 0) },
      }).createMachine({
        types: {} as { context: { scores: number[] } },
        context: { scores: [] },
        initial: 'checking',
        states: {
          checking: {
            type: 'parallel',
            states: Object.fromEntries(
              ['one', 'two', 'three'].map((src) => [
                src,
                {
                  initial: 'asking',
                  states: {
                    asking: {
                      invoke: {
                        src,
                        onDone: {
                          target: 'told',
                          actions: assign({
                            scores: ({
                              context,
                              event,
                            }: {
                              context: { scores: number[] };
                              event: { output: number };
                            }) => [...context.scores, event.output],
                          } as never),
                        },
                      },
                    },
                    told: { type: 'final' },
                  },
                },
              ]),
            ),
            onDone: [
              {
                guard: ({ context }: { context: { scores: number[] } }) => Math.max(...context.scores) > 700,
                target: 'granted',
              },
              { target: 'refused' },
            ],
          },
          granted: { type: 'final' },
          refused: { type: 'final' },
        },
      } as never);
    },
    script: [1],
    shows: '"value":"granted"',
  },
  'todos, with a child each': {
    make: (write) => {
      const todo = createMachine({
        types: {} as { context: { text: string }; input: { text: string } },
        context: ({ input }: { input: { text: string } }) => ({ text: input.text }),
        initial: 'open',
        states: {
          open: {
            on: {
              'todo.done': {
                target: 'done',
                actions: ({ context }: { context: { text: string } }) => write(`done: ${context.text}`),
              },
            },
          },
          done: {
            entry: sendParent(({ context }) => ({ type: 'told', text: (context as { text: string }).text })),
          },
        },
      } as never);
      return setup({ actors: { todo } }).createMachine({
        types: {} as { context: { todos: object[]; told: string[] } },
        context: { todos: [], told: [] },
        on: {
          add: {
            actions: assign({
              todos: ({ context, event, spawn }: never) => [
                ...(context as { todos: object[] }).todos,
                (spawn as (src: string, options: object) => object)('todo', {
                  id: `todo-${(context as { todos: object[] }).todos.length}`,
                  input: { text: (event as { text: string }).text },
                }),
              ],
            } as never),
          },
          finish: {
            actions: sendTo(
              (({ event }: { event: { which: string } }) => event.which) as never,
              {
                type: 'todo.done',
              } as never,
            ),
          },
          told: {
            actions: assign({
              told: ({ context, event }: never) => [
                ...(context as { told: string[] }).told,
                (event as { text: string }).text,
              ],
            } as never),
          },
          remove: { actions: stopChild((({ event }: { event: { which: string } }) => event.which) as never) },
        },
      } as never);
    },
    script: [
      { type: 'add', text: 'milk' },
      { type: 'add', text: 'bread' },
      { type: 'finish', which: 'todo-1' },
      { type: 'remove', which: 'todo-1' },
      { type: 'finish', which: 'todo-0' },
    ],
    shows: '"told":["bread","milk"]',
  },
  'drag and drop': {
    make: () =>
      createMachine({
        types: {} as {
          context: { x: number; dx: number; from: number };
          events: { type: string; x: number };
        },
        context: { x: 0, dx: 0, from: 0 },
        initial: 'idle',
        states: {
          idle: { on: { down: { target: 'dragging', actions: assign({ from: ({ event }) => event.x }) } } },
          dragging: {
            on: {
              move: { actions: assign({ dx: ({ context, event }) => event.x - context.from }) },
              up: { target: 'idle', actions: assign({ x: ({ context }) => context.x + context.dx, dx: 0 }) },
              'key.escape': { target: 'idle', actions: assign({ dx: 0 }) },
            },
          },
        },
      }),
    script: [
      { type: 'down', x: 3 },
      { type: 'move', x: 8 },
      { type: 'up', x: 8 },
      { type: 'down', x: 8 },
      { type: 'move', x: 20 },
      { type: 'key.escape' },
    ],
    shows: '"value":"idle","context":{"x":5,"dx":0,"from":3}',
  },
  'pause and resume, with deep history': {
    make: () =>
      createMachine({
        initial: 'on',
        states: {
          on: {
            initial: 'cold',
            states: {
              cold: { on: { warmer: 'warm' } },
              warm: { initial: 'low', states: { low: { on: { warmer: 'high' } }, high: {} } },
              hist: { type: 'history', history: 'deep' },
            },
            on: { pause: 'off' },
          },
          off: { on: { resume: 'on.hist', restart: 'on' } },
        },
      }),
    script: send('warmer', 'warmer', 'pause', 'resume', 'pause', 'restart'),
    shows: '"value":{"on":{"warm":"high"}}',
  },
  'a ticker that is an observable, and a guard of guards': {
    make: () =>
      setup({
        actors: { three: fromEventObservable(() => from([1, 2, 3].map((n) => ({ type: 'tick', n })))) },
      }).createMachine({
        context: { n: 0 },
        invoke: { src: 'three', id: 'three', onDone: { actions: emit({ type: 'over' } as never) } },
        on: {
          tick: {
            guard: and([({ context }) => context.n < 2, () => true]),
            actions: assign({ n: ({ context }) => context.n + 1 }),
          },
        },
      }),
    script: send('tick'),
    shows: 'emitted {"type":"over"}',
  },
};

describe('an example of XState’s documentation', () => {
  it.each(Object.entries(examples))('%s', async (_, { make, script, shows }) => {
    const lines = await onTroupe(make, script);

    expect(lines).toEqual(await onXState(make, script));
    expect(lines.some((line) => line.includes(shows))).toBe(true);
  });
});
