/**
 * The type of an error, for `error.type`: the tag of a failure, the name of an
 * error. It is text that a user chose, so it is cut short and never empty.
 */
import { shorten } from '../../core/shorten.ts';

const charsMax = 60;

export function errorTypeOf(thrown: unknown): string {
  try {
    const { _tag, name } = thrown as { _tag?: unknown; name?: unknown };
    const type = typeof _tag === 'string' ? _tag : name;
    return typeof type === 'string' && type !== '' ? shorten(type, charsMax) : typeof thrown;
  } catch {
    // Nothing, or what throws when it is looked at.
    return typeof thrown;
  }
}
