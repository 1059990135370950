/** The heap of this process, as far as it is really held. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/** A full collection, whether or not Node was started with `--expose-gc`. */
export const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes of the heap that are in use after a full collection. */
export function heldBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
