/**
 * Troupe for programs in Effect: a system as a service, its verbs as Effects and
 * Streams. Entry point: `troupe/effect`.
 *
 *     Effect is interrupted        the request is, and the work done for it
 *     somebody ends the work       the Effect fails with `Interrupted`: it was not this fibre's
 *     Stream is left               its source is closed, and the work for it interrupted
 *     Stream is read slowly        its source is slowed down: nothing waits but its capacity
 *     scope closes                 the system drains, for at most `drainWithinMs`, and stops
 *
 * What cannot be (a negative timeout, a pattern to publish to) is a defect or an
 * `InvalidParams`, as it is without Effect.
 */
import * as Context from 'effect/Context';
import * as Effect from 'effect/Effect';
import * as Layer from 'effect/Layer';
import type * as Scope from 'effect/Scope';
import * as Stream from 'effect/Stream';
import type { AgentRef } from '../../actors/agent-ref.ts';
import type { Capability } from '../../actors/capability.ts';
import type { RequestOptions, SendOptions, StreamOptions, Target } from '../../actors/context.ts';
import type { ObserveOptions } from '../../actors/observe.ts';
import { createSystem, type System, type SystemOptions } from '../../actors/system.ts';
import { isOf } from '../../core/failure.ts';
import { MailboxFull } from '../../core/mailbox.ts';
import { InvalidParams } from '../../core/schema.ts';
import type { Topic } from '../../core/topic.ts';
import {
  asRequestFailure,
  type FailureConstructor,
  type RequestFailure,
  type SendFailure,
} from './request-failure.ts';

export {
  type FailureConstructor,
  ReceiverFailure,
  type RequestFailure,
  type SendFailure,
} from './request-failure.ts';
export { withServices } from './with-services.ts';

/** Options of a request, and the receiver's own failures that are to be told apart. */
export interface EffectRequestOptions<E> extends Omit<RequestOptions, 'signal'> {
  readonly failures?: readonly FailureConstructor<E>[];
}

/** Options of a stream, and the receiver's own failures that are to be told apart. */
export interface EffectStreamOptions<E> extends Omit<StreamOptions, 'signal'> {
  readonly failures?: readonly FailureConstructor<E>[];
}

/** The verbs of a system. */
export interface TroupeShape {
  /** The system itself, for everything that needs no Effect. */
  readonly system: System;
  /**
   * Says something to everybody who subscribed, and waits until there is room.
   * At most once to each. Interrupting it does not take back what was said.
   */
  readonly publish: <M>(
    topic: Topic<M, unknown>,
    payload: NoInfer<M>,
    options?: SendOptions,
  ) => Effect.Effect<void, SendFailure>;
  /** Says something to one agent, and waits until there is room. At most once. */
  readonly tell: <M>(
    ref: AgentRef<M, unknown>,
    payload: NoInfer<M>,
    options?: SendOptions,
  ) => Effect.Effect<void, SendFailure>;
  /** Asks, and waits for the reply. Interrupting it interrupts the work done for it. */
  readonly request: <M, R, E = never>(
    target: Target<M, R>,
    payload: NoInfer<M>,
    options?: EffectRequestOptions<E>,
  ) => Effect.Effect<R, RequestFailure | E>;
  /** Calls a capability, whoever offers it. */
  readonly tool: <I, O, E = never>(
    capability: Capability<I, O>,
    input: NoInfer<I>,
    options?: EffectRequestOptions<E>,
  ) => Effect.Effect<O, RequestFailure | E>;
  /** Asks for a stream of replies: each run asks anew. */
  readonly stream: <M, R, E = never>(
    target: Target<M, R>,
    payload: NoInfer<M>,
    options?: EffectStreamOptions<E>,
  ) => Stream.Stream<R, RequestFailure | E>;
  /** What is published on a topic or pattern, from when it is run; fails only where its overflow is `fail`. */
  readonly observe: <M>(topic: Topic<M, unknown>, options: ObserveOptions) => Stream.Stream<M, MailboxFull>;
}

