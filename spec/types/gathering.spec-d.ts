/** Gathering: what is asked together, what a policy makes of it, and what comes out. */
import type { Observable } from 'rxjs';
import {
  type AgentRef,
  all,
  any,
  both,
  createSystem,
  defineAgent,
  defineTopic,
  either,
  fanin,
  fanout,
  firstK,
  type Gathered,
  type Group,
  gather,
  hedge,
  majority,
  type Outcome,
  type Policy,
  type Procedure,
  quorum,
  race,
  type Spent,
  type,
  type Within,
  withinMs,
} from 'troupe';
import { expectTypeOf } from 'vitest';

const Question = defineTopic('question', { schema: type<string>(), reply: type<number>() });
const counter = defineAgent({ name: 'counter', subscribe: [Question], receive: (text) => text.length });
const system = createSystem();
declare const source: Observable<string>;
declare const a: AgentRef<string, number>;
declare const b: AgentRef<string, number>;

// As in any pipe.
const most = source.pipe(fanout([a, b]), fanin(majority((answer) => answer)));
expectTypeOf(most).toEqualTypeOf<Observable<Gathered<string, number, number>>>();
expectTypeOf(source.pipe(fanout([a, b]))).toEqualTypeOf<Observable<Group<string, number>>>();
const three = source.pipe(fanout([a, b], { concurrency: 2 }), fanin(firstK(2), { ordered: false }));
expectTypeOf(three).toEqualTypeOf<Observable<Gathered<string, number, readonly number[]>>>();

// Whoever can be asked: refs, topics, procedures, definitions.
const measured: Procedure<string, number> = (text) => text.length;
const mixed = gather([a, Question, measured, counter], all());
expectTypeOf(mixed).toEqualTypeOf<Procedure<string, Gathered<string, number, readonly number[]>>>();
const first = await system.request(mixed, 'how long?');
expectTypeOf(first.value).toEqualTypeOf<readonly number[]>();
expectTypeOf(first.outcomes).toEqualTypeOf<readonly Outcome<number>[]>();

// Policies.
expectTypeOf(any<number>()).toEqualTypeOf<Policy<number, number>>();
expectTypeOf(quorum<number>(2)).toEqualTypeOf<Policy<number, readonly number[]>>();
expectTypeOf(quorum(2, (answer: number) => answer % 2)).toEqualTypeOf<Policy<number, number>>();
expectTypeOf(withinMs<number>(5)).toEqualTypeOf<Policy<number, readonly number[]>>();
const limited = gather(
  [a, b],
  withinMs(
    500,
    majority((answer) => answer),
  ),
);
expectTypeOf(limited).toEqualTypeOf<Procedure<string, Gathered<string, number, Within<number, number>>>>();
const eitherOf = gather([a, b], either(any(), withinMs(5)));
expectTypeOf(eitherOf).toEqualTypeOf<
  Procedure<string, Gathered<string, number, number | readonly number[]>>
>();
const bothOf = gather([a, b], both(any(), withinMs(5)));
expectTypeOf(bothOf).toEqualTypeOf<
  Procedure<string, Gathered<string, number, readonly [number, readonly number[]]>>
>();

// They answer with the value alone, and nest.
expectTypeOf(race([a, b])).toEqualTypeOf<Procedure<string, number>>();
expectTypeOf(hedge(a, { afterMs: 50 })).toEqualTypeOf<Procedure<string, number>>();
expectTypeOf(hedge([race([a, b]), Question], { afterMs: 50 })).toEqualTypeOf<Procedure<string, number>>();

// Each outcome is attributed.
for (const outcome of first.outcomes) {
  expectTypeOf(outcome.agent).toEqualTypeOf<string>();
  expectTypeOf(outcome.spent).toEqualTypeOf<Spent>();
  if (outcome._tag === 'Replied') {
    expectTypeOf(outcome.value).toEqualTypeOf<number>();
  } else {
    expectTypeOf(outcome.failure).toEqualTypeOf<unknown>();
  }
}
