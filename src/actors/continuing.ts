/**
 * What a machine's step returns when more steps follow from it: it says itself when
 * they have ended. They cannot be ended early: a machine goes on as far as its events go.
 */
import type { Task } from './handling-extras.ts';
import { type OpenWork, ongoing, type TaskEnds } from './open-work.ts';

export class Continuing implements OpenWork {
  readonly begin: (ends: TaskEnds) => void;

  constructor(begin: (ends: TaskEnds) => void) {
    this.begin = begin;
  }

  [ongoing](ends: TaskEnds): Task {
    this.begin(ends);
    return left;
  }
}

const left: Task = { interrupt: () => {} };