export interface LayerOptions {
  /** How long the system may drain when the scope closes, in milliseconds; 10 000 when not given. */
  readonly drainWithinMs?: number;
}

/**
 * A system, as a service.
 *
 * @example
 * import { Effect } from 'effect'
 * const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() })
 * const greeter = defineAgent({ name: 'greeter', subscribe: [Question], receive: (name) => `Hello, ${name}!` })
 * const program = Effect.flatMap(Troupe, (troupe) => troupe.request(Question, 'Ada'))
 * await Effect.runPromise(Effect.provide(program, Troupe.layer({ agents: [greeter] }))) // => 'Hello, Ada!'
 */
export class Troupe extends Context.Service<Troupe, TroupeShape>()('troupe/Troupe') {
  /**
   * A layer that starts a system, and drains and stops it when its scope closes.
   *
   * @param options What `createSystem` takes, or an Effect of it: that is where agents get the services they need.
   */
  static layer<E = never, R = never>(
    options: SystemOptions | Effect.Effect<SystemOptions, E, R> = {},
    ending: LayerOptions = {},
  ): Layer.Layer<Troupe, E, Exclude<R, Scope.Scope>> {
    const wanted: Effect.Effect<SystemOptions, E, R> = Effect.isEffect(options)
      ? options
      : Effect.succeed(options);
    return Layer.effect(
      Troupe,
      Effect.map(
        Effect.flatMap(wanted, (given) => scoped(given, ending)),
        troupeOf,
      ),
    );
  }
}

/** Starts a system that ends with the scope. */
function scoped(
  options: SystemOptions,
  { drainWithinMs = 10_000 }: LayerOptions,
): Effect.Effect<System, never, Scope.Scope> {
  return Effect.acquireRelease(
    Effect.sync(() => createSystem(options)),
    (system) => Effect.promise(() => system.drain({ withinMs: drainWithinMs })),
  );
}

/** The verbs of a system that somebody else started and will stop. */
export function troupeOf(system: System): TroupeShape {
  return {
    system,
    publish: (topic, payload, options) => sent(() => system.publish(topic, payload, options)),
    tell: (ref, payload, options) => sent(() => system.tell(ref, payload, options)),
    request: (target, payload, options = {}) =>
      asked(options.failures ?? [], (signal) => system.request(target, payload, { ...options, signal })),
    tool: (capability, input, options = {}) =>
      asked(options.failures ?? [], (signal) => system.tool(capability, input, { ...options, signal })),
    stream: (target, payload, options = {}) =>
      Stream.suspend(() =>
        Stream.fromAsyncIterable(system.stream(target, payload, options), itself).pipe(
          Stream.catch((thrown) => {
            const failure = asRequestFailure(thrown, options.failures ?? []);
            return failure === undefined ? Stream.die(thrown) : Stream.fail(failure);
          }),
        ),
      ),
    observe: (topic, options) =>
      Stream.suspend(() =>
        Stream.fromAsyncIterable(
          system.observe(topic, options),
          // What a mailbox with `fail` fails of; an outlet has nothing else to say.
          (thrown) => thrown as MailboxFull,
        ),
      ),
  };
}

function sent(send: () => Promise<void> | undefined): Effect.Effect<void, SendFailure> {
  return Effect.suspend(() => {
    try {
      const room = send();
      return room === undefined ? Effect.void : Effect.promise(() => room);
    } catch (thrown) {
      return isOf(thrown, MailboxFull) || isOf(thrown, InvalidParams)
        ? Effect.fail(thrown)
        : Effect.die(thrown);
    }
  });
}

function asked<R, E>(
  declared: readonly FailureConstructor<E>[],
  ask: (signal: AbortSignal) => Promise<R>,
): Effect.Effect<R, RequestFailure | E> {
  return Effect.tryPromise({ try: ask, catch: itself }).pipe(
    Effect.catch((thrown) => {
      const failure = asRequestFailure(thrown, declared);
      return failure === undefined ? Effect.die(thrown) : Effect.fail(failure);
    }),
  );
}

const itself = (thrown: unknown): unknown => thrown;
