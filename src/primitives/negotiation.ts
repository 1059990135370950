/**
 * A negotiation: what the manager of a contract net knows, and what it does next.
 *
 *     calling ──> recording ──> working ──────────────────> closing ──> over
 *        ^            ^            │ failed, too late           ^
 *        │            │            v          it was done after all
 *        │            │        cancelling ──────────────────────┘
 *        │            │            v
 *        └────────────┴────── withdrawing       nobody is left: over
 *
 * Pure: it is told what happened, and answers with what to do. Contractors are numbers:
 * their places in the order of the group, which decides between equal scores.
 *
 * Guarantees
 *   - An award is announced only when it has been recorded, and the next one is recorded
 *     only when the one before has been withdrawn: at most one stands (L15).
 *   - Who did not bid while calls were open never wins.
 *   - Whoever was called and did not refuse is accepted or rejected before it is over.
 *   - Arrival order decides nothing.
 */
import type { AwardRecord } from './award-store.ts';
import type { RejectReason } from './contract.ts';

/** What became of one contractor so far. */
export type Fate =
  | 'unheard'
  | 'called'
  | 'proposed'
  | 'refused'
  | 'silent'
  | 'rejected'
  | 'awarded'
  | 'failed'
  | 'fulfilled';

/** A proposal, by its place in the group. */
export interface Ranked {
  readonly contractor: number;
  readonly bid: unknown;
  readonly score: number;
}

/** What two managers of one contract net agree on. */
export interface Terms {
  readonly best: 'lowest' | 'highest';
  /** Most awards, one after the other. */
  readonly awardsMax: number;
}

export interface Negotiation {
  readonly terms: Terms;
  readonly phase: 'calling' | 'recording' | 'working' | 'cancelling' | 'withdrawing' | 'closing' | 'over';
  /** How many entries the store has of it. */
  readonly version: number;
  readonly fates: readonly Fate[];
  /** How many have been called and have not spoken. */
  readonly unheard: number;
  /** Whether it has called for proposals itself, or only goes on with what was recorded. */
  readonly hasCalled: boolean;
  /** Proposals that may still win; the best first, once the calls are closed. */
  readonly offers: readonly Ranked[];
  /** The one that is awarded, or about to be. */
  readonly award: Ranked | undefined;
  /** Awards made. */
  readonly awards: number;
  /** Why the last award came to nothing. */
  readonly lastFailure: unknown;
  /** What the one that is awarded has made of the task. */
  readonly result: unknown;
}

/** What the store says of a contract, with contractors as numbers. */
export type Known = {
  /** How many contractors there are. */
  readonly size: number;
} & (
  | { readonly _tag: 'Nothing'; readonly version: number }
  | {
      readonly _tag: 'Standing';
      readonly version: number;
      readonly to: Ranked;
      readonly reserve: readonly Ranked[];
    }
  | { readonly _tag: 'Fulfilled'; readonly record: Extract<AwardRecord['last'], { _tag: 'Fulfilled' }> }
);

export type NegotiationEvent =
  | { readonly _tag: 'Proposed'; readonly contractor: number; readonly bid: unknown; readonly score: number }
  | { readonly _tag: 'Refused'; readonly contractor: number }
  | { readonly _tag: 'Silent'; readonly contractor: number }
  | { readonly _tag: 'Recorded' }
  | { readonly _tag: 'Overtaken'; readonly known: Known }
  | { readonly _tag: 'Informed'; readonly contractor: number; readonly result: unknown }
  | { readonly _tag: 'Failed'; readonly contractor: number; readonly failure: unknown }
  | { readonly _tag: 'Cancelled'; readonly contractor: number }
  | { readonly _tag: 'Broke'; readonly failure: unknown }
  | { readonly _tag: 'Interrupted' };

export type Command =
  | { readonly _tag: 'Call' }
  | { readonly _tag: 'RecordAward'; readonly to: Ranked; readonly reserve: readonly Ranked[] }
  | { readonly _tag: 'RecordWithdrawal'; readonly failure: unknown }
  | { readonly _tag: 'RecordResult'; readonly by: Ranked; readonly result: unknown }
  | { readonly _tag: 'Accept'; readonly contractor: number }
  | { readonly _tag: 'Cancel'; readonly contractor: number }
  | { readonly _tag: 'Reject'; readonly contractor: number; readonly reason: RejectReason }
  | { readonly _tag: 'Answer'; readonly by: Ranked; readonly result: unknown }
  | { readonly _tag: 'AnswerAgain'; readonly record: Extract<AwardRecord['last'], { _tag: 'Fulfilled' }> }
  | { readonly _tag: 'GiveUp' }
  | { readonly _tag: 'Fail'; readonly failure: unknown };

/** What is known now, and what is to be done. */
export interface Decision {
  readonly negotiation: Negotiation;
  readonly commands: readonly Command[];
}

