/**
 * The telling of a story: makes moments of facts, one after the other.
 */
import { Fates } from './message-fates.ts';
import { MomentList } from './moment-list.ts';
import type { Fact, FactOf } from './story-fact.ts';
import { Lanes, linkName, outside } from './story-lanes.ts';
import type { Lane, Moment } from './story-moment.ts';

/** What is known of a run that is over. */
export interface Recorded {
  readonly facts: readonly Fact[];
  /** How many facts were forgotten, and behind how many of those that are here. */
  readonly omitted: number;
  readonly omittedAfter: number;
  /** Why it broke the property, if it did. */
  readonly broken: string | undefined;
}

export class Telling {
  readonly #lanes = new Lanes();
  readonly #moments = new MomentList(this.#lanes);
  readonly #recorded: Recorded;
  readonly #fates: Fates;
  readonly #handlings = new Map<number, { readonly lane: number; readonly topic: string }>();
  readonly #handledTimes = new Map<string, number>();
  /** Who starts, or is hit, in which moment: marked when all lanes are known. */
  readonly #marked = new Map<number, readonly string[]>();

  constructor(recorded: Recorded) {
    this.#recorded = recorded;
    this.#fates = new Fates(recorded.facts);
  }

  get lanes(): readonly Lane[] {
    return this.#lanes.list;
  }

