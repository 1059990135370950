/**
 * Trace tracks: where and when the handlings of agents are drawn in a trace.
 *
 * An agent has one track or more, because its handlings may overlap and slices on
 * one track may not: each takes the track that has been free for the shortest
 * time. And slices must have a length, though within a turn of the dispatcher,
 * where time is read once, a handling has none: such are drawn one tick long and
 * in sequence, so that one sees in which order they were.
 *
 * Times are ticks, eighths of a microsecond: shorter than any handling takes, and
 * exact as a fraction of microseconds, so that nothing is rounded into overlapping.
 *
 * Guarantees
 *   - Slices on one track never overlap.
 *   - Given in the order of their ends, the slices of an agent need no more tracks
 *     than handlings of it were ever open at once.
 *   - Bound: what is remembered is the tracks of those agents that were not forgotten.
 */
export const ticksPerMicrosecond = 8;
const ticksPerMs = ticksPerMicrosecond * 1_000;

/** A time of the environment's clock, in ticks. */
export const ticksOf = (atMs: number): number => Math.round(atMs * ticksPerMs);

/** A handling as it is drawn: at least one tick long. */
export interface Slice {
  readonly track: number;
  readonly fromTicks: number;
  readonly toTicks: number;
}

interface Track {
  readonly id: number;
  /** When the last handling on it ended. */
  freeTicks: number;
  /** Where the last slice on it ends: a little later, if there were many in one turn. */
  drawnTicks: number;
}

export class TraceTracks {
  readonly #byAgent = new Map<string, Track[]>();
  readonly #opened: (track: number, name: string) => void;
  #lastId: number;
  #lastMomentTicks = -Infinity;

  /**
   * @param options.firstId The number of the first track.
   * @param options.opened Called with each new track's number and name.
   */
  constructor(options: { firstId: number; opened: (track: number, name: string) => void }) {
    this.#lastId = options.firstId - 1;
    this.#opened = options.opened;
  }

  /** The first track of an agent. */
  first(agent: string): number {
    return (this.#tracks(agent)[0] ?? this.#open(agent)).id;
  }

  /** Draws a handling. */
  slice(agent: string, startedAtMs: number, endedAtMs: number): Slice {
    const startTicks = ticksOf(startedAtMs);
    const endTicks = Math.max(startTicks, ticksOf(endedAtMs));
    const track = this.#freeAt(agent, startTicks);
    let fromTicks = Math.max(startTicks, track.drawnTicks);
    if (startTicks === endTicks) {
      fromTicks = Math.max(fromTicks, this.#lastMomentTicks + 1);
      this.#lastMomentTicks = fromTicks;
    }
    const toTicks = Math.max(endTicks, fromTicks + 1);
    track.freeTicks = endTicks;
    track.drawnTicks = toTicks;
    return { track: track.id, fromTicks, toTicks };
  }

  /** Forgets an agent; another one at its path gets tracks of its own. */
  forget(agent: string): void {
    this.#byAgent.delete(agent);
  }

  #tracks(agent: string): Track[] {
    let tracks = this.#byAgent.get(agent);
    if (tracks === undefined) {
      tracks = [];
      this.#byAgent.set(agent, tracks);
    }
    return tracks;
  }

  #freeAt(agent: string, startTicks: number): Track {
    let longestBusy: Track | undefined;
    for (const track of this.#tracks(agent)) {
      if (track.freeTicks <= startTicks && track.freeTicks > (longestBusy?.freeTicks ?? -Infinity)) {
        longestBusy = track;
      }
    }
    return longestBusy ?? this.#open(agent);
  }

  #open(agent: string): Track {
    const tracks = this.#tracks(agent);
    this.#lastId += 1;
    const track = { id: this.#lastId, freeTicks: -Number.MAX_VALUE, drawnTicks: -Number.MAX_VALUE };
    tracks.push(track);
    this.#opened(track.id, tracks.length === 1 ? agent : `${agent} (${tracks.length})`);
    return track;
  }
}
