/**
 * A fact of a story: one thing that happened in a traced run, as plain data.
 *
 * Payloads and failures are texts already, made when it happened: what they were
 * made of may have changed since. Agents are paths; a path of `undefined` is outside.
 */
import type { DeadLetterCause } from '../core/dead-letter.ts';
import type { DirectiveTag, HandlingOutcome, Level, StopReason } from '../core/system-event.ts';
import type { Verb } from '../core/tracing.ts';

/** `atMs` is when; `system` is where, the name of the only one when there is one. */
export type Fact = { readonly atMs: number; readonly system: string } & (
  | { readonly _tag: 'Started' | 'Restarted'; readonly agent: string }
  | { readonly _tag: 'Stopped'; readonly agent: string; readonly reason: StopReason }
  | {
      readonly _tag: 'Sent';
      /** Counted from 1 in the order in which messages left. */
      readonly message: number;
      readonly verb: Verb;
      readonly from: string | undefined;
      /** `undefined` when it was published. */
      readonly to: string | undefined;
      readonly topic: string;
      readonly payload: string;
      /** The request it is, if it is one. */
      readonly question: number | undefined;
      /** Name of the host from which a link has carried it here, if one did. */
      readonly via?: string | undefined;
    }
  | {
      readonly _tag: 'Taken';
      readonly agent: string;
      readonly handling: number;
      /** `undefined` when it is none that is known to have left. */
      readonly message: number | undefined;
      /** Whether it is no message at all: a timer rang. */
      readonly timed: boolean;
    }
  | {
      readonly _tag: 'Ended';
      readonly agent: string;
      readonly handling: number;
      /** `undefined` when its message is not done with: it was laid aside, or is to be handled again. */
      readonly outcome: HandlingOutcome | undefined;
    }
  | {
      readonly _tag: 'Answered';
      readonly question: number;
      readonly topic: string;
      readonly from: string;
      readonly to: string | undefined;
      readonly payload: string;
      /** Whether more replies may follow. */
      readonly streamed: boolean;
    }
  | {
      readonly _tag: 'Settled';
      readonly question: number;
      readonly topic: string;
      readonly agent: string | undefined;
      /** `undefined` when it went well. */
      readonly failure: string | undefined;
    }
  | { readonly _tag: 'Delivered'; readonly question: number }
  | { readonly _tag: 'Heard'; readonly agent: string; readonly ended: string }
  | {
      readonly _tag: 'Failed';
      readonly agent: string;
      readonly failure: string;
      readonly supervisor: string;
      readonly directive: DirectiveTag;
    }
  | {
      readonly _tag: 'DeadLettered';
      /** The message it was, if it had left before. */
      readonly message: number | undefined;
      readonly from: string | undefined;
      readonly to: string | undefined;
      /** `undefined` for a reply. */
      readonly topic: string | undefined;
      readonly payload: string;
      readonly cause: DeadLetterCause;
    }
  | {
      readonly _tag: 'Refused';
      readonly from: string | undefined;
      readonly to: string | undefined;
      readonly topic: string;
      readonly payload: string;
      readonly why: string;
    }
  | { readonly _tag: 'Said'; readonly agent: string; readonly level: Level; readonly text: string }
  | {
      readonly _tag: 'Fault';
      /** What the world did it to, in words: an agent, a host, a link, or what is on its way. */
      readonly subject: string;
      /** What it did, in words: `is lost`. */
      readonly words: string;
      /** To whom, or on whose way, if to one. */
      readonly agent: string | undefined;
      /** The message on its way that it did it to, if it is known to have left. */
      readonly message: number | undefined;
      readonly lost: boolean;
      /** The answer on its way that it did it to, if it was one that would be held back or lost. */
      readonly answer: { readonly from: string; readonly to: string | undefined } | undefined;
    }
  | { readonly _tag: 'SystemStopped' }
  | { readonly _tag: 'Chosen'; readonly words: string }
);

/** A fact without its time and system. */
export type Happening = Fact extends infer One
  ? One extends Fact
    ? Omit<One, 'atMs' | 'system'>
    : never
  : never;

/** The facts of one kind. */
export type FactOf<Tag extends Fact['_tag']> = Extract<Fact, { readonly _tag: Tag }>;
