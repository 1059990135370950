/**
 * The way back of a request that arrived twice: of the second one.
 *
 * Whoever gets a copy cannot know that the first one has been answered already, so
 * it is worked on, and its replies go to the same requester, most likely too late.
 * Only the first one counts for whether somebody is still going to answer.
 */
import type { ReplyPort, Work } from '../core/envelope.ts';
import { MailboxFull } from '../core/mailbox.ts';

export class CopiedPort implements ReplyPort {
  readonly settled = false;
  readonly #original: ReplyPort;

  constructor(original: ReplyPort) {
    this.#original = original;
  }

  reply(payload: unknown, from: string): Promise<void> | undefined {
    try {
      return this.#original.reply(payload, from);
    } catch (thrown) {
      if (thrown instanceof MailboxFull) {
        // The reader of a stream is behind, and nobody waits for room for a copy's sake.
        return undefined;
      }
      throw thrown;
    }
  }

  working(work: Work): void {
    if (!this.#original.settled) {
      this.#original.working(work);
    }
  }

  fail(): void {}

  finished(): void {}
}
