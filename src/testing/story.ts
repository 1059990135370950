/**
 * A story: what happened in one run, so that a person can follow it.
 *
 * It is told from facts. A message that is handled before anything else happens is
 * one moment; one that is overtaken, held up or lost is two, which carry the same
 * number: where it left, and where it arrived. So what differs from the order one had
 * in mind can be seen.
 *
 * Guarantees: the same facts give the same story, byte for byte. Lanes are those
 * who took part, in the order in which they first did; agents to whom nothing
 * happened but their start have none.
 */
import { hostOfLink } from './link-path.ts';
import { mermaidDiagram } from './mermaid-diagram.ts';
import { sequenceDiagram } from './sequence-diagram.ts';
import type { Fact } from './story-fact.ts';
import type { Flight, Lane, Moment, MomentKind } from './story-moment.ts';
import type { StoryRecorder } from './story-recorder.ts';

/** What is known of a run that is over. */
export interface Recorded {
  readonly facts: readonly Fact[];
  /** How many facts were forgotten, and behind how many of those that are here. */
  readonly omitted: number;
  readonly omittedAfter: number;
  /** Why it broke the property, if it did. */
  readonly broken: string | undefined;
}

export class Story {
  readonly lanes: readonly Lane[];
  /** What happened, in order. */
  readonly moments: readonly Moment[];

  constructor(recorded: Recorded) {
    const telling = new Telling(recorded);
    this.moments = telling.tell();
    this.lanes = telling.lanes;
  }

  /** As a sequence diagram of text: at most 100 columns wide, the middle of a very long one left out. */
  get text(): string {
    return sequenceDiagram(this);
  }

  /** As a `sequenceDiagram` for Mermaid. */
  get mermaid(): string {
    return mermaidDiagram(this);
  }

  toString(): string {
    return this.text;
  }
}

/** The story of what a recorder has heard. */
export function storyOf(recorder: StoryRecorder | undefined, broken: string | undefined): Story {
  const { facts = [], omitted = 0, omittedAfter = 0 } = recorder ?? {};
  return new Story({ facts, omitted, omittedAfter, broken });
}

type FactOf<Tag extends Fact['_tag']> = Extract<Fact, { readonly _tag: Tag }>;

const outside = 'outside';

/** What links call the host of the world's own system. */
const home = 'world';

const linkName = (from: string, to: string): string => `${from}→${to === '' ? home : to}`;

class Telling {
  readonly lanes: Lane[] = [];
  readonly #recorded: Recorded;
  readonly #laneOf = new Map<string, number>();
  readonly #moments: Moment[] = [];
  /** What is known of each message, from the facts that speak of it. */
  readonly #fates = new Map<number, Fate>();
  readonly #sent = new Map<number, FactOf<'Sent'>>();
  readonly #answers = new Map<number, FactOf<'Answered'>>();
  readonly #delivered = new Set<number>();
  /** The links that carried requests, by the requests. */
  readonly #askedBy = new Map<number, string>();
  /** The numbers in the text, by what is on its way. */
  readonly #numbers = new Map<string, number>();
  readonly #handlings = new Map<number, { readonly lane: number; readonly topic: string }>();
  readonly #handledTimes = new Map<string, number>();
  /** Who starts, or is hit, in which moment: marked when all lanes are known. */
  readonly #marked = new Map<number, readonly string[]>();
  #busy: number[] = [];
  #gone: boolean[] = [];
  #nowMs = 0;

  constructor(recorded: Recorded) {
    this.#recorded = recorded;
    const { facts } = recorded;
    for (const fact of facts) {
      this.#note(fact);
    }
  }

  tell(): readonly Moment[] {
    const { facts, omitted, omittedAfter, broken } = this.#recorded;
    for (let n = 0; n < facts.length; n += 1) {
      if (omitted > 0 && n === omittedAfter) {
        this.#add('omitted', `${omitted} things that happened here are left out`);
      }
      n = this.#tellOne(n);
    }
    if (broken !== undefined) {
      this.#add('broken', broken);
    }
    for (const [moment, keys] of this.#marked) {
      const to = keys.flatMap((key) => this.#laneOf.get(key) ?? []);
      this.#moments[moment] = { ...this.#moments[moment]!, to };
    }
    return this.#moments;
  }

  /** What later facts say of a message has to be known where it leaves. */
  #note(fact: Fact): void {
    switch (fact._tag) {
      case 'Sent':
        this.#sent.set(fact.message, fact);
        this.#carried(fact);
        break;
      case 'Taken':
        if (fact.message !== undefined) {
          this.#fateOf(fact.message).takers.push(fact.agent);
        }
        break;
      case 'DeadLettered':
        // Of what never left for anybody the topic is named.
        if (fact.message !== undefined && fact.to?.startsWith('/') === true) {
          this.#fateOf(fact.message).losers.push(fact.to);
        }
        break;
      case 'Fault':
        if (fact.message !== undefined && fact.lost) {
          this.#fateOf(fact.message).lost.push(fact);
        }
        break;
      case 'Answered':
        this.#answers.set(fact.question, fact);
        break;
      case 'Delivered':
        this.#delivered.add(fact.question);
        break;
      default:
    }
  }

