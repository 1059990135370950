import { describe, expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import { capability } from '../../src/actors/define-capability.ts';
import type { System } from '../../src/actors/system.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { Story } from '../../src/testing/story.ts';
import type { Fact } from '../../src/testing/story-fact.ts';
import { readTape } from '../../src/testing/tape.ts';
import type { World } from '../../src/testing/world.ts';
import { aWorld, takeTurns } from '../support/a-world.ts';
import { boom } from '../support/boom.ts';

const Said = defineTopic('said', { schema: type<unknown>() });
const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });
const Other = defineTopic('other', { schema: type<string>(), reply: type<string>() });

const greeter = defineAgent({ name: 'greeter', subscribe: [Question], receive: (name) => `Hello, ${name}!` });
const listener = defineAgent({ name: 'listener', subscribe: [Said], receive: () => {} });

/** Runs a traced world and gives its story. */
async function storyOf(
  setUp: (system: System, world: World) => unknown,
  tape: readonly number[] = [],
  options: Parameters<typeof aWorld>[0] = {},
): Promise<readonly string[]> {
  const world = aWorld({ choose: readTape(tape), traced: true, ...options });
  await world.run(() => setUp(world.system, world));
  return world.story.text.split('\n');
}

describe('a story', () => {
  it('tells of a message that is handled before anything else happens in one line, otherwise in two', async () => {
    const lines = await storyOf(async (system, world) => {
      system.spawn(listener);
      await takeTurns(world);
      system.publish(Said, 'a');
      await takeTurns(world);
      system.publish(Said, 'b');
      system.publish(Said, 'c');
    });

    expect(lines).toMatchInlineSnapshot(`
      [
        " outside  /listener",
        "    │         ○       starts: /listener",
        "    ●────────▶┃       said "a"",
        "    ●────────▷│       (1) said "b"",
        "    ●────────▷│       (2) said "c"",
        "    ○────────▶┃       (1) said "b"",
        "    ○────────▶┃       (2) said "c"",
      ]
    `);
  });

  it('tells of a request and its answer', async () => {
    const lines = await storyOf(async (system, world) => {
      system.spawn(greeter);
      await takeTurns(world);
      await system.request(Question, 'Ada');
    });

    expect(lines).toMatchInlineSnapshot(`
      [
        " outside  /greeter",
        "    │        ○       starts: /greeter",
        "    ●───────▶┃       asks question "Ada"",
        "    │◀╌╌╌╌╌╌╌●       answers "Hello, Ada!" to question",
      ]
    `);
  });

  it('tells of an answer that is on its way while something else happens', async () => {
    const asker = defineAgent({
      name: 'asker',
      subscribe: [Said],
      receive: async (_, context) => void (await context.request(Question, 'Ada')),
    });
    const lines = await storyOf(
      async (system, world) => {
        system.spawn(greeter);
        system.spawn(asker);
        await takeTurns(world);
        system.publish(Said, 1);
        system.request(Question, 'Grace').catch(() => {});
      },
      [0, 0, 0, 1],
    );

    expect(lines).toMatchInlineSnapshot(`
      [
        " outside  /asker  /greeter",
        "    │       ○        ○       start: /greeter, /asker",
        "    ●──────▷│        │       (1) said 1",
        "    ●───────┼───────▷│       (2) asks question "Grace"",
        "    ○──────▶┃        │       (1) said 1",
        "    │       ●───────▷│       (3) asks question "Ada"",
        "    ○───────┼───────▶┃       (2) asks question "Grace"",
        "    │◀╌╌╌╌╌╌┼╌╌╌╌╌╌╌╌●       answers "Hello, Grace!" to question",
        "    │       ○───────▶┃       (3) asks question "Ada"",
        "    │       ┃◀╌╌╌╌╌╌╌●       answers "Hello, Ada!" to question",
      ]
    `);
  });

  it('tells of requests that nobody answers, of time, and of work that is interrupted', async () => {
    const silent = defineAgent({
      name: 'silent',
      subscribe: [Question],
      receive: () => new Promise<string>(() => {}),
    });
    const lines = await storyOf(async (system, world) => {
      system.spawn(silent);
      await takeTurns(world);
      await system.request(Question, 'Ada', { timeoutMs: 1_500 }).catch(() => {});
      await system.request(Other, 'Ada').catch(() => {});
    });

    expect(lines).toMatchInlineSnapshot(`
      [
        " outside  /silent",
        "    │        ○      starts: /silent",
        "    ●───────▶┃      asks question "Ada"",
        "    ┆        ┆      1500 ms pass: it is 1500 ms",
        "    !        ┃      outside its request question failed: RequestTimeout: no reply from 'question'",
        "    │        ┃      within 1500 ms; whether it did the work is not known",
        "    !        ┃      outside its request other failed: NoResponder: nobody is there to answer at",
        "    │        ┃      'other'",
        "    │        !      /silent is interrupted while it handles question",
      ]
    `);
  });

  it('tells of failures, restarts, logs, timers and ends', async () => {
    const clerk = defineAgent({
      name: 'clerk',
      subscribe: [Said],
      receive: (said, context) => {
        context.log.warn('about to work\nhard');
        if (said === 'stop') {
          context.stop();
        } else if (said === 'later') {
          context.schedule(50, () => {});
        } else {
          boom();
        }
      },
    });
    const heir = defineAgent({
      name: 'heir',
      onStart: (context) => context.watch(context.spawn(clerk)),
      on: [],
      onTerminated: () => {},
    });
    const lines = await storyOf(async (system, world) => {
      system.spawn(heir);
      await takeTurns(world);
      system.publish(Said, 'now');
      await world.runUntilQuiet();
      system.publish(Said, 'later');
      await world.runUntilQuiet();
      system.publish(Said, 'stop');
      await world.runUntilQuiet();
      void system.stop();
    });

    expect(lines).toMatchInlineSnapshot(`
      [
        " outside  /heir/clerk  /heir",
        "    │          ○         ○     start: /heir, /heir/clerk",
        "    ●─────────▶┃         │     said "now"",
        "    │          ·         │     /heir/clerk logs (warn): about to work\\nhard",
        "    │          !         │     /heir/clerk fails: Error: boom; /heir decides: restart",
        "    ●─────────✗│         │     said "now": dead letter, Restarted",
        "    ┆          ┆         ┆     10 ms pass: it is 10 ms",
        "    │          ↻         │     /heir/clerk restarts, its state begins anew",
        "    ●─────────▶┃         │     said "later"",
        "    │          ·         │     /heir/clerk logs (warn): about to work\\nhard",
        "    ┆          ┆         ┆     50 ms pass: it is 60 ms",
        "    │          ◷         │     /heir/clerk is called by a timer of its own",
        "    ●─────────▶┃         │     said "stop"",
        "    │          ·         │     /heir/clerk logs (warn): about to work\\nhard",
        "    │          ■         │     /heir/clerk has finished",
        "    │                    †     /heir hears that /heir/clerk has ended",
        "    │                    ■     /heir is stopped",
        "    │                          the system has stopped",
      ]
    `);
  });

  it('tells what became of messages that were not handled', async () => {
    const busy = defineAgent({
      name: 'busy',
      subscribe: [Said],
      capacity: 1,
      overflow: 'drop-newest',
      receive: () => new Promise<void>(() => {}),
    });
    const lines = await storyOf(async (system, world) => {
      const ref = system.spawn(busy);
      await takeTurns(world);
      for (const n of [1, 2, 3]) system.publish(Said, n);
      await takeTurns(world);
      system.publish(Other, 'nobody is there');
      await system.stop(ref);
      system.tell(ref, 'too late');
    });

    expect(lines).toMatchInlineSnapshot(`
      [
        " outside  /busy",
        "    │       ○     starts: /busy",
        "    ●──────▷│     (1) said 1",
        "    ●──────▷│     (2) said 2",
        "    ●──────✗│     (2) said 2: dead letter, Dropped",
        "    ●──────▷│     (3) said 3",
        "    ●──────✗│     (3) said 3: dead letter, Dropped",
        "    ○──────▶┃     (1) said 1",
        "    ●✗      ┃     other "nobody is there": nobody has handled it",
        "    │       !     /busy is interrupted while it handles said",
        "    ●──────✗│     (1) said 1: dead letter, Stopped",
        "    │       ■     /busy is stopped",
        "    ●──────▷      (4) said "too late"",
        "    ●──────✗      (4) said "too late": dead letter, Stopped",
      ]
    `);
  });

  it('tells of a call, of a stream of replies, and of what was refused', async () => {
    const Sum = capability('sum', {
      input: type<number>(),
      output: type<number>(),
      run: (n) => n + 1,
    });
    const adder = defineAgent({ name: 'adder', on: [], capabilities: [Sum] });
    const reader = defineAgent({
      name: 'reader',
      subscribe: [Other],
      receive: async function* (text) {
        yield `${text} 1`;
        yield `${text} 2`;
      },
    });
    const lines = await storyOf(async (system, world) => {
      system.spawn(adder);
      system.spawn(reader);
      await takeTurns(world);
      await system.tool(Sum, 1);
      for await (const _ of system.stream(Other, 'page')) {
        // Read to its end.
      }
    });

    expect(lines).toMatchInlineSnapshot(`
      [
        " outside  /adder  /reader",
        "    │       ○        ○      start: /adder, /reader",
        "    ●──────▶┃        │      asks capability.sum 1",
        "    │◀╌╌╌╌╌╌●        │      answers sum",
        "    ●───────┼───────▶┃      asks other "page"",
        "    │◀╌╌╌╌╌╌┼╌╌╌╌╌╌╌╌●      answers "page 1" to other",
        "    │◀╌╌╌╌╌╌┼╌╌╌╌╌╌╌╌●      answers "page 2" to other",
      ]
    `);
  });

  it('does not tell secrets, and puts everything on one line', async () => {
    const lines = await storyOf(async (system, world) => {
      system.spawn(listener);
      await takeTurns(world);
      system.publish(Said, { apiKey: 'sk-1', text: 'two\nlines\u001b[31m' });
    });

    expect(lines.at(-1)).toContain('said {"apiKey":"[redacted]","text":"two\\nlines\\u001b[31m"}');
  });

  it('is empty of a world that is not traced, or in which nothing happened', async () => {
    expect(aWorld().story.text).toBe('');
    expect(await storyOf(() => {})).toEqual(['']);
  });

  it('is the same for the same facts', async () => {
    const setUp = (system: System) => {
      system.spawn(greeter);
      return system.request(Question, 'Ada');
    };

    expect(await storyOf(setUp)).toEqual(await storyOf(setUp));
  });
});

