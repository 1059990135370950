/**
 * The stream of an agent, running: from its start to its restart or end.
 *
 *     message → inbox → operators → outbox → published, or the reply
 *
 * A message is a handling whose work is over when its credit is settled. So its
 * window, interrupts, deadlines, budgets and statistics are those of any handling.
 * What comes out while a message's value is pushed belongs to that message's step,
 * and an outbox that cannot leave holds the next step back, and so the inbox.
 *
 * Guarantees: a stream that fails is told of once, with the message that failed
 * it where there was one; nothing comes out of it any more, and no credit it held
 * counts as handled. A value whose message is not known is told of (`CreditLost`).
 */
import { isObservable, type Observable, type Subscription } from 'rxjs';
import { type CreditToken, pushWithToken, tokenInScope } from '../core/credit.ts';
import { describeThrown } from '../core/failure.ts';
import { InvalidParams } from '../core/schema.ts';
import type { AnyTopic } from '../core/topic.ts';
import type { Cell } from './cell.ts';
import type { Pipeline } from './cell-extras.ts';
import type { Context } from './context.ts';
import { CreditLost } from './credit-lost.ts';
import type { Handling } from './handling.ts';
import { Inbox, Readers } from './inbox.ts';
import { type Flow, MessageToken } from './message-token.ts';
import { afterOutbox } from './outbox.ts';
import { Interrupted } from './request-failures.ts';
import { StreamVerbs } from './stream-context.ts';
import { hostFor } from './stream-host.ts';

/** What a stream agent is made of. */
export interface StreamPlan {
  readonly stream: (inbox: Inbox<never>, context: never) => unknown;
  readonly publishes: AnyTopic | undefined;
  /** Its window, where it names one. */
  readonly concurrency: number | undefined;
}

/** Begins the stream of an agent, in the step that begins the agent or in that of a message. */
export function beginStream(plan: StreamPlan, handling: Handling): StreamRun {
  const run = new StreamRun(plan, handling);
  run.begin(handling);
  handling.cell.pipeline = run;
  return run;
}

/** Handles a message of a stream agent. */
export function flowThrough(plan: StreamPlan, context: Context): unknown {
  const handling = context as Handling;
  const run = handling.cell.pipeline as StreamRun | undefined;
  // An agent that goes on after its stream failed goes on with a new one.
  return (run === undefined || run.failed !== undefined ? beginStream(plan, handling) : run).take(handling);
}

/** Agents that lose credit and have been told of. */
const toldOf = new WeakSet<Cell>();

