/**
 * An interruption: the user asks a run to stop.
 *
 * The first Ctrl-C (or SIGTERM) asks; what was accepted is then finished, within
 * bounds. The second ends the process at once.
 */
export type StopSignal = 'SIGINT' | 'SIGTERM';

/** What a shell expects of a process that a signal ended: 128 and the signal's number. */
export const exitCodes: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

export class Interruption {
  /** Resolves with the signal when the user has asked. */
  readonly asked: Promise<StopSignal>;
  /** The signal that asked, once one has. */
  by: StopSignal | undefined;
  readonly #controller = new AbortController();
  readonly #forget: () => void;

  /** @param endAtOnce Ends the process: called when the user asks again. */
  constructor(host: NodeJS.EventEmitter, endAtOnce: (by: StopSignal) => void) {
    const { promise, resolve } = Promise.withResolvers<StopSignal>();
    const onSignal = (by: StopSignal): void => {
      if (this.by !== undefined) {
        endAtOnce(by);
        return;
      }
      this.by = by;
      resolve(by);
      this.#controller.abort(new Error(`the user asked to stop (${by})`));
    };
    host.on('SIGINT', onSignal);
    host.on('SIGTERM', onSignal);
    this.asked = promise;
    this.#forget = () => {
      host.off('SIGINT', onSignal);
      host.off('SIGTERM', onSignal);
    };
  }

  /** Aborts when the user has asked. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Stops listening. */
  forget(): void {
    this.#forget();
  }
}
