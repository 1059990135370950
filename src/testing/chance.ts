/**
 * Chance: choices of a run for whoever makes things go wrong, and says in words what came of them.
 *
 * A disk or a model asks several questions for one fault; a story tells one line of it,
 * that of whoever asked. Where nobody could be told, each answer is told by itself.
 */
import type { Choose } from '../core/simulated-environment.ts';

export interface Chance extends Choose {
  /**
   * Tells the world what was done with answers that were not the quiet ones: `tell('the disk', 'fails a read of /log')`.
   * Whoever asks through this owes it; nothing else says in a story what was answered.
   */
  tell?(subject: string, words: string): void;
}

/** Chance in a world, which hears what is told. */
export interface TellingChance extends Chance {
  tell(subject: string, words: string): void;
}