  /** What a link carries on is one message on either side: where it left the first, it goes to the link. */
  #carried(fact: FactOf<'Sent'>): void {
    const { via, system, topic, payload } = fact;
    if (via === undefined) {
      return;
    }
    const [from, link] = [via === home ? '' : via, linkName(via, system)];
    if (fact.question !== undefined) {
      this.#askedBy.set(fact.question, link);
    }
    for (const [message, one] of this.#sent) {
      if (one.system === from && one.topic === topic && one.payload === payload && one !== fact) {
        const { links } = this.#fateOf(message);
        if (!links.includes(link)) {
          links.push(link);
          return;
        }
      }
    }
  }

  #fateOf(message: number): Fate {
    const known = this.#fates.get(message);
    if (known !== undefined) {
      return known;
    }
    const fate: Fate = { takers: [], losers: [], lost: [], links: [] };
    this.#fates.set(message, fate);
    return fate;
  }

  /** Tells the fact at `n`, perhaps together with some that follow; returns the last one that is told. */
  #tellOne(n: number): number {
    const fact = this.#recorded.facts[n]!;
    this.#passTime(fact.atMs);
    switch (fact._tag) {
      case 'Started':
        return this.#started(n);
      case 'Restarted':
        this.#mark('↻', fact, fact.agent, 'restarts, its state begins anew');
        return n;
      case 'Stopped':
        this.#mark('■', fact, fact.agent, endings[fact.reason]);
        this.#gone = this.#gone.with(this.#lane(fact.agent, fact.system), true);
        return n;
      case 'Sent':
        return this.#leaves(fact, n);
      case 'Taken':
        this.#taken(fact);
        return n;
      case 'Ended':
        this.#ended(fact);
        return n;
      case 'Answered':
        return this.#answered(fact, n);
      case 'Delivered':
        this.#delivery(fact);
        return n;
      case 'Settled':
        if (fact.failure !== undefined) {
          this.#mark('!', fact, fact.agent, `its request ${fact.topic} failed: ${fact.failure}`);
        }
        return n;
      case 'Heard':
        this.#mark('†', fact, fact.agent, `hears that ${fact.ended} has ended`);
        return n;
      case 'Failed':
        this.#mark(
          '!',
          fact,
          fact.agent,
          `fails: ${fact.failure}; ${fact.supervisor === '/' ? 'the system' : fact.supervisor} decides: ${fact.directive}`,
        );
        return n;
      case 'DeadLettered':
        this.#deadLetter(fact);
        return n;
      case 'Refused':
        this.#message('lost', fact.system, fact.from, [fact.to], `${said(fact)}: refused, ${fact.why}`);
        return n;
      case 'Said':
        this.#mark('·', fact, fact.agent, `logs (${fact.level}): ${fact.text}`);
        return n;
      case 'Fault':
        this.#fault(fact);
        return n;
      case 'SystemStopped':
        this.#add(
          'note',
          `${fact.system === '' ? 'the system' : `the system of ${fact.system}`} has stopped`,
        );
        return n;
      case 'Chosen':
        this.#add('choice', fact.words);
        return n;
    }
  }

  /** Those who start one after the other share a line. */
  #started(n: number): number {
    const { facts } = this.#recorded;
    const keys: string[] = [];
    let last = n;
    for (let next = n; next < facts.length; next += 1) {
      const fact = facts[next]!;
      if (fact._tag !== 'Started') {
        break;
      }
      keys.push(this.#key(fact.agent, fact.system));
      last = next;
    }
    for (const key of keys) {
      const lane = this.#laneOf.get(key);
      if (lane !== undefined) {
        this.#gone[lane] = false;
      }
    }
    this.#marked.set(this.#moments.length, keys);
    this.#add('note', `${keys.length === 1 ? 'starts' : 'start'}: ${keys.join(', ')}`, { mark: '○' });
    return last;
  }

  #leaves(fact: FactOf<'Sent'>, n: number): number {
    const { takers, losers, lost, links } = this.#fateOf(fact.message);
    const from = fact.via === undefined ? fact.from : linkName(fact.via, fact.system);
    const { facts } = this.#recorded;
    const next = this.#nextVisible(n);
    const taken = facts[next];
    const receivers = [
      ...new Set([...(fact.to === undefined ? [] : [fact.to]), ...takers, ...losers, ...links]),
    ];
    if (
      receivers.length === 1 &&
      takers.length === 1 &&
      taken?._tag === 'Taken' &&
      taken.message === fact.message &&
      taken.atMs === fact.atMs
    ) {
      // The sender's lane comes first.
      this.#lane(from ?? outside, fact.system);
      this.#begin(taken);
      this.#message('whole', fact.system, from, takers, said(fact));
      for (let skipped = n + 1; skipped < next; skipped += 1) {
        this.#tellOne(skipped);
      }
      return next;
    }
    // What became of it may be among the facts that were forgotten.
    if (takers.length + losers.length + links.length === 0 && this.#recorded.omitted === 0) {
      const fate = lost.length > 0 ? 'lost' : 'nobody has handled it';
      const flight = fact.to === undefined || lost.length > 0 ? 'lost' : 'leaves';
      this.#message(flight, fact.system, from, [fact.to], `${said(fact)}: ${fate}`);
      return n;
    }
    const number = this.#number(`message ${fact.message}`);
    this.#message('leaves', fact.system, from, receivers, `(${number}) ${said(fact)}`);
    return n;
  }

  #taken(fact: FactOf<'Taken'>): void {
    this.#begin(fact);
    if (fact.timed) {
      this.#mark('◷', fact, fact.agent, 'is called by a timer of its own');
      return;
    }
    const sent = fact.message === undefined ? undefined : this.#sent.get(fact.message);
    if (sent === undefined) {
      this.#mark('▶', fact, fact.agent, 'handles a message from before');
      return;
    }
    const times = `${sent.message} ${fact.agent}`;
    const before = this.#handledTimes.get(times) ?? 0;
    this.#handledTimes.set(times, before + 1);
    const number = this.#number(`message ${sent.message}`);
    const text = `(${number}) ${before === 0 ? '' : 'again: '}${said(sent)}`;
    const from = sent.via === undefined ? sent.from : linkName(sent.via, sent.system);
    this.#message('arrives', fact.system, from, [fact.agent], text);
  }

  #begin(fact: FactOf<'Taken'>): void {
    const lane = this.#lane(fact.agent, fact.system);
    const sent = fact.message === undefined ? undefined : this.#sent.get(fact.message);
    const topic = fact.timed ? 'a timer' : (sent?.topic ?? 'a message');
    this.#handlings.set(fact.handling, { lane, topic });
    this.#busy[lane]! += 1;
  }

  #ended(fact: FactOf<'Ended'>): void {
    const handling = this.#handlings.get(fact.handling);
    if (handling === undefined) {
      return;
    }
    this.#handlings.delete(fact.handling);
    this.#busy[handling.lane]! -= 1;
    if (fact.outcome === 'interrupted') {
      this.#mark('!', fact, fact.agent, `is interrupted while it handles ${handling.topic}`);
    }
  }

  #answered(fact: FactOf<'Answered'>, n: number): number {
    const text = `answers ${fact.payload === '' ? fact.topic : `${fact.payload} to ${fact.topic}`}`;
    if (fact.streamed) {
      this.#message('whole', fact.system, fact.from, [this.#asker(fact)], text, true);
      return n;
    }
    const next = this.#nextVisible(n);
    const following = this.#recorded.facts[next];
    const arrives = following?._tag === 'Delivered' && following.question === fact.question;
    if (!arrives && this.#delivered.has(fact.question)) {
      const number = this.#number(`answer ${fact.question}`);
      this.#message('leaves', fact.system, fact.from, [this.#asker(fact)], `(${number}) ${text}`, true);
      return n;
    }
    const unheard = arrives ? '' : ': nobody hears it';
    this.#message(
      arrives ? 'whole' : 'lost',
      fact.system,
      fact.from,
      [this.#asker(fact)],
      `${text}${unheard}`,
      true,
    );
    return n;
  }

  /** Whom an answer is for: who asked, or the link that carried the question. */
  #asker({ to, question }: FactOf<'Answered'>): string {
    return to ?? this.#askedBy.get(question) ?? outside;
  }

  #delivery({ question, system }: FactOf<'Delivered'>): void {
    const number = this.#numbers.get(`answer ${question}`);
    const answer = this.#answers.get(question);
    if (number !== undefined && answer !== undefined) {
      const text = `(${number}) hears the answer ${answer.payload} to ${answer.topic}`;
      this.#message('arrives', system, answer.from, [this.#asker(answer)], text, true);
    }
  }

  #deadLetter(fact: FactOf<'DeadLettered'>): void {
    const number = fact.message === undefined ? undefined : this.#numbers.get(`message ${fact.message}`);
    const what = fact.topic === undefined ? `answer ${fact.payload}` : said({ ...fact, topic: fact.topic });
    const which = number === undefined ? '' : `(${number}) `;
    const toWhom = fact.to?.startsWith('/') === true ? fact.to : undefined;
    this.#message(
      'lost',
      fact.system,
      fact.from,
      [toWhom],
      `${which}${what}: dead letter, ${fact.cause}`,
      fact.topic === undefined,
    );
  }

  #fault(fact: FactOf<'Fault'>): void {
    const { message, agent, lost, words, subject, answer } = fact;
    if (message !== undefined && lost) {
      const { takers, losers } = this.#fateOf(message);
      if (takers.length + losers.length === 0) {
        // Said where it left.
        return;
      }
    }
    if (answer !== undefined) {
      const text = `${subject}: ${lost ? 'lost' : words}`;
      this.#message(lost ? 'lost' : 'leaves', fact.system, answer.from, [answer.to ?? outside], text, true);
      return;
    }
    const number = message === undefined ? undefined : this.#numbers.get(`message ${message}`);
    if (agent !== undefined) {
      this.#marked.set(this.#moments.length, [this.#key(agent, fact.system)]);
    }
    this.#add('note', `${number === undefined ? '' : `(${number}) `}${subject} ${words}`, { mark: '↯' });
  }

  /** The next fact that will be a moment. */
  #nextVisible(n: number): number {
    const { facts } = this.#recorded;
    let next = n + 1;
    while (next < facts.length && isQuiet(facts[next]!)) {
      next += 1;
    }
    return next;
  }

  #passTime(atMs: number): void {
    if (atMs > this.#nowMs) {
      const passedMs = atMs - this.#nowMs;
      this.#nowMs = atMs;
      this.#add('time', `${asMs(passedMs)} pass: it is ${asMs(atMs)}`);
    }
  }

  #message(
    flight: Flight,
    system: string,
    from: string | undefined,
    to: readonly (string | undefined)[],
    text: string,
    reply = false,
  ): void {
    const sender = this.#lane(from ?? outside, system);
    const receivers = to.flatMap((name) => (name === undefined ? [] : this.#lane(name, system)));
    this.#add('message', text, { from: sender, to: receivers, flight, reply });
  }

  #mark(mark: string, { system }: Fact, agent: string | undefined, text: string): void {
    const lane = this.#lane(agent ?? outside, system);
    this.#add('note', `${this.lanes[lane]!.name} ${text}`, {
      to: [lane],
      mark,
    });
  }

  #add(
    kind: MomentKind,
    text: string,
    {
      from,
      to = [],
      flight,
      reply = false,
      mark = '',
    }: Partial<Pick<Moment, 'from' | 'to' | 'flight' | 'reply' | 'mark'>> = {},
  ): void {
    this.#moments.push({
      kind,
      atMs: this.#nowMs,
      text,
      from,
      to,
      flight,
      reply,
      mark,
      busy: [...this.#busy],
      gone: [...this.#gone],
    });
  }

  #number(what: string): number {
    const known = this.#numbers.get(what);
    if (known !== undefined) {
      return known;
    }
    const number = this.#numbers.size + 1;
    this.#numbers.set(what, number);
    return number;
  }

  #key(name: string, system: string): string {
    const there = hostOfLink(name);
    if (there !== undefined) {
      return linkName(system === '' ? home : system, there === home ? '' : there);
    }
    return name.startsWith('/') ? system + name : name;
  }

  #lane(name: string, system: string): number {
    const key = this.#key(name, system);
    const known = this.#laneOf.get(key);
    if (known !== undefined) {
      return known;
    }
    const lane = this.lanes.length;
    this.lanes.push({
      name: key,
      system: key.startsWith(`${system}/`) && system !== '' ? system : undefined,
    });
    this.#laneOf.set(key, lane);
    this.#busy = [...this.#busy, 0];
    this.#gone = [...this.#gone, false];
    return lane;
  }
}

/** What became of a message that left. */
interface Fate {
  readonly takers: string[];
  readonly losers: string[];
  readonly lost: FactOf<'Fault'>[];
  /** Links that carried it on. */
  readonly links: string[];
}

const endings = { stopped: 'is stopped', finished: 'has finished', failed: 'ends, it has failed' } as const;

/** Facts that make no line by themselves. */
function isQuiet(fact: Fact): boolean {
  return (
    (fact._tag === 'Ended' && fact.outcome !== 'interrupted') ||
    (fact._tag === 'Settled' && fact.failure === undefined)
  );
}

function said(fact: {
  readonly topic: string;
  readonly payload: string;
  readonly question?: number | undefined;
}): string {
  const verb = fact.question === undefined ? '' : 'asks ';
  return `${verb}${fact.topic}${fact.payload === '' ? '' : ` ${fact.payload}`}`;
}

/** Times may be fractions; three digits tell them apart. */
const asMs = (ms: number): string => `${Math.round(ms * 1_000) / 1_000} ms`;
