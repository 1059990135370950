/**
 * A faulty delivery: carries the messages of one system, and now and then loses
 * one, brings one twice, or late.
 *
 * What may be hit: everything that agents and code outside say to agents, and every
 * answer to a request. What the runtime itself says (`Terminated`, the ends of
 * tasks, timers, `system.` topics) always arrives, and so does what observers see.
 * A message that stands in line at a full mailbox has arrived already.
 *
 * Order: what one sender says to one receiver is one way, and nothing on it
 * overtakes (L2). So what is late holds up what follows it on its way, `Terminated`
 * included (L8); between different senders, or receivers, order changes. A copy
 * holds nothing up: it may come after what was said later.
 * The replies of a stream and its end are one way, too: replies may be missing, late
 * or doubled, but never in another order. A reply to a request and the word that its
 * responder is done are one answer: both are lost or late together.
 *
 * Conservation: what was lost was never offered; a copy is an envelope of its own,
 * with the same id, as a message has that was sent twice (L4).
 */

import { Door } from '../actors/door.ts';
import { idOfKey } from '../actors/key.ts';
import { WaitingKey } from '../actors/waiting-key.ts';
import { agentAt } from '../actors/waits.ts';
import type { AnswerKind, Asker } from '../core/asker.ts';
import type { Delivery, PostOffice } from '../core/delivery.ts';
import { type Envelope, makeEnvelope } from '../core/envelope.ts';
import type { Dispatcher, Environment, Timer } from '../core/environment.ts';
import { MailboxFull, type Parked } from '../core/mailbox.ts';
import type { Receiver, Reception } from '../core/topic-board.ts';
import { CopiedPort } from './copied-port.ts';
import type { Fate, MessageFault } from './fate.ts';
import type { OnTheWay } from './fault.ts';
import { isLinkPath } from './link-path.ts';

/** Where what is late waits for its time or its turn. */
interface Waiting extends Pick<Environment, 'schedule' | 'halted'> {
  readonly dispatcher: Dispatcher;
}

/** A way on which something is late, and what stands behind it. */
interface HeldUp {
  readonly sender: string | undefined;
  readonly to: object;
  /** Agents are told apart by their paths: the agent of a key may be another object by then. */
  readonly path: string | undefined;
  readonly acts: (() => void)[];
}

export class FaultyDelivery implements Delivery {
  readonly #fate: Fate;
  readonly #environment: () => Waiting;
  readonly #host: string | undefined;
  #heldUp: HeldUp[] = [];
  /** Requests of which an answer was lost, and by whom it was given. */
  #lost: WeakMap<Asker, Set<string>> | undefined;
  /** What arrives late, in the order in which it was sent on its way. */
  readonly #late = new Map<() => void, Timer | undefined>();

  /**
   * @param environment Where what is late waits.
   * @param host Its name, where there are several: agents are told apart by it.
   */
  constructor(fate: Fate, environment: () => Waiting, host?: string) {
    this.#fate = fate;
    this.#environment = environment;
    this.#host = host;
  }

  /** How many are late and have not arrived, without those that stand behind them. */
  get lateCount(): number {
    return this.#late.size;
  }

  carry(receiver: Receiver, envelope: Envelope, office: PostOffice): Reception {
    const { sender } = envelope;
    const { asker } = receiver;
    if (this.#environment().halted === true) {
      return 'taken';
    }
    const fault = receiver.responds
      ? this.#fateOf('message', envelope.topic, envelope.payload, sender, receiver.path)
      : asker === undefined
        ? undefined
        : this.#fateOf('reply', asker.topic, envelope.payload, sender, asker.requesterPath);
    switch (fault) {
      case undefined:
        return this.#carry(receiver, envelope, office);
      case 'drop':
        return 'taken';
      case 'duplicate': {
        const copy = copyOf(envelope);
        const { lateMs } = this.#fate;
        const reception = this.#carry(receiver, envelope, office);
        if (lateMs > 0 && asker === undefined) {
          this.#later(lateMs, () => arrive(receiver, copy, office));
        } else if (reception !== 'rejected') {
          this.#act(sender, receiver, () => arrive(receiver, copy, office));
        }
        return reception;
      }
      case 'delay':
        this.#holdUp(sender, receiver, () => arrive(receiver, envelope, office));
        return 'taken';
    }
  }

  answer(asker: Asker, kind: AnswerKind, content: unknown, from: string): void {
    if (this.#environment().halted === true) {
      return;
    }
    if (asker.settled) {
      asker.hear(kind, content, from);
      return;
    }
    const way = asker.reader ?? asker;
    if (this.#lost?.get(asker)?.has(from) === true) {
      return;
    }
    const hear = (): void => asker.hear(kind, content, from);
    const fault = this.#fateOf(kind, asker.topic, content, from, asker.requesterPath);
    switch (fault) {
      case undefined:
        this.#act(from, way, hear);
        break;
      case 'drop':
        this.#lose(asker, from);
        break;
      case 'duplicate':
        this.#act(from, way, hear);
        if (this.#fate.lateMs > 0) {
          this.#later(this.#fate.lateMs, hear);
        } else {
          this.#act(from, way, hear);
        }
        break;
      case 'delay':
        this.#holdUp(from, way, hear);
    }
  }

  behind(sender: string, receiver: Receiver, act: () => void): void {
    this.#act(sender, receiver, act);
  }

