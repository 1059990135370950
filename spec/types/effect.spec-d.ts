/** Troupe in Effect: replies, failures and services are in the types. */
import * as Context from 'effect/Context';
import * as Effect from 'effect/Effect';
import type * as Layer from 'effect/Layer';
import * as Stream from 'effect/Stream';
import {
  type AgentRef,
  defineAgent,
  defineTopic,
  Failure,
  type InvalidParams,
  type MailboxFull,
  type NoResponder,
  type SystemOptions,
  type,
} from 'troupe';
import { type RequestFailure, type SendFailure, Troupe, type TroupeShape, withServices } from 'troupe/effect';
import { expectTypeOf } from 'vitest';

const Question = defineTopic('question', { schema: type<string>(), reply: type<number>() });
declare const troupe: TroupeShape;
declare const ref: AgentRef<string, Date>;

class OutOfStock extends Failure {
  readonly _tag = 'OutOfStock';
  readonly code = 'OUT_OF_STOCK';
  readonly class = 'permanent';
}

// A request knows its reply and what it can fail of.
const asked = troupe.request(Question, 'a');
expectTypeOf(asked).toEqualTypeOf<Effect.Effect<number, RequestFailure>>();
expectTypeOf(troupe.request(ref, 'a')).toEqualTypeOf<Effect.Effect<Date, RequestFailure>>();

// What the receiver declares can be caught by its tag, and is gone from the type then.
const declared = troupe.request(Question, 'a', { failures: [OutOfStock] });
expectTypeOf(declared).toEqualTypeOf<Effect.Effect<number, RequestFailure | OutOfStock>>();
const caught = declared.pipe(Effect.catchTag('OutOfStock', () => Effect.succeed('none')));
expectTypeOf(caught).toEqualTypeOf<Effect.Effect<number | string, RequestFailure>>();
const answered = asked.pipe(
  Effect.catchTag('NoResponder', (failure) => {
    expectTypeOf(failure).toEqualTypeOf<NoResponder>();
    return Effect.succeed(0);
  }),
);
expectTypeOf(answered).toEqualTypeOf<Effect.Effect<number, Exclude<RequestFailure, NoResponder>>>();

// Publish and tell fail of two things.
expectTypeOf<SendFailure>().toEqualTypeOf<InvalidParams | MailboxFull>();
expectTypeOf(troupe.publish(Question, 'a')).toEqualTypeOf<Effect.Effect<void, SendFailure>>();
expectTypeOf(troupe.tell(ref, 'a')).toEqualTypeOf<Effect.Effect<void, SendFailure>>();

// Streams likewise.
expectTypeOf(troupe.stream(Question, 'a')).toEqualTypeOf<Stream.Stream<number, RequestFailure>>();
expectTypeOf(troupe.observe(Question, { overflow: 'drop-oldest' })).toEqualTypeOf<
  Stream.Stream<string, MailboxFull>
>();

// @ts-expect-error: the payload is checked.
troupe.request(Question, 1);
// @ts-expect-error: an Effect is interrupted; it takes no signal.
troupe.request(Question, 'a', { signal: new AbortController().signal });

class Database extends Context.Service<Database, { readonly rows: number }>()('Database') {}
const counting = (_: string) => Effect.map(Database, ({ rows }) => rows);

// A handler that needs services is given them; without that it is refused.
// @ts-expect-error: a system knows no services.
defineAgent({ name: 'counter', subscribe: [Question], receive: counting });
const options = Effect.map(
  withServices(counting),
  (receive): SystemOptions => ({
    agents: [defineAgent({ name: 'counter', subscribe: [Question], receive })],
  }),
);
expectTypeOf(Troupe.layer(options)).toEqualTypeOf<Layer.Layer<Troupe, never, Database>>();
const streaming = (_: string) => Stream.fromEffect(counting(''));
expectTypeOf(withServices(streaming)).toExtend<
  Effect.Effect<(message: string, context: never) => AsyncIterable<number>, never, Database>
>();
expectTypeOf(Troupe.layer()).toEqualTypeOf<Layer.Layer<Troupe>>();