class StreamRun implements Flow, Pipeline {
  readonly #plan: StreamPlan;
  readonly #cell: Cell;
  readonly #verbs: StreamVerbs;
  readonly #readers: Readers;
  over = false;
  completedBy: CreditToken | undefined;
  failed: { readonly failure: unknown } | undefined;
  /** Whether a step is being taken, whose failure is that of the stream. */
  #stepping = false;
  #subscription: Subscription | undefined;
  #iterator: AsyncIterator<unknown> | undefined;
  readonly #push = ({ envelope }: Handling): void => {
    if (!this.#readers.take(envelope)) {
      this.#cell.kernel.lose(envelope, this.#cell.path, 'Unhandled');
    }
  };
  readonly #letOut = (value: unknown): void => this.#emit(value);

  constructor(plan: StreamPlan, handling: Handling) {
    const { cell } = handling;
    this.#plan = plan;
    this.#cell = cell;
    this.#verbs = new StreamVerbs(cell, handling.works, handling);
    this.#readers = new Readers(hostFor(cell.kernel, this.#verbs), {
      onThrow: (thrown) => cell.reportStray(thrown),
      askFor: (window) => this.#askFor(window),
      isFull: () => cell.open >= cell.window,
    });
  }

  /** Errors: what the stream fails of at once. */
  begin(handling: Handling): void {
    try {
      this.step(handling, () => {
        const outbox = this.#plan.stream(new Inbox<never>(this.#readers), this.#verbs as never);
        this.#read(outbox);
      });
    } finally {
      this.#verbs.begun();
    }
    if (this.over) {
      this.#tearDown();
    }
  }

  /** A message comes in. Returns its work, when that goes on. */
  take(handling: Handling): unknown {
    const token = new MessageToken(handling, this);
    if (this.over) {
      // The agent is about to finish: that ends this handling, too.
      return token;
    }
    this.#stepping = true;
    try {
      pushWithToken(token, this.#push, handling);
    } finally {
      this.#stepping = false;
      token.release();
    }
    this.#throwFailure(handling);
    return token.done ? undefined : token;
  }

  step(handling: Handling, act: () => void): void {
    this.#stepping = true;
    try {
      act();
    } finally {
      this.#stepping = false;
    }
    this.#throwFailure(handling);
  }

  end(): void {
    this.over = true;
    this.completedBy = undefined;
    this.#tearDown();
  }

  /** So that a step fails of what the stream failed of in it. */
  #throwFailure(handling: Handling): void {
    if (this.failed !== undefined) {
      this.#whenDecided(handling);
      throw this.failed.failure;
    }
  }

  /** Errors: `RangeError` when the agent's window is smaller than what an operator needs. */
  #askFor(values: number): void {
    const { concurrency } = this.#plan;
    const cell = this.#cell;
    if (concurrency === undefined) {
      cell.window = Math.max(cell.window, values);
    } else if (values > concurrency) {
      throw new RangeError(
        `the operators of '${cell.path}' hold ${values} values at once, and its window is ${concurrency}: give it concurrency: ${values}, or leave concurrency out`,
      );
    }
  }

  #read(outbox: unknown): void {
    if (isObservable(outbox)) {
      this.#subscription = (outbox as Observable<unknown>).subscribe({
        next: this.#letOut,
        error: (failure: unknown) => this.#fail(failure),
        complete: () => this.#complete(),
      });
    } else if (typeof outbox === 'object' && outbox !== null && Symbol.asyncIterator in outbox) {
      this.#iterator = (outbox as AsyncIterable<unknown>)[Symbol.asyncIterator]();
      void this.#pump(this.#iterator);
    } else {
      throw new InvalidParams({
        what: `outbox of '${this.#cell.path}'`,
        value: outbox,
        issues: [
          { path: '', message: `expected an Observable or an AsyncIterable; got ${describeThrown(outbox)}` },
        ],
      });
    }
  }

  /** Pulls one value after the other, each when the one before it has left. */
  async #pump(iterator: AsyncIterator<unknown>): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await iterator.next();
        if (this.over) {
          return;
        }
        const token = this.#readers.atHand;
        if (done === true) {
          pushWithToken(token, () => this.#complete(), undefined);
          this.#tearDown();
          return;
        }
        await this.#leaves(token, value);
        this.#readers.letGoOfLeft();
      }
    } catch (failure) {
      pushWithToken(this.#readers.atHand, () => this.#fail(failure), undefined);
    }
  }

  /** Lets a value out in a turn of the agent; resolves when it has left. */
  #leaves(token: CreditToken | undefined, value: unknown): Promise<void> {
    const cell = this.#cell;
    return new Promise((resolve) => {
      const letOut = (): void => {
        pushWithToken(token, (out: unknown) => this.#send(out, token), value);
        cell.notice({ deliver: () => (cell.blocked ? afterOutbox(cell, resolve) : resolve()) });
      };
      if (token === undefined) {
        letOut();
      } else {
        token.inTurn(letOut);
      }
    });
  }

  #emit(value: unknown): void {
    if (this.over) {
      return;
    }
    const token = tokenInScope();
    if (this.#verbs.handling === undefined && (token === undefined || token.sources.length === 0)) {
      this.#tellOfLostCredit();
    }
    this.#send(value, token);
  }

  #send(value: unknown, token: CreditToken | undefined): void {
    if (value === undefined || this.over) {
      return;
    }
    const { publishes } = this.#plan;
    try {
      if (publishes !== undefined) {
        const room = this.#verbs.publish(publishes, value as never);
        if (room !== undefined && token !== undefined) {
          // Not in a step: then its credit waits for room, too.
          token.retain();
          void room.then(() => token.release());
        }
        return;
      }
      this.#verbs.reply(value);
    } catch (failure) {
      this.#fail(failure);
    }
  }

  #tellOfLostCredit(): void {
    const cell = this.#cell;
    if (!toldOf.has(cell)) {
      toldOf.add(cell);
      cell.reportStray(new CreditLost({ agent: cell.path }));
    }
  }

  /** The outbox has completed: the agent finishes, when what it has in hand is done. */
  #complete(): void {
    if (this.over) {
      return;
    }
    this.over = true;
    this.completedBy = tokenInScope();
    const { handling } = this.#verbs;
    if (handling === undefined || handling.over) {
      this.#cell.signal({
        _tag: 'stop',
        mode: 'now',
        withinMs: Number.POSITIVE_INFINITY,
        reason: 'finished',
        failure: undefined,
      });
    } else {
      handling.stop();
    }
  }

  /** The stream has failed: in the step being taken, in that of a message, or in nobody's. */
  #fail(failure: unknown): void {
    const cell = this.#cell;
    if (this.over) {
      return;
    }
    this.over = true;
    this.failed = { failure };
    if (this.#stepping) {
      return;
    }
    const token = tokenInScope()?.sources.findLast(
      (source) => source instanceof MessageToken && !source.revoked,
    ) as MessageToken | undefined;
    if (token !== undefined) {
      this.#whenDecided(token.handling);
      token.fail(failure);
    } else {
      cell.notice({
        deliver: () => {
          if (cell.pipeline === this) {
            cell.conduct.fail(cell, failure, undefined);
            this.#goOn();
          } else {
            cell.reportStray(failure);
          }
        },
      });
    }
    this.#tearDown();
  }

  #whenDecided(handling: Handling): void {
    const before = handling.whenOver;
    handling.whenOver = () => {
      before?.();
      this.#goOn();
    };
  }

  /** Its supervisor has decided. If the agent goes on, then without what was in this stream. */
  #goOn(): void {
    const cell = this.#cell;
    this.#tearDown();
    if (cell.pipeline !== this || (cell.phase !== 'running' && cell.phase !== 'draining')) {
      return;
    }
    const lost = new Interrupted({
      agent: cell.path,
      reason: 'its stream failed',
      cause: this.failed!.failure,
    });
    for (const open of cell.openHandlings ?? []) {
      const { task } = open as Handling;
      if (task instanceof MessageToken && task.flow === this) {
        open.interrupt(lost);
      }
    }
  }

  /** Nothing flows any more: whoever subscribed or pulled is told. */
  #tearDown(): void {
    const subscription = this.#subscription;
    const iterator = this.#iterator;
    const report = (thrown: unknown): void => this.#cell.reportStray(thrown);
    this.#subscription = undefined;
    this.#iterator = undefined;
    this.#readers.close();
    try {
      subscription?.unsubscribe();
      void Promise.resolve(iterator?.return?.()).catch(report);
    } catch (thrown) {
      report(thrown);
    }
  }
}
