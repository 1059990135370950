/**
 * The host's event loop, as far as a world needs it: somewhere to wait until
 * promises of the user's code have gone on.
 *
 * Node empties its queue of promises before it makes the next call asked for by
 * `process.nextTick`, so what waits for such a call waits just until then, at a
 * tenth of what a round of the event loop costs.
 */

/** Resolves when every promise that can go on by itself has done so. Input, output and timers of the host do not come in between. */
export function afterMicrotasks(): Promise<void> {
  return new Promise(resolveInATick);
}

/** Resolves when the event loop has gone round once: input, output and timers of the host had their turn. */
export function afterIo(): Promise<void> {
  return new Promise(resolveAfterIo);
}

const resolveInATick = (resolve: () => void): void => process.nextTick(resolve);
/** The host's own, also where a world has put another in its place. */
const hostImmediate = setImmediate;
const resolveAfterIo = (resolve: () => void): void => {
  asks = true;
  hostImmediate(resolve);
  asks = false;
};

let asks = false;

/** Whether it is the kit itself that begins something at the host just now. */
export const begunByKit = (): boolean => asks;

/** Milliseconds of the host's own clock, for limits to how long exploring may take. Its zero means nothing. */
export const hostNowMs: () => number = performance.now.bind(performance);

/** A seed by chance: a whole number below 2 ** 31. */
export const seedByChance = (): number => Math.floor(Math.random() * 2 ** 31);
