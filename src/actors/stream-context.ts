/**
 * What a stream agent can do beside letting values out: the verbs, within its
 * operators.
 *
 * While a value is pushed, they are those of the message it stems from: what they
 * send inherits from it, is part of its step, and ends with its handling. Where
 * no message is in hand they begin a new chain, as `detach()` does. A request for a
 * value that was gathered from several messages is the agent's own: it goes on as long
 * as one of them is wanted, has the latest of their deadlines, and spends from no
 * message's budget.
 */
import { type CreditToken, tokenInScope } from '../core/credit.ts';
import type { Topic } from '../core/topic.ts';
import type { Agent, MachineAgent } from './agent.ts';
import type { AgentRef, MachineRef } from './agent-ref.ts';
import type { Bounded } from './bounded.ts';
import type { Capability } from './capability.ts';
import type { Cell } from './cell.ts';
import type {
  Context,
  RequestOptions,
  Responder,
  SendOptions,
  SpawnOptions,
  StreamOptions,
  Target,
  Verbs,
} from './context.ts';
import { Detached } from './detached.ts';
import type { Handling } from './handling.ts';
import { refOf } from './local-ref.ts';
import { MessageToken } from './message-token.ts';
import { refuseThenable } from './thenable.ts';
import { Together } from './together.ts';
import type { Works } from './works.ts';

/** What the stream of an agent knows beside its inbox. */
export interface StreamContext<State = unknown, Reply = unknown> extends Verbs {
  /**
   * The context of the message whose value is being pushed: the latest of them,
   * where values were gathered; `undefined` where none is in hand. Take it before an
   * `await`, to use it after.
   */
  readonly current: Context<State, Reply> | undefined;
  /** Answers the requests that the value being pushed stems from. */
  reply(reply: Reply): void;
  /** Calls a capability, whoever offers it. */
  tool<I, O>(capability: Capability<I, O>, input: NoInfer<I>, options?: RequestOptions): Promise<O>;
  tool(name: string, input: unknown, options?: RequestOptions): Promise<unknown>;
  /** The agent's state as of now. Never change it in place. */
  readonly state: State;
  /** Replaces the state. In a step that throws, the state stays what it was. */
  update(change: (state: State) => State): void;
  readonly self: AgentRef<never, Reply>;
}

export class StreamVerbs implements StreamContext {
  readonly #cell: Cell;
  readonly #detached: Detached;
  /** The step that begins the stream, while it is taken. */
  #begins: Handling | undefined;

  constructor(cell: Cell, works: Works, begins: Handling) {
    this.#cell = cell;
    this.#detached = new Detached(cell, works, false, undefined);
    this.#begins = begins;
  }

  /** The stream has begun. */
  begun(): void {
    this.#begins = undefined;
  }

  get handling(): Handling | undefined {
    const token = tokenInScope();
    if (token === undefined) {
      return this.#begins;
    }
    if (token instanceof MessageToken && token.handling.cell === this.#cell) {
      return token.handling;
    }
    const gathered = this.#gathered(token);
    // What was made of several is that of the latest of them that somebody still wants.
    return gathered.findLast(({ over }) => !over) ?? gathered.at(-1) ?? this.#begins;
  }

  get current(): Context | undefined {
    return this.handling;
  }

  /** Who asks now: the handling in hand, all of them together where there are several, otherwise the agent, in a new chain. */
  get sender(): Handling | Detached {
    const token = tokenInScope();
    if (token !== undefined && token.sources.length > 1) {
      const open = this.#gathered(token).filter(({ over }) => !over);
      if (open.length > 1) {
        return new Together(open);
      }
    }
    return this.#speaker;
  }

  get state(): unknown {
    return this.#cell.state;
  }

  get self(): AgentRef<never, unknown> {
    return refOf(this.#cell);
  }

  update(change: (state: unknown) => unknown): void {
    const { handling } = this;
    if (handling !== undefined) {
      handling.update(change);
      return;
    }
    // Work that is left of an earlier life, or of one that has ended, changes nothing any more.
    if (!this.#detached.isOver) {
      const cell = this.#cell;
      const state = change(cell.state);
      refuseThenable(state, `state of '${cell.path}'`);
      cell.state = state;
      cell.observers?.changed(cell);
    }
  }

  reply(reply: unknown): void {
    const token = tokenInScope();
    if (token instanceof MessageToken && token.handling.cell === this.#cell) {
      void token.handling.reply(reply);
    } else if (token !== undefined) {
      for (const handling of this.#gathered(token)) {
        void handling.reply(reply);
      }
    }
  }

  publish<M>(
    topic: Topic<M, unknown>,
    payload: NoInfer<M>,
    options?: SendOptions,
  ): Promise<void> | undefined {
    return this.#speaker.publish(topic, payload, options);
  }

  tell<M>(ref: AgentRef<M, unknown>, payload: NoInfer<M>, options?: SendOptions): Promise<void> | undefined {
    return this.#speaker.tell(ref, payload, options);
  }

  request<M, R>(target: Responder<M, R>, payload: NoInfer<M>, options?: RequestOptions): Promise<R> {
    return this.sender.request(target, payload, options);
  }

  stream<M, R>(target: Target<M, R>, payload: NoInfer<M>, options?: StreamOptions): Bounded<R> {
    return this.sender.stream(target, payload, options);
  }

  tool(capability: unknown, input: unknown, options?: RequestOptions): Promise<never> {
    return this.sender.tool(capability as string, input, options) as Promise<never>;
  }

  spawn<M, R, S>(agent: MachineAgent<M, R, S>, options?: SpawnOptions): MachineRef<M, R, S>;
  spawn<M, R>(agent: Agent<M, R>, options?: SpawnOptions): AgentRef<M, R>;
  spawn<M, R>(agent: Agent<M, R>, options?: SpawnOptions): AgentRef<M, R> {
    return this.#speaker.spawn(agent, options);
  }

  /** Who speaks now: the handling in hand, otherwise the agent, in a new chain. */
  get #speaker(): Handling | Detached {
    return this.handling ?? this.#detached;
  }

  /** The handlings of the messages that a value was made of, latest last. */
  #gathered(token: CreditToken): readonly Handling[] {
    return token.sources.flatMap((source) =>
      source instanceof MessageToken && source.handling.cell === this.#cell ? [source.handling] : [],
    );
  }
}