/**
 * Begins, or goes on from what is recorded.
 *
 * @example
 * const terms = { best: 'lowest', awardsMax: 1 }
 * begin(terms, { _tag: 'Nothing', version: 0, size: 2 }).commands // => [{ _tag: 'Call' }]
 */
export function begin(terms: Terms, known: Known): Decision {
  return goOnFrom(
    {
      terms,
      phase: 'over',
      version: 0,
      fates: [],
      unheard: 0,
      hasCalled: false,
      offers: [],
      award: undefined,
      awards: 0,
      lastFailure: undefined,
      result: undefined,
    },
    known,
  );
}

/**
 * Decides what follows from what happened. What comes from somebody whose turn it is
 * not (a second bid, a late one, the answer of one whose award was withdrawn) changes
 * nothing.
 *
 * @example
 * const terms = { best: 'lowest', awardsMax: 1 }
 * const { negotiation } = begin(terms, { _tag: 'Nothing', version: 0, size: 1 })
 * decide(negotiation, { _tag: 'Proposed', contractor: 0, bid: 5, score: 5 }).commands // => [{ _tag: 'RecordAward', to: { contractor: 0, bid: 5, score: 5 }, reserve: [] }]
 * decide(negotiation, { _tag: 'Refused', contractor: 0 }).commands // => [{ _tag: 'GiveUp' }]
 */
export function decide(now: Negotiation, event: NegotiationEvent): Decision {
  if (now.phase === 'over') {
    return nothing(now);
  }
  switch (event._tag) {
    case 'Proposed':
    case 'Refused':
    case 'Silent':
      return now.phase === 'calling' && now.fates[event.contractor] === 'called'
        ? heard(now, event)
        : nothing(now);
    case 'Recorded':
      return recorded({ ...now, version: now.version + 1 });
    case 'Overtaken':
      return overtaken(now, event.known);
    case 'Informed':
      return hasAward(now, event.contractor) && (now.phase === 'working' || now.phase === 'cancelling')
        ? {
            negotiation: { ...now, phase: 'closing', result: event.result },
            commands: [{ _tag: 'RecordResult', by: now.award!, result: event.result }],
          }
        : nothing(now);
    case 'Failed':
      return hasAward(now, event.contractor) && now.phase === 'working'
        ? {
            negotiation: { ...now, phase: 'cancelling', lastFailure: event.failure },
            commands: [{ _tag: 'Cancel', contractor: event.contractor }],
          }
        : nothing(now);
    case 'Cancelled':
      return hasAward(now, event.contractor) && now.phase === 'cancelling'
        ? {
            negotiation: { ...now, phase: 'withdrawing' },
            commands: [{ _tag: 'RecordWithdrawal', failure: now.lastFailure }],
          }
        : nothing(now);
    case 'Broke':
      return over(now, 'call over', { _tag: 'Fail', failure: event.failure });
    case 'Interrupted':
      return over(now, 'call cancelled');
  }
}

/** Somebody who was called has spoken, or will not. */
function heard(
  now: Negotiation,
  event: Extract<NegotiationEvent, { _tag: 'Proposed' | 'Refused' | 'Silent' }>,
): Decision {
  const { contractor } = event;
  const unheard = now.unheard - 1;
  const commands: Command[] = [];
  let { offers } = now;
  let fate: Fate;
  if (event._tag === 'Proposed') {
    fate = Number.isNaN(event.score) ? 'rejected' : 'proposed';
    if (fate === 'proposed') {
      offers = [...offers, { contractor, bid: event.bid, score: event.score }];
    } else {
      commands.push({ _tag: 'Reject', contractor, reason: 'not acceptable' });
    }
  } else {
    fate = event._tag === 'Refused' ? 'refused' : 'silent';
    if (fate === 'silent') {
      // It may have made a bid that is on its way.
      commands.push({ _tag: 'Reject', contractor, reason: 'too late' });
    }
  }
  const next: Negotiation = { ...now, unheard, offers, fates: now.fates.with(contractor, fate) };
  if (unheard > 0) {
    return { negotiation: next, commands };
  }
  return behind(commands, nextAward({ ...next, offers: offers.toSorted(byRank(now.terms.best)) }));
}

/** The better score; between equal ones, who stands first in the group. */
function byRank(best: Terms['best']): (a: Ranked, b: Ranked) => number {
  const sign = best === 'lowest' ? 1 : -1;
  return (a, b) => (a.score === b.score ? a.contractor - b.contractor : a.score < b.score ? -sign : sign);
}

