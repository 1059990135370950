/**
 * L22: handler, machine and stream behaviours of the same reducer give the same
 * sequence of accepted, sent, replied, failed; looking at an agent changes nothing.
 *
 * A reducer is generated as data: for each kind of message, what it adds to the
 * state, what it says, what it answers, whether it throws. It is then made an agent
 * in every way there is, and each is put through the same schedule with the same
 * messages. What the system tells of each must be the same, line by line.
 *
 * The streams' way is one more entry of `ways`.
 */
import fc from 'fast-check';
import { type AgentRef, defineAgent, defineTopic, machineAgent, perform, publish, reply, type } from 'troupe';
import { describe, expect, it } from 'vitest';
import { assign, enqueueActions, fromTransition, setup } from 'xstate';
import type { AnyAgent } from '../../src/actors/agent.ts';
import { World } from '../../src/testing/world.ts';
import { lawParameters, lawTimeoutMs } from '../support/law-runs.ts';

interface Message {
  readonly type: string;
  readonly kind: number;
}

/** What the reducer does with one kind of message. */
interface Rule {
  readonly adds: number;
  readonly says: readonly number[];
  /** How often it answers. */
  readonly answers: boolean;
  /** Where it throws: before it has done anything, at its end, or not at all. */
  readonly throws: 'first' | 'last' | undefined;
}

type Reducer = readonly Rule[];

const Given = defineTopic('given', { schema: type<Message>(), reply: type<number>() });
const Said = defineTopic('said', { schema: type<number>() });

const aRule: fc.Arbitrary<Rule> = fc.record({
  adds: fc.integer({ min: -3, max: 3 }),
  says: fc.array(fc.nat(3), { maxLength: 3 }),
  answers: fc.boolean(),
  throws: fc.constantFrom(undefined, undefined, undefined, 'first', 'last'),
});

/** How a message comes: told, published, or asked; and whether time passes before the next. */
const anErrand = fc.record({
  verb: fc.constantFrom('tell', 'publish', 'request'),
  kind: fc.nat(3),
  waits: fc.boolean(),
});

interface Errand {
  readonly verb: string;
  readonly kind: number;
  readonly waits: boolean;
}

const limits = { name: 'actor', subscribe: [Given], capacity: 4 } as const;

/** The same reducer as an agent, in every way. */
const ways: Readonly<Record<string, (reducer: Reducer) => AnyAgent>> = {
  handler: (reducer) =>
    defineAgent({
      ...limits,
      state: 0,
      receive: ({ kind }, context) => {
        const rule = reducer[kind]!;
        mayThrow(rule, 'first');
        context.update((sum) => sum + rule.adds);
        for (const said of rule.says) {
          context.publish(Said, said + context.state);
        }
        if (rule.answers) {
          context.reply(context.state);
        }
        mayThrow(rule, 'last');
      },
    }),
  'machine, of fromTransition': (reducer) =>
    machineAgent({
      ...limits,
      machine: fromTransition((sum: number, event: Message, scope) => {
        if (event.type !== 'given') {
          return sum; // XState tells a reducer that it is stopped.
        }
        const rule = reducer[event.kind]!;
        mayThrow(rule, 'first');
        const next = sum + rule.adds;
        for (const said of rule.says) {
          perform(scope, publish(Said, said + next));
        }
        if (rule.answers) {
          perform(scope, reply(next));
        }
        mayThrow(rule, 'last');
        return next;
      }, 0),
    }),
  'machine, of createMachine': (reducer) =>
    machineAgent({
      ...limits,
      machine: setup({
        types: {} as { context: { sum: number }; events: Message },
      }).createMachine({
        context: { sum: 0 },
        on: {
          given: {
            actions: enqueueActions(({ enqueue, event }) => {
              const rule = reducer[event.kind]!;
              mayThrow(rule, 'first');
              enqueue.assign({ sum: ({ context }) => context.sum + rule.adds });
              for (const said of rule.says) {
                enqueue(publish(Said, ({ context }) => said + context.sum));
              }
              if (rule.answers) {
                enqueue(reply(({ context }) => context.sum));
              }
              enqueue(
                assign(() => {
                  mayThrow(rule, 'last');
                  return {};
                }),
              );
            }),
          },
        },
      }),
    }),
};

