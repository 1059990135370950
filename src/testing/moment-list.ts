/**
 * The moments of a story while it is told, in order, with the lanes as they are then.
 */
import { oneLine } from '../core/one-line.ts';
import type { Fact } from './story-fact.ts';
import { type Lanes, outside } from './story-lanes.ts';
import type { Flight, Moment, MomentKind } from './story-moment.ts';

export class MomentList {
  readonly list: Moment[] = [];
  readonly #lanes: Lanes;
  /** The numbers in the text, by what is on its way. */
  readonly #numbers = new Map<string, number>();
  #nowMs = 0;

  constructor(lanes: Lanes) {
    this.#lanes = lanes;
  }

  /** Tells that time has passed, if it has. */
  passTime(atMs: number): void {
    if (atMs > this.#nowMs) {
      const passedMs = atMs - this.#nowMs;
      this.#nowMs = atMs;
      this.add('time', `${asMs(passedMs)} pass: it is ${asMs(atMs)}`);
    }
  }

  /** Something goes from one to others. */
  message(
    flight: Flight,
    system: string,
    from: string | undefined,
    to: readonly (string | undefined)[],
    text: string,
    reply = false,
  ): void {
    const sender = this.#lanes.at(from ?? outside, system);
    const receivers = to.flatMap((name) => (name === undefined ? [] : this.#lanes.at(name, system)));
    this.add('message', text, { from: sender, to: receivers, flight, reply });
  }

  /** Something happens in the lane of one. */
  mark(mark: string, { system }: Fact, agent: string | undefined, text: string): void {
    const lane = this.#lanes.at(agent ?? outside, system);
    this.add('note', `${this.#lanes.list[lane]!.name} ${text}`, {
      to: [lane],
      mark,
    });
  }

  /** Something else happens. */
  add(
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
    this.list.push({
      kind,
      atMs: this.#nowMs,
      text: oneLine(text),
      from,
      to,
      flight,
      reply,
      mark,
      busy: [...this.#lanes.busy],
      gone: [...this.#lanes.gone],
    });
  }

  /** The number that something on its way has got, if it has one. */
  numberOf(what: string): number | undefined {
    return this.#numbers.get(what);
  }

  /** The number that something on its way has in the text. */
  number(what: string): number {
    const known = this.#numbers.get(what);
    if (known !== undefined) {
      return known;
    }
    const number = this.#numbers.size + 1;
    this.#numbers.set(what, number);
    return number;
  }
}

/** Times may be fractions; three digits tell them apart. */
const asMs = (ms: number): string => `${Math.round(ms * 1_000) / 1_000} ms`;
