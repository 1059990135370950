/**
 * What a machine can say to the rest of the system: actions for its config.
 *
 *     entry: [publish(Placed, ({ context }) => context.order), reply('accepted')]
 *
 * They stand wherever XState takes an action, `enqueueActions` included, and are
 * staged with the step like `sendTo` and `emit`: a function that makes a payload is
 * called in the step, and what it says leaves when the step has committed. The
 * reducer of a `fromTransition` hands them to `perform`.
 */
import type { ActionArgs, EventObject, MachineContext, ParameterizedObject } from 'xstate';
import { describeThrown } from '../core/failure.ts';
import type { Topic } from '../core/topic.ts';
import type { RequestOptions, SendOptions, Target } from './context.ts';
import { HostedActor } from './hosted-actor.ts';
import { HostedTree } from './hosted-tree.ts';

/** What a payload may be made of. */
export interface Said<Context, Event> {
  readonly context: Context;
  readonly event: Event;
}

/** A value, or a function of the machine's context and the event that makes it. */
export type Saying<T, Context, Event> = T | ((said: Said<Context, Event>) => T);

/** An action of a machine that runs as an agent. */
export type MachineAction<
  Context extends MachineContext,
  ExpressionEvent extends EventObject,
  Event extends EventObject,
  Params extends ParameterizedObject['params'] | undefined,
> = (args: ActionArgs<Context, ExpressionEvent, Event>, params: Params) => void;

/** Which events a request comes back as. */
export interface RequestEvents<Reply> extends Omit<RequestOptions, 'awaited' | 'signal'> {
  /** The event of the reply: its type, which comes with the reply as `output`; or a function that makes it. */
  readonly onReply: string | ((reply: Reply) => EventObject);
  /**
   * The event of a failure: its type, which comes with the failure as `error`; or a
   * function that makes it. When not given, the failure is the machine's own, as that
   * of an invoked promise without `onError` is.
   */
  readonly onFailure?: string | ((failure: unknown) => EventObject);
}

/**
 * Publishes on a topic.
 *
 * Delivery: at most once to each subscriber. Errors: as for `publish` of a context;
 * then the agent fails after the step.
 *
 * @example
 * const Rang = defineTopic('rang', { schema: type<number>() })
 * publish(Rang, ({ context }) => context.count).type // => 'troupe.publish'
 */
export function publish<
  M,
  Context extends MachineContext,
  ExpressionEvent extends EventObject,
  Event extends EventObject,
  Params extends ParameterizedObject['params'] | undefined,
>(
  topic: Topic<M, unknown>,
  payload: Saying<NoInfer<M>, Context, ExpressionEvent>,
  options?: SendOptions,
): MachineAction<Context, ExpressionEvent, Event, Params> {
  return action('troupe.publish', payload, (tree, _, value) => {
    tree.sender!.publish(topic as Topic<unknown, unknown>, value, options);
  });
}

/**
 * Answers the request that is being handled, or the one for which the work was begun
 * whose outcome is being handled. Where nobody waits, nothing happens.
 *
 * @example
 * reply(({ event }) => event.type).type // => 'troupe.reply'
 */
export function reply<
  Reply,
  Context extends MachineContext,
  ExpressionEvent extends EventObject,
  Event extends EventObject,
  Params extends ParameterizedObject['params'] | undefined,
>(value: Saying<Reply, Context, ExpressionEvent>): MachineAction<Context, ExpressionEvent, Event, Params> {
  return action('troupe.reply', value, (tree, _, answer) => tree.reply(answer));
}

/**
 * Asks an agent, a topic or a capability. The reply comes back as an event of the
 * actor whose action it is, and so does the failure; the machine goes on meanwhile.
 *
 * Cancellation: it is interrupted when its agent restarts or stops, and settles at
 * its deadline at the latest. Errors: as for `request` of a context, as an event.
 *
 * @example
 * const Price = defineTopic('price', { schema: type<string>(), reply: type<number>() })
 * request(Price, ({ context }) => context.item, { onReply: 'PRICED', onFailure: 'UNPRICED' }).type // => 'troupe.request'
 */
