/**
 * Tasks: what a handler returned and is not there yet.
 *
 * A promise, an Effect or a stream of replies becomes a task of the agent; its
 * end comes back as a notice, in a turn of the agent. This is the one room where
 * promises, Effect and streams meet the actors.
 */
import * as Cause from 'effect/Cause';
import * as Effect from 'effect/Effect';
import * as Exit from 'effect/Exit';
import { isObservable } from 'rxjs';
import { failureClass } from '../core/failure.ts';
import { InvalidParams } from '../core/schema.ts';
import type { EffectRuntime } from './effect-runtime.ts';
import type { Handling } from './handling.ts';
import type { Task } from './handling-extras.ts';
import { type OpenWork, ongoing, type TaskEnds } from './open-work.ts';
import { Interrupted } from './request-failures.ts';

/**
 * Starts the task that a result is, and says whether it is one.
 *
 * Errors: `InvalidParams` for an Observable, which does not say what happens when
 * it is too fast.
 */
export function startTask(
  result: unknown,
  handling: Handling,
  ends: TaskEnds,
  effects: EffectRuntime,
): Task | undefined {
  if ((typeof result !== 'object' && typeof result !== 'function') || result === null) {
    return undefined;
  }
  if (typeof (result as PromiseLike<unknown>).then === 'function') {
    return promised(result as PromiseLike<unknown>, handling, ends);
  }
  if (typeof result === 'function') {
    return undefined;
  }
  if (Effect.isEffect(result)) {
    return effect(result as Effect.Effect<unknown, unknown>, handling, ends, effects);
  }
  if (ongoing in result) {
    return (result as OpenWork)[ongoing](ends);
  }
  if (Symbol.asyncIterator in result) {
    return replies(result as AsyncIterable<unknown>, handling, ends);
  }
  if (isObservable(result)) {
    throw new InvalidParams({
      what: `result of '${handling.cell.path}'`,
      value: 'an Observable',
      issues: [
        {
          path: '',
          message: 'an Observable names its overflow: return bounded(observable, { overflow, capacity })',
        },
      ],
    });
  }
  return undefined;
}

function promised(promise: PromiseLike<unknown>, handling: Handling, ends: TaskEnds): Task {
  // Promise.resolve, because a thenable of a user's may call back twice, at once, or throw.
  Promise.resolve(promise).then(
    (value) => ends.succeeded(handling, value),
    (failure) => ends.failed(handling, failure),
  );
  return disowned;
}

/** A running promise cannot be stopped: whatever it does from now on has no effect. */
const disowned: Task = { interrupt: () => {} };

function effect(
  program: Effect.Effect<unknown, unknown>,
  handling: Handling,
  ends: TaskEnds,
  effects: EffectRuntime,
): Task {
  const fiber = effects.fork(program);
  fiber.addObserver((exit) => {
    if (Exit.isSuccess(exit)) {
      ends.succeeded(handling, exit.value);
    } else if (handling.over) {
      reportDeath(handling, exit.cause);
    } else if (Cause.hasInterruptsOnly(exit.cause)) {
      const { path } = handling.cell;
      ends.failed(handling, new Interrupted({ agent: path, reason: 'its Effect interrupted itself' }));
    } else {
      ends.failed(handling, Cause.squash(exit.cause));
    }
  });
  return { interrupt: () => fiber.interruptUnsafe() };
}

/** It was interrupted; what a finalizer died of then has nobody else to tell. */
function reportDeath(handling: Handling, cause: Cause.Cause<unknown>): void {
  const died = cause.reasons.find(Cause.isDieReason);
  if (died !== undefined) {
    handling.cell.reportStray(died.defect);
  }
}

function replies(stream: AsyncIterable<unknown>, handling: Handling, ends: TaskEnds): Task {
  const iterator = stream[Symbol.asyncIterator]();
  pump(iterator, handling).then(
    () => ends.succeeded(handling, undefined),
    (failure) => ends.failed(handling, failure),
  );
  return { interrupt: () => leave(iterator, handling) };
}

/** Pulls one reply after the other, each only when there is room for it. */
async function pump(iterator: AsyncIterator<unknown>, handling: Handling): Promise<void> {
  const { replyTo } = handling.envelope;
  for (;;) {
    const { done, value } = await iterator.next();
    if (done === true || handling.over) {
      return;
    }
    const room = handling.reply(value);
    if (room !== undefined) {
      await room;
    }
    if (replyTo?.settled === true) {
      leave(iterator, handling);
      return;
    }
  }
}

/** Tells a stream that nobody reads any more. What it throws then has nobody else to tell. */
function leave(iterator: AsyncIterator<unknown>, { cell }: Handling): void {
  const report = (thrown: unknown): void => {
    /* v8 ignore else -- @preserve A stream that passes on why it was left says nothing new. */
    if (failureClass(thrown) !== 'interrupted') {
      cell.reportStray(thrown);
    }
  };
  try {
    Promise.resolve(iterator.return?.()).catch(report);
  } catch (thrown) {
    report(thrown);
  }
}
