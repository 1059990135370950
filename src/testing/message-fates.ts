/**
 * The fates of messages: what all facts of a run say of each, which has to be known
 * where it left.
 */

import type { Fact, FactOf } from './story-fact.ts';
import { home, linkName, outside } from './story-lanes.ts';

/** What became of a message that left. */
export interface Fate {
  readonly takers: string[];
  readonly losers: string[];
  readonly lost: FactOf<'Fault'>[];
  /** Links that carried it on. */
  readonly links: string[];
}

export class Fates {
  /** What is known of each message, from the facts that speak of it. */
  readonly #fates = new Map<number, Fate>();
  /** Messages as they left. */
  readonly sent = new Map<number, FactOf<'Sent'>>();
  /** Answers, by the requests they are to. */
  readonly answers = new Map<number, FactOf<'Answered'>>();
  /** Requests whose outcome was heard. */
  readonly delivered = new Set<number>();
  /** The links that carried requests, by the requests. */
  readonly #askedBy = new Map<number, string>();

  constructor(facts: readonly Fact[]) {
    for (const fact of facts) {
      this.#note(fact);
    }
  }

  /** What later facts say of a message has to be known where it leaves. */
  #note(fact: Fact): void {
    switch (fact._tag) {
      case 'Sent':
        this.sent.set(fact.message, fact);
        this.#carried(fact);
        break;
      case 'Taken':
        if (fact.message !== undefined) {
          this.of(fact.message).takers.push(fact.agent);
        }
        break;
      case 'DeadLettered':
        // Of what never left for anybody the topic is named.
        if (fact.message !== undefined && fact.to?.startsWith('/') === true) {
          this.of(fact.message).losers.push(fact.to);
        }
        break;
      case 'Fault':
        if (fact.message !== undefined && fact.lost) {
          this.of(fact.message).lost.push(fact);
        }
        break;
      case 'Answered':
        this.answers.set(fact.question, fact);
        break;
      case 'Delivered':
        this.delivered.add(fact.question);
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
    for (const [message, one] of this.sent) {
      if (one.system === from && one.topic === topic && one.payload === payload && one !== fact) {
        const { links } = this.of(message);
        if (!links.includes(link)) {
          links.push(link);
          return;
        }
      }
    }
  }

  of(message: number): Fate {
    const known = this.#fates.get(message);
    if (known !== undefined) {
      return known;
    }
    const fate: Fate = { takers: [], losers: [], lost: [], links: [] };
    this.#fates.set(message, fate);
    return fate;
  }

  /** Whom an answer is for: who asked, or the link that carried the question. */
  asker({ to, question }: FactOf<'Answered'>): string {
    return to ?? this.#askedBy.get(question) ?? outside;
  }
}
