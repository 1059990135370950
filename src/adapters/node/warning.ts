/**
 * A warning: how the process hears of what a service's own function threw, where
 * nobody else is there to hear it, and nothing may die of it.
 */
import { heed } from '../../actors/thenable.ts';
import { isOf, reasonOf } from '../../core/failure.ts';

/** Makes a warning of the process of whatever was thrown. Never throws. */
export function warnOf(thrown: unknown): void {
  try {
    process.emitWarning(isOf(thrown, Error) ? thrown : new Error(reasonOf(thrown)));
  } catch {
    // It is an error that throws when it is looked at.
    process.emitWarning(new Error(reasonOf(thrown)));
  }
}

/** Calls a service's own function; what it throws, or fails of later, becomes a warning. */
export function callOrWarn(f: () => unknown): void {
  try {
    heed(f(), warnOf);
  } catch (thrown) {
    warnOf(thrown);
  }
}
