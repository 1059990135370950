/**
 * The recorder of a behaviour: it stands around one agent of a real system and
 * writes down what leaves it, when it leaves it.
 *
 * Messages are met where they are handed over: whoever is told something, and
 * whoever would hear a topic, is a captor that keeps the message from going on. What
 * is no message (a timer, a child, a watch) is written down when the stage lets it
 * go. So a step that throws leaves nothing here, because nothing of it happened.
 */
import type { AnyCapability } from '../actors/capability.ts';
import { isCapability } from '../actors/capability.ts';
import type { Cell } from '../actors/cell.ts';
import type { Context } from '../actors/context.ts';
import type { Definition, Handler } from '../actors/define-agent.ts';
import { PendingStream } from '../actors/pending-stream.ts';
import type { Works } from '../actors/works.ts';
import type { Envelope, ReplyPort } from '../core/envelope.ts';
import type { Receiver, Reception } from '../core/topic-board.ts';
import type { StepEffect } from './step-effect.ts';

/** A request that the agent made and nobody has answered yet. */
export interface OpenRequest {
  /** The path, topic or capability that was asked. */
  readonly target: string;
  readonly port: ReplyPort;
}

export class StepRecorder {
  effects: StepEffect[] = [];
  readonly requests: OpenRequest[] = [];
  readonly #offerTo: (capability: AnyCapability) => void;
  #label: StepEffect | undefined;

  /** @param offer Makes sure that somebody offers a capability before it is called. */
  constructor(offer: (capability: AnyCapability) => void) {
    this.#offerTo = offer;
  }

  record(effect: StepEffect): void {
    this.effects.push(effect);
  }

  /** Gives back what was written down since it was asked last. */
  take(): readonly StepEffect[] {
    const { effects } = this;
    this.effects = [];
    return effects;
  }

  /** Somebody who takes every message of the agent, and does nothing with it. */
  captor(path: string): Receiver {
    return new Captor(path, (envelope) => this.#sent(envelope));
  }

  /** From now on what is told to this agent comes here. */
  capture(cell: Cell): void {
    const captor = this.captor(cell.path);
    cell.receiverFor = () => captor;
  }

  /** Writes down what the stage lets go that is no message. */
  watchStage({ stage }: Works): void {
    const addAct = stage.addAct.bind(stage);
    stage.addAct = (cell, act, undo, discard) => {
      const label = this.#label;
      this.#label = undefined;
      const told =
        label === undefined
          ? act
          : () => {
              act();
              this.record(label);
            };
      addAct(cell, told, undo, discard);
    };
  }

  /** The same definition, in which every step is followed. */
  followed(definition: Definition): Definition {
    const handlers = definition.handlers.map((handler) => ({
      ...handler,
      handle: (message: never, context: never) => handler.handle(message, this.#follow(context) as never),
    })) as readonly unknown[] as readonly Handler[];
    const { onStart, onStop, onTerminated, onBudgetLow } = definition;
    return {
      ...definition,
      handlers,
      onStart: onStart && ((context) => onStart(this.#follow(context))),
      onStop: onStop && ((context) => onStop(this.#follow(context))),
      onTerminated:
        onTerminated && ((terminated, context) => onTerminated(terminated, this.#follow(context))),
      onBudgetLow: onBudgetLow && ((notice, context) => onBudgetLow(notice, this.#follow(context))),
    };
  }

  /**
   * Names the acts of a context. They are properties of the one object, so that it
   * stays what it is: a handling of the runtime, with all its rules.
   */
  #follow(context: Context): Context {
    const { stop, watch, unwatch, unstash, schedule, request, tool } = context;
    const acts: Partial<Context> = {
      stop: (child) => {
        const effect = child === undefined ? undefined : { stop: child.path };
        this.#labelled(effect, () => stop.call(context, child));
      },
      watch: (ref) => this.#labelled({ watch: pathOf(ref) }, () => watch.call(context, ref)),
      unwatch: (ref) => this.#labelled({ unwatch: pathOf(ref) }, () => unwatch.call(context, ref)),
      unstash: () => this.#labelled({ unstash: true }, () => unstash.call(context)),
      schedule: (delayMs, step, options) =>
        this.#labelled({ schedule: delayMs, ...(options?.every === true ? { every: true } : {}) }, () =>
          schedule.call(context, delayMs, (own) => step(this.#follow(own)), options),
        ),
      request: ((target: object, payload: never, options: undefined) => {
        this.#offer(target);
        return request.call(context, target as never, payload, options);
      }) as Context['request'],
      tool: ((capability: never, input: unknown, options: undefined) => {
        this.#offer(capability);
        return tool.call(context, capability, input, options);
      }) as Context['tool'],
    };
    return Object.assign(context, acts);
  }

  #offer(target: unknown): void {
    if (typeof target === 'object' && target !== null && isCapability(target)) {
      this.#offerTo(target);
    }
  }

  /** What the verb stages is this effect. After an `await` nothing is staged: then it has happened at once. */
  #labelled<T>(effect: StepEffect | undefined, verb: () => T): T {
    this.#label = effect;
    try {
      const result = verb();
      if (this.#label !== undefined) {
        this.record(this.#label);
      }
      return result;
    } finally {
      this.#label = undefined;
    }
  }

  #sent(envelope: Envelope): void {
    const { payload, replyTo } = envelope;
    const target = envelope.to ?? envelope.topic!;
    if (envelope.topic?.startsWith('system.') === true) {
      // What the system says of itself, which whoever hears everything is told, too.
      return;
    }
    if (envelope.topic?.startsWith(capabilityPrefix) === true) {
      const tool = envelope.topic.slice(capabilityPrefix.length);
      this.record({ tool, payload });
      this.#asked(tool, replyTo);
    } else if (replyTo !== undefined) {
      this.record(
        replyTo instanceof PendingStream ? { stream: target, payload } : { request: target, payload },
      );
      this.#asked(target, replyTo);
    } else {
      this.record(envelope.to === undefined ? { publish: target, payload } : { tell: target, payload });
    }
  }

  #asked(target: string, port: ReplyPort | undefined): void {
    this.requests.push({ target, port: port! });
  }
}

const capabilityPrefix = 'capability.';

/** What is no ref is refused by the verb itself. */
const pathOf = (ref: { readonly path: string } | undefined): string => String(ref?.path);

/** Takes everything at once; nobody ever waits for it. */
class Captor implements Receiver {
  readonly path: string;
  readonly responds = true;
  readonly saturated = false;
  readonly mustWait = false;
  readonly mailboxCapacity = 1;
  readonly #sent: (envelope: Envelope) => void;

  constructor(path: string, sent: (envelope: Envelope) => void) {
    this.path = path;
    this.#sent = sent;
  }

  receiverFor(): Receiver {
    return this;
  }

  receive(envelope: Envelope): Reception {
    this.#sent(envelope);
    return 'taken';
  }

  /* v8 ignore start -- @preserve Nobody waits where there is always room. */
  park(): void {}

  unpark(): void {}

  room(): Promise<void> {
    return Promise.resolve();
  }
  /* v8 ignore stop -- @preserve */
}