describe('the story of facts', () => {
  const place = { atMs: 0, system: '' } as const;
  const sent = (message: number, to?: string): Fact => ({
    ...place,
    _tag: 'Sent',
    message,
    verb: to === undefined ? 'publish' : 'tell',
    from: '/ada',
    to,
    topic: 'said',
    payload: `${message}`,
    question: undefined,
  });
  const taken = (message: number | undefined, agent: string, handling: number): Fact => ({
    ...place,
    _tag: 'Taken',
    message,
    agent,
    handling,
    timed: message === undefined,
  });
  const ended = (agent: string, handling: number): Fact => ({
    ...place,
    _tag: 'Ended',
    agent,
    handling,
    outcome: 'handled',
  });
  const tell = (facts: readonly Fact[], more: Partial<ConstructorParameters<typeof Story>[0]> = {}) =>
    new Story({ facts, omitted: 0, omittedAfter: 0, broken: undefined, ...more }).text.split('\n');

  it('tells of what is handled again, lost, and done to by the world', () => {
    const fault = {
      ...place,
      _tag: 'Fault',
      subject: 'said',
      agent: undefined,
      message: undefined,
      lost: false,
      answer: undefined,
    } as const;

    const lines = tell([
      sent(1, '/bob'),
      { ...fault, words: 'is carried twice', message: 1 },
      taken(1, '/bob', 10),
      ended('/bob', 10),
      taken(1, '/bob', 11),
      ended('/bob', 11),
      sent(2, '/bob'),
      { ...fault, words: 'is lost', message: 2, lost: true },
      sent(3),
      { ...fault, words: 'is lost on its way to /eve', message: 3, agent: '/eve', lost: true },
      taken(3, '/bob', 12),
      { ...fault, subject: 'the link', words: 'is cut' },
      {
        ...fault,
        subject: 'the reply 1 to q',
        words: 'is lost',
        lost: true,
        answer: { from: '/bob', to: '/eve' },
      },
      {
        ...fault,
        subject: 'the reply 2 to q',
        words: 'is held back',
        answer: { from: '/bob', to: undefined },
      },
      { ...fault, subject: '/eve', words: 'cannot be reached', agent: '/eve' },
      ended('/bob', 99),
    ]);

    expect(lines).toMatchInlineSnapshot(`
      [
        " /ada  /bob  /eve  outside",
        "  ●────▷│     │       │      (1) said 1",
        "  │     │     │       │      (1) said is carried twice",
        "  ○────▶┃     │       │      (1) said 1",
        "  ○────▶┃     │       │      (1) again: said 1",
        "  ●────✗│     │       │      said 2: lost",
        "  ●────▷│     │       │      (2) said 3",
        "  │     │     ↯       │      (2) said is lost on its way to /eve",
        "  ○────▶┃     │       │      (2) said 3",
        "  │     ┃     │       │      the link is cut",
        "  │     ●╌╌╌╌✗│       │      the reply 1 to q: lost",
        "  │     ●╌╌╌╌╌┼╌╌╌╌╌╌▷│      the reply 2 to q: is held back",
        "  │     ┃     ↯       │      /eve cannot be reached",
      ]
    `);
  });

  it('tells of an answer that is heard later, and of one that nobody hears', () => {
    const answered = {
      ...place,
      _tag: 'Answered',
      question: 7,
      topic: 'question',
      from: '/bob',
      to: '/ada',
      payload: '42',
      streamed: false,
    } as const;

    const lines = tell([
      answered,
      taken(undefined, '/bob', 1),
      { ...place, _tag: 'Delivered', question: 7 },
      { ...answered, question: 8, to: undefined, payload: '' },
      { ...place, _tag: 'Delivered', question: 9 },
      taken(3, '/bob', 2),
    ]);

    expect(lines).toMatchInlineSnapshot(`
      [
        " /bob  /ada  outside",
        "  ●╌╌╌╌▷│       │      (1) answers 42 to question",
        "  ◷     │       │      /bob is called by a timer of its own",
        "  ○╌╌╌╌▶│       │      (1) hears the answer 42 to question",
        "  ●╌╌╌╌╌┼╌╌╌╌╌╌✗│      answers question: nobody hears it",
        "  ▶     │       │      /bob handles a message from before",
      ]
    `);
  });

  it('tells of what was refused, of late answers, and of how a stopped agent starts again', () => {
    const lines = tell([
      {
        ...place,
        _tag: 'Refused',
        from: '/ada',
        to: '/bob',
        topic: 'said',
        payload: '1',
        why: 'MailboxFull: full',
      },
      {
        ...place,
        _tag: 'DeadLettered',
        message: undefined,
        from: '/bob',
        to: '/ada',
        topic: undefined,
        payload: '42',
        cause: 'LateReply',
      },
      { ...place, _tag: 'Stopped', agent: '/bob', reason: 'failed' },
      { ...place, _tag: 'Chosen', words: 'instead of /ada, /bob goes first' },
      { ...place, _tag: 'Started', agent: '/bob' },
      { ...place, _tag: 'Failed', agent: '/bob', failure: 'Error: no', supervisor: '/', directive: 'stop' },
      { ...place, _tag: 'Settled', question: 1, topic: 'q', agent: '/ada', failure: undefined },
      { ...place, _tag: 'SystemStopped' },
    ]);

    expect(lines).toMatchInlineSnapshot(`
      [
        " /ada  /bob",
        "  ●────✗│     said 1: refused, MailboxFull: full",
        "  │✗╌╌╌╌●     answer 42: dead letter, LateReply",
        "  │     ■     /bob ends, it has failed",
        "  │           * instead of /ada, /bob goes first",
        "  │     ○     starts: /bob",
        "  │     !     /bob fails: Error: no; the system decides: stop",
        "  │     │     the system has stopped",
      ]
    `);
  });

  it('says where facts were forgotten, and what was broken in the end', () => {
    const facts = [sent(1, '/bob'), taken(1, '/bob', 1)];

    expect(tell(facts, { omitted: 5, omittedAfter: 1, broken: 'too many' })).toMatchInlineSnapshot(`
      [
        " /ada  /bob",
        "  ●────▶┃     said 1",
        "════════════  broken: too many",
      ]
    `);
    expect(tell([sent(1, '/bob'), sent(2, '/bob')], { omitted: 5, omittedAfter: 1 })).toMatchInlineSnapshot(`
      [
        " /ada  /bob",
        "  ●────▷│     (1) said 1",
        "  ⋮     ⋮     5 things that happened here are left out",
        "  ●────▷│     (2) said 2",
      ]
    `);
  });

  it('gives no lane to an agent that only starts, and tells of what ends in between', () => {
    const lines = tell([
      { ...place, _tag: 'Started', agent: '/idle' },
      taken(undefined, '/ada', 1),
      sent(1, '/bob'),
      ended('/ada', 1),
      taken(1, '/bob', 2),
      taken(99, '/bob', 3),
      { ...taken(undefined, '/bob', 4), timed: false } as Fact,
      { ...place, _tag: 'Ended', agent: '/bob', handling: 3, outcome: 'interrupted' },
    ]);

    expect(lines).toMatchInlineSnapshot(`
      [
        " /ada  /bob",
        "  │     │     starts: /idle",
        "  ◷     │     /ada is called by a timer of its own",
        "  ●────▶┃     said 1",
        "  │     ▶     /bob handles a message from before",
        "  │     ▶     /bob handles a message from before",
        "  │     !     /bob is interrupted while it handles a message",
      ]
    `);
  });

  it('follows what links carry between a host and the world, also when it is late or the same twice', () => {
    const via = (message: number, from: string, system: string): Fact =>
      ({ ...sent(message), from: undefined, payload: '1', system, via: from }) as Fact;
    const said = (message: number): Fact => ({ ...sent(message), payload: '1' }) as Fact;
    const deadLetter = {
      ...place,
      _tag: 'DeadLettered',
      message: 2,
      from: '/ada',
      topic: 'said',
      payload: '1',
      cause: 'Stopped',
    } as const;

    const lines = tell([
      said(1),
      said(2),
      { ...sent(9), payload: 'other' } as Fact,
      via(3, 'world', 'north'),
      via(4, 'world', 'north'),
      via(5, 'world', 'north'),
      { ...taken(4, '/bob', 1), system: 'north' },
      { ...taken(3, '/bob', 2), system: 'north' },
      { ...sent(6), system: 'north', from: '/bob', payload: 'back' } as Fact,
      { ...via(7, 'north', ''), payload: 'back' } as Fact,
      {
        ...place,
        _tag: 'Answered',
        question: 1,
        topic: 'q',
        from: '/link-to-north',
        to: '/ada',
        payload: '',
        streamed: true,
      },
      {
        ...place,
        system: 'north',
        _tag: 'Answered',
        question: 1,
        topic: 'q',
        from: '/link-to-world',
        to: '/bob',
        payload: '',
        streamed: true,
      },
      { ...deadLetter, to: 'no path' },
      { ...deadLetter, to: undefined },
    ]);

    expect(lines).toMatchInlineSnapshot(`
      [
        " /ada  world→north  north/bob  north→world",
        "  ●────────▷│           │           │        (1) said 1",
        "  ●────────▷│           │           │        (2) said 1",
        "  ●✗        │           │           │        said other: nobody has handled it",
        "  │         ●──────────▷│           │        (3) said 1",
        "  │         ●──────────▷│           │        (4) said 1",
        "  │         ●✗          │           │        said 1: nobody has handled it",
        "  │         ○──────────▶┃           │        (4) said 1",
        "  │         ○──────────▶┃           │        (3) said 1",
        "  │         │           ●──────────▷│        (5) said back",
        "  │         │           ┃           ●✗       said back: nobody has handled it",
        "  │◀╌╌╌╌╌╌╌╌●           ┃           │        answers q",
        "  │         │           ┃◀╌╌╌╌╌╌╌╌╌╌●        answers q",
        "  ●✗        │           ┃           │        (2) said 1: dead letter, Stopped",
        "  ●✗        │           ┃           │        (2) said 1: dead letter, Stopped",
      ]
    `);
  });

  it('names the hosts when there are some', () => {
    const lines = tell([
      { ...sent(1, '/bob'), system: 'a' },
      { ...taken(1, '/bob', 1), system: 'a' },
      { ...sent(2, '/bob'), system: 'b' },
      { ...taken(2, '/bob', 2), system: 'b' },
      { ...place, _tag: 'SystemStopped', system: 'b' },
      sent(3, '/bob'),
    ]);

    expect(lines).toMatchInlineSnapshot(`
      [
        " a/ada  a/bob  b/ada  b/bob  /ada  /bob",
        "   ●─────▶┃      │      │     │     │     said 1",
        "   │      ┃      ●─────▶┃     │     │     said 2",
        "   │      ┃      │      ┃     │     │     the system of b has stopped",
        "   │      ┃      │      ┃     ●────▷│     said 3: nobody has handled it",
      ]
    `);
  });
});

