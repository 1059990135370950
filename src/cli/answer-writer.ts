/**
 * Writing an answer as it comes: the next piece is asked for when the one before
 * it has been written, and never once nobody reads any more.
 */
import { setImmediate } from 'node:timers/promises';
import type { Output } from './output.ts';
import type { Answer, Findings } from './program.ts';

/** How long pieces may follow each other before signals and timers have their turn. */
const sliceMs = 10;

export class AnswerWriter {
  readonly #stdout: Output;
  readonly #keeps: boolean;
  readonly #onFirst: () => void;
  /** The answer so far, where it is kept. */
  text = '';
  #begun = false;
  #endsInBreak = true;
  #turnMs = 0;

  /**
   * @param keeps Whether the answer is kept, to be written whole, instead of being written as it comes.
   * @param onFirst Called before the first piece is written.
   */
  constructor({ stdout, keeps, onFirst }: { stdout: Output; keeps: boolean; onFirst: () => void }) {
    this.#stdout = stdout;
    this.#keeps = keeps;
    this.#onFirst = onFirst;
  }

  /** Errors: what the program throws; `TypeError` when it answers with something that is no text. */
  async writeAll(answer: Answer): Promise<Findings> {
    if (typeof answer !== 'object' || answer === null || !(Symbol.asyncIterator in answer)) {
      await this.#write(await answer);
      return {};
    }
    while (!this.#stdout.isClosed) {
      const { done, value } = await answer.next();
      if (done === true) return value ?? {};
      await this.#write(value);
    }
    // Not awaited: nobody waits any more, least of all for a program that does not end.
    answer.return(undefined).catch(() => {});
    return {};
  }

  /** Ends the line, if the answer did not. */
  async endLine(): Promise<void> {
    if (!this.#endsInBreak) {
      this.#endsInBreak = true;
      await this.#stdout.write('\n');
    }
  }

  async #write(piece: unknown): Promise<void> {
    if (typeof piece !== 'string') {
      const got = piece === null ? 'null' : typeof piece;
      throw new TypeError(`expected a program to answer with text; got ${got}`);
    }
    if (this.#keeps) {
      this.text += piece;
    } else if (piece !== '') {
      if (!this.#begun) this.#onFirst();
      this.#begun = true;
      this.#endsInBreak = piece.endsWith('\n');
      await this.#stdout.write(piece);
    }
    if (performance.now() - this.#turnMs > sliceMs) {
      await setImmediate();
      this.#turnMs = performance.now();
    }
  }
}
