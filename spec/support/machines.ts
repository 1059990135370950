/**
 * Machines by chance: nested, parallel, with history, guards, delays, children of
 * every kind. Whatever could go on for ever costs energy, which only `TICK` gives.
 */
import fc from 'fast-check';
import { of } from 'rxjs';
import {
  assign,
  cancel,
  createMachine,
  emit,
  enqueueActions,
  fromCallback,
  fromObservable,
  fromPromise,
  fromTransition,
  raise,
  sendParent,
  sendTo,
  setup,
  spawnChild,
} from 'xstate';
import type { Happening, MakeMachine } from './both-runtimes.ts';

/** A machine as data, so that a counterexample can be read. */
export interface Plan {
  readonly nodes: readonly NodePlan[];
}

interface NodePlan {
  /** Which earlier node it is in, as a number to be taken modulo. */
  readonly parent: number;
  readonly kind: 'atomic' | 'atomic' | 'parallel' | 'final' | 'shallow' | 'deep';
  readonly entry: readonly ActionPlan[];
  readonly exit: readonly ActionPlan[];
  readonly on: readonly TransitionPlan[];
  readonly after: readonly (TransitionPlan & { readonly delayMs: number })[];
  readonly always: TransitionPlan | undefined;
  readonly done: TransitionPlan | undefined;
  readonly invoke: ChildPlan | undefined;
}

interface TransitionPlan {
  readonly event: string;
  readonly target: number | undefined;
  readonly guard: number;
  readonly reenter: boolean;
  readonly actions: readonly ActionPlan[];
}

type ActionPlan = readonly [kind: number, detail: number];
type ChildPlan = readonly [kind: number, detail: number];

const events = ['A', 'B', 'C', 'PONG', 'NEWS'];
/** What machines raise and children send: each costs its receiver energy. */
const ownEvents = ['PONG', 'NEWS'];

const anAction: fc.Arbitrary<ActionPlan> = fc.tuple(fc.nat(12), fc.nat(5));
const actions = fc.array(anAction, { maxLength: 3 });
const aTransition: fc.Arbitrary<TransitionPlan> = fc.record({
  event: fc.constantFrom(...events),
  target: fc.option(fc.nat(20), { nil: undefined }),
  guard: fc.nat(5),
  reenter: fc.boolean(),
  actions,
});
const aNode: fc.Arbitrary<NodePlan> = fc.record({
  parent: fc.nat(20),
  kind: fc.constantFrom('atomic', 'atomic', 'atomic', 'parallel', 'final', 'shallow', 'deep') as fc.Arbitrary<
    NodePlan['kind']
  >,
  entry: actions,
  exit: actions,
  on: fc.array(aTransition, { maxLength: 4 }),
  after: fc.array(
    fc.tuple(aTransition, fc.integer({ min: 1, max: 6 })).map(([t, delayMs]) => ({ ...t, delayMs })),
    { maxLength: 1 },
  ),
  always: fc.option(aTransition, { nil: undefined, freq: 3 }),
  done: fc.option(aTransition, { nil: undefined }),
  invoke: fc.option(fc.tuple(fc.nat(6), fc.nat(3)), { nil: undefined }),
});

export const aPlan: fc.Arbitrary<Plan> = fc.record({
  nodes: fc.array(aNode, { minLength: 2, maxLength: 9 }),
});

export const aScript: fc.Arbitrary<readonly Happening[]> = fc.array(
  fc.oneof(
    fc.constantFrom(...events, 'TICK').map((type) => ({ type })),
    fc.integer({ min: 1, max: 7 }),
  ),
  { maxLength: 12 },
);

interface Ctx {
  readonly n: number;
  readonly energy: number;
}

type Config = Record<string, unknown> & { states?: Record<string, Config> };

/** Makes the machine of a plan. */
export const machineOf =
  ({ nodes }: Plan): MakeMachine =>
  (write) => {
    const build = new Builder(nodes, write);
    return setup({
      types: {} as { context: Ctx; events: { type: string } },
      actors: childrenFor(write),
    } as never).createMachine(build.root() as never) as never;
  };

class Builder {
  readonly #nodes: readonly NodePlan[];
  readonly #write: (line: string) => void;
  readonly #parents: number[] = [];

  constructor(nodes: readonly NodePlan[], write: (line: string) => void) {
    this.#nodes = nodes;
    this.#write = write;
    nodes.forEach((node, n) => {
      // Only an atomic or parallel node before it can hold it; -1 is the root.
      const able = [
        -1,
        ...nodes.slice(0, n).flatMap(({ kind }, m) => (kind === 'atomic' || kind === 'parallel' ? [m] : [])),
      ];
      this.#parents.push(able[node.parent % able.length]!);
    });
  }