describe('the story of several hosts', () => {
  it('tells what a link carries as one message on either side, and which answers it brings back', async () => {
    const lines = await storyOf(async (_, world) => {
      const north = world.host('north', (system) => void system.spawn(greeter));
      const south = world.host('south', (system) => {
        const asker = defineAgent({
          name: 'asker',
          on: [],
          onStart: (context) => {
            context.schedule(1, async (later) => void (await later.request(Question, 'Ada')));
          },
        });
        system.spawn(asker);
      });
      world.link(north, south, { topics: [Question], delayMs: 5 });
      await world.advance(100);
      world.crash('south/asker');
      world.crash(south);
    });

    expect(lines).toMatchInlineSnapshot(`
      [
        " south/asker  south→north  north/greeter",
        "      ○            │             ○         start: north/greeter, south/asker",
        "      ┆            ┆             ┆         1 ms pass: it is 1 ms",
        "      ◷            │             │         south/asker is called by a timer of its own",
        "      ●───────────▷│             │         (1) asks question "Ada"",
        "      ┆            ┆             ┆         5 ms pass: it is 6 ms",
        "      ┃            ●────────────▶┃         asks question "Ada"",
        "      ┃            │◀╌╌╌╌╌╌╌╌╌╌╌╌●         answers "Hello, Ada!" to question",
        "      ┆            ┆             ┆         5 ms pass: it is 11 ms",
        "      ┃◀╌╌╌╌╌╌╌╌╌╌╌●             │         answers "Hello, Ada!" to question",
        "      ┆            ┆             ┆         89 ms pass: it is 100 ms",
        "      ↯            │             │         south/asker is made to crash",
        "      !            │             │         south/asker fails: SimulatedCrash: the simulation crashed",
        "      │            │             │         'south/asker'; the system decides: restart",
        "      │            │             │         host south is made to crash",
      ]
    `);
  });

  it('tells which answer was lost, and between whom', async () => {
    const tape = [1];
    const lines = await storyOf(
      (system) => {
        system.spawn(greeter);
        return system.request(Question, 'Ada', { timeoutMs: 50 }).catch(() => {});
      },
      tape,
      { faults: ['drop'], only: ({ kind }) => kind === 'reply' },
    );

    expect(lines).toMatchInlineSnapshot(`
      [
        " outside  /greeter",
        "    ●───────▷│       (1) asks question "Ada"",
        "    │        ○       starts: /greeter",
        "    ○───────▶┃       (1) asks question "Ada"",
        "    │✗╌╌╌╌╌╌╌●       the reply "Hello, Ada!" to question from /greeter to outside: lost",
        "    ┆        ┆       50 ms pass: it is 50 ms",
        "    !        │       outside its request question failed: RequestTimeout: no reply from 'question'",
        "    │        │       within 50 ms; whether it did the work is not known",
      ]
    `);
  });
});
