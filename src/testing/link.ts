/**
 * A link: a simulated connection between the systems of two hosts.
 *
 * It hears some topics on either side. What is published there is published on the
 * other side, too; a request is made there again, with the time that is left of its
 * deadline, and its replies and failures come back. Thread and headers travel along.
 * What came by a link does not go back by it, and passes each host once; what agents
 * say because of it is new, and goes wherever links lead.
 *
 * Order: what one sender says on one side arrives in that order. Replies to one
 * request are a way of their own.
 *
 * Bound: at most `capacity` are on their way in one direction; what does not fit is
 * lost, as is everything while the link is cut, or when the host it goes to is down.
 * What is on its way then is lost, also when the link is whole, or the host up,
 * again before it would have arrived. Nobody is told of a loss; who asked runs into its deadline.
 */
import type { Kernel } from '../actors/kernel.ts';
import { NoResponder, RequestTimeout } from '../actors/request-failures.ts';
import type { System } from '../actors/system.ts';
import { type Envelope, ownEnvelope, type ReplyPort } from '../core/envelope.ts';
import type { Parked } from '../core/mailbox.ts';
import type { AnyTopic, Topic } from '../core/topic.ts';
import type { Receiver, Reception } from '../core/topic-board.ts';
import type { OnTheWay } from './fault.ts';
import { bring, linkPath, passedBy } from './link-path.ts';
import type { Wire } from './wire.ts';

export interface LinkOptions {
  /** What it carries. */
  readonly topics: readonly AnyTopic[];
  /** How long something is on its way, in milliseconds; 1 when not given. */
  readonly delayMs?: number;
  /** Most that may be on their way in one direction; 1 024 when not given. */
  readonly capacity?: number;
}

/** Whatever has a link: a host, or the world's own system. */
export interface LinkedHost {
  readonly name: string;
  readonly system: System;
  readonly up: boolean;
  /** How often it has begun. */
  readonly lives: number;
  readonly life: Life;
}

/** One life of it. */
export interface Life {
  readonly halted?: boolean;
}

/** One end of a link: hears the topics on its host, and sends what it hears to the other one. */
export class LinkEnd implements Receiver {
  readonly path: string;
  readonly responds = true;
  readonly saturated = false;
  readonly mustWait = false;
  readonly mailboxCapacity: number;
  readonly #here: LinkedHost;
  readonly #there: LinkedHost;
  /** The life of its host that it is part of. */
  readonly #life: Life;
  readonly #topics: ReadonlyMap<string, AnyTopic>;
  readonly #out: Wire;
  readonly #back: Wire;

  constructor(
    here: LinkedHost,
    there: LinkedHost,
    topics: ReadonlyMap<string, AnyTopic>,
    out: Wire,
    back: Wire,
  ) {
    this.path = linkPath(there.name);
    this.#here = here;
    this.#there = there;
    this.#life = here.life;
    this.#topics = topics;
    this.#out = out;
    this.#back = back;
    this.mailboxCapacity = out.capacity;
  }

