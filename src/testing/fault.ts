/**
 * Faults: what may go wrong in a world although nobody's code is wrong.
 *
 * | fault | |
 * |---|---|
 * | `crash` | an agent fails between two steps; or a host ends, and nothing of it goes on |
 * | `drop` | a message, or an answer to a request, never arrives |
 * | `duplicate` | it arrives a second time, at once or later |
 * | `delay` | it arrives later, and so does what follows it on the same way |
 * | `partition` | a link carries nothing for a while |
 * | `slow` | time passes although there is work to do, as on a slow machine |
 *
 * Guarantees: no more of them happen in a run than its budget allows. `slow` alone
 * has none: it takes nothing away from anybody but time.
 */
import type { AnyTopic } from '../core/topic.ts';
import { wordsText } from './fact-texts.ts';

export type Fault = 'crash' | 'drop' | 'duplicate' | 'delay' | 'partition' | 'slow';

/** Faults of which a run has a limited number. */
export type CountedFault = Exclude<Fault, 'slow'>;

/** Most faults in one run: all together (`total`, 3 when not given), and of a kind. */
export type FaultLimits = { readonly [fault in CountedFault | 'total']?: number };

/** Something on its way, as a restriction of faults looks at it. */
export interface OnTheWay {
  /** `reply`, `failure` and `end` are what a responder says to a request; `end`, that it is done with it. */
  readonly kind: 'message' | 'reply' | 'failure' | 'end';
  /** Name of the topic; of an answer, that of its request. */
  readonly topic: string | undefined;
  readonly payload: unknown;
  /** Path of the agent, or name of the host, it comes from; `undefined` for code outside of agents. */
  readonly sender: string | undefined;
  /** Path of the agent, or name of the host, it goes to; `undefined` for code outside of agents. */
  readonly receiver: string | undefined;
  /** Whether it goes from one host to another. */
  readonly linked: boolean;
}

/**
 * What `drop`, `duplicate` and `delay` may hit: what is about one of these topics;
 * what goes from, or to, an agent or one below it; whatever a predicate says.
 */
export type Only =
  | readonly AnyTopic[]
  | {
      readonly topics?: readonly AnyTopic[];
      readonly from?: string;
      readonly to?: string;
      readonly linked?: boolean;
    }
  | ((message: OnTheWay) => boolean);

/** A fault that happened. */
export type FaultEvent =
  | {
      readonly _tag: 'Dropped' | 'Duplicated' | 'Delayed';
      readonly atMs: number;
      readonly message: OnTheWay;
      /** How much later it, or its copy, arrives; 0 for a turn of its own, or at once. */
      readonly lateMs: number;
    }
  | {
      readonly _tag: 'Crashed';
      readonly atMs: number;
      readonly what: 'agent' | 'host';
      readonly name: string;
    }
  | { readonly _tag: 'Restarted'; readonly atMs: number; readonly name: string }
  | {
      readonly _tag: 'Partitioned' | 'Healed';
      readonly atMs: number;
      readonly between: readonly [string, string];
    }
  | {
      /** Somebody else made something go wrong, and says so: a disk, a model. */
      readonly _tag: 'Told';
      readonly atMs: number;
      /** Who: `the disk`. */
      readonly subject: string;
      /** What it did: `fails a read of /log`. */
      readonly words: string;
    };

/** A line of a trace. */
export function faultLine(event: FaultEvent): string {
  const at = `${event.atMs} ms  `;
  switch (event._tag) {
    case 'Dropped':
      return `${at}dropped: ${onTheWay(event.message)}`;
    case 'Duplicated':
      return `${at}duplicated${late(event.lateMs)}: ${onTheWay(event.message)}`;
    case 'Delayed':
      return `${at}delayed${late(event.lateMs)}: ${onTheWay(event.message)}`;
    case 'Crashed':
      return `${at}crashed: ${event.name}`;
    case 'Restarted':
      return `${at}host ${event.name} restarted`;
    case 'Partitioned':
      return `${at}partitioned: ${event.between.join(' | ')}`;
    case 'Healed':
      return `${at}healed: ${event.between.join(' — ')}`;
    case 'Told':
      return `${at}${wordsText(event.subject)} ${wordsText(event.words)}`;
  }
}

const late = (ms: number): string => (ms === 0 ? '' : ` by ${ms} ms`);

function onTheWay({ kind, topic, sender, receiver }: OnTheWay): string {
  const what = { message: '', reply: 'reply to ', failure: 'failure of ', end: 'end of ' }[kind];
  return `${what}${topic ?? 'a message'} ${sender ?? 'outside'} → ${receiver ?? 'outside'}`;
}

/** Whether something on its way may be hit. */
export function mayBeHit(only: Only | undefined): ((message: OnTheWay) => boolean) | undefined {
  if (only === undefined || typeof only === 'function') {
    return only;
  }
  const { topics, from, to, linked } = 'length' in only ? { topics: only } : only;
  const names = topics === undefined ? undefined : new Set(topics.map(({ name }) => name));
  return (message) =>
    (names === undefined || (message.topic !== undefined && names.has(message.topic))) &&
    (from === undefined || isAtOrBelow(message.sender, from)) &&
    (to === undefined || isAtOrBelow(message.receiver, to)) &&
    (linked === undefined || linked === message.linked);
}

const isAtOrBelow = (path: string | undefined, top: string): boolean =>
  path === top || path?.startsWith(`${top}/`) === true;