  holds(receiver: Receiver, envelope: Envelope): boolean {
    return this.#wayOf(envelope.sender, receiver) !== undefined;
  }

  /** Whoever it is for has ended: so it becomes a dead letter. */
  close(): void {
    for (const [arrives, timer] of this.#late) {
      timer?.cancel();
      arrives();
    }
  }

  /** What a link takes or brings has been on its way there already. */
  #fateOf(
    kind: OnTheWay['kind'],
    topic: string | undefined,
    payload: unknown,
    sender: string | undefined,
    receiver: string | undefined,
  ): MessageFault | undefined {
    if (isLinkPath(sender) || isLinkPath(receiver)) {
      return undefined;
    }
    const host = this.#host;
    return host === undefined
      ? this.#fate.of(kind, topic, payload, sender, receiver, false)
      : this.#fate.of(kind, topic, payload, host + (sender ?? ''), host + (receiver ?? ''), false);
  }

  #carry(receiver: Receiver, envelope: Envelope, office: PostOffice): Reception {
    const heldUp = this.#wayOf(envelope.sender, receiver);
    if (heldUp === undefined) {
      return receiver.receive(envelope);
    }
    heldUp.acts.push(() => arrive(receiver, envelope, office));
    return 'taken';
  }

  #act(sender: string | undefined, to: object, act: () => void): void {
    const heldUp = this.#wayOf(sender, to);
    if (heldUp === undefined) {
      act();
    } else {
      heldUp.acts.push(act);
    }
  }

  #wayOf(sender: string | undefined, to: object): HeldUp | undefined {
    if (this.#heldUp.length === 0) {
      return undefined;
    }
    const path = pathOf(to);
    return this.#heldUp.find(
      (way) => way.sender === sender && (way.to === to || (path !== undefined && way.path === path)),
    );
  }

  #holdUp(sender: string | undefined, to: object, act: () => void): void {
    const { lateMs } = this.#fate;
    const known = this.#wayOf(sender, to);
    if (known !== undefined) {
      // It is late behind one that is late already.
      known.acts.push(act);
      return;
    }
    const way: HeldUp = { sender, to, path: pathOf(to), acts: [act] };
    this.#heldUp.push(way);
    this.#later(lateMs, () => {
      this.#heldUp = this.#heldUp.filter((one) => one !== way);
      for (const one of way.acts) {
        one();
      }
    });
  }

  #later(lateMs: number, act: () => void): void {
    const arrives = (): false => {
      // It may have arrived because the system has ended.
      if (this.#late.delete(arrives)) {
        act();
      }
      return false;
    };
    const environment = this.#environment();
    if (lateMs === 0) {
      this.#late.set(arrives, undefined);
      environment.dispatcher.ready({ label: 'something late', lane: 1, run: arrives });
    } else {
      this.#late.set(arrives, environment.schedule(lateMs, arrives));
    }
  }

  #lose(asker: Asker, from: string): void {
    this.#lost ??= new WeakMap();
    const responders = this.#lost.get(asker);
    if (responders === undefined) {
      this.#lost.set(asker, new Set([from]));
    } else {
      responders.add(from);
    }
  }
}

/** Comes to a mailbox when its sender is not there any more to be told that there is no room. */
function arrive(addressee: Receiver, envelope: Envelope, office: PostOffice): void {
  // Whoever stood at the door of a keyed group then may have a place by now.
  const receiver = (addressee instanceof Door ? addressee.group : addressee).receiverFor(envelope);
  if (receiver.mustWait) {
    receiver.park(new Latecomer(receiver, envelope, office));
  } else if (receiver.receive(envelope) === 'rejected') {
    const { path, mailboxCapacity } = receiver;
    const failure = new MailboxFull({ receiver: path, payload: envelope.payload, capacity: mailboxCapacity });
    office.deadLetter(envelope, path, 'Rejected', failure);
  }
}

/** What comes late to a full mailbox stands in line there, as its sender would. */
class Latecomer implements Parked {
  readonly envelope: Envelope;
  readonly #receiver: Receiver;
  readonly #office: PostOffice;

  constructor(receiver: Receiver, envelope: Envelope, office: PostOffice) {
    this.#receiver = receiver;
    this.envelope = envelope;
    this.#office = office;
  }

  admitted(): void {
    if (this.#receiver.responds) {
      this.#office.inFlight += 1;
      this.#office.witness?.accepted(agentAt(this.#receiver) ?? this.#receiver, this.envelope);
    }
  }
}

/** The path of an agent, also of one that waits for a place; whatever else hears something is only itself. */
function pathOf(to: object): string | undefined {
  if (to instanceof WaitingKey) {
    return `${to.path}/${idOfKey(to.key)}`;
  }
  const { responds, path } = to as Partial<Receiver>;
  return responds === true ? path : undefined;
}

/** The same message, as it is when it was sent twice. */
function copyOf(envelope: Envelope): Envelope {
  const { id, to, sender, topic, payload, replyTo, correlationId, causationId, threadId } = envelope;
  const port = replyTo === undefined ? undefined : new CopiedPort(replyTo);
  const { deadlineMs, hops, headers, budget } = envelope;
  return makeEnvelope(
    id,
    to,
    sender,
    topic,
    payload,
    port,
    correlationId,
    causationId,
    threadId,
    deadlineMs,
    hops,
    headers,
    budget,
  );
}