/** The best of those who are left is next; nobody knows of it before it is recorded. */
function nextAward(now: Negotiation): Decision {
  const { awardsMax } = now.terms;
  const [to, ...others] = now.awards < awardsMax ? now.offers : [];
  if (to !== undefined) {
    const reserve = others.slice(0, awardsMax - now.awards - 1);
    return {
      negotiation: { ...now, phase: 'recording', award: to, offers: others },
      commands: [{ _tag: 'RecordAward', to, reserve }],
    };
  }
  if (!now.hasCalled && now.awards < awardsMax) {
    return call(now);
  }
  return over(now, 'call over', { _tag: 'GiveUp' });
}

function call(now: Negotiation): Decision {
  const size = now.fates.length;
  const negotiation: Negotiation = {
    ...now,
    phase: 'calling',
    hasCalled: true,
    offers: [],
    award: undefined,
    unheard: size,
    fates: new Array<Fate>(size).fill('called'),
  };
  return size === 0
    ? behind([{ _tag: 'Call' }], over(negotiation, 'call over', { _tag: 'GiveUp' }))
    : { negotiation, commands: [{ _tag: 'Call' }] };
}

/** What was to be written down is. */
function recorded(now: Negotiation): Decision {
  const { award } = now;
  switch (now.phase) {
    case 'recording': {
      const awards = now.awards + 1;
      const kept = now.offers.slice(0, now.terms.awardsMax - awards);
      const told = dismissed({ ...now, phase: 'working', awards, offers: kept }, 'outbid');
      return {
        negotiation: told.negotiation,
        commands: [...told.commands, { _tag: 'Accept', contractor: award!.contractor }],
      };
    }
    case 'withdrawing':
      return nextAward({ ...now, award: undefined, fates: now.fates.with(award!.contractor, 'failed') });
    case 'closing': {
      const fates = now.fates.with(award!.contractor, 'fulfilled');
      return over({ ...now, fates }, 'outbid', { _tag: 'Answer', by: award!, result: now.result });
    }
    default:
      return nothing(now);
  }
}

/** Rejects all proposals that cannot win any more: all but the one awarded and those in reserve. */
function dismissed(now: Negotiation, reason: RejectReason): Decision {
  const kept = new Set(now.offers.map(({ contractor }) => contractor));
  const commands: Command[] = [];
  const fates = now.fates.map((fate, contractor): Fate => {
    if (contractor === now.award?.contractor) {
      return 'awarded';
    }
    if (fate !== 'proposed' && fate !== 'unheard') {
      return fate;
    }
    if (kept.has(contractor)) {
      return 'proposed';
    }
    commands.push({ _tag: 'Reject', contractor, reason });
    return 'rejected';
  });
  return { negotiation: { ...now, fates }, commands };
}

/** Somebody else has written something down of this contract: that is what stands. */
function overtaken(now: Negotiation, known: Known): Decision {
  if (now.phase !== 'recording' && now.phase !== 'withdrawing' && now.phase !== 'closing') {
    return nothing(now);
  }
  const offers = now.phase === 'recording' ? [now.award!, ...now.offers] : now.offers;
  return goOnFrom({ ...now, offers, award: undefined }, known);
}

function goOnFrom(before: Negotiation, known: Known): Decision {
  const more = new Array<Fate>(known.size - before.fates.length).fill('unheard');
  const now = { ...before, fates: [...before.fates, ...more] };
  switch (known._tag) {
    case 'Nothing':
      return nextAward({ ...now, version: known.version });
    case 'Standing': {
      // Who bid and is neither awarded nor in reserve may not have been told, by whoever recorded it.
      const told = dismissed(
        { ...now, phase: 'working', version: known.version, award: known.to, offers: known.reserve },
        'outbid',
      );
      return {
        negotiation: told.negotiation,
        commands: [...told.commands, { _tag: 'Accept', contractor: known.to.contractor }],
      };
    }
    case 'Fulfilled':
      return over(now, 'outbid', { _tag: 'AnswerAgain', record: known.record });
  }
}

/** Nothing will happen any more: whoever still waits for word is told. */
function over(now: Negotiation, reason: RejectReason, last?: Command): Decision {
  const cutOff = last === undefined || last._tag === 'Fail';
  const commands: Command[] = [];
  const fates = now.fates.map((fate, contractor): Fate => {
    if (fate !== 'called' && fate !== 'proposed' && !(fate === 'awarded' && cutOff)) {
      return fate;
    }
    commands.push({ _tag: 'Reject', contractor, reason });
    return 'rejected';
  });
  if (last !== undefined) {
    commands.push(last);
  }
  return { negotiation: { ...now, phase: 'over', fates, offers: [] }, commands };
}

const hasAward = (now: Negotiation, contractor: number): boolean => now.award?.contractor === contractor;

const nothing = (negotiation: Negotiation): Decision => ({ negotiation, commands: [] });

const behind = (commands: readonly Command[], { negotiation, commands: more }: Decision): Decision => ({
  negotiation,
  commands: [...commands, ...more],
});