function mayThrow(rule: Rule, where: 'first' | 'last'): void {
  if (rule.throws === where) {
    throw new Error(`thrown ${where}`);
  }
}

/** What one way does, line by line: what happened, what was answered, what is left. */
async function told(
  agent: AnyAgent,
  errands: readonly Errand[],
  tape: readonly number[],
  look: boolean,
): Promise<readonly string[]> {
  let at = 0;
  const next = (count: number): number => {
    const choice = (tape[at] ?? 0) % count;
    at += 1;
    return choice;
  };
  const lines: string[] = [];
  const world = new World({
    choose: next,
    system: { supervision: { backoffMs: 1, restartsMax: 3 }, ...(look ? { inspect: () => {} } : {}) },
  });
  const { system } = world;
  system.listen({
    next: (event) => {
      if (event._tag === 'Failed') {
        lines.push(`failed: ${(event.report.failure as Error).message}, ${event.report.directive}`);
      } else if (event._tag === 'DeadLettered') {
        lines.push(`dead: ${JSON.stringify(event.letter.envelope.payload)}, ${event.letter.cause}`);
      } else if (event._tag !== 'Logged' && 'agent' in event) {
        lines.push(`${event._tag} ${event.agent}`);
      } else if (event._tag === 'Sent') {
        lines.push(`sent ${event.topic} by ${event.sender}`);
      }
    },
  });
  system.spawn(
    defineAgent({ name: 'listener', subscribe: [Said], receive: (said) => void lines.push(`heard ${said}`) }),
  );
  const ref = system.spawn(agent) as AgentRef<Message, number>;
  const seen = (): void => {
    ref.getSnapshot();
    ref.select((snapshot) => snapshot.context).get();
  };
  if (look) {
    ref.subscribe(seen);
    ref.on('*', seen);
  }
  await world.run(async () => {
    for (const { verb, kind, waits } of errands) {
      const message = { type: 'given', kind };
      if (verb === 'request') {
        system.request(ref, message, { timeoutMs: 100, topic: Given }).then(
          (answer) => lines.push(`answer ${answer}`),
          (failure: { _tag: string }) => lines.push(`no answer: ${failure._tag}`),
        );
      } else {
        try {
          void (verb === 'tell'
            ? system.tell(ref, message, { topic: Given })
            : system.publish(Given, message));
        } catch (refused) {
          lines.push(`refused: ${(refused as Error).message}`);
        }
      }
      if (look) {
        seen();
      }
      if (waits) {
        await new Promise<void>((resolve) => {
          world.environment.schedule(1, resolve);
        });
      }
    }
  });
  const {
    path: _,
    handlingMs: __,
    ...counts
  } = system.statistics().agents.find(({ path }) => path === '/actor') ?? {
    path: '',
    handlingMs: 0,
  };
  lines.push(JSON.stringify(counts), JSON.stringify(sumOf(ref.getSnapshot().context)));
  world.close();
  return lines;
}

const sumOf = (context: unknown): unknown =>
  typeof context === 'object' && context !== null ? (context as { sum: number }).sum : context;

describe('behaviours', () => {
  it(
    'law: the same reducer does the same as handler, machine and stream, whether or not somebody looks',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(aRule, { minLength: 4, maxLength: 4 }),
          fc.array(anErrand, { maxLength: 12 }),
          fc.array(fc.nat(5), { maxLength: 40 }),
          async (reducer, errands, tape) => {
            const [first, ...others] = Object.entries(ways);
            const expected = await told(first![1](reducer), errands, tape, false);
            for (const [way, make] of [first!, ...others]) {
              expect([way, ...(await told(make(reducer), errands, tape, true))]).toEqual([way, ...expected]);
            }
            for (const [way, make] of others) {
              expect([way, ...(await told(make(reducer), errands, tape, false))]).toEqual([way, ...expected]);
            }
          },
        ),
        { ...lawParameters, numRuns: Math.ceil(lawParameters.numRuns / 4) },
      );
    },
    lawTimeoutMs,
  );
});
