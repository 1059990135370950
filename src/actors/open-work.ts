/**
 * Open work: what a handler of ours returns when its work goes on, and says
 * itself when it has ended.
 */
import type { Handling } from './handling.ts';
import type { Task } from './handling-extras.ts';

/** Called when a task has ended, in whatever turn; each handling once. */
export interface TaskEnds {
  succeeded(handling: Handling, value: unknown): void;
  failed(handling: Handling, failure: unknown): void;
}

export const ongoing: unique symbol = Symbol('ongoing');

export interface OpenWork {
  /** The handling stays open until `ends` is called. */
  [ongoing](ends: TaskEnds): Task;
}