  tell(): readonly Moment[] {
    const { facts, omitted, omittedAfter, broken } = this.#recorded;
    for (let n = 0; n < facts.length; n += 1) {
      if (omitted > 0 && n === omittedAfter) {
        this.#moments.add('omitted', `${omitted} things that happened here are left out`);
      }
      n = this.#tellOne(n);
    }
    if (broken !== undefined) {
      this.#moments.add('broken', broken);
    }
    for (const [moment, keys] of this.#marked) {
      const to = keys.flatMap((key) => this.#lanes.find(key) ?? []);
      this.#moments.list[moment] = { ...this.#moments.list[moment]!, to };
    }
    return this.#moments.list;
  }

  /** Tells the fact at `n`, perhaps together with some that follow; returns the last one that is told. */
  #tellOne(n: number): number {
    const fact = this.#recorded.facts[n]!;
    this.#moments.passTime(fact.atMs);
    switch (fact._tag) {
      case 'Started':
        return this.#started(n);
      case 'Restarted':
        this.#moments.mark('↻', fact, fact.agent, 'restarts, its state begins anew');
        return n;
      case 'Stopped':
        this.#moments.mark('■', fact, fact.agent, endings[fact.reason]);
        this.#lanes.gone[this.#lanes.at(fact.agent, fact.system)] = true;
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
          this.#moments.mark('!', fact, fact.agent, `its request ${fact.topic} failed: ${fact.failure}`);
        }
        return n;
      case 'Heard':
        this.#moments.mark('†', fact, fact.agent, `hears that ${fact.ended} has ended`);
        return n;
      case 'Failed':
        this.#moments.mark(
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
        this.#moments.message(
          'lost',
          fact.system,
          fact.from,
          [fact.to],
          `${said(fact)}: refused, ${fact.why}`,
        );
        return n;
      case 'Said':
        this.#moments.mark('·', fact, fact.agent, `logs (${fact.level}): ${fact.text}`);
        return n;
      case 'Fault':
        this.#fault(fact);
        return n;
      case 'SystemStopped':
        this.#moments.add(
          'note',
          `${fact.system === '' ? 'the system' : `the system of ${fact.system}`} has stopped`,
        );
        return n;
      case 'Chosen':
        this.#moments.add('choice', fact.words);
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
      keys.push(this.#lanes.key(fact.agent, fact.system));
      last = next;
    }
    for (const key of keys) {
      const lane = this.#lanes.find(key);
      if (lane !== undefined) {
        this.#lanes.gone[lane] = false;
      }
    }
    this.#marked.set(this.#moments.list.length, keys);
    this.#moments.add('note', `${keys.length === 1 ? 'starts' : 'start'}: ${keys.join(', ')}`, { mark: '○' });
    return last;
  }

  #leaves(fact: FactOf<'Sent'>, n: number): number {
    const { takers, losers, lost, links } = this.#fates.of(fact.message);
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
      this.#lanes.at(from ?? outside, fact.system);
      this.#begin(taken);
      this.#moments.message('whole', fact.system, from, takers, said(fact));
      for (let skipped = n + 1; skipped < next; skipped += 1) {
        this.#tellOne(skipped);
      }
      return next;
    }
    // What became of it may be among the facts that were forgotten.
    if (takers.length + losers.length + links.length === 0 && this.#recorded.omitted === 0) {
      const fate = lost.length > 0 ? 'lost' : 'nobody has handled it';
      const flight = fact.to === undefined || lost.length > 0 ? 'lost' : 'leaves';
      this.#moments.message(flight, fact.system, from, [fact.to], `${said(fact)}: ${fate}`);
      return n;
    }
    const number = this.#moments.number(`message ${fact.message}`);
    this.#moments.message('leaves', fact.system, from, receivers, `(${number}) ${said(fact)}`);
    return n;
  }

  #taken(fact: FactOf<'Taken'>): void {
    this.#begin(fact);
    if (fact.timed) {
      this.#moments.mark('◷', fact, fact.agent, 'is called by a timer of its own');
      return;
    }
    const sent = fact.message === undefined ? undefined : this.#fates.sent.get(fact.message);
    if (sent === undefined) {
      this.#moments.mark('▶', fact, fact.agent, 'handles a message from before');
      return;
    }
    const times = `${sent.message} ${fact.agent}`;
    const before = this.#handledTimes.get(times) ?? 0;
    this.#handledTimes.set(times, before + 1);
    const number = this.#moments.number(`message ${sent.message}`);
    const text = `(${number}) ${before === 0 ? '' : 'again: '}${said(sent)}`;
    const from = sent.via === undefined ? sent.from : linkName(sent.via, sent.system);
    this.#moments.message('arrives', fact.system, from, [fact.agent], text);
  }

  #begin(fact: FactOf<'Taken'>): void {
    const lane = this.#lanes.at(fact.agent, fact.system);
    const sent = fact.message === undefined ? undefined : this.#fates.sent.get(fact.message);
    const topic = fact.timed ? 'a timer' : (sent?.topic ?? 'a message');
    this.#handlings.set(fact.handling, { lane, topic });
    this.#lanes.busy[lane]! += 1;
  }

  #ended(fact: FactOf<'Ended'>): void {
    const handling = this.#handlings.get(fact.handling);
    if (handling === undefined) {
      return;
    }
    this.#handlings.delete(fact.handling);
    this.#lanes.busy[handling.lane]! -= 1;
    if (fact.outcome === 'interrupted') {
      this.#moments.mark('!', fact, fact.agent, `is interrupted while it handles ${handling.topic}`);
    }
  }

  #answered(fact: FactOf<'Answered'>, n: number): number {
    const text = `answers ${fact.payload === '' ? fact.topic : `${fact.payload} to ${fact.topic}`}`;
    if (fact.streamed) {
      this.#moments.message('whole', fact.system, fact.from, [this.#fates.asker(fact)], text, true);
      return n;
    }
    const next = this.#nextVisible(n);
    const following = this.#recorded.facts[next];
    const arrives = following?._tag === 'Delivered' && following.question === fact.question;
    if (!arrives && this.#fates.delivered.has(fact.question)) {
      const number = this.#moments.number(`answer ${fact.question}`);
      this.#moments.message(
        'leaves',
        fact.system,
        fact.from,
        [this.#fates.asker(fact)],
        `(${number}) ${text}`,
        true,
      );
      return n;
    }
    const unheard = arrives ? '' : ': nobody hears it';
    this.#moments.message(
      arrives ? 'whole' : 'lost',
      fact.system,
      fact.from,
      [this.#fates.asker(fact)],
      `${text}${unheard}`,
      true,
    );
    return n;
  }

  #delivery({ question, system }: FactOf<'Delivered'>): void {
    const number = this.#moments.numberOf(`answer ${question}`);
    const answer = this.#fates.answers.get(question);
    if (number !== undefined && answer !== undefined) {
      const text = `(${number}) hears the answer ${answer.payload} to ${answer.topic}`;
      this.#moments.message('arrives', system, answer.from, [this.#fates.asker(answer)], text, true);
    }
  }

  #deadLetter(fact: FactOf<'DeadLettered'>): void {
    const number = fact.message === undefined ? undefined : this.#moments.numberOf(`message ${fact.message}`);
    const what = fact.topic === undefined ? `answer ${fact.payload}` : said({ ...fact, topic: fact.topic });
    const which = number === undefined ? '' : `(${number}) `;
    const toWhom = fact.to?.startsWith('/') === true ? fact.to : undefined;
    this.#moments.message(
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
      const { takers, losers } = this.#fates.of(message);
      if (takers.length + losers.length === 0) {
        // Said where it left.
        return;
      }
    }
    if (answer !== undefined) {
      const text = `${subject}: ${lost ? 'lost' : words}`;
      this.#moments.message(
        lost ? 'lost' : 'leaves',
        fact.system,
        answer.from,
        [answer.to ?? outside],
        text,
        true,
      );
      return;
    }
    const number = message === undefined ? undefined : this.#moments.numberOf(`message ${message}`);
    if (agent !== undefined) {
      this.#marked.set(this.#moments.list.length, [this.#lanes.key(agent, fact.system)]);
    }
    this.#moments.add('note', `${number === undefined ? '' : `(${number}) `}${subject} ${words}`, {
      mark: '↯',
    });
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
