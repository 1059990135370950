/**
 * Machines by chance: nested, parallel, with history, guards, delays, children of
 * every kind. Whatever could go on for ever costs energy, which only `TICK` gives.
 */
import fc from 'fast-check';
import { of } from 'rxjs';
import {
  type AnyActorRef,
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
  stopChild,
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

type ActionPlan = readonly [kind: ActionKind, detail: number, child: ChildPlan];

interface ChildPlan {
  readonly kind: ChildKind;
  readonly input: number;
  readonly isNamed: boolean;
}

const actionKinds = [
  'assign',
  'say',
  'raise',
  'emit',
  'raise later',
  'cancel',
  'spawn',
  'stop',
  'send',
  'spawn in assign',
  'tell itself later',
  'raise PONG',
  'send later',
  'send by systemId',
  'spawn and stop',
] as const;
type ActionKind = (typeof actionKinds)[number];

const childKinds = [
  'echo',
  'clock',
  'reducer',
  'promise',
  'callback',
  'observable',
  'family',
  'house',
  'broken',
] as const;
type ChildKind = (typeof childKinds)[number];

/** What a machine did of all that one can do, in any order: so that a sample is known to have shown it. */
export type Happened = Set<string>;

/** All that a sample should show. */
export const everything: readonly string[] = [
  ...actionKinds,
  ...childKinds.flatMap((kind) =>
    ['invoke', 'spawn', 'spawn in assign', 'spawn and stop'].map((how) => `${how} ${kind}`),
  ),
  ...['promise', 'clock'].flatMap((kind) => [`invoke ${kind} named`, `spawn ${kind} named`]),
  'promise kept',
  'promise refused',
  'on *',
  'on A.*',
  'told of next',
  'told of error',
  'a child of a child by its name',
  'told of complete',
];

const childIds = ['c0', 'c1', 'c2', 'c0x', 'c1x', 'c2x', 'c0s', 'c1s', 'c2s', 'i0', 'i1', 'i2', 'i3', 'i4'];
const events = ['A', 'A.one', 'B', 'C', 'PONG', 'NEWS'];
const descriptors = [...events, 'A.*', '*'];
/** What machines raise and children send: each costs its receiver energy. */
const ownEvents = ['PONG', 'NEWS'];

/** Each chosen for itself: were the kind and its input one number, some would never meet. */
const aChild: fc.Arbitrary<ChildPlan> = fc.record({
  kind: fc.constantFrom(...childKinds),
  input: fc.nat(3),
  isNamed: fc.boolean(),
});
const anAction: fc.Arbitrary<ActionPlan> = fc.tuple(fc.constantFrom(...actionKinds), fc.nat(5), aChild);
const actions = fc.array(anAction, { maxLength: 3 });
const aTransition: fc.Arbitrary<TransitionPlan> = fc.record({
  event: fc.constantFrom(...descriptors),
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
  invoke: fc.option(aChild, { nil: undefined }),
});

export const aPlan: fc.Arbitrary<Plan> = fc.record({
  nodes: fc.array(aNode, { minLength: 2, maxLength: 9 }),
});

export const aScript: fc.Arbitrary<readonly Happening[]> = fc.array(
  fc.oneof(
    fc.constantFrom(...events, 'TICK').map((type) => ({ type })),
    fc.constantFrom(...childIds).map((id) => ({ type: 'OBSERVE', id })),
    fc.integer({ min: 1, max: 7 }),
  ),
  { maxLength: 12 },
);

interface Ctx {
  readonly n: number;
  readonly energy: number;
}

type Config = Record<string, unknown> & { states?: Record<string, Config> };

/** Makes the machine of a plan, which notes what it does in `happened`. */
export const machineOf =
  ({ nodes }: Plan, happened: Happened = new Set()): MakeMachine =>
  (write) => {
    const build = new Builder(nodes, write, happened);
    return setup({
      types: {} as { context: Ctx; events: { type: string } },
      actors: childrenFor(write, happened),
    } as never).createMachine(build.root() as never) as never;
  };

class Builder {
  readonly #nodes: readonly NodePlan[];
  readonly #write: (line: string) => void;
  readonly #happened: Happened;
  readonly #parents: number[] = [];

  constructor(nodes: readonly NodePlan[], write: (line: string) => void, happened: Happened) {
    this.#nodes = nodes;
    this.#write = write;
    this.#happened = happened;
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
      on: { TICK: { actions: assign({ energy: 4 }) }, OBSERVE: { actions: this.#observe() } },
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
      const isOutside = !ownEvents.includes(transition.event) && transition.event !== '*';
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

  #invoke(child: ChildPlan, n: number): unknown {
    const id = `i${n}`;
    return {
      ...this.#child(child, id, 'invoke'),
      src: child.kind,
      onDone: { actions: this.#say(`done ${id}`) },
      onError: { actions: this.#say(`error ${id}`) },
      ...(syncs(child) ? { onSnapshot: { actions: this.#say(`snapshot ${id}`) } } : {}),
    };
  }

  /** What is said of a child besides its source. */
  #child({ kind, input, isNamed }: ChildPlan, id: string, how: string): object {
    return {
      id,
      input: () => {
        this.#happened.add(`${how} ${kind}`).add(`${how} ${kind}${isNamed ? ' named' : ''}`);
        return input;
      },
      ...(isNamed ? { systemId: `the ${id}` } : {}),
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

  #transition({ event, target, guard, reenter, actions }: TransitionPlan): object {
    return {
      ...this.#target(target),
      reenter,
      ...(guard < 3 ? {} : { guard: ({ context }: { context: Ctx }) => context.n % 3 !== guard - 3 }),
      actions: [this.#note(`on ${event}`), ...actions.map((action) => this.#action(action))],
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

  /** An action of a child that there should be. */
  #toChild(id: string, action: unknown): unknown {
    return enqueueActions(({ enqueue, context }) => {
      if ((context as unknown as Record<string, boolean>)[id] === true && (context as Ctx).energy > 0) {
        enqueue(spend as never);
        enqueue(action as never);
      }
    });
  }

  #note(what: string) {
    return () => {
      this.#happened.add(what);
    };
  }

  /**
   * Looks at a child that lives. In a step of its own: what a step has begun is not in XState's snapshot yet.
   * Observers send nothing: an agent puts what they send after what the child tells, and XState takes it at once.
   */
  #observe() {
    return ({ self, event }: { self: AnyActorRef; event: { type: string; id?: string } }) => {
      const id = event.id!;
      const inHouse = self.system.get('in the house') === undefined ? 'nobody' : 'somebody';
      this.#write(`there is ${inHouse} in the house`);
      const names = childIds.filter((one) => self.system.get(`within ${one}`) !== undefined);
      this.#write(`there are children within ${names}`);
      if (names.length > 0) {
        this.#happened.add('a child of a child by its name');
      }
      const told = (what: string) => (snapshot?: unknown) => {
        this.#happened.add(`told of ${what}`);
        this.#write(`told of ${what} ${id} ${(snapshot as { status?: string } | undefined)?.status}`);
      };
      const child = (self.getSnapshot() as { children: Record<string, AnyActorRef> }).children[id];
      // Of a child with `onSnapshot`, XState tells its machine's action first, and an agent the observer.
      if (!this.#nodes.some(({ invoke }, n) => id === `i${n}` && invoke !== undefined && syncs(invoke))) {
        child?.subscribe({ next: told('next'), error: told('error'), complete: told('complete') });
      }
    };
  }

  #say(what: string) {
    return ({ context }: { context: Ctx }) => this.#write(`${what} n=${context.n}`);
  }

  #action(plan: ActionPlan): unknown {
    const action = this.#actionOf(plan);
    return enqueueActions(({ enqueue }) => {
      this.#happened.add(plan[0]);
      enqueue(action as never);
    });
  }

  #actionOf([kind, detail, child]: ActionPlan): unknown {
    const id = `c${detail % 3}`;
    const type = ownEvents[detail % ownEvents.length]!;
    const delay = 1 + detail;
    switch (kind) {
      case 'assign':
        return assign({ n: ({ context }: { context: Ctx }) => (context.n * 3 + detail) % 17 });
      case 'say':
        return this.#say(`does ${detail}`);
      case 'raise':
        return costly(raise({ type }));
      case 'raise PONG':
        return costly(raise({ type: 'PONG' }));
      case 'emit':
        return emit(({ context }: { context: Ctx }) => ({ type: `e${detail}`, n: context.n }));
      case 'raise later':
        return costly(raise({ type }, { delay, id }));
      case 'cancel':
        return cancel(id);
      case 'spawn':
        return this.#once(id, spawnChild(child.kind, this.#child(child, id, kind)));
      case 'spawn in assign':
        return this.#once(
          `${id}x`,
          assign({
            child: ({ spawn }: { spawn: (src: string, options: object) => unknown }) =>
              spawn(child.kind, this.#child(child, `${id}x`, kind)),
          } as never),
        );
      case 'spawn and stop':
        return costly(spawnChild(child.kind, this.#child(child, `${id}s`, kind)), stopChild(`${id}s`));
      case 'stop':
        return enqueueActions(({ enqueue }) => {
          enqueue.stopChild(id);
          enqueue.assign({ [id]: false } as never);
        });
      case 'send':
        return this.#toChild(id, sendTo(id, { type: 'PING' } as never));
      case 'send later':
        return this.#toChild(id, sendTo(id, { type: 'PING' } as never, { delay, id: `p${detail}` }));
      case 'send by systemId':
        return enqueueActions(({ enqueue, context, system }) => {
          const named = system.get(`the ${id}`);
          enqueue(() => this.#write(`the ${id} is ${named === undefined ? 'not there' : 'there'}`));
          if (named !== undefined && (context as Ctx).energy > 0) {
            enqueue(spend as never);
            enqueue.sendTo(named as never, { type: 'PING' } as never);
          }
        });
      case 'tell itself later':
        return costly(
          sendTo((({ self }: { self: object }) => self) as never, { type } as never, {
            delay,
            id: `d${detail}`,
          }),
        );
    }
  }
}

const isHistory = ({ kind }: NodePlan): boolean => kind === 'shallow' || kind === 'deep';

/** Whether a machine asks for the snapshots of a child it invokes. */
const syncs = ({ input }: ChildPlan): boolean => input % 2 === 0;

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

/** One child of each kind. */
function childrenFor(write: (line: string) => void, happened: Happened) {
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
    // Its child has a name of its own, so that it can be seen whether it is ended with it.
    entry: enqueueActions(({ enqueue, self }) => {
      enqueue.spawnChild(echo, { id: 'inner', systemId: `within ${self.id}` });
      enqueue.sendTo('inner', { type: 'PING' });
    }),
    on: {
      PONG: { actions: [() => write('family'), sendParent({ type: 'NEWS' })] },
      PING: { actions: sendTo('inner', { type: 'PING' }) },
    },
  });
  return {
    echo,
    clock,
    family,
    house: createMachine({
      invoke: {
        src: fromCallback(() => () => write('the house is left')),
        id: 'guest',
        systemId: 'in the house',
      },
    }),
    reducer: fromTransition((count: number, event: { type: string }) => {
      write(`reducer ${event.type} ${count}`);
      return count + 1;
    }, 0),
    promise: fromPromise<number, number>(async ({ input }) => {
      await undefined;
      happened.add(input % 2 === 1 ? 'promise refused' : 'promise kept');
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