export function request<
  M,
  Reply,
  Context extends MachineContext,
  ExpressionEvent extends EventObject,
  Event extends EventObject,
  Params extends ParameterizedObject['params'] | undefined,
>(
  target: Target<M, Reply> | ((said: Said<Context, ExpressionEvent>) => Target<M, Reply>),
  payload: Saying<NoInfer<M>, Context, ExpressionEvent>,
  events: RequestEvents<NoInfer<Reply>>,
): MachineAction<Context, ExpressionEvent, Event, Params> {
  const { onReply, onFailure, ...options } = events as RequestEvents<unknown>;
  const asked = { target, payload };
  const both = (said: Said<Context, ExpressionEvent>): object => ({
    target: resolved(asked.target, said),
    payload: resolved(asked.payload, said),
  });
  return action('troupe.request', both, (tree, actor, value) => {
    const { target, payload } = value as { target: Target<unknown, unknown>; payload: unknown };
    const work = tree.beginWork();
    const settled = (event: EventObject): void =>
      tree.endWork(work, actor, event as { readonly type: string });
    const unheard = (error: unknown): void => {
      if ('root' in actor.logic) {
        settled({ type: 'xstate.error.actor.request', error } as EventObject);
      } else {
        // A machine fails of an error that it has no transition for; other logic would not notice.
        tree.failWork(work, error);
      }
    };
    const { sender } = tree;
    // A promise of its own, so that what is wrong at once comes back as an event, too.
    new Promise((resolve) => resolve(sender!.request(target, payload, { ...options, awaited: false })))
      .then(
        (output) => settled(eventFrom(onReply, output, (type) => ({ type, output }))),
        (error) =>
          onFailure === undefined
            ? unheard(error)
            : settled(eventFrom(onFailure, error, (type) => ({ type, error }))),
      )
      .catch(unheard);
  });
}

function eventFrom(
  how: string | ((outcome: never) => EventObject),
  outcome: unknown,
  byType: (type: string) => EventObject,
): EventObject {
  const event = typeof how === 'string' ? byType(how) : how(outcome as never);
  if (typeof event?.type !== 'string') {
    throw new RangeError(
      `an outcome of a request is an event, an object with a string \`type\`; got ${describeThrown(event)}`,
    );
  }
  return event;
}

function resolved(saying: unknown, said: object): unknown {
  return typeof saying === 'function' ? (saying as (said: object) => unknown)(said) : saying;
}

/**
 * Performs `publish`, `reply` or `request` from the reducer of a `fromTransition`, whose
 * third parameter is the scope. It is staged with the step.
 *
 * Errors: `RangeError` outside of a machine agent.
 *
 * @example
 * import { fromTransition } from 'xstate'
 * const Total = defineTopic('total', { schema: type<number>() })
 * const adder = fromTransition((total: number, event: { type: 'add'; by: number }, scope) => {
 *   perform(scope, publish(Total, total + event.by))
 *   return total + event.by
 * }, 0)
 * machineAgent({ name: 'adder', machine: adder }).name // => 'adder'
 */
export function perform(
  scope: object,
  action: MachineAction<MachineContext, EventObject, EventObject, undefined>,
): void {
  const { resolve, execute } = action as unknown as {
    resolve(scope: object, snapshot: undefined, said: object): readonly [undefined, unknown];
    execute(scope: object, value: unknown): void;
  };
  const [, value] = resolve(scope, undefined, {});
  execute(scope, value);
}

type Act = (tree: HostedTree, actor: HostedActor, value: unknown) => void;

/** An action as XState's own are: `resolve` in the step, `execute` when it is met, which defers. */
function action<Action>(type: string, saying: unknown, act: Act): Action {
  const executed = (scope: unknown, value: unknown): void => {
    if (!(scope instanceof HostedActor && scope.system instanceof HostedTree)) {
      throw new RangeError(`${type} is an action of machines that run as agents: see machineAgent`);
    }
    const tree = scope.system;
    scope.defer(() => act(tree, scope, value));
  };
  return Object.assign(() => executed(undefined, undefined), {
    type,
    resolve: (_: unknown, snapshot: unknown, args: object) => [snapshot, resolved(saying, args), undefined],
    execute: executed,
  }) as Action;
}
