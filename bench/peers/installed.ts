/**
 * Peers: libraries that are measured beside Troupe. They live in a package of their own, with a
 * lock of its own; `npm run bench:setup` installs it. Where one is missing, its rows are left out.
 *
 * They are used as their own documentation says, and where that leaves a choice, in the way
 * that was fastest here; a comment says which that was.
 */
import type { Variant } from '../harness/benchmark.ts';

/** The names of those that a benchmark asked for and that are not installed. */
export const missing = new Set<string>();

/** A peer, or `undefined` where it is not installed. The name is no literal, so that types can be checked without it. */
export async function installed<T>(name: string): Promise<T | undefined> {
  try {
    return (await import(name)) as T;
  } catch (failure) {
    if ((failure as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND' && !isUnresolved(failure)) {
      throw failure;
    }
    missing.add(name);
    return undefined;
  }
}

/** Rows that are only there when the peer is. */
export function rowsWhere(peer: unknown, rows: Readonly<Record<string, Variant>>): typeof rows {
  return peer === undefined ? {} : rows;
}

/** How a test runner says that a package is not there. */
function isUnresolved(failure: unknown): boolean {
  return failure instanceof Error && /failed to (load|resolve)|cannot find/i.test(failure.message);
}