  /** Begins to listen, in the life of its host that has begun. */
  listen(): void {
    for (const name of this.#topics.keys()) {
      kernelOf(this.#here.system).subscribe(name, this);
    }
  }

  receiverFor(): Receiver {
    return this;
  }

  receive(envelope: Envelope): Reception {
    if (this.#life.halted === true) {
      return 'taken';
    }
    const passed = passedBy(envelope);
    const { replyTo } = envelope;
    if (passed.includes(this.#there.name)) {
      // It has been there.
      replyTo?.finished(this.path);
      return 'taken';
    }
    const passedThen = [...passed, this.#here.name];
    const topic = this.#topics.get(envelope.topic!)!;
    const call = replyTo === undefined ? undefined : new Call(this.path, replyTo);
    this.#out.send(
      {
        kind: 'message',
        topic: topic.name,
        payload: envelope.payload,
        sender: this.#here.name,
        receiver: this.#there.name,
        linked: true,
      },
      envelope.sender ?? '',
      () => {
        if (call === undefined) {
          this.#publish(topic, envelope, passedThen);
        } else {
          void this.#ask(topic, envelope, passedThen, call.arrived());
        }
      },
    );
    return 'taken';
  }

  /* v8 ignore start -- @preserve Nobody waits here: what does not fit is lost. */
  park(_parked: Parked): void {}

  unpark(_parked: Parked): void {}

  room(): Promise<void> {
    return Promise.resolve();
  }
  /* v8 ignore stop -- @preserve */

  #publish(topic: AnyTopic, envelope: Envelope, passed: readonly string[]): void {
    const { system } = this.#there;
    const { payload } = envelope;
    try {
      void bring(topic.name, passed, () =>
        system.publish(topic as Topic<unknown>, payload, optionsOf(envelope)),
      );
    } catch (refusal) {
      refused(system, topic, payload, refusal);
    }
  }

  /** Makes a request anew where it has arrived, and sends back what is said to it. */
  async #ask(topic: AnyTopic, envelope: Envelope, passed: readonly string[], call: Answering): Promise<void> {
    const { system, life } = this.#there;
    const { payload, deadlineMs } = envelope;
    const timeoutMs = deadlineMs - kernelOf(system).environment.nowMs();
    if (timeoutMs < 0) {
      return;
    }
    const replyWay = `${this.path} ${envelope.id}`;
    const say = (kind: OnTheWay['kind'], content: unknown, hear: () => void, gone?: () => void): void => {
      const [sender, receiver] = [this.#there.name, this.#here.name];
      // What code of a host says that has crashed, nobody hears.
      if (life.halted !== true) {
        const said = { kind, topic: topic.name, payload: content, sender, receiver, linked: true };
        this.#back.send(said, replyWay, hear, gone);
      }
    };
    try {
      const options = { ...optionsOf(envelope), timeoutMs };
      let said = false;
      const replies = system.stream(topic as Topic<unknown, unknown>, payload, options);
      for await (const reply of asked(replies, (ask) => bring(topic.name, passed, ask))) {
        if (call.over || this.#life.halted === true) {
          return;
        }
        // The next one is asked for when this one is not on its way any more, and there is room for it.
        said = true;
        await new Promise<void>((gone) => say('reply', reply, () => call.reply(reply), gone));
        await call.room;
      }
      // A reply and the word that this was all are one answer: when it was lost, so is that.
      if (!said || call.heard) {
        say('end', undefined, () => call.end());
      }
    } catch (failure) {
      if (failure instanceof NoResponder) {
        say('end', undefined, () => call.end());
      } else if (!(failure instanceof RequestTimeout)) {
        say('failure', failure, () => call.fail(failure));
      }
    }
  }
}

/** What a request that has arrived is answered by. */
interface Answering {
  /** Nobody wants any more replies. */
  readonly over: boolean;
  /** Whether a reply has come. */
  readonly heard: boolean;
  /** Resolves when the reader of the replies has room; the other side waits for it. */
  readonly room: Promise<void> | undefined;
  reply(reply: unknown): void;
  fail(failure: unknown): void;
  end(): void;
}

/** A request that went over a link, on the side of who asked. */
class Call implements Answering {
  readonly #path: string;
  readonly #port: ReplyPort;
  #arrived = false;
  #ended = false;
  /** Whether a reply has come. */
  heard = false;
  /** Resolves when the reader of the replies has room; the other side waits for it. */
  room: Promise<void> | undefined;

  constructor(path: string, port: ReplyPort) {
    this.#path = path;
    this.#port = port;
  }

  /** It has arrived; when it has before, this is a copy. */
  arrived(): Answering {
    if (this.#arrived) {
      return new CopiedCall(this);
    }
    this.#arrived = true;
    return this;
  }

  /** Nobody wants any more replies. */
  get over(): boolean {
    return this.#ended || this.#port.settled;
  }

  /** Whether its replies are a stream, in which those of a copy have no place. */
  get isStream(): boolean {
    return 'reader' in this.#port && this.#port.reader !== undefined;
  }

  reply(reply: unknown): void {
    this.heard = true;
    try {
      this.room = this.#port.reply(reply, this.#path);
    } catch {
      // Its reader is behind, and this was a copy, or came late: it is lost.
    }
  }

  fail(failure: unknown): void {
    if (!this.#ended) {
      this.#ended = true;
      this.#port.fail(failure, this.#path);
    }
  }

  end(): void {
    if (!this.#ended) {
      this.#ended = true;
      this.#port.finished(this.#path);
    }
  }
}

/**
 * One that arrived a second time. It is worked on, at the same pace, and may be the
 * one that answers; but a stream has the replies of the first one only, and that
 * alone says whether anybody is still going to answer.
 */
class CopiedCall implements Answering {
  readonly #original: Call;
  heard = false;

  constructor(original: Call) {
    this.#original = original;
  }

  get over(): boolean {
    return this.#original.over;
  }

  get room(): Promise<void> | undefined {
    return this.#original.room;
  }

  reply(reply: unknown): void {
    this.heard = true;
    if (!this.#original.isStream) {
      this.#original.reply(reply);
    }
  }

  fail(): void {}

  end(): void {}
}

const optionsOf = ({ headers, threadId }: Envelope) =>
  threadId === undefined ? { headers } : { headers, threadId };

/** A stream of replies that is asked for in a way of its own: the request leaves with the first. */
const asked = <T>(replies: AsyncIterable<T>, by: <R>(ask: () => R) => R): AsyncIterable<T> => ({
  [Symbol.asyncIterator]: () => {
    const iterator = replies[Symbol.asyncIterator]();
    return { next: () => by(() => iterator.next()), return: () => iterator.return!() };
  },
});

/** What arrived and was refused there is a dead letter there. */
function refused(system: System, topic: AnyTopic, payload: unknown, refusal: unknown): void {
  const kernel = kernelOf(system);
  const id = kernel.environment.nextId();
  kernel.lose(ownEnvelope(id, undefined, undefined, topic.name, payload), topic.name, 'Rejected', refusal);
}

const kernelOf = (system: System): Kernel => (system as unknown as { readonly kernel: Kernel }).kernel;
