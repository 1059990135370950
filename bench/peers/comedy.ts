/**
 * comedy 2 (EPL-1.0): actors that can be moved to processes and hosts; here all are in memory, its fastest mode.
 *
 * An actor is an object, and a message the name of a method. Everything is a promise of Bluebird. To
 * await one in 64 of them is faster than to await all, or none.
 */
import { installed } from './installed.ts';

interface ComedyActor {
  /** Resolves when the message is handed over, not when it is handled. */
  send(topic: string, ...message: readonly unknown[]): PromiseLike<void>;
  sendAndReceive(topic: string, ...message: readonly unknown[]): PromiseLike<unknown>;
  createChild(
    definition: object,
    configuration?: { readonly mode: 'in-memory'; readonly name?: string },
  ): PromiseLike<ComedyActor>;
}

interface Comedy {
  /** `test` is its word for saying nothing on the console. */
  createSystem(options: { readonly test: boolean }): {
    rootActor(): PromiseLike<ComedyActor>;
    destroy(): PromiseLike<void>;
  };
}

export const comedy = await installed<Comedy>('comedy');
