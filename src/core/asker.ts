/**
 * An asker: a request under way, seen by whoever carries its answers.
 */

/** What a responder says to a request. `failure` and `end` are its last word. */
export type AnswerKind = 'reply' | 'failure' | 'end';

export interface Asker {
  /** Nobody waits any more. */
  readonly settled: boolean;
  /** Path of who asked; `undefined` for code outside of agents. */
  readonly requesterPath: string | undefined;
  /** Name of the topic it was asked under. */
  readonly topic: string;
  /** Where the replies of a stream wait; `undefined` for a request for one reply. */
  readonly reader: object | undefined;
  /** Hears an answer that has arrived. */
  hear(kind: AnswerKind, content: unknown, from: string): void;
}