  root(): Config {
    const inside = this.#inside(-1);
    return {
      id: 'root',
      context: { n: 1, energy: 4 },
      output: ({ context }: { context: Ctx }) => context.n,
      on: { TICK: { actions: assign({ energy: 4 }) } },
      ...(inside.states === undefined ? { initial: 'none', states: { none: {} } } : inside),
    };
  }

  #inside(parent: number): Config {
    const own = this.#nodes.flatMap((_, n) => (this.#parents[n] === parent ? [n] : []));
    const real = own.filter((n) => !isHistory(this.#nodes[n]!));
    if (real.length === 0) {
      return {};
    }
    const states = Object.fromEntries(own.map((n) => [`s${n}`, this.#node(n)]));
    const parallel = parent >= 0 && this.#nodes[parent]!.kind === 'parallel';
    return parallel ? { type: 'parallel', states } : { initial: `s${real[0]}`, states };
  }

  #node(n: number): Config {
    const node = this.#nodes[n]!;
    const id = `n${n}`;
    if (isHistory(node)) {
      return { id, type: 'history', history: node.kind };
    }
    const inside = node.kind === 'final' ? { type: 'final' } : this.#inside(n);
    const marks = (what: string) => () => this.#write(`${what} ${id}`);
    const common = {
      id,
      ...inside,
      entry: [marks('enter'), ...node.entry.map((action) => this.#action(action))],
      exit: [marks('exit'), ...node.exit.map((action) => this.#action(action))],
    };
    if (node.kind === 'final') {
      return { ...common, output: ({ context }: { context: Ctx }) => context.n };
    }
    const on: Record<string, unknown[]> = {};
    for (const transition of node.on) {
      on[transition.event] ??= [];
      // What children and the machine itself send could otherwise go round for ever.
      const isOutside = transition.event.length === 1;
      on[transition.event]!.push(isOutside ? this.#transition(transition) : this.#costly(transition));
    }
    return {
      ...common,
      on,
      after: Object.fromEntries(node.after.map((one) => [one.delayMs, this.#transition(one)])),
      ...(node.always === undefined ? {} : { always: this.#costly(node.always) }),
      ...(node.done === undefined || inside['states'] === undefined
        ? {}
        : { onDone: this.#costly(node.done) }),
      ...(node.invoke === undefined ? {} : { invoke: this.#invoke(node.invoke, n) }),
    };
  }

  #invoke([kind, detail]: ChildPlan, n: number): unknown {
    const src = childKinds[kind % childKinds.length]!;
    return {
      src,
      id: `i${n}`,
      input: detail,
      onDone: { actions: this.#say(`done i${n}`) },
      onError: { actions: this.#say(`error i${n}`) },
      ...(detail % 2 === 0 ? { onSnapshot: { actions: this.#say(`snapshot i${n}`) } } : {}),
    };
  }

  #target(target: number | undefined): object {
    const known = this.#nodes.flatMap((_, n) => (this.#exists(n) ? [n] : []));
    return target === undefined ? {} : { target: `#n${known[target % known.length]!}` };
  }

  /** A history state is there only beside a state that it can remember. */
  #exists(n: number): boolean {
    const parent = this.#parents[n]!;
    return (
      !isHistory(this.#nodes[n]!) ||
      this.#nodes.some((node, m) => this.#parents[m] === parent && !isHistory(node))
    );
  }

  #transition({ target, guard, reenter, actions }: TransitionPlan): object {
    return {
      ...this.#target(target),
      reenter,
      ...(guard < 3 ? {} : { guard: ({ context }: { context: Ctx }) => context.n % 3 !== guard - 3 }),
      actions: actions.map((action) => this.#action(action)),
    };
  }

  /** A transition that happens by itself. */
  #costly(plan: TransitionPlan): object {
    const { actions } = this.#transition(plan) as { actions: unknown[] };
    return {
      ...this.#transition(plan),
      guard: ({ context }: { context: Ctx }) => context.energy > 0 && context.n % 2 === plan.guard % 2,
      actions: [spend, ...actions],
    };
  }

  /** Two children of one id: XState forgets the first and leaves it running. */
  #once(id: string, action: unknown): unknown {
    return enqueueActions(({ enqueue, context }) => {
      if ((context as Ctx).energy > 0 && (context as unknown as Record<string, boolean>)[id] !== true) {
        enqueue(spend as never);
        enqueue(action as never);
        enqueue.assign({ [id]: true } as never);
      }
    });
  }

  #say(what: string) {
    return ({ context }: { context: Ctx }) => this.#write(`${what} n=${context.n}`);
  }

  #action([kind, detail]: ActionPlan): unknown {
    const id = `c${detail % 3}`;
    const type = ownEvents[detail % ownEvents.length]!;
    switch (kind) {
      case 0:
      case 1:
        return assign({ n: ({ context }: { context: Ctx }) => (context.n * 3 + detail) % 17 });
      case 2:
        return this.#say(`does ${detail}`);
      case 3:
        return costly(raise({ type }));
      case 4:
        return emit(({ context }: { context: Ctx }) => ({ type: `e${detail}`, n: context.n }));
      case 5:
        return costly(raise({ type }, { delay: 1 + detail, id }));
      case 6:
        return cancel(id);
      case 7:
        return this.#once(id, spawnChild(childKinds[detail % spawnable]!, { id, input: detail } as never));
      case 8:
        return enqueueActions(({ enqueue }) => {
          enqueue.stopChild(id);
          enqueue.assign({ [id]: false } as never);
        });
      case 9:
        return enqueueActions(({ enqueue, context }) => {
          if ((context as unknown as Record<string, boolean>)[id] === true && (context as Ctx).energy > 0) {
            enqueue(spend as never);
            enqueue.sendTo(id as never, { type: 'PING' } as never);
          }
        });
      case 10:
        return this.#once(
          `${id}x`,
          assign({
            child: ({ spawn }: { spawn: (src: string, options: object) => unknown }) =>
              spawn(childKinds[detail % spawnable]!, { id: `${id}x`, input: detail }),
          } as never),
        );
      case 11:
        return costly(
          sendTo((({ self }: { self: object }) => self) as never, { type } as never, {
            delay: 1 + detail,
            id: `d${detail}`,
          }),
        );
      default:
        return costly(raise({ type: 'PONG' }));
    }
  }
}

const isHistory = ({ kind }: NodePlan): boolean => kind === 'shallow' || kind === 'deep';

const spend = assign({ energy: ({ context }: { context: Ctx }) => context.energy - 1 });

function costly(...actions: unknown[]): unknown {
  return enqueueActions(({ enqueue, context }) => {
    if ((context as Ctx).energy > 0) {
      for (const action of [spend, ...actions]) {
        enqueue(action as never);
      }
    }
  });
}

const childKinds = ['echo', 'clock', 'reducer', 'promise', 'callback', 'observable', 'family', 'broken'];
/** A spawned child that fails without anybody to hear it fails its machine; so those are only invoked. */
const spawnable = 7;

/** One child of each kind. */
function childrenFor(write: (line: string) => void) {
  const echo = createMachine({
    initial: 'idle',
    states: {
      idle: { on: { PING: { target: 'busy', actions: () => write('echo') } } },
      busy: {
        entry: sendParent({ type: 'PONG' }),
        after: { 2: { target: 'idle', actions: sendParent({ type: 'NEWS' }) } },
        exit: () => write('echo rests'),
      },
    },
  });
  const clock = createMachine({
    initial: 'waiting',
    states: {
      waiting: { after: { 3: { target: 'over', actions: sendParent({ type: 'NEWS' }) } } },
      over: { type: 'final' },
    },
    output: 'rang',
  });
  const family = createMachine({
    invoke: { src: echo, id: 'inner' },
    entry: sendTo('inner', { type: 'PING' }),
    on: {
      PONG: { actions: [() => write('family'), sendParent({ type: 'NEWS' })] },
      PING: { actions: sendTo('inner', { type: 'PING' }) },
    },
  });
  return {
    echo,
    clock,
    family,
    reducer: fromTransition((count: number, event: { type: string }) => {
      write(`reducer ${event.type} ${count}`);
      return count + 1;
    }, 0),
    promise: fromPromise<number, number>(async ({ input }) => {
      await undefined;
      if (input % 2 === 1) {
        throw new Error('refused');
      }
      return input;
    }),
    callback: fromCallback<{ type: string }>(({ sendBack, receive }) => {
      sendBack({ type: 'NEWS' });
      receive((event) => {
        write(`callback ${event.type}`);
        sendBack({ type: 'PONG' });
      });
      return () => write('callback over');
    }),
    observable: fromObservable(() => of(1, 2)),
    broken: createMachine({
      initial: 'bad',
      states: { bad: { invoke: { src: fromPromise(() => Promise.reject(new Error('broken'))) } } },
    }),
  };
}
