/**
 * Message flow: which handling sent the message that another handling took.
 *
 * A message is known when it is sent; the handling that sent it, only when that
 * one has ended, and by then the message may have been handled already, and so
 * may have others. Whichever end is known first is remembered until the other is.
 *
 * Guarantees: a flow is told once for each handling of a message that a handling
 * sent. Bound: the last `rememberedMax / 2` messages and handlings are remembered,
 * at most twice as many, and 64 receivers that are done before their sender is;
 * the flows of what was forgotten are not told. An agent that handles an envelope
 * twice has handled it once, as far as its messages go.
 */
import { FadingMap } from './fading-map.ts';

/** A message went from one handling to another. */
export interface Flow<Handling> {
  readonly sentAt: number;
  readonly from: Handling;
  readonly to: Handling;
}

/** The handling of an envelope by an agent, whether it has ended or not. */
interface Origin<Handling> {
  handling: Handling | undefined;
  /** Handlings of what it sent that ended before it did. */
  readonly early: { readonly sentAt: number; readonly to: Handling }[];
}

interface Message<Handling> {
  readonly sentAt: number;
  readonly origin: Origin<Handling>;
}

// Not derived: with more than these, nobody could follow the arrows.
const earlyMax = 64;

export class MessageFlow<Handling> {
  readonly #messages: FadingMap<number, Message<Handling>>;
  readonly #origins: FadingMap<string, Origin<Handling>>;

  /** @param options.rememberedMax Most messages and most handlings remembered; an even number, at least 2. */
  constructor({ rememberedMax }: { readonly rememberedMax: number }) {
    this.#messages = new FadingMap({ keysMax: rememberedMax });
    this.#origins = new FadingMap({ keysMax: rememberedMax });
  }

  /** The agent at `sender` sent the message `id`, and did so in handling the envelope `causationId`. */
  sent(id: number, sentAt: number, sender: string, causationId: number): void {
    this.#messages.set(id, { sentAt, origin: this.#originOf(causationId, sender) });
  }

  /** The agent has ended a handling of the envelope; returns the flows that are now known at both ends. */
  handled(envelopeId: number, agent: string, handling: Handling): readonly Flow<Handling>[] {
    const origin = this.#originOf(envelopeId, agent);
    const flows: Flow<Handling>[] = origin.early.map((arrival) => ({ ...arrival, from: handling }));
    origin.handling = handling;
    origin.early.length = 0;

    const message = this.#messages.get(envelopeId);
    if (message?.origin.handling !== undefined) {
      flows.push({ sentAt: message.sentAt, from: message.origin.handling, to: handling });
    } else if (message !== undefined && message.origin.early.length < earlyMax) {
      message.origin.early.push({ sentAt: message.sentAt, to: handling });
    }
    return flows;
  }

  #originOf(envelopeId: number, agent: string): Origin<Handling> {
    const key = `${envelopeId} ${agent}`;
    let origin = this.#origins.get(key);
    if (origin === undefined) {
      origin = { handling: undefined, early: [] };
      this.#origins.set(key, origin);
    }
    return origin;
  }
}
