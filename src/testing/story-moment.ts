/**
 * A moment of a story: one line of a sequence diagram, before it is drawn.
 */

/** Somebody who has a lane of their own in a diagram. */
export interface Lane {
  /** What the lane is called: the path of an agent, or `outside`. */
  readonly name: string;
  /** Name of the system it is in, where a world has several. */
  readonly system: string | undefined;
}

/**
 * What a line shows.
 *
 *   message   something goes from one lane to others
 *   note      something happens in a lane, or in several at once
 *   time      time has passed
 *   choice    here the run was decided otherwise than the quiet one is
 *   broken    here the property broke
 *   omitted   some moments are left out
 */
export type MomentKind = 'message' | 'note' | 'time' | 'choice' | 'broken' | 'omitted';

/**
 * How far a message is drawn.
 *
 *   whole     it leaves, and is handled before anything else happens
 *   leaves    it leaves, and is on its way
 *   arrives   it left before, and is handled now
 *   lost      it does not get there
 */
export type Flight = 'whole' | 'leaves' | 'arrives' | 'lost';

export interface Moment {
  readonly kind: MomentKind;
  readonly atMs: number;
  /** What happened, in one line. */
  readonly text: string;
  /** Of a message: where it comes from, as an index of the lanes. */
  readonly from: number | undefined;
  /** Of a message where it goes; of a note whom it is about. Indices of the lanes. */
  readonly to: readonly number[];
  readonly flight: Flight | undefined;
  /** Whether it is the answer to a request. */
  readonly reply: boolean;
  /** What a note is marked with in its lanes. */
  readonly mark: string;
  /** How many messages each lane has in hand at this moment. */
  readonly busy: readonly number[];
  /** Lanes whose agents are no more. */
  readonly gone: readonly boolean[];
}
